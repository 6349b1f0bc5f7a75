//! Lists of runs and tasks, on every implementation.

use baton_core::handoff::{FailureKind, Handoff, Outcome};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Pause};
use baton_journal::memory::MemoryJournal;
use baton_journal::rows::{RunFilter, State};
use baton_journal::store::Journal;

use crate::fixtures::*;

async fn names(journal: &dyn Journal, filter: RunFilter) -> Vec<String> {
    journal.runs(&filter).await.unwrap().into_iter().map(|row| row.name).collect()
}

/// Five runs: one at work, one in each final state, one paused; two of them in a batch.
async fn five_runs(journal: &dyn Journal) {
    let done = Outcome::Done(Handoff::default());
    let ends = [
        ("working", None, None),
        ("finished", Some(("batch_1", 1)), Some(finished(2, done, 5))),
        (
            "broken",
            Some(("batch_1", 2)),
            Some(finished(2, Outcome::Failed(failure(FailureKind::Failed)), 5)),
        ),
        ("dropped", None, Some(finished(2, Outcome::Failed(failure(FailureKind::Cancelled)), 5))),
        ("resting_100%", None, Some(record(2, Body::Paused { reason: Pause::Interrupted }))),
    ];
    for (n, (name, batch, end)) in (1..).zip(ends) {
        let run = run_id(n);
        let lease = journal.create(started_in(&run, name, batch), vec![]).await.unwrap();
        journal.append(&lease, end.into_iter().collect(), vec![]).await.unwrap();
    }
}

async fn filters(journal: &dyn Journal) {
    five_runs(journal).await;
    let any = RunFilter::default;
    let states = |states: &[State]| RunFilter { states: states.to_vec(), ..any() };
    let prefix = |prefix: &str| RunFilter { prefix: Some(prefix.to_owned()), ..any() };
    let batch = |batch: &str| RunFilter { batch: Some(batch.to_owned()), ..any() };
    let all = ["resting_100%", "dropped", "broken", "finished", "working"];
    let cases: Vec<(RunFilter, &[&str])> = vec![
        (any(), &all),
        (RunFilter { limit: Some(2), ..any() }, &all[..2]),
        (RunFilter { limit: Some(0), ..any() }, &[]),
        (RunFilter { limit: Some(u64::MAX), ..any() }, &all),
        (states(&[State::Running]), &["working"]),
        (states(&[State::Done, State::Failed]), &["broken", "finished"]),
        (states(&[State::Cancelled]), &["dropped"]),
        (states(&[State::Paused]), &["resting_100%"]),
        (states(&[State::Queued]), &[]),
        (batch("batch_1"), &["broken", "finished"]),
        (batch("batch_"), &[]),
        (prefix("br"), &["broken"]),
        // A prefix is no pattern.
        (prefix("%"), &[]),
        (prefix("resting_100%"), &["resting_100%"]),
        (prefix("restingX"), &[]),
        (prefix("BR"), &[]),
        (prefix(""), &all),
        (prefix(run_id(3).as_str()), &["broken"]),
        (RunFilter { limit: Some(1), ..batch("batch_1") }, &["broken"]),
    ];
    for (filter, expected) in cases {
        let found = names(journal, filter.clone()).await;
        assert_eq!(found, expected, "{filter:?}");
    }
}

async fn rows(journal: &dyn Journal) {
    five_runs(journal).await;
    let row = |n| async move { journal.run(&run_id(n)).await.unwrap().unwrap() };
    assert_eq!(row(2).await.batch, Some(("batch_1".to_owned(), 1)));
    assert_eq!(row(2).await.usage, usage(5));
    assert_eq!(row(3).await.failure, Some(("some-code".to_owned(), "it broke".to_owned())));
    assert_eq!(row(5).await.paused.as_deref(), Some("interrupted"));
    assert_eq!(row(1).await.program, {
        let Body::RunStarted(facts) = started(&run_id(1), "working").body else { panic!() };
        facts.program.digest()
    });
}

/// Numbers in paths are numbers: the tenth task comes after the second.
async fn order(journal: &dyn Journal) {
    let run = run_id(1);
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    let spawns = ["10", "2", "1", "2/11", "2/3"];
    let records = (2..).zip(spawns).map(|(seq, task)| spawned(seq, task, "x")).collect();
    journal.append(&lease, records, vec![]).await.unwrap();
    let found: Vec<TaskPath> =
        journal.tasks(&run).await.unwrap().into_iter().map(|task| task.path).collect();
    assert_eq!(found, ["1", "2", "2/3", "2/11", "10"].map(path));
}

#[tokio::test]
async fn runs_are_filtered() {
    filters(&MemoryJournal::new()).await;
    filters(&*tempfile::tempdir().unwrap().open()).await;
}

#[tokio::test]
async fn rows_say_what_records_said() {
    rows(&MemoryJournal::new()).await;
    rows(&*tempfile::tempdir().unwrap().open()).await;
}

#[tokio::test]
async fn tasks_come_in_order_of_the_tree() {
    order(&MemoryJournal::new()).await;
    order(&*tempfile::tempdir().unwrap().open()).await;
}
