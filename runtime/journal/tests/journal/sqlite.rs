//! What only the journal on disk has to prove.

use std::os::unix::fs::PermissionsExt as _;
use std::time::Duration;

use baton_core::digest::Digest;
use baton_journal::error::JournalError;
use baton_journal::record::SPILL_BYTES;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::{Blob, Control, Journal, Lease};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::fixtures::*;

#[test]
fn the_home_is_private() {
    let parent = tempdir().unwrap();
    let home = parent.path().join("a/b");
    SqliteJournal::open(&home).unwrap();
    for folder in [home.clone(), home.join("owners")] {
        let mode = folder.metadata().unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o700, "{}", folder.display());
    }
    let mode = home.join("journal.db").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
}

#[tokio::test]
async fn a_journal_survives_its_process() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let journal = home.open();
    let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
    journal.append(&lease, one_agent(), vec![]).await.unwrap();
    drop(journal);
    let journal = home.open();
    assert_eq!(journal.claim(&run).await.unwrap().1.len(), 4);
    assert_eq!(journal.blob(&component().digest).await.unwrap(), component().bytes);
}

/// What was queued before the journal is dropped is written all the same.
#[tokio::test]
async fn a_dropped_journal_writes_what_was_queued() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let journal = home.open();
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    drop(journal.append(&lease, one_agent(), vec![]));
    drop(journal);
    assert_eq!(home.open().records(&run, 0, 9).await.unwrap().len(), 4);
}

/// A lease that reached nobody is given back: nobody else could.
#[tokio::test]
async fn a_lease_nobody_waited_for_is_given_back() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let journal = home.open();
    drop(journal.create(started(&run, "audit"), vec![]));
    // Writes behind the dropped creation and behind the release that it leads to.
    for _ in 0..2 {
        journal.put_blobs(vec![component()]).await.unwrap();
    }
    assert!(!journal.run(&run).await.unwrap().unwrap().owned);
    drop(journal.claim(&run));
    for _ in 0..2 {
        journal.put_blobs(vec![component()]).await.unwrap();
    }
    let (lease, _) = journal.claim(&run).await.unwrap();
    journal.append(&lease, one_agent(), vec![]).await.unwrap();
}

#[tokio::test]
async fn only_bodies_above_the_bound_are_spilled() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let journal = home.open();
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    let frame = serde_json::to_string(&spawned(2, "1", "").body).unwrap().len();
    let (at, above) = (SPILL_BYTES - frame, SPILL_BYTES - frame + 1);
    let records = vec![spawned(2, "1", &"x".repeat(at)), spawned(3, "2", &"x".repeat(above))];
    let spilled = serde_json::to_vec(&records[1].body).unwrap();
    journal.append(&lease, records, vec![]).await.unwrap();
    let report = journal.verify().await.unwrap();
    assert_eq!((report.records, report.blobs), (3, 1));
    assert_eq!(*journal.blob(&Digest::of(&spilled)).await.unwrap(), *spilled);
}

#[tokio::test]
async fn reading_only_needs_a_journal_and_writes_nothing() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let nothing = SqliteJournal::open_read_only(home.path()).err();
    assert!(
        matches!(nothing, Some(JournalError::NoJournal { home: named }) if named == home.path())
    );
    assert_eq!(std::fs::read_dir(home.path()).unwrap().count(), 0);
    // A file that a process is just about to fill.
    std::fs::write(home.path().join("journal.db"), b"").unwrap();
    let empty = SqliteJournal::open_read_only(home.path()).err();
    assert!(matches!(empty, Some(JournalError::NoJournal { .. })));

    home.open().create(started(&run, "audit"), vec![component()]).await.unwrap();
    let reader = SqliteJournal::open_read_only(home.path()).unwrap();
    assert_eq!(reader.records(&run, 0, 9).await.unwrap().len(), 1);
    assert!(reader.verify().await.unwrap().damage.is_empty());
    assert_eq!(reader.inbox().await.unwrap(), vec![]);
    let lease = Lease { run: run.clone(), epoch: 1 };
    let refused = [
        reader.create(started(&run_id(2), "x"), vec![]).await.map(|_| ()),
        reader.claim(&run).await.map(|_| ()),
        reader.append(&lease, one_agent(), vec![]).await,
        reader.release(&lease).await,
        reader.put_blobs(vec![Blob::new(vec![1])]).await,
        reader.send(&run, "me", Control::Pause).await.map(|_| ()),
        reader.obeyed(1, None).await,
    ];
    for result in refused {
        assert!(matches!(result, Err(JournalError::ReadOnly)), "{result:?}");
    }
}

#[tokio::test]
async fn a_reader_sees_what_a_writer_appends_meanwhile() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let writer = home.open();
    let lease = writer.create(started(&run, "audit"), vec![]).await.unwrap();
    let reader = SqliteJournal::open_read_only(home.path()).unwrap();
    for seq in 2..50 {
        let record = spawned(seq, &seq.to_string(), "x");
        writer.append(&lease, vec![record.clone()], vec![]).await.unwrap();
        assert_eq!(reader.records(&run, seq - 1, 9).await.unwrap(), [record]);
    }
    assert!(reader.run(&run).await.unwrap().unwrap().owned);
    drop(writer);
    assert!(!reader.run(&run).await.unwrap().unwrap().owned);
}

#[test]
fn a_newer_layout_is_refused() {
    let home = tempdir().unwrap();
    SqliteJournal::open(home.path()).unwrap();
    let raw = Connection::open(home.path().join("journal.db")).unwrap();
    raw.pragma_update(None, "user_version", 1_000).unwrap();
    drop(raw);
    for opened in [SqliteJournal::open(home.path()), SqliteJournal::open_read_only(home.path())] {
        assert!(matches!(opened.err(), Some(JournalError::TooNew { found: 1_000, .. })));
    }
}

#[test]
fn a_file_that_is_no_database_is_refused() {
    let home = tempdir().unwrap();
    std::fs::write(home.path().join("journal.db"), "not a database ".repeat(1_000)).unwrap();
    for opened in [SqliteJournal::open(home.path()), SqliteJournal::open_read_only(home.path())] {
        assert!(matches!(opened.err(), Some(JournalError::Damaged { .. })));
    }
}

/// The write-ahead log is cut above 16 MiB, however busy the writer is.
#[tokio::test]
async fn the_log_stays_bounded() {
    const MIB: u64 = 1 << 20;
    let home = tempdir().unwrap();
    let journal = home.open();
    for n in 0..8_u8 {
        journal.put_blobs(vec![Blob::new(vec![n; 6 << 20])]).await.unwrap();
        // What follows is written after the log was looked at.
        journal.put_blobs(vec![Blob::new(vec![n])]).await.unwrap();
        let log = home.path().join("journal.db-wal").metadata().unwrap().len();
        assert!(log < 17 * MIB, "{log}");
    }
}

/// A log that was carried over is written again from its beginning: a file of constant length is
/// cheaper to make durable than one that grows.
#[tokio::test]
async fn a_busy_log_is_written_over_in_place() {
    const MIB: u64 = 1 << 20;
    let home = tempdir().unwrap();
    let journal = home.open();
    for n in 0..1_000_u32 {
        let bytes = n.to_le_bytes().repeat(3_000);
        journal.put_blobs(vec![Blob::new(bytes)]).await.unwrap();
    }
    let log = home.path().join("journal.db-wal").metadata().unwrap().len();
    assert!(log < 8 * MIB, "{log}");
    assert_eq!(journal.verify().await.unwrap().blobs, 1_000);
}

/// Without work to do, the log is carried over into the database, so that it is short when a
/// process is killed.
#[tokio::test]
async fn the_log_is_carried_over_when_idle() {
    let home = tempdir().unwrap();
    let journal = home.open();
    let file = home.path().join("journal.db");
    journal.put_blobs(vec![Blob::new(vec![1; 1 << 20])]).await.unwrap();
    while file.metadata().unwrap().len() < 1 << 20 {
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    assert!(journal.verify().await.unwrap().damage.is_empty());
}
