//! Whether anybody wrote since the inbox was found empty: a question that costs no thread and no disk,
//! because it is asked twenty times a second for as long as a run waits.

use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use rusqlite::Connection;

use super::connect;

/// What SQLite counts of the commits of others, seen by one connection that never writes.
pub(super) struct Changes(Mutex<Seen>);

struct Seen {
    file: PathBuf,
    /// Opened when it is first needed.
    connection: Option<Connection>,
    /// The count at which there was nothing.
    nothing_at: Option<i64>,
}

impl Changes {
    pub(super) fn of(file: &Path) -> Self {
        let file = file.to_owned();
        Self(Mutex::new(Seen { file, connection: None, nothing_at: None }))
    }

    /// The count now; none: it cannot be told without waiting.
    pub(super) fn count(&self) -> Option<i64> {
        let seen = &mut *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if seen.connection.is_none() {
            let opened = connect::reading(&seen.file).ok()?;
            // Who asks is no thread that may wait.
            opened.busy_timeout(Duration::ZERO).ok()?;
            seen.connection = Some(opened);
        }
        let connection = seen.connection.as_ref()?;
        let mut statement = connection.prepare_cached("PRAGMA data_version").ok()?;
        statement.query_row((), |row| row.get(0)).ok()
    }

    /// Whether there was nothing at this count.
    pub(super) fn nothing_since(&self, count: Option<i64>) -> bool {
        let seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        count.is_some() && seen.nothing_at == count
    }

    /// There was nothing, asked after the count was taken.
    pub(super) fn nothing_at(&self, count: Option<i64>) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).nothing_at = count;
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_commit_of_any_other_connection_counts_and_nothing_else_does() {
        let temp = tempfile::tempdir().unwrap();
        let file = temp.path().join("journal.db");
        let changes = Changes::of(&file);
        // Where nobody can tell, nobody says that there is nothing.
        assert_eq!(changes.count(), None);
        changes.nothing_at(None);
        assert!(!changes.nothing_since(None));
        let writer = connect::writing(&file).unwrap();
        let before = changes.count();
        assert!(before.is_some() && changes.count() == before);
        assert!(!changes.nothing_since(before));
        changes.nothing_at(before);
        assert!(changes.nothing_since(changes.count()));
        writer.execute_batch("CREATE TABLE t (a)").unwrap();
        assert!(!changes.nothing_since(changes.count()));
        // One more is seen although the log begins anew.
        let now = changes.count();
        writer.query_row("PRAGMA wal_checkpoint(TRUNCATE)", (), |_| Ok(())).unwrap();
        changes.nothing_at(now);
        writer.execute_batch("INSERT INTO t VALUES (1)").unwrap();
        assert!(!changes.nothing_since(changes.count()));
    }
}
