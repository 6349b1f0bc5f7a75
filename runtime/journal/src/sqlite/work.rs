//! What the writer does: one type per request of the journal.

mod append;
mod blobs;
mod import;
mod letters;
mod owning;

use baton_core::ids::RunId;
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::JournalError;
use crate::store::Lease;

pub(super) use append::Append;
pub(super) use blobs::PutBlobs;
pub(super) use import::Import;
pub(super) use letters::{CreateBatch, Obeyed, Send};
pub(super) use owning::{Claim, Create, Release};

/// Number of a run in the database.
fn number(connection: &Connection, run: &RunId) -> rusqlite::Result<Option<i64>> {
    connection
        .prepare_cached("SELECT no FROM run WHERE id = ?1")?
        .query_row([run.as_str()], |row| row.get(0))
        .optional()
}

fn fenced(lease: &Lease) -> JournalError {
    JournalError::Fenced { run: lease.run.clone(), held: lease.epoch }
}
