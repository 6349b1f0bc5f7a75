#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::digest::Digest;
use baton_core::ids::Timestamp;
use baton_core::record::{Effect, Record};
use baton_core::spec::AgentSpec;
use baton_journal::memory::MemoryJournal;
use baton_journal::store::Blob;
use serde_json::json;

use super::*;

#[tokio::test]
async fn agents_on_record_count_whatever_the_first_record_says() {
    for (number, (backend, program)) in (0_u128..).zip([
        ("component:auditor", false),
        ("anthropic:claude-haiku-4-5", false),
        ("command:./w.sh", true),
        ("acp:agent", true),
        ("claude", true),
    ]) {
        let journal = MemoryJournal::new();
        let run = RunId::from_ulid(ulid::Ulid::from(number));
        let component = Blob::new(b"component".to_vec());
        let started = serde_json::from_value(json!({
            "format": 1, "run": run, "input": null, "seed": Digest::of(b""), "scope": {},
            "program": { "name": "flow", "component": component.digest },
        }))
        .unwrap();
        let (spec, effect) = (AgentSpec::default(), Effect::Read);
        let work = Box::new(Work::Agent { spec, backend: backend.into(), effect });
        let (task, digest) = ("1".parse().unwrap(), Digest::of(b""));
        let spawned = Body::Spawned { task, digest, fuel: 0, work };
        let record = |seq, body| Record { seq, at: Timestamp(seq), body };
        let first = record(1, Body::RunStarted(started));
        let lease = journal.create(first, vec![component]).await.unwrap();
        journal.append(&lease, vec![record(2, spawned)], vec![]).await.unwrap();
        assert_eq!(programs_on_record(&journal, &[run]).await.unwrap(), program, "{backend}");
    }
}

#[test]
fn what_is_read_is_named() {
    let no_secrets = json!({ "exclude": SECRET_PATTERNS });
    let some_secrets = json!({ "exclude": SECRET_PATTERNS, "unless": [".env"] });
    let told = ", files that usually hold secrets among them";
    for (read, expected) in [
        (json!(null), None),
        (json!({ "layers": [no_secrets] }), Some("reads files below /docs".to_owned())),
        (json!({ "layers": [] }), Some(format!("reads files below /docs{told}"))),
        (
            json!({ "layers": [{ "include": ["**"] }, some_secrets] }),
            Some(format!("reads ** below /docs{told}")),
        ),
        (
            json!({ "layers": [no_secrets, { "include": ["a", "b", "c", "d", "e\u{1b}"] }] }),
            Some("reads a, b, c, d, … below /docs".to_owned()),
        ),
    ] {
        let mut started: RunStarted = serde_json::from_value(json!({
            "format": 1, "run": RunId::from_ulid(ulid::Ulid::from(1_u128)), "input": null,
            "seed": Digest::of(b""), "scope": { "read": read }, "root": "/docs",
            "program": { "name": "flow", "component": Digest::of(b"") },
        }))
        .unwrap();
        assert_eq!(Granted::from(&started).reads(), expected, "{read}");
        started.root = None;
        assert_eq!(Granted::from(&started).reads(), None, "{read}");
    }
}

#[test]
fn raised_limits_are_named() {
    let mut limits = Limits::default();
    assert_eq!(raised(&limits), None);
    limits.run.agents -= 1;
    assert_eq!(raised(&limits), None);
    limits.run.agents += 2;
    limits.workflow.fuel += 1;
    let (agents, fuel) = (limits.run.agents, limits.workflow.fuel);
    let told = format!("has raised limits: run.agents {agents}, workflow.fuel {fuel}");
    assert_eq!(raised(&limits), Some(told));
}
