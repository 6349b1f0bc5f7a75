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
