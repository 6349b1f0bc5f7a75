//! Commits that fail.

use baton_core::ids::Timestamp;
use baton_journal::error::JournalError;
use baton_journal::memory::{MemoryJournal, Moment};
use baton_journal::store::{BatchRow, Journal};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::fixtures::*;

/// After a failed commit nothing is acknowledged, though the file would take it; a new process
/// finds everything that was acknowledged.
#[tokio::test]
async fn a_failed_commit_poisons_the_writer_for_ever() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let journal = home.open();
    let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
    journal.append(&lease, one_agent(), vec![]).await.unwrap();

    // A batch now breaks a promise between tables that is only looked at when it is committed.
    let raw = Connection::open(home.path().join("journal.db")).unwrap();
    raw.execute_batch(
        "PRAGMA foreign_keys = OFF;
         CREATE TABLE trap (no INTEGER PRIMARY KEY);
         ALTER TABLE batch ADD COLUMN spring INTEGER DEFAULT -1
             REFERENCES trap (no) DEFERRABLE INITIALLY DEFERRED;",
    )
    .unwrap();
    let batch = BatchRow { id: "batch_1".into(), created: Timestamp(1), spec: "{}".into() };
    let failed = journal.create_batch(batch).await;
    assert!(matches!(failed, Err(JournalError::Poisoned(_))), "{failed:?}");

    raw.execute_batch("INSERT INTO trap VALUES (-1)").unwrap();
    for _ in 0..3 {
        let refused = journal.append(&lease, vec![spawned(5, "2", "x")], vec![]).await;
        assert!(matches!(refused, Err(JournalError::Poisoned(_))), "{refused:?}");
    }
    assert!(matches!(journal.claim(&run).await, Err(JournalError::Poisoned(_))));
    assert_eq!(journal.records(&run, 0, 9).await.unwrap().len(), 4);

    let other = home.open();
    // The poisoned process still lives, and its runs are still its own.
    assert!(matches!(other.claim(&run).await, Err(JournalError::Owned { .. })));
    drop(journal);
    let (lease, records) = other.claim(&run).await.unwrap();
    assert_eq!(records.len(), 4);
    assert_eq!(other.batch("batch_1").await.unwrap(), None);
    other.append(&lease, vec![spawned(5, "2", "x")], vec![]).await.unwrap();
}

/// A write that the database refuses fails alone, with what was queued around it intact.
#[tokio::test]
async fn a_refused_write_does_not_poison() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let journal = home.open();
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    let batch = BatchRow { id: "batch_1".into(), created: Timestamp(1), spec: "{}".into() };
    journal.create_batch(batch.clone()).await.unwrap();
    let before = journal.append(&lease, vec![spawned(2, "1", "x")], vec![]);
    let twice = journal.create_batch(batch);
    let after = journal.append(&lease, vec![spawned(3, "2", "x")], vec![]);
    before.await.unwrap();
    assert!(matches!(twice.await, Err(JournalError::Store { .. })));
    after.await.unwrap();
    assert_eq!(journal.records(&run, 0, 9).await.unwrap().len(), 3);
}

#[tokio::test]
async fn the_planned_append_fails_in_memory() {
    for (moment, found) in [(Moment::Before, 2), (Moment::After, 3)] {
        let (journal, run) = (MemoryJournal::new(), run_id(1));
        let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
        journal.fail_append(2, moment);
        journal.append(&lease, vec![spawned(2, "1", "x")], vec![]).await.unwrap();
        for seq in 3..5 {
            let failed = journal.append(&lease, vec![spawned(seq, "2", "x")], vec![]).await;
            assert!(matches!(failed, Err(JournalError::Poisoned(_))), "{failed:?}");
        }
        let next = journal.sibling();
        drop(journal);
        assert_eq!(next.claim(&run).await.unwrap().1.len(), found, "{moment:?}");
    }
}

#[tokio::test]
async fn a_run_is_fenced_on_demand_in_memory() {
    let (journal, run) = (MemoryJournal::new(), run_id(1));
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    journal.fence(&run).unwrap();
    let fenced = journal.append(&lease, one_agent(), vec![]).await;
    assert!(matches!(fenced, Err(JournalError::Fenced { held: 1, .. })), "{fenced:?}");
    assert!(matches!(journal.fence(&run_id(2)), Err(JournalError::NoRun(_))));
    let (lease, _) = journal.claim(&run).await.unwrap();
    journal.append(&lease, one_agent(), vec![]).await.unwrap();
}
