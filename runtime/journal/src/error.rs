//! What can go wrong with a store.

use std::path::PathBuf;

use baton_core::digest::Digest;
use baton_core::ids::RunId;

/// An error of a journal.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// Another process owns the run and lives.
    #[error("{run} is owned by {owner}, which is alive")]
    Owned {
        /// The run.
        run: RunId,
        /// The owner, in words: its process id.
        owner: String,
    },
    /// Another process took the run over since this one claimed it.
    #[error("{run} was taken over: this process held epoch {held}")]
    Fenced {
        /// The run.
        run: RunId,
        /// The epoch this process held.
        held: u64,
    },
    /// There is no such run.
    #[error("there is no run {0}")]
    NoRun(RunId),
    /// There is no such blob.
    #[error("blob {0} is missing")]
    NoBlob(Digest),
    /// A run of that name was created before.
    #[error("{0} exists already")]
    Exists(RunId),
    /// Nothing was ever written here, so there is nothing to read.
    #[error("there is no journal in {home}")]
    NoJournal {
        /// The folder that was searched.
        home: PathBuf,
    },
    /// The journal was opened for reading only.
    #[error("the journal is open for reading only")]
    ReadOnly,
    /// A record or blob is damaged.
    #[error("{place} is damaged: {what}")]
    Damaged {
        /// Which record, blob or page.
        place: String,
        /// How.
        what: String,
    },
    /// Written by a newer release.
    #[error("{what} has format {found}; this release reads up to {known}")]
    TooNew {
        /// The store or the record.
        what: String,
        /// Its format.
        found: u32,
        /// The newest format this release reads.
        known: u32,
    },
    /// Another process holds the journal for longer than anybody waits.
    #[error("{doing}: another process holds the journal")]
    Busy {
        /// What was being done.
        doing: &'static str,
    },
    /// There is no room.
    #[error("{doing}: the disk is full")]
    Full {
        /// What was being done.
        doing: &'static str,
    },
    /// The file or its folder may not be written.
    #[error("{doing}: {file} cannot be written")]
    Unwritable {
        /// What was being done.
        doing: &'static str,
        /// What cannot be written.
        file: String,
    },
    /// An earlier commit failed, so nothing more is acknowledged.
    #[error("the journal stopped after a failed commit: {0}")]
    Poisoned(String),
    /// Records that do not continue the run.
    #[error("{run}: record {got} appended where {expected} was due")]
    Gap {
        /// The run.
        run: RunId,
        /// The sequence number that was due.
        expected: u64,
        /// The one that came.
        got: u64,
    },
    /// The store's software is too old to be trusted.
    #[error("the bundled SQLite is {found}; at least {floor} is needed")]
    UnsafeVersion {
        /// The version found.
        found: String,
        /// The oldest safe one.
        floor: &'static str,
    },
    /// The file system failed.
    #[error("{doing} {path}")]
    Io {
        /// What was being done.
        doing: &'static str,
        /// The path.
        path: PathBuf,
        /// The system's error.
        #[source]
        source: std::io::Error,
    },
    /// The database failed.
    #[error("{doing}: {message}")]
    Store {
        /// What was being done.
        doing: &'static str,
        /// What the database said.
        message: String,
    },
}
