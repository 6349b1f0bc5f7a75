//! What a new owner finds.

use super::super::{Recovery, Run};
use super::fixture::{Bench, agent, tokens, workflow};
use crate::action::Action;
use crate::command::Command;
use crate::handoff::{Failure, FailureKind, Usage};
use crate::ids::TaskPath;
use crate::record::{Body, Effect, Record, Work};

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

/// The same journal with another effect on its agents.
fn with_effect(journal: &[Record], wanted: Effect) -> Vec<Record> {
    let mut journal = journal.to_vec();
    for record in &mut journal {
        if let Body::Spawned { work, .. } = &mut record.body
            && let Work::Agent { effect, .. } = &mut **work
        {
            *effect = wanted;
        }
    }
    journal
}

#[test]
fn every_open_task_has_one_row() {
    let mut bench = Bench::new();
    bench.spawn(agent("queued"));
    bench.spawn(agent("at work"));
    bench.spawn(Command::Sleep { ms: 5 });
    bench.spawn(workflow("{}"));
    bench.spawn(agent("ended"));
    for task in ["2", "5"] {
        bench.start(task);
    }
    bench.end("5", tokens(1));
    use Recovery::{InDoubt, Rebuild, Repeat, Start, Timer};
    let rows = [
        (Effect::Read, [Some(Start), Some(Repeat), Some(Timer), Some(Rebuild), None]),
        (Effect::Repeatable, [Some(Start), Some(Repeat), Some(Timer), Some(Rebuild), None]),
        (Effect::Once, [Some(Start), Some(InDoubt), Some(Timer), Some(Rebuild), None]),
    ];
    for (effect, expected) in rows {
        let mut run = Run::from_records(with_effect(&bench.journal, effect)).unwrap();
        let got = ["1", "2", "3", "4", "5"].map(|task| run.recovery_of(&path(task)));
        assert_eq!(got, expected, "{effect:?}");
        run.recover(bench.now);
        let actions = run.take_outbox().actions;
        let started = |task: &str| actions.contains(&Action::Perform { task: path(task) });
        assert!(started("1"));
        assert_eq!(started("2"), effect != Effect::Once);
        assert!(!started("5"));
        assert_eq!(actions[0], Action::StartWorkflow { task: TaskPath::root() });
        let in_doubt =
            run.outcome(&path("2")).and_then(|outcome| outcome.failure().map(|f| f.kind));
        assert_eq!(in_doubt, (effect == Effect::Once).then_some(FailureKind::InDoubt));
    }
}

#[test]
fn a_failed_attempt_is_paid_once_whoever_ends_the_task() {
    let failure = || Failure::new(FailureKind::Failed, "flaky", "again");
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    assert_eq!(bench.start("1"), 1);
    let at = bench.later();
    bench.run.attempt_failed(&path("1"), 1, failure(), tokens(5), at);
    // Without a crash, the last word of the owner counts all attempts.
    let mut calm = Bench::replayed(&bench.journal);
    calm.run.attempt_failed(&path("1"), 1, failure(), tokens(5), at);
    calm.end("1", tokens(8));
    assert_eq!(calm.run.settled().tokens(), 8);
    // With one, the new owner knows of its own attempts only.
    let mut again = bench.crashed();
    again.run.resume("heir", 2, &Default::default(), "engine 1", at);
    again.run.recover(at);
    assert_eq!(again.start("1"), 3);
    let cancelled = Bench::replayed(&again.crashed().journal);
    let mut ended = Bench::replayed(&cancelled.journal);
    ended.end("1", tokens(3));
    assert_eq!(ended.run.settled(), &Usage { agents: 1, ..tokens(8) });
    let mut cancelled = cancelled;
    cancelled.run.cancel_ordered(&path("1"), "ann", at);
    assert_eq!(cancelled.run.settled(), &Usage { agents: 1, ..tokens(5) });
}

#[test]
fn in_doubt_keeps_what_failed_attempts_consumed() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    bench.start("1");
    let failure = Failure::new(FailureKind::Failed, "flaky", "again");
    let at = bench.later();
    bench.run.attempt_failed(&path("1"), 1, failure, tokens(5), at);
    bench.flush();
    let mut run = Run::from_records(with_effect(&bench.journal, Effect::Once)).unwrap();
    run.recover(at);
    assert_eq!(run.settled().tokens(), 5);
}

#[test]
fn a_cancellation_on_record_is_carried_out_by_the_next_owner() {
    let mut bench = Bench::new();
    bench.spawn(workflow("{}"));
    bench.spawn(agent("x"));
    bench.command(Command::Cancel { task: 1 });
    let at = bench.later();
    bench.run.cancel_ordered(&path("2"), "ann", at);
    bench.run.cancel_ordered(&TaskPath::root(), "ann", at);
    bench.flush();
    for (end, record) in bench.journal.iter().enumerate() {
        let ordered =
            matches!(&record.body, Body::CancelRequested { .. } | Body::CancelOrdered { .. });
        if !ordered {
            continue;
        }
        let mut run = Run::from_records(bench.journal[..=end].to_vec()).unwrap();
        run.recover(at);
        let made: Vec<Body> = run.take_outbox().records.into_iter().map(|r| r.body).collect();
        assert_eq!(made, [bench.journal[end + 1].body.clone()], "after {record:?}");
    }
}

#[test]
fn a_finished_run_asks_for_nothing() {
    let mut bench = Bench::new();
    let at = bench.later();
    bench.run.cancel_ordered(&TaskPath::root(), "ann", at);
    let mut again = bench.crashed();
    again.run.recover(at);
    assert!(!again.run.has_outbox());
}

#[test]
fn processes_of_open_tasks_are_left_over() {
    let mut bench = Bench::new();
    for task in ["1", "2"] {
        bench.spawn(agent("x"));
        bench.start(task);
        bench.run.process(&path(task), 1, 40, 9, bench.now);
    }
    bench.end("2", tokens(1));
    let left = bench.crashed().run.leftovers();
    assert_eq!(left.len(), 1);
    assert_eq!((left[0].attempt, left[0].pid, left[0].ticks), (1, 40, 9));
}
