//! Records of the first release read as they did, and are written as they were, byte for byte.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use baton_core::record::{Body, Record};

const RECORDS: &str = include_str!("golden/records_v1.jsonl");

/// Every kind of record; a new one needs a line in the golden file.
const KINDS: &[&str] = &[
    "run-started",
    "spawned",
    "refused",
    "cancel-requested",
    "observed",
    "reported",
    "agent-reported",
    "started",
    "process",
    "attempt-failed",
    "completed",
    "cancel-ordered",
    "messaged",
    "paused",
    "resumed",
    "finished",
];

#[test]
fn records_keep_their_bytes() {
    let mut kinds = BTreeSet::new();
    for line in RECORDS.lines() {
        let record: Record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        let body = serde_json::to_value(&record.body).unwrap();
        kinds.extend(body.as_object().unwrap().keys().cloned());
    }
    assert_eq!(kinds, KINDS.iter().map(ToString::to_string).collect());
}

/// Records of runs that reuse others: added to the format, without a change of what was there.
const REUSE: &str = include_str!("golden/records_v1_reuse.jsonl");

/// Of the first record the values: limits that are not in it have their defaults, and are written then.
fn keeps_its_bytes(record: &Record, line: &str) {
    let mut value = serde_json::to_value(record).unwrap();
    if let Some(started) = value.pointer_mut("/body/run-started") {
        started.as_object_mut().unwrap().remove("limits");
        assert_eq!(value, serde_json::from_str::<serde_json::Value>(line).unwrap());
    } else {
        assert_eq!(serde_json::to_string(record).unwrap(), line);
    }
}

#[test]
fn records_of_reuse_keep_their_bytes() {
    for line in REUSE.lines() {
        let record: Record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        keeps_its_bytes(&record, line);
    }
    let records: Vec<Record> = REUSE.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let run = baton_core::run::Run::from_records(records).unwrap();
    assert_eq!(run.claimed().len(), 1);
    assert!(run.snapshots().0.unwrap().digest.is_some());
    assert!(run.snapshots().1.unwrap().problem.is_some());
}

/// Records of agents that are models: added to the format, without a change of what was there.
const AGENTS: &str = include_str!("golden/records_v1_agents.jsonl");

#[test]
fn records_of_model_agents_keep_their_bytes() {
    let mut kinds = BTreeSet::new();
    for line in AGENTS.lines() {
        let record: Record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        let body = serde_json::to_value(&record.body).unwrap();
        kinds.extend(body.as_object().unwrap().keys().cloned());
    }
    let known = ["asked", "deferred", "passed", "paused", "resumed", "turned"];
    assert_eq!(kinds, known.iter().map(ToString::to_string).collect());
}

#[test]
fn the_golden_journal_is_a_run() {
    let records: Vec<Record> = RECORDS.lines().map(|l| serde_json::from_str(l).unwrap()).collect();
    let run = baton_core::run::Run::from_records(records).unwrap();
    assert!(run.finished().is_some());
    assert_eq!(run.tasks().count(), 3);
}

/// Records of what people do to a run: added to the format, without a change of what was there.
const CONTROL: &str = include_str!("golden/records_v1_control.jsonl");

#[test]
fn records_of_control_keep_their_bytes() {
    let mut kinds = BTreeSet::new();
    for line in CONTROL.lines() {
        let record: Record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        let body = serde_json::to_value(&record.body).unwrap();
        kinds.extend(body.as_object().unwrap().keys().cloned());
    }
    let known =
        ["heard", "listening", "messaged", "pause-ordered", "paused", "restart-ordered", "spawned"];
    assert_eq!(kinds, known.iter().map(ToString::to_string).collect());
}

/// Records of sessions of agents: added to the format, without a change of what was there.
const SESSIONS: &str = include_str!("golden/records_v1_sessions.jsonl");

#[test]
fn records_of_sessions_keep_their_bytes() {
    for line in SESSIONS.lines() {
        let record: Record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        let Body::Session { session, .. } = record.body else { panic!("{line}") };
        assert!(session.is_sound());
    }
    assert_eq!(SESSIONS.lines().count(), 2);
}

/// Records of what is denied later: added to the format, without a change of what was there.
const DENIALS: &str = include_str!("golden/records_v1_denials.jsonl");

#[test]
fn records_of_later_denials_keep_their_bytes() {
    for line in DENIALS.lines() {
        let record: Record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
        assert_eq!(serde_json::to_string(&record).unwrap(), line);
        let Body::DenialsAdded { denials, .. } = record.body else { panic!("{line}") };
        assert!(!denials.is_empty());
    }
    assert_eq!(DENIALS.lines().count(), 2);
}

/// Records of runs that reuse what messages steered: added to the format, without a change of what
/// was there.
const STEERED: &str = include_str!("golden/records_v1_steered.jsonl");

#[test]
fn records_of_steered_results_keep_their_bytes() {
    let records: Vec<Record> = STEERED
        .lines()
        .map(|line| {
            let record = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            keeps_its_bytes(&record, line);
            record
        })
        .collect();
    let Some(Body::RunStarted(started)) = records.first().map(|first| &first.body) else {
        panic!("no start")
    };
    assert!(started.reuse.as_ref().unwrap().steered);
    let misses = records.iter().filter(|record| matches!(record.body, Body::NotReused { .. }));
    assert_eq!(misses.count(), 3);
}

/// A record of programs that take the place of others: added to the format, without a change of what was
/// there.
const PROGRAMS: &str = include_str!("golden/records_v1_programs.jsonl");

#[test]
fn records_of_other_programs_keep_their_bytes() {
    let record: Record = serde_json::from_str(PROGRAMS.trim_end()).unwrap();
    keeps_its_bytes(&record, PROGRAMS.trim_end());
    let Body::Resumed { programs, .. } = record.body else { panic!("{PROGRAMS}") };
    assert_eq!(programs["command:/there/worker.sh"], "command:/here/worker.sh");
}
