//! Rows follow from records.

use baton_core::budget::{Amounts, Caps};
use baton_core::digest::Digest;
use baton_core::handoff::{FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::Timestamp;
use baton_core::json::Json;
use baton_core::record::{Body, Outage, Pause, Record, Work};
use baton_core::spec::{WorkflowOptions, WorkflowSpec};
use baton_journal::memory::MemoryJournal;
use baton_journal::projection::rebuild;
use baton_journal::rows::State;
use baton_journal::store::Journal;

use crate::fixtures::*;

/// A run with every kind of task and end.
fn history() -> Vec<Record> {
    let nested = Work::Workflow {
        spec: WorkflowSpec {
            name: "inner".into(),
            input: Json::null(),
            options: WorkflowOptions::default(),
        },
        component: Digest::of(b"inner"),
        budget: Amounts::default(),
    };
    let again = Body::AttemptFailed {
        task: path("1"),
        attempt: 1,
        failure: failure(FailureKind::TimedOut),
        usage: usage(3),
    };
    let resumed = Body::Resumed {
        by: "anna".into(),
        epoch: 2,
        caps: Caps::default(),
        engine: String::new(),
        programs: Default::default(),
    };
    vec![
        started(&run_id(1), "audit"),
        spawned(2, "1", "x"),
        spawned_work(3, "2", nested),
        spawned_work(4, "3", Work::Sleep { due: Timestamp(9_999) }),
        spawned(5, "2/1", "inside"),
        spawned(6, "4", "never starts"),
        begun(7, "1", 1),
        record(8, again),
        begun(9, "1", 2),
        begun(10, "2/1", 1),
        completed(11, "2/1", 100),
        completed(12, "2", 100),
        record(13, Body::Paused { reason: Pause::Cap { cap: "tokens".into(), short: None } }),
        record(14, resumed),
        failed(15, "1", FailureKind::Failed, 20),
        failed(16, "4", FailureKind::Cancelled, 0),
        completed(17, "3", 0),
        finished(18, Outcome::Done(Handoff::default()), 1_000),
    ]
}

#[test]
fn the_row_of_a_run_after_each_record() {
    let history = history();
    let after = |count: usize| rebuild(&history[..count]).unwrap().0;
    let facts = |count| {
        let row = after(count);
        (row.state, row.tasks, row.failed_tasks, row.usage.input_tokens)
    };
    assert_eq!(facts(1), (State::Running, 0, 0, 0));
    assert_eq!(facts(6), (State::Running, 5, 0, 0));
    assert_eq!(facts(11), (State::Running, 5, 0, 100));
    // The workflow around an agent consumed nothing besides it.
    assert_eq!(facts(12), (State::Running, 5, 0, 100));
    assert_eq!(facts(13), (State::Paused, 5, 0, 100));
    assert_eq!(after(13).paused.as_deref(), Some("cap: tokens"));
    assert_eq!(facts(14), (State::Running, 5, 0, 100));
    assert_eq!(after(14).paused, None);
    assert_eq!(facts(16), (State::Running, 5, 1, 120));
    assert_eq!(facts(18), (State::Done, 5, 1, 1_000));
    assert_eq!(after(18).records, 18);
    assert_eq!((after(18).created, after(18).updated), (Timestamp(1_001), Timestamp(1_018)));
}

#[test]
fn the_row_of_a_task_after_each_record() {
    let history = history();
    let task =
        |count: usize, name: &str| rebuild(&history[..count]).unwrap().1[&path(name)].clone();
    let facts = |count, name| {
        let row = task(count, name);
        (row.state, row.attempts, row.usage.input_tokens)
    };
    assert_eq!(facts(6, "1"), (State::Queued, 0, 0));
    assert_eq!(facts(7, "1"), (State::Running, 1, 0));
    assert_eq!(facts(8, "1"), (State::Queued, 2, 3));
    assert_eq!(facts(9, "1"), (State::Running, 2, 3));
    assert_eq!(facts(15, "1"), (State::Failed, 2, 20));
    assert_eq!(facts(4, "2"), (State::Running, 0, 0));
    assert_eq!(facts(12, "2"), (State::Done, 0, 100));
    assert_eq!(facts(4, "3"), (State::Running, 0, 0));
    assert_eq!(facts(17, "3"), (State::Done, 0, 0));
    assert_eq!(facts(16, "4"), (State::Cancelled, 0, 0));

    let ended = task(18, "1");
    assert_eq!(ended.spawned, Timestamp(1_002));
    assert_eq!((ended.started, ended.ended), (Some(Timestamp(1_007)), Some(Timestamp(1_015))));
    assert_eq!(ended.failure, Some(("some-code".into(), "it broke".into())));
    assert_eq!(ended.backend.as_deref(), Some("component:x"));
    assert_eq!(
        (ended.label.as_deref(), ended.phase.as_deref()),
        (Some("label of 1"), Some("phase"))
    );
    let kinds = ["1", "2", "3"].map(|name| task(18, name).kind);
    assert_eq!(kinds, ["agent", "workflow", "timer"]);
    assert_eq!(task(18, "4").started, None);
}

#[test]
fn every_end_of_a_run_has_its_state() {
    let ends = [
        (Outcome::Done(Handoff::default()), State::Done),
        (Outcome::Failed(failure(FailureKind::Limit)), State::Failed),
        (Outcome::Failed(failure(FailureKind::Cancelled)), State::Cancelled),
    ];
    for (outcome, state) in ends {
        let records = [started(&run_id(1), "audit"), finished(2, outcome.clone(), 0)];
        let (row, _) = rebuild(&records).unwrap();
        assert_eq!(row.state, state);
        assert_eq!(row.failure.is_some(), outcome.failure().is_some());
    }
}

#[test]
fn records_without_a_start_make_no_rows() {
    assert_eq!(rebuild(&[]), None);
    assert_eq!(rebuild(&[spawned(1, "1", "x")]), None);
}

/// Two calls of a model, an outage, a third call on another step, and one that ends after its task.
fn metered() -> Vec<Record> {
    let turned = |seq, call, tokens| {
        let usage = Usage { cost_micro_usd: 10 * tokens, ..spent(tokens) };
        let (task, content) = (path("1"), (call == 1).then(|| component().digest));
        record(seq, Body::Turned { task, call, content, usage, estimated: call == 2 })
    };
    let asked = |seq, call| {
        let (task, provider, model) = (path("1"), "anthropic".to_owned(), "m".to_owned());
        record(seq, Body::Asked { task, call, provider, model, reserve: spent(900) })
    };
    let outage = Body::Deferred {
        task: path("1"),
        attempt: 1,
        provider: "anthropic".into(),
        outage: Outage::Quota,
        failure: failure(FailureKind::Failed),
        usage: Usage { wall_ms: 40, ..Usage::default() },
        until: Some(Timestamp(5_000)),
    };
    let paused = Pause::Provider {
        provider: "anthropic".into(),
        outage: Outage::Quota,
        until: Some(Timestamp(5_000)),
        message: String::new(),
    };
    let passed = Body::Passed {
        task: path("1"),
        rung: 1,
        rungs: 2,
        backend: "anthropic:large".into(),
        saved_micro_usd: -5,
    };
    let outcome = Outcome::Done(Handoff::default());
    // With the 900 that the third call may consume.
    let all = Usage { cost_micro_usd: 1_100, estimated_calls: 2, wall_ms: 60, ..usage(1_010) };
    let ended = Body::Completed { task: path("1"), outcome, usage: all, reused_from: None };
    vec![
        started(&run_id(1), "audit"),
        spawned(2, "1", "x"),
        begun(3, "1", 1),
        asked(4, 1),
        turned(5, 1, 100),
        record(6, outage),
        record(7, Body::Paused { reason: paused }),
        begun(8, "1", 2),
        asked(9, 2),
        turned(10, 2, 10),
        record(11, passed),
        asked(12, 3),
        record(13, ended),
        turned(14, 3, 1),
    ]
}

fn spent(tokens: u64) -> Usage {
    Usage { input_tokens: tokens, ..Usage::default() }
}

#[test]
fn calls_of_models_count_when_they_end_and_once() {
    let history = metered();
    let facts = |count: usize| {
        let (run, tasks) = rebuild(&history[..count]).unwrap();
        let task = tasks[&path("1")].clone();
        let tokens = (run.usage.input_tokens, task.usage.input_tokens);
        let cost = (run.usage.cost_micro_usd, task.metered.cost_micro_usd);
        (task.state, task.attempts, tokens, cost)
    };
    // What a call may consume is held back for it; it is not consumed.
    assert_eq!(facts(4), (State::Running, 1, (0, 0), (0, 0)));
    assert_eq!(facts(5), (State::Running, 1, (100, 100), (1_000, 1_000)));
    assert_eq!(facts(6), (State::Queued, 1, (100, 100), (1_000, 1_000)));
    assert_eq!(facts(8), (State::Running, 2, (100, 100), (1_000, 1_000)));
    assert_eq!(facts(10), (State::Running, 2, (110, 110), (1_100, 1_100)));
    assert_eq!(facts(13), (State::Done, 2, (1_010, 1_010), (1_100, 1_100)));
    assert_eq!(facts(14), (State::Done, 2, (111, 111), (1_110, 1_110)));

    let (run, tasks) = rebuild(&history).unwrap();
    let usage = run.usage;
    assert_eq!((usage.agents, usage.wall_ms, usage.estimated_calls), (1, 60, 1));
    assert_eq!(tasks[&path("1")].backend.as_deref(), Some("anthropic:large"));
    let (run, _) = rebuild(&history[..7]).unwrap();
    assert_eq!((run.state, run.paused.as_deref()), (State::Paused, Some("quota: anthropic")));
}

/// However the records are cut into appends, the rows are those of a rebuild.
#[tokio::test]
async fn rows_kept_record_by_record_are_those_of_a_rebuild() {
    let mut metered = metered();
    metered.push(finished(15, Outcome::Done(Handoff::default()), 111));
    let cuts = |history: Vec<Record>| [1, 2, 5, 99].map(|size| (history.clone(), size));
    for (history, size) in cuts(history()).into_iter().chain(cuts(metered)) {
        for journal in [
            Box::new(MemoryJournal::new()) as Box<dyn Journal>,
            tempfile::tempdir().unwrap().open(),
        ] {
            let lease = journal.create(history[0].clone(), vec![component()]).await.unwrap();
            for part in history[1..].chunks(size) {
                journal.append(&lease, part.to_vec(), vec![]).await.unwrap();
            }
            let (row, tasks) = rebuild(&history).unwrap();
            assert!(row.state.is_final() && !row.owned, "the end of a run gives it up");
            assert_eq!(journal.run(&lease.run).await.unwrap(), Some(row));
            let tasks: Vec<_> = tasks.into_values().collect();
            assert_eq!(journal.tasks(&lease.run).await.unwrap(), tasks);
            assert_eq!(journal.verify().await.unwrap().damage, Vec::<String>::new());
        }
    }
}

/// A backend may claim any number: the store keeps what Rust can hold.
#[tokio::test]
async fn the_largest_usage_is_kept() {
    let home = tempfile::tempdir().unwrap();
    let journal = home.open();
    let run = run_id(1);
    let most = Usage { input_tokens: u64::MAX, cost_micro_usd: u64::MAX, ..Usage::default() };
    let end = |seq, task| {
        let outcome = Outcome::Done(Handoff::default());
        record(seq, Body::Completed { task: path(task), outcome, usage: most, reused_from: None })
    };
    let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
    let records = vec![spawned(2, "1", "x"), spawned(3, "2", "x"), end(4, "1"), end(5, "2")];
    journal.append(&lease, records, vec![]).await.unwrap();
    assert_eq!(journal.run(&run).await.unwrap().unwrap().usage, most);
    assert_eq!(journal.verify().await.unwrap().damage, Vec::<String>::new());
}
