#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::digest::Digest;
use baton_core::handoff::{Handoff, Outcome, Usage};
use baton_core::ids::Timestamp;
use baton_core::json::Json;
use baton_core::record::Effect;
use baton_core::spec::{AgentSpec, WorkflowSpec};

use super::*;

/// Records from words: `+1` an agent begins, `t1` a timer of 70 ms, `w1` a workflow, `-1` it ended.
fn records(words: &str) -> Vec<Record> {
    let record = |(seq, word): (usize, &str)| {
        let (kind, path) = word.split_at(1);
        let task: TaskPath = path.parse().unwrap();
        let at = Timestamp(1_000);
        let spawned = |work: Work| Body::Spawned {
            task: task.clone(),
            digest: Digest::of(b""),
            fuel: 0,
            work: Box::new(work),
        };
        let body = match kind {
            "+" => spawned(Work::Agent {
                spec: AgentSpec::default(),
                backend: "x".into(),
                effect: Effect::Read,
            }),
            "t" => spawned(Work::Sleep { due: at.plus_ms(70) }),
            "w" => spawned(Work::Workflow {
                spec: WorkflowSpec {
                    name: "w".into(),
                    input: Json::null(),
                    options: Default::default(),
                },
                component: Digest::of(b""),
                budget: Default::default(),
            }),
            _ => Body::Completed {
                task,
                outcome: Outcome::Done(Handoff::default()),
                usage: Usage::default(),
                reused_from: None,
            },
        };
        Record { seq: seq as u64 + 1, at, body }
    };
    words.split_whitespace().enumerate().map(record).collect()
}

#[test]
fn a_run_takes_as_long_as_what_it_waits_for() {
    let cases = [
        ("one after the other", "+1 -1 +2 -2", 8, 30),
        ("at once", "+1 +2 +3 -1 -2 -3", 8, 30),
        ("three where two have room", "+1 +1/9 +2 -1 -2", 2, 30),
        ("one place for all", "+1 +2 -1 -2", 1, 30),
        ("what follows waits for both", "+1 +2 -1 -2 +3 -3", 8, 50),
        ("a timer alone", "+1 -1 t2 -2", 8, 80),
        ("a timer beside work is a limit", "+1 t2 -1 -2", 8, 10),
        ("a workflow takes what its own take", "w1 +1/1 -1/1 +1/2 -1/2 -1 +2 -2", 8, 50),
    ];
    let ms: BTreeMap<TaskPath, u64> =
        [("1", 10), ("2", 20), ("3", 30), ("1/1", 10), ("1/2", 20), ("1/9", 10)]
            .map(|(path, ms)| (path.parse().unwrap(), ms))
            .into();
    for (what, words, slots, expected) in cases {
        let schedule = Schedule::of(&records(words), &ms, slots);
        assert_eq!(schedule.end(), expected, "{what}");
    }
}

#[test]
fn windows_of_tasks_are_known() {
    let ms = BTreeMap::from([("1".parse().unwrap(), 10), ("2".parse().unwrap(), 20)]);
    let schedule = Schedule::of(&records("+1 -1 +2 -2"), &ms, 4);
    assert_eq!(schedule.window(&"2".parse().unwrap()), (10, 30));
    assert_eq!(schedule.window(&"9".parse().unwrap()), (0, 0));
}
