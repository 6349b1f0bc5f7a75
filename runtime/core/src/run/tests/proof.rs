//! What honest runs record follows from what is before it; what was changed afterwards does not, as far
//! as anybody can know.

use std::collections::BTreeMap;

use serde_json::Value;

use super::super::{Proof, Requests, Run, Wrong};
use super::coverage::Coverage;
use super::guest::{Guest, Progress, Step};
use super::sim::Sim;
use crate::handoff::{FailureKind, Outcome};
use crate::ids::{RunId, TaskPath};
use crate::record::Record;
use crate::replay::Cursor;

const ENGINE: &str = "engine 1";

/// What the workflows of a run come to when they repeat its records.
struct Repeated {
    requests: Requests,
    /// Every workflow did what is recorded, and ended as it is.
    same: bool,
}

fn id() -> RunId {
    super::fixture::started().run
}

fn recorded_end(run: &Run, path: &TaskPath) -> Option<Outcome> {
    match path.is_root() {
        true => run.finished().map(|(outcome, _)| outcome.clone()),
        false => run.outcome(path).map(|outcome| outcome.as_ref().clone()),
    }
}

fn repeat(run: &mut Run) -> Repeated {
    let mut coverage = Coverage::noting(Requests::on(ENGINE));
    let mut same = true;
    let paths: Vec<TaskPath> = run.workflows.keys().cloned().collect();
    for path in paths {
        let recorded = recorded_end(run, &path);
        let cancelled = recorded
            .as_ref()
            .and_then(Outcome::failure)
            .is_some_and(|failure| failure.kind == FailureKind::Cancelled);
        same &= match repeat_one(run, &path, &mut coverage) {
            Some(ended) => cancelled || recorded.is_none() || recorded == ended,
            None => false,
        };
    }
    Repeated { requests: coverage.requests.unwrap(), same }
}

/// How a workflow ended; the inner none: it stands still where its record ends. None: it diverged.
fn repeat_one(run: &mut Run, path: &TaskPath, coverage: &mut Coverage) -> Option<Option<Outcome>> {
    let workflow = run.workflow(path).unwrap();
    let mut cursor = Cursor::new(path.clone(), workflow.began, true);
    let mut guest = Guest::new(&workflow.input);
    let at = run.at();
    loop {
        let mut world =
            Step { run, cursor: &mut cursor, at, replay_only: true, tell: &mut |_| {}, coverage };
        match guest.step(&mut world) {
            Progress::Stepped => {}
            Progress::Blocked | Progress::AtTheEnd => {
                return run.next_recorded(&cursor).is_none().then_some(None);
            }
            Progress::Failed(_) => return None,
            Progress::Ended(outcome, fuel) => {
                if run.ended_early(&cursor, fuel).is_some() {
                    return None;
                }
                if let Some(requests) = &mut coverage.requests {
                    requests.ended(path.clone(), fuel);
                }
                return Some(Some(outcome));
            }
        }
    }
}

fn proven(records: &[Record], requests: Requests) -> Vec<Wrong> {
    let mut proof = Proof::new(id(), requests);
    for record in records {
        proof.take(record).unwrap();
    }
    proof.wrong()
}

/// What of a journal does not follow.
pub fn wrong(records: &[Record]) -> Vec<Wrong> {
    let mut run = Run::from_records(records.to_vec()).unwrap();
    let requests = repeat(&mut run).requests;
    let mut proof = Proof::new(run.started().run.clone(), requests);
    for record in records {
        proof.take(record).unwrap();
    }
    proof.wrong()
}

#[test]
fn what_an_honest_run_records_follows() {
    for seed in 0..12 {
        for free in [false, true] {
            let sim = Sim::start(seed, 4 + 2 * seed, free).into_end();
            assert_eq!(wrong(&sim.journal), [], "seed {seed}, free {free}");
            // Also as far as it had come at any time, and by those who took it over.
            for end in (1..sim.journal.len()).step_by(41) {
                assert_eq!(wrong(&sim.journal[..end]), [], "seed {seed}, free {free}, at {end}");
            }
            let cut = 1 + seed as usize % sim.journal.len();
            let heir = Sim::recovered(&sim.journal[..cut], seed, free).into_end();
            assert_eq!(wrong(&heir.journal), [], "seed {seed}, free {free}, from {cut}");
        }
    }
}

/// Whether anything notices that these are not the records of an honest run.
fn noticed(records: &[Record]) -> bool {
    let Ok(mut run) = Run::from_records(records.to_vec()) else { return true };
    // What a guest of these tests cannot be given, no workflow was given.
    let sound = |input: &Value| ["seed", "steps"].iter().all(|key| input[key].is_u64());
    if !run.workflows.values().all(|workflow| sound(&workflow.input.value())) {
        return true;
    }
    let repeated = repeat(&mut run);
    !repeated.same || !proven(records, repeated.requests).is_empty()
}

/// Every place in a record with a value that can be another one, by its path.
fn places(path: &str, value: &Value, found: &mut Vec<String>) {
    match value {
        Value::Object(fields) => {
            for (key, value) in fields {
                let key = key.replace('~', "~0").replace('/', "~1");
                places(&format!("{path}/{key}"), value, found);
            }
        }
        Value::Array(items) => {
            found.push(path.to_owned());
            for (index, item) in items.iter().enumerate() {
                places(&format!("{path}/{index}"), item, found);
            }
        }
        Value::Null => {}
        _ => found.push(path.to_owned()),
    }
}

/// Another value, of the same type where that can be.
fn other(value: &Value) -> Value {
    match value {
        Value::Bool(value) => (!value).into(),
        Value::Number(number) => match number.as_u64() {
            Some(number) => number.wrapping_add(1).into(),
            None => (number.as_i64().unwrap() - 1).into(),
        },
        Value::String(text) if text.starts_with("sha256:") => {
            serde_json::to_value(crate::digest::Digest::of(text.as_bytes())).unwrap()
        }
        Value::String(text) => format!("{text}1").into(),
        Value::Array(items) => items.iter().skip(1).cloned().collect(),
        other => other.clone(),
    }
}

/// The path without what differs from one record to the next.
fn general(path: &str) -> String {
    let parts = path.trim_start_matches("/body").trim_start_matches('/').split('/');
    let parts = parts.filter(|part| part.parse::<usize>().is_err());
    parts.collect::<Vec<_>>().join(".")
}

/// What is new with a record, or with all that begins like this, so that nothing before it can say that it
/// was otherwise: what people and agents said, what providers told, when it was, and what the run was
/// started with beyond what its workflows were given.
const NEW: &[&str] = &[
    "agent-read.complete",
    "agent-read.reads",
    "agent-reported.report.log.text",
    "at",
    "attempt-failed.failure",
    "attempt-failed.usage",
    "cancel-ordered.by",
    "completed.outcome",
    "completed.reused_from",
    "deferred.failure",
    "deferred.provider",
    "deferred.usage",
    "messaged.sender",
    "messaged.text",
    "messaged.urgent",
    "passed.saved_micro_usd",
    "pause-ordered",
    "paused.reason",
    "process.pid",
    "process.ticks",
    "restart-ordered.by",
    "resumed",
    "run-started.by",
    "run-started.engine",
    "run-started.limits",
    "run-started.models",
    "run-started.program",
    "run-started.scope.workflows",
    "run-started.seed",
    "snapshot",
    "turned.content",
    "turned.estimated",
    "turned.usage",
];

/// What must have been changed, and noticed each time.
const DUE: &[&str] = &[
    "asked.model",
    "asked.provider",
    "attempt-failed.attempt",
    "completed.usage.agents",
    "completed.usage.cost_micro_usd",
    "completed.usage.fuel",
    "deferred.attempt",
    "finished.usage.agents",
    "finished.usage.fuel",
    "finished.usage.input_tokens",
    "finished.usage.output_tokens",
    "finished.usage.wall_ms",
    "heard.upto",
    "observed.digest",
    "passed.backend",
    "passed.rungs",
    "process.attempt",
    "refused.refusal.capability",
    "refused.refusal.code",
    "refused.refusal.kind",
    "reported.report.log.text",
    "run-started.run",
    "spawned.fuel",
    "spawned.work.agent.backend",
    "spawned.work.agent.effect",
    "spawned.work.agent.spec.options.label",
    "spawned.work.agent.spec.options.phase",
    "spawned.work.agent.spec.options.provider",
    "spawned.work.agent.spec.prompt",
    "spawned.work.gate.due",
    "spawned.work.gate.spec.question",
    "spawned.work.sleep.due",
    "spawned.work.workflow.budget.agents",
    "spawned.work.workflow.component",
    "spawned.work.workflow.spec.name",
];

/// How often a field of one name is changed: each time costs a replay.
const TRIES: u64 = 4;

#[test]
fn a_changed_field_is_noticed_unless_it_is_news() {
    // By place: how often it was changed, and how often nobody noticed.
    let mut tried: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    for seed in 0..16 {
        let sim = Sim::start(seed, 8 + seed % 8, false).into_end();
        for (index, record) in sim.journal.iter().enumerate() {
            let written = serde_json::to_value(record).unwrap();
            let mut found = Vec::new();
            places("", &written, &mut found);
            for place in found {
                let mut changed = written.clone();
                let value = changed.pointer_mut(&place).unwrap();
                *value = other(value);
                let counted = tried.entry(general(&place)).or_default();
                if counted.0 == TRIES {
                    continue;
                }
                counted.0 += 1;
                // What cannot be read is noticed by whoever reads it.
                let Ok(changed) = serde_json::from_value::<Record>(changed) else { continue };
                if changed == *record {
                    continue;
                }
                let mut journal = sim.journal.clone();
                journal[index] = changed;
                counted.1 += u64::from(!noticed(&journal));
            }
        }
    }
    let is_new = |place: &str| {
        NEW.iter().any(|new| {
            let rest = place.strip_prefix(new);
            rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
        })
    };
    let unnoticed = tried.iter().filter(|(_, (_, unnoticed))| *unnoticed > 0);
    let unnoticed: Vec<&str> = unnoticed.map(|(place, _)| place.as_str()).collect();
    let surprises: Vec<&&str> = unnoticed.iter().filter(|place| !is_new(place)).collect();
    assert!(surprises.is_empty(), "{surprises:?}");
    for due in DUE {
        assert!(tried.contains_key(*due), "{due} was never changed");
        assert!(!unnoticed.contains(due), "{due} was changed and nobody noticed");
    }
    assert!(tried.len() - unnoticed.len() > 90, "{tried:#?}");
}
