//! Damaged runs, what is put down between two housekeepings, and the room that is given back.

use baton_journal::error::JournalError;
use baton_journal::housekeeping::{Housekeeping as _, Removal, Shrunk, Swept};
use baton_journal::memory::MemoryJournal;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::{Blob, Journal as _};
use rusqlite::Connection;
use tempfile::tempdir;

use crate::fixtures::*;
use crate::housekeeping::{Place as _, is_sound, run_of};

#[tokio::test]
async fn no_blob_is_removed_where_a_record_cannot_be_read_before_its_run_is() {
    for harm in [
        "UPDATE record SET body = replace(body, 'sha256:', 'sha25x:') WHERE seq = 3",
        "DELETE FROM record WHERE seq = 3",
        "DELETE FROM record WHERE seq = 4",
        "PRAGMA foreign_keys = OFF; DELETE FROM blob WHERE length(bytes) > 10000",
    ] {
        let home = tempdir().unwrap();
        let journal = home.process();
        let own = Blob::new(b"own".to_vec());
        run_of(&*journal, 1, &own, true).await;
        let raw = Connection::open(home.path().join("journal.db")).unwrap();
        raw.execute_batch(harm).unwrap();
        assert!(raw.changes() > 0, "{harm}");
        let swept = journal.sweep().await;
        assert!(matches!(swept, Err(JournalError::Damaged { .. })), "{harm}: {swept:?}");
        let damaged = journal.census().await.unwrap().damaged;
        assert_eq!(damaged.len(), 1, "{harm}");
        assert!(
            damaged[0].0 == run_id(1) && damaged[0].1.contains("record"),
            "{harm}: {damaged:?}"
        );
        journal.blob(&own.digest).await.unwrap();
        // The run itself can be taken away, and with it what only it may have named.
        assert_eq!(journal.remove(&run_id(1)).await.unwrap(), Removal::Removed, "{harm}");
        journal.sweep().await.unwrap();
        assert!(journal.blob(&own.digest).await.is_err(), "{harm}");
        assert!(journal.census().await.unwrap().damaged.is_empty(), "{harm}");
    }
}

/// What a run that has ended names is read once. A note that does not fit is no note.
#[tokio::test]
async fn what_was_put_down_of_a_run_holds_for_just_these_records() {
    const HARMED: &str = "UPDATE record SET crc = crc + 1 WHERE run = 1 AND seq = 3";
    let notes = |raw: &Connection| -> i64 {
        raw.query_row("SELECT count(*) FROM noted", (), |row| row.get(0)).unwrap()
    };
    for unfit in [
        "UPDATE noted SET digests = x''",
        "UPDATE noted SET digests = zeroblob(length(digests))",
        "UPDATE noted SET records = records - 1",
        "UPDATE noted SET crc = crc + 1",
        "DELETE FROM noted",
    ] {
        let home = tempdir().unwrap();
        let journal = home.process();
        let (own, other) = (Blob::new(b"own".to_vec()), Blob::new(b"other".to_vec()));
        let (run, _) = run_of(&*journal, 1, &own, true).await;
        run_of(&*journal, 2, &other, false).await;
        let raw = Connection::open(home.path().join("journal.db")).unwrap();
        assert_eq!(journal.sweep().await.unwrap(), Swept::default());
        assert_eq!(notes(&raw), 1, "of the one that has ended");
        let before = journal.census().await.unwrap();
        assert_eq!(raw.execute(HARMED, ()).unwrap(), 1);
        // Nobody reads the record again, and what it named is known.
        assert_eq!(journal.sweep().await.unwrap(), Swept::default());
        let after = journal.census().await.unwrap();
        assert!(after.damaged.is_empty());
        for (one, two) in before.runs.iter().zip(&after.runs) {
            assert_eq!((&one.blobs, one.bytes), (&two.blobs, two.bytes));
        }
        assert_eq!(raw.execute(unfit, ()).unwrap(), 1, "{unfit}");
        let swept = journal.sweep().await;
        assert!(matches!(swept, Err(JournalError::Damaged { .. })), "{unfit}: {swept:?}");
        assert_eq!(journal.census().await.unwrap().damaged.len(), 1, "{unfit}");
        journal.blob(&own.digest).await.unwrap();
        // It goes with its run, and says nothing of another of that name.
        assert_eq!(journal.remove(&run).await.unwrap(), Removal::Removed);
        assert_eq!(notes(&raw), 0);
        let new = Blob::new(b"new".to_vec());
        run_of(&*journal, 1, &new, true).await;
        journal.sweep().await.unwrap();
        journal.blob(&new.digest).await.unwrap();
        assert!(journal.blob(&own.digest).await.is_err());
        is_sound(&*journal).await;
    }
}

/// A run that nobody can go on with is removed by its name, and none that somebody can.
#[tokio::test]
async fn a_damaged_run_goes_also_if_it_has_not_ended() {
    for harm in [
        "UPDATE record SET crc = crc + 1 WHERE seq = 1",
        "DELETE FROM record WHERE seq = 2",
        "PRAGMA foreign_keys = OFF; DELETE FROM blob WHERE bytes = CAST('own' AS BLOB)",
    ] {
        let home = tempdir().unwrap();
        let journal = home.process();
        let own = Blob::new(b"own".to_vec());
        let (run, lease) = run_of(&*journal, 1, &own, false).await;
        assert_eq!(journal.damage(&run).await.unwrap(), None);
        assert_eq!(journal.remove_damaged(&run).await.unwrap(), Removal::Sound);
        let raw = Connection::open(home.path().join("journal.db")).unwrap();
        raw.execute_batch(harm).unwrap();
        assert!(raw.changes() > 0, "{harm}");
        let damage = journal.damage(&run).await.unwrap().unwrap();
        assert!(damage.contains("damaged") || damage.contains("missing"), "{harm}: {damage}");
        assert_eq!(journal.remove(&run).await.unwrap(), Removal::NotEnded, "{harm}");
        assert_eq!(journal.remove_damaged(&run).await.unwrap(), Removal::Owned, "{harm}");
        journal.release(&lease).await.unwrap();
        assert_eq!(journal.remove_damaged(&run).await.unwrap(), Removal::Removed, "{harm}");
        assert_eq!(journal.remove_damaged(&run).await.unwrap(), Removal::Gone, "{harm}");
        journal.sweep().await.unwrap();
        is_sound(&*journal).await;
        assert!(matches!(journal.damage(&run).await, Err(JournalError::NoRun(_))));
    }
    let (memory, run) = (MemoryJournal::new(), run_id(1));
    assert_eq!(memory.remove_damaged(&run).await.unwrap(), Removal::Gone);
    run_of(&memory, 1, &Blob::new(b"own".to_vec()), false).await;
    assert_eq!(memory.damage(&run).await.unwrap(), None);
    assert_eq!(memory.remove_damaged(&run).await.unwrap(), Removal::Sound);
}

/// What is removed makes the file shorter, in small steps; also that of a release that could not.
#[tokio::test]
async fn the_file_gets_shorter() {
    for older in [false, true] {
        let home = tempdir().unwrap();
        let file = home.path().join("journal.db");
        if older {
            let raw = Connection::open(&file).unwrap();
            raw.execute_batch(include_str!("../../src/schema/sqlite/0001.sql")).unwrap();
            raw.pragma_update(None, "user_version", 1).unwrap();
        }
        let journal = home.process();
        for n in 1..5 {
            let bytes = vec![u8::try_from(n).unwrap(); 3 << 20];
            run_of(&*journal, n, &Blob::new(bytes), true).await;
        }
        for n in 1..4 {
            assert_eq!(journal.remove(&run_id(n)).await.unwrap(), Removal::Removed);
        }
        let swept = journal.sweep().await.unwrap();
        assert!(swept.bytes > 9 << 20, "{swept:?}");
        let other = home.process();
        other.put_blobs(vec![component()]).await.unwrap();
        if older {
            // Nobody is made to wait.
            let shrunk = journal.shrink().await.unwrap();
            assert!(shrunk.bytes == 0 && shrunk.left > 8 << 20, "{shrunk:?}");
        }
        drop(other);
        let shrunk = journal.shrink().await.unwrap();
        assert!(shrunk.bytes > 8 << 20 && shrunk.left == 0, "{shrunk:?}");
        is_sound(&*journal).await;
        drop(journal);
        assert!(file.metadata().unwrap().len() < 5 << 20);
        let reader = SqliteJournal::open_read_only(home.path()).unwrap();
        assert_eq!(reader.records(&run_id(4), 0, 9).await.unwrap().len(), 4);
        assert!(matches!(reader.sweep().await, Err(JournalError::ReadOnly)));
    }
    assert_eq!(MemoryJournal::new().shrink().await.unwrap(), Shrunk::default());
}
