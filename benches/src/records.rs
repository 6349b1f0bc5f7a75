//! Records as a run with many agents makes them.

use baton_core::digest::Digest;
use baton_core::handoff::{Handoff, Outcome, Usage};
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::json::Json;
use baton_core::record::{Body, Effect, Record, RunStarted, Start, Work};
use baton_core::spec::AgentSpec;
use baton_journal::store::Blob;

/// The component that these runs name.
#[must_use]
pub fn component() -> Blob {
    Blob::new(b"component".to_vec())
}

/// The `number`-th run.
///
/// # Panics
/// Above 10^25.
#[must_use]
pub fn run(number: u64) -> RunId {
    format!("run_{number:026}").parse().unwrap()
}

/// Its first record.
///
/// # Panics
/// When the format has changed.
#[must_use]
pub fn started(run: &RunId) -> Record {
    let facts: RunStarted = serde_json::from_value(serde_json::json!({
        "format": 1,
        "run": run,
        "program": { "name": "bench", "component": component().digest },
        "input": null,
        "seed": Digest::of(b"seed"),
        "scope": {},
    }))
    .unwrap();
    Record { seq: 1, at: Timestamp(1), body: Body::RunStarted(Box::new(facts)) }
}

/// The records after the first: agents one after the other, three records each.
pub fn agents() -> impl Iterator<Item = Record> {
    (1..).flat_map(|number| {
        let task = TaskPath::root().child(number);
        let mut spec =
            AgentSpec { prompt: format!("Say hello to {number}."), ..AgentSpec::default() };
        spec.options.label = Some(format!("agent {number}"));
        let work = Work::Agent {
            spec,
            backend: "component:echo-agent".into(),
            effect: Effect::Repeatable,
        };
        let output = Json::from(serde_json::json!(format!("Hello, {number}.")));
        let outcome =
            Outcome::Done(Handoff { output, summary: "Said hello.".into(), ..Handoff::default() });
        let usage = Usage { agents: 1, ..Usage::default() };
        [
            Body::Spawned {
                task: task.clone(),
                digest: Digest::of(&number.to_le_bytes()),
                fuel: number * 1_000,
                work: Box::new(work),
            },
            Body::Started { tasks: vec![Start { task: task.clone(), attempt: 1 }] },
            Body::Completed { task, outcome, usage, reused_from: None },
        ]
        .into_iter()
        .zip(number * 3 - 1..)
        .map(|(body, seq)| Record { seq, at: Timestamp(seq), body })
    })
}
