#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use baton_agents::{Kept, Remains};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::scope::{Denials, ExecScope, GlobLayer, HttpScope, NameScope, PathScope};
use serde_json::json;

use super::*;

fn refusal(input: serde_json::Value, limits: &Limits) -> (FailureKind, String) {
    match parse(&input.into(), limits).unwrap_err() {
        BackendError::Permanent(failure) => (failure.kind, failure.code),
        other => panic!("{other:?}"),
    }
}

#[test]
fn inputs_that_name_no_command() {
    let mut limits = Limits::default();
    limits.tools.exec_input_bytes = 4;
    for (input, code) in [
        (json!("ls"), "tool-input"),
        (json!({}), "tool-input"),
        (json!({"argv": "ls"}), "tool-input"),
        (json!({"argv": []}), "tool-input"),
        (json!({"argv": ["", "x"]}), "tool-input"),
        (json!({"argv": ["a\0b"]}), "tool-input"),
        (json!({"argv": ["a", "b\0"]}), "tool-input"),
        (json!({"argv": ["a"], "cwd": "b\0"}), "tool-input"),
        (json!({"argv": ["a"], "shell": true}), "tool-input"),
        (json!({"argv": ["a"], "stdin": "12345"}), "tools.exec_input_bytes"),
    ] {
        let kind = if code == "tool-input" { FailureKind::Failed } else { FailureKind::Limit };
        assert_eq!(refusal(input.clone(), &limits), (kind, code.to_owned()), "{input}");
    }
    let input = json!({"argv": ["a", ""], "cwd": "b", "stdin": "1\0x\n"});
    assert_eq!(parse(&input.into(), &limits).unwrap().argv, ["a", ""]);
}

fn kept(first: &str, left_out: u64, last: &str) -> Kept {
    Kept { first: first.into(), left_out, last: last.into() }
}

fn texts(stdout: Kept, bytes_max: u64) -> Said {
    said(&Remains { ended: None, stdout, stderr: Kept::default() }, bytes_max)
}

#[test]
fn what_is_left_out_shows_and_lines_stay_whole() {
    for (kept, expected) in [
        (kept("", 0, ""), ""),
        (kept("a\nb", 0, "c\nd"), "a\nbc\nd"),
        (kept("a\nbb", 7, "cc\nd\n"), "a\n[12 bytes left out]\nd\n"),
        (kept("aa", 7, "dd"), "aa\n[7 bytes left out]\ndd"),
        (kept("aa\n", 7, "\ndd"), "aa\n[8 bytes left out]\ndd"),
        (kept("", 7, "\n"), "[8 bytes left out]\n"),
    ] {
        let truncated = kept.left_out > 0;
        let said = texts(kept, 1 << 20);
        assert_eq!((said.stdout.as_str(), said.truncated), (expected, truncated));
    }
}

#[test]
fn an_output_always_fits_a_result() {
    for stdout in ["\0".repeat(5_000), "x\n".repeat(5_000), "\"".repeat(10_000), "é".repeat(999)] {
        for bytes_max in [0, 200, 1_000, 5_000, 100_000] {
            let said = texts(kept(&stdout, 0, ""), bytes_max);
            let size = serde_json::to_string(&said.stdout).unwrap().len() as u64;
            assert!(size <= bytes_max.max(40), "{size} of {bytes_max}");
            let whole = said.stdout == stdout;
            assert_eq!(said.truncated, !whole);
            assert!(whole || bytes_max < 60_000);
        }
    }
}

#[test]
fn a_command_keeps_what_it_was_started_with() {
    let include = vec!["src/**".to_owned(), "docs/**".to_owned()];
    let authority = Authority {
        read: Some(PathScope { layers: vec![GlobLayer { include, ..GlobLayer::default() }] }),
        http: Some(HttpScope {
            layers: vec![vec!["https://a.org".parse().unwrap()]],
            ..HttpScope::default()
        }),
        env: Some(NameScope::default()),
        exec: Some(ExecScope::default()),
        ..Authority::default()
    };
    let job = ToolJob {
        task: TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) },
        attempt: 1,
        tool: "exec".into(),
        input: json!({ "argv": ["ls", "-l"] }).into(),
        authority: Arc::new(authority),
        root: Some("/srv/project".into()),
        limits: Arc::default(),
        timeout_ms: 1,
        idempotency_key: "key".into(),
        traceparent: None,
    };
    let variable = std::env::vars().map(|(name, _)| name).next().unwrap();
    let none = Denials::default;
    for (denials, expected) in [
        (none(), false),
        (Denials { read: vec!["docs/**".into()], ..none() }, true),
        (Denials { read: vec!["**".into()], ..none() }, true),
        // Directories cannot tell.
        (Denials { read: vec!["docs/private/**".into()], ..none() }, false),
        (Denials { write: vec!["docs/**".into()], ..none() }, false),
        (Denials { http: vec!["https://a.org".parse().unwrap()], ..none() }, true),
        (Denials { http: vec!["https://b.org".parse().unwrap()], ..none() }, false),
        (Denials { exec: vec!["ls **".parse().unwrap()], ..none() }, true),
        (Denials { exec: vec!["git push **".parse().unwrap()], ..none() }, false),
        (Denials { env: vec![variable], ..none() }, true),
        (Denials { secrets: vec!["*".into()], tools: vec!["git/*".into()], ..none() }, false),
    ] {
        let less = (*job.authority).clone().denied(&denials);
        assert_eq!(keeps(&job, &less), expected, "{denials:?}");
    }
}
