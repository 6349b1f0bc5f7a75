//! Every script of `cases/` against what it asked of the host and how it ended, as written beside
//! it. The first line of a script says how it is run: `// lenient extensions args=JSON nesting=2`.
//! `UPDATE_TRANSCRIPTS=1` writes the transcripts anew.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod support;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::rc::Rc;
use std::{env, fs};

use baton_script_runner::host::Shared;
use serde_json::{Value as Json, json};
use support::Scripted;

fn envelope(path: &Path, source: &str) -> Json {
    let mut envelope = json!({
        "op": "run",
        "script": { "path": path.file_name().unwrap().to_str().unwrap(), "source": source },
        "depth": 0,
        "nesting": 1,
        "lenient": false,
        "extensions": false,
        "schema_attempts": 5,
        "budget_tokens": null,
    });
    let rules = source.lines().next().and_then(|line| line.strip_prefix("// ")).unwrap_or_default();
    for rule in rules.split(' ') {
        let (key, value) = rule.split_once('=').unwrap_or((rule, "true"));
        envelope[key] = serde_json::from_str(value).unwrap();
    }
    envelope
}

fn transcript(path: &Path) -> String {
    let source = fs::read_to_string(path).unwrap();
    let host = Rc::new(Scripted::default());
    let shared: Shared = host.clone();
    let end = baton_script_runner::run(&envelope(path, &source).to_string(), &shared);
    let mut transcript = host.log.borrow().clone();
    match end {
        Ok(handoff) => {
            let output: Json = serde_json::from_str(&handoff.output).unwrap();
            writeln!(transcript, "done {}", lines(&output)).unwrap();
            writeln!(transcript, "summary {}", handoff.summary).unwrap();
            for evidence in &handoff.evidence {
                writeln!(transcript, "{evidence:?}").unwrap();
            }
            for artifact in &handoff.artifacts {
                writeln!(transcript, "{artifact:?}").unwrap();
            }
            for follow_up in &handoff.follow_ups {
                writeln!(transcript, "follow-up {follow_up}").unwrap();
            }
        }
        Err(failure) => {
            writeln!(transcript, "{:?} {}: {}", failure.kind, failure.code, failure.message)
                .unwrap();
            let detail: Json = serde_json::from_str(&failure.detail).unwrap();
            writeln!(transcript, "{}", detail["frame"].as_str().unwrap_or("-")).unwrap();
            writeln!(transcript, "{}", lines(&detail)).unwrap();
        }
    }
    transcript
}

/// An object with a member on each line, so that a difference names one.
fn lines(json: &Json) -> String {
    let Some(object) = json.as_object() else { return json.to_string() };
    let members = object.iter().filter(|(key, _)| *key != "frame");
    let members: Vec<_> = members.map(|(key, value)| format!("  {key}: {value}\n")).collect();
    format!("{{\n{}}}", members.concat())
}

fn cases() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut cases: Vec<_> =
        entries.filter(|path| path.extension().is_some_and(|name| name == "js")).collect();
    cases.sort();
    cases
}

#[test]
fn every_case_does_what_its_transcript_says() {
    let update = env::var_os("UPDATE_TRANSCRIPTS").is_some();
    let mut wrong = Vec::new();
    let cases = cases();
    assert!(cases.len() > 20, "{} cases", cases.len());
    for case in cases {
        let found = transcript(&case);
        let written = case.with_extension("txt");
        if update {
            fs::write(&written, &found).unwrap();
        }
        if fs::read_to_string(&written).unwrap_or_default() != found {
            wrong.push(format!("{}:\n{found}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_same_envelope_and_answers_make_the_same_calls() {
    for case in cases() {
        assert_eq!(transcript(&case), transcript(&case), "{}", case.display());
    }
}

#[test]
fn an_inspection_calls_nothing_and_names_what_the_engine_does_not_take() {
    let host = Rc::new(Scripted::default());
    let shared: Shared = host.clone();
    let inspect = |source: &str| {
        let envelope =
            json!({ "op": "inspect", "script": { "path": "x.js", "source": source } }).to_string();
        let handoff = baton_script_runner::run(&envelope, &shared).unwrap();
        serde_json::from_str::<Json>(&handoff.output).unwrap()
    };
    let meta = "export const meta = { name: 'x', description: 'y' }\n";
    let good = inspect(&format!("{meta}log('never'); await agent('never')"));
    assert_eq!(good["meta"]["name"], "x");
    assert_eq!(good["errors"], json!([]));
    let bad = inspect(&format!("{meta}/(?<a>.)(?<a>.)/"));
    assert_eq!(bad["errors"][0]["code"], "syntax");
    assert_eq!(bad["errors"][0]["line"], 2);
    assert_eq!(*host.log.borrow(), "");
}

#[test]
fn an_input_that_is_no_envelope_is_a_failure() {
    let host: Shared = Rc::new(Scripted::default());
    for input in ["null", "{}", r#"{"op":"run"}"#, r#"{"op":"other","script":{}}"#] {
        let failure = baton_script_runner::run(input, &host).unwrap_err();
        assert_eq!(failure.code, "envelope", "{input}");
    }
}
