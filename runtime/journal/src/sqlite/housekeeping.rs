//! Housekeeping in the database.
//!
//! It has a thread and a connection of its own: what it removes no lease covers, and a commit of it
//! that fails is no reason to doubt what a run was told is durable.

mod marks;
mod noted;
mod removing;
mod room;

use std::path::PathBuf;
use std::time::{Duration, Instant};

use baton_core::ids::{RunId, Timestamp};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::JournalError;
use crate::housekeeping::{Census, Housekeeping, Removal, Shrunk, Swept};
use crate::store::{Journal as _, JournalFuture};

use super::fault::Doing;
use super::owner::Owners;
use super::{SqliteJournal, connect, readers};

use marks::Marks;
use noted::Note;
use removing::Terms;

/// Blobs that one transaction removes at the most.
const SWEEP_BLOBS: usize = 128;
/// Bytes of blobs that one transaction removes at the most, the last blob not counted.
const SWEEP_BYTES: u64 = 8 << 20;
/// Pages that one transaction moves at the most, and where the disk has no room for the log of so many.
const SHRINK_PAGES: [u64; 3] = [512, 64, 8];
/// Notes of runs that one transaction writes at the most.
const NOTES: usize = 64;
/// Others get at least so long between two transactions.
const PAUSE: Duration = Duration::from_millis(2);
/// How often a transaction is tried that others do not let begin.
const TRIES: u32 = 6;

/// What housekeeping needs to know of its journal.
struct Keeper {
    file: PathBuf,
    owners: Owners,
    now: Timestamp,
}

impl SqliteJournal {
    /// Runs a job of housekeeping on a thread of its own.
    fn keep<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Keeper) -> Result<T, JournalError> + Send + 'static,
    ) -> JournalFuture<'static, T> {
        let keeper =
            Keeper { file: self.file.clone(), owners: self.owners.clone(), now: self.now() };
        readers::apart(move || job(&keeper))
    }

    /// The same for one that writes.
    fn keep_writing<T: Send + 'static>(
        &self,
        job: impl FnOnce(&Keeper, &mut Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> JournalFuture<'static, T> {
        if self.writer.is_none() {
            return super::failed(JournalError::ReadOnly);
        }
        self.keep(move |keeper| job(keeper, &mut connect::writing(&keeper.file)?))
    }
}

impl Housekeeping for SqliteJournal {
    fn census(&self) -> JournalFuture<'_, Census> {
        self.keep(|keeper| {
            room::census(&connect::reading(&keeper.file)?, &keeper.owners, keeper.now)
        })
    }

    fn remove(&self, run: &RunId) -> JournalFuture<'_, Removal> {
        let run = run.clone();
        self.keep_writing(move |keeper, connection| {
            let began = Instant::now();
            let removed = transact(connection, removing::DOING, |transaction| {
                removing::remove(transaction, &run, &keeper.owners, Terms::Ended)
            })?;
            // The log takes no more room than one removal does.
            rest(connection, began);
            Ok(removed)
        })
    }

    fn damage(&self, run: &RunId) -> JournalFuture<'_, Option<String>> {
        let run = run.clone();
        self.keep(move |keeper| removing::damage(&connect::reading(&keeper.file)?, &run))
    }

    fn remove_damaged(&self, run: &RunId) -> JournalFuture<'_, Removal> {
        let run = run.clone();
        self.keep_writing(move |keeper, connection| {
            // Before anybody has to wait: what is damaged stays so.
            match removing::damage(connection, &run) {
                Ok(None) => return Ok(Removal::Sound),
                Err(JournalError::NoRun(_)) => return Ok(Removal::Gone),
                Ok(Some(_)) => {}
                Err(error) => return Err(error),
            }
            transact(connection, removing::DOING, |transaction| {
                removing::remove(transaction, &run, &keeper.owners, Terms::Damaged)
            })
        })
    }

    fn remove_batch(&self, id: &str) -> JournalFuture<'_, bool> {
        let id = id.to_owned();
        self.keep_writing(move |_, connection| {
            transact(connection, removing::DOING, |transaction| {
                removing::remove_batch(transaction, &id)
            })
        })
    }

    fn sweep(&self) -> JournalFuture<'_, Swept> {
        self.keep_writing(sweep)
    }

    fn shrink(&self) -> JournalFuture<'_, Shrunk> {
        let own = self.owner_now().map(|owner| owner.id().to_owned());
        self.keep_writing(move |keeper, connection| {
            room::shrink(connection, &keeper.owners, own.as_deref())
        })
    }
}

/// Removes what nothing names, in small transactions.
fn sweep(keeper: &Keeper, connection: &mut Connection) -> Result<Swept, JournalError> {
    let mut marks = Marks::default();
    marks.catch_up(connection)?;
    let mut left = marks.unnamed(connection)?;
    let mut swept = Swept::default();
    while !left.is_empty() {
        let (mut taken, mut bytes) = (0, 0);
        while taken < SWEEP_BLOBS.min(left.len()) && bytes < SWEEP_BYTES {
            bytes += left.get(taken).map_or(0, |(_, size)| *size);
            taken += 1;
        }
        let chunk: Vec<_> = left.drain(..taken).collect();
        // Most of what is new is read before anybody has to wait.
        marks.catch_up(connection)?;
        let began = Instant::now();
        let done = transact(connection, "removing blobs", |transaction| {
            // What was written since the last look. From here to the commit nobody else writes.
            marks.catch_up(transaction)?;
            let held = marks::held(transaction, &keeper.owners)?;
            let gone = chunk.iter().filter(|(digest, _)| !marks.names(digest));
            removing::remove_blobs(transaction, gone.filter(|(digest, _)| !held.contains(digest)))
        })?;
        swept.blobs += done.blobs;
        swept.bytes += done.bytes;
        rest(connection, began);
    }
    // Where there is no room for it, the same is read again the next time.
    let _ = put_down(connection, &marks.fresh());
    Ok(swept)
}

/// Puts down what runs that have ended name.
fn put_down(connection: &mut Connection, fresh: &[(i64, RunId, Note)]) -> Result<(), JournalError> {
    for some in fresh.chunks(NOTES) {
        let began = Instant::now();
        transact(connection, "noting what is named", |transaction| {
            some.iter().try_for_each(|(no, run, note)| noted::write(transaction, *no, run, note))
        })?;
        rest(connection, began);
    }
    Ok(())
}

/// Carries the log over, which others do only after they wrote themselves, and gives them as much time as
/// was taken.
fn rest(connection: &Connection, began: Instant) {
    // Whoever is in the way lets it be done later.
    let _ = connection.query_row("PRAGMA wal_checkpoint(PASSIVE)", (), |_| Ok(()));
    std::thread::sleep(began.elapsed().max(PAUSE));
}

/// Does something in one transaction that writes. Others may have been faster a few times.
fn transact<T>(
    connection: &mut Connection,
    doing: &'static str,
    mut body: impl FnMut(&Transaction<'_>) -> Result<T, JournalError>,
) -> Result<T, JournalError> {
    let mut tries = 1;
    let transaction = loop {
        match connection.transaction_with_behavior(TransactionBehavior::Immediate).doing(doing) {
            Err(JournalError::Busy { .. }) if tries < TRIES => tries += 1,
            Err(error) => return Err(error),
            Ok(transaction) => break transaction,
        }
    };
    let value = body(&transaction)?;
    transaction.commit().doing(doing)?;
    Ok(value)
}
