//! Errors of the database, put into words.

use rusqlite::ErrorCode;

use crate::error::JournalError;

/// Says what was being done when the database failed.
pub(super) trait Doing<T> {
    fn doing(self, doing: &'static str) -> Result<T, JournalError>;
}

impl<T> Doing<T> for rusqlite::Result<T> {
    fn doing(self, doing: &'static str) -> Result<T, JournalError> {
        self.map_err(|error| explain(doing, &error))
    }
}

/// The file that processes share beside the log cannot grow (`SQLITE_IOERR_SHMSIZE`): there is no room
/// for it.
const NO_ROOM_TO_SHARE: i32 = rusqlite::ffi::SQLITE_IOERR_SHMSIZE;

/// The error of the journal that a database error amounts to.
pub(super) fn explain(doing: &'static str, error: &rusqlite::Error) -> JournalError {
    if error.sqlite_error().is_some_and(|error| error.extended_code == NO_ROOM_TO_SHARE) {
        return JournalError::Full { doing };
    }
    match error.sqlite_error_code() {
        Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => {
            JournalError::Damaged { place: "the database file".to_owned(), what: error.to_string() }
        }
        Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => JournalError::Busy { doing },
        Some(ErrorCode::DiskFull) => JournalError::Full { doing },
        Some(ErrorCode::ReadOnly) => {
            JournalError::Unwritable { doing, file: "the journal".to_owned() }
        }
        _ => JournalError::Store { doing, message: error.to_string() },
    }
}

/// Why a piece of work did not take effect.
#[derive(Debug)]
pub(super) enum Trouble {
    /// It was not allowed to; the transaction is as it was before it.
    Refused(JournalError),
    /// The database failed; the transaction must be given up.
    Database(rusqlite::Error),
}

impl From<rusqlite::Error> for Trouble {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl From<JournalError> for Trouble {
    fn from(error: JournalError) -> Self {
        Self::Refused(error)
    }
}
