#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_core::gate::GateSpec;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::record::{Body, Pause, Work};
use serde_json::{Value, json};

use super::*;
use crate::notify::settings::Event;

fn started() -> Record {
    let digest = baton_core::digest::Digest::of(b"x");
    let started = json!({
        "format": 1, "run": "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF", "seed": digest, "input": null,
        "program": { "name": "release", "component": digest }, "scope": {},
    });
    record(1, Body::RunStarted(serde_json::from_str(&started.to_string()).unwrap()))
}

fn record(seq: u64, body: Body) -> Record {
    Record { seq, at: Timestamp(seq), body }
}

fn gate(choices: &[&str]) -> Body {
    let mut spec = GateSpec { question: "Ship it?".into(), ..GateSpec::default() };
    spec.options.choices = choices.iter().map(|&choice| choice.to_owned()).collect();
    Body::Spawned {
        task: "3".parse().unwrap(),
        digest: baton_core::digest::Digest::of(b"x"),
        fuel: 0,
        work: Box::new(Work::Gate { spec, due: None }),
    }
}

fn news(body: Body) -> Option<Value> {
    let mut follower = Follower::default();
    assert_eq!(follower.take(&started()), None);
    follower.take(&record(2, body)).map(|news| serde_json::to_value(news).unwrap())
}

#[test]
fn what_is_told_of_a_run() {
    let run = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
    let usage = Usage::default();
    for (body, told) in [
        (
            gate(&["staging", "production"]),
            json!({
                "event": "gate", "run": run, "name": "release", "task": format!("{run}/3"),
                "state": "waiting", "question": "Ship it?", "choices": ["staging", "production"],
                "answer": format!("baton approve {run}/3 --choice staging"),
            }),
        ),
        (
            Body::Paused { reason: Pause::Person { by: "ada".into() } },
            json!({
                "event": "paused", "run": run, "name": "release", "state": "paused",
                "reason": "by ada", "answer": format!("baton resume {run}"),
            }),
        ),
        (
            Body::Paused { reason: Pause::Message },
            json!({
                "event": "paused", "run": run, "name": "release", "state": "waiting",
                "reason": "waits for a message", "answer": format!("baton send {run} TEXT"),
            }),
        ),
        (
            Body::Finished {
                outcome: Outcome::Failed(Failure::new(FailureKind::Failed, "bad", "no luck")),
                usage,
            },
            json!({
                "event": "failed", "run": run, "name": "release", "state": "failed",
                "reason": Failure::new(FailureKind::Failed, "bad", "no luck").to_string(),
                "answer": format!("baton show {run}"),
            }),
        ),
        (
            Body::Finished { outcome: Outcome::Done(Handoff::default()), usage },
            json!({
                "event": "done", "run": run, "name": "release", "state": "done",
                "answer": format!("baton show {run}"),
            }),
        ),
    ] {
        assert_eq!(news(body), Some(told));
    }
}

#[test]
fn whoever_hears_of_a_gate_does_not_hear_of_the_pause_it_causes() {
    let pause = Pause::Gate { task: "3".parse().unwrap(), question: "Ship it?".into() };
    assert_eq!(news(Body::Paused { reason: pause }), None);
}

#[test]
fn events_are_words() {
    for event in [Event::Gate, Event::Paused, Event::Failed, Event::Done] {
        assert_eq!(serde_json::to_value(event).unwrap(), json!(event.word()));
    }
}
