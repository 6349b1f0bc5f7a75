#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::testing::{Event, Script};
use crate::{
    AgentCx, EntryKind, Error, Evidence, Failure, FailureKind, FileErrorKind, Handoff, IntoHandoff,
    Level, Refusal, RefusalKind, Task, TaskError,
};

#[test]
fn every_error_becomes_the_failure_a_host_understands() {
    let refusal = |kind, code: &str| {
        TaskError::from(Refusal { kind, code: code.into(), message: "m".into(), hint: "h".into() })
    };
    let rows: [(Error, FailureKind, &str); 8] = [
        (refusal(RefusalKind::Denied, "agents").into(), FailureKind::Refused, "agents"),
        (refusal(RefusalKind::Budget, "tokens").into(), FailureKind::Limit, "tokens"),
        (refusal(RefusalKind::NotFound, "workflow").into(), FailureKind::Failed, "workflow"),
        (
            TaskError::from(Failure::new(FailureKind::InDoubt, "once", "m")).into(),
            FailureKind::InDoubt,
            "once",
        ),
        (
            TaskError::Output { message: "m".into(), output: "1".into() }.into(),
            FailureKind::InvalidOutput,
            "bad-output",
        ),
        (TaskError::Input { message: "m".into() }.into(), FailureKind::Failed, "bad-input"),
        (serde_json::from_str::<Value>("{").unwrap_err().into(), FailureKind::Failed, "json"),
        ("words".into(), FailureKind::Failed, "failed"),
    ];
    for (error, kind, code) in rows {
        assert_eq!((error.failure().kind, error.failure().code.as_str()), (kind, code));
    }
    let hinted = Error::from(refusal(RefusalKind::Limit, "tasks"));
    assert_eq!(hinted.failure().detail, json!({ "hint": "h" }));
}

#[test]
fn a_plain_output_and_a_handoff_both_become_one() {
    let plain = json!([1, 2]).into_handoff().unwrap();
    assert_eq!((plain.output.as_str(), plain.summary.as_str()), ("[1,2]", ""));
    let full = Handoff::new(7)
        .summary("s")
        .evidence([Evidence::lines("a.md", 1, 2, "c").digest("sha256:0")])
        .follow_up("f")
        .into_handoff()
        .unwrap();
    assert_eq!((full.output.as_str(), full.summary.as_str()), ("7", "s"));
    let lines = full.evidence.first().unwrap().lines.unwrap();
    assert_eq!((lines.first, lines.last), (1, 2));
    let bad = BTreeMap::from([((1, 2), 3)]).into_handoff().unwrap_err();
    assert_eq!(bad.failure().code, "bad-output");
}

#[test]
fn files_are_read_listed_and_searched() {
    let script = Script::new()
        .file("docs/a.md", "# A\nsee b\n")
        .file("docs/old/b.md", "see a\n")
        .file("docs/.hidden.md", "see nothing\n")
        .file("bin/x", vec![0xff, 0xfe]);
    let cx = script.agent_cx();
    let paths = |listing: crate::Listing| {
        listing.entries.into_iter().map(|entry| entry.path).collect::<Vec<_>>()
    };
    let files = cx.files();
    assert_eq!(paths(files.list(["**/*.md"]).unwrap()), ["docs/a.md", "docs/old/b.md"]);
    assert_eq!(paths(files.list(["docs/*.md"]).unwrap()), ["docs/a.md"]);
    let hidden = files.select(["docs/**"]).exclude(["**/old/**"]).hidden().list().unwrap();
    assert_eq!(paths(hidden), ["docs/.hidden.md", "docs/a.md"]);
    let cut = files.select([""; 0]).directories().limit(2).list().unwrap();
    assert_eq!((cut.truncated, paths(cut)), (true, vec!["bin".to_owned(), "bin/x".to_owned()]));
    let found = files.search("see", ["**/*"]).unwrap().matches;
    let places: Vec<_> = found.iter().map(|found| (found.path.as_str(), found.line)).collect();
    assert_eq!(places, [("docs/a.md", 2), ("docs/old/b.md", 1)]);
    assert_eq!(files.stat("docs").unwrap().kind, EntryKind::Directory);
    assert_eq!(files.stat("docs/a.md").unwrap().size, 10);
    let digest = files.read("bin/x").unwrap().digest;
    assert_eq!(digest.len(), "sha256:".len() + 64);
    let rows = [
        (files.read_text("bin/x").unwrap_err(), FileErrorKind::WrongKind),
        (files.read_text("docs").unwrap_err(), FileErrorKind::WrongKind),
        (files.read_text("absent").unwrap_err(), FileErrorKind::NotFound),
        (files.read_text("../etc/passwd").unwrap_err(), FileErrorKind::InvalidPath),
        (files.list(["["]).unwrap_err(), FileErrorKind::InvalidQuery),
        (files.search("(", ["**"]).unwrap_err(), FileErrorKind::InvalidQuery),
    ];
    for (error, kind) in rows {
        assert_eq!(error.kind, kind, "{error}");
    }
}

#[test]
fn reports_arrive_in_order() {
    let script = Script::new();
    let cx = script.agent_cx();
    cx.report().phase("P");
    crate::log!(cx, "{} of {}", 1, 2);
    crate::log!(cx, warn, "careful");
    cx.report().progress(1, Some(2));
    let artifact = cx.report().artifact("a.txt", "text/plain", b"abc").unwrap();
    assert_eq!((artifact.size, artifact.name.as_str()), (3, "a.txt"));
    let wanted = [
        Event::Phase("P".into()),
        Event::Log(Level::Info, "1 of 2".into()),
        Event::Log(Level::Warn, "careful".into()),
        Event::Progress(1, Some(2)),
        Event::Artifact {
            name: "a.txt".into(),
            media_type: "text/plain".into(),
            bytes: b"abc".to_vec(),
        },
    ];
    assert_eq!(script.events(), wanted);
    let error = cx.report().artifact("b", "text/plain", &vec![0; (4 << 20) + 1]).unwrap_err();
    assert_eq!(error.failure().kind, FailureKind::Limit);
}

#[test]
fn an_agent_that_waits_fails_instead_of_hanging() {
    async fn waits(_: AgentCx, _: Task<()>) -> crate::Result<()> {
        std::future::pending().await
    }
    async fn answers(_: AgentCx, task: Task<u8>) -> crate::Result<u8> {
        Ok(task.input + 1)
    }
    let script = Script::new();
    let failure = script.perform_json_async(Task::new("p", json!(null)), waits).unwrap_err();
    assert_eq!(failure.code, "nothing-to-wait-for");
    let handoff = script.perform_json_async(Task::new("p", json!(1)), answers).unwrap();
    assert_eq!(handoff.output, json!(2));
}
