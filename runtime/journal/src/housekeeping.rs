//! Removing runs that have ended, and blobs that nothing names any more.
//!
//! # Why no blob that is needed is ever removed
//!
//! A blob is needed if a record names it, if a batch names it, if it is the body of a record, or if
//! a living process has put it and is about to write what names it.
//!
//! - *Records and batches.* What they name is found by looking for digests in their text
//!   ([`baton_core::blobs::mentioned`]), not by knowing their form: no kind of record can be
//!   forgotten. The texts are read before, which takes long, and once more in the very transaction
//!   that removes: there only what was added meanwhile. The database lets one transaction write at a
//!   time, so nothing can be added between that look and the removal. Records never change, and a run
//!   is only removed whole, so what was read before still holds, or holds too much. For the same reason
//!   what a run that has ended names is read once and put down, with the number of its records and a
//!   checksum; it goes with the run, in the same transaction.
//! - *Blobs that are put first and named later.* A blob that comes in one transaction with what names
//!   it is never seen without it. One that comes alone (`put_blobs`), or with records that do not name
//!   it, is put down as held by the process, in the transaction that finds or inserts it. It stays
//!   held until that process is dead, which its file lock proves; a clock proves nothing, for a
//!   machine may sleep. Whoever dies before the record is written has no record that lacks a blob.
//! - *Blobs that are there already.* Whoever puts one again inserts it if it is gone by then, in the
//!   transaction that holds or names it. Whoever names one without putting it has read that name in a
//!   record: a fork, whose import is refused in the same transaction where one is missing, or a run
//!   that reuses another, which is kept as long as the first has not ended, and without which it
//!   cannot begin.
//! - *Damage.* Where a record cannot be read, nobody knows what it names. No blob is removed then; the
//!   damaged run itself, and others, can be.
//! - *A death in between.* Every transaction leaves a state that is sound: a run is removed whole, a
//!   blob only when nothing names it. What a dead process did not get to, the next one does.
//!
//! Runs that have not ended are never removed, nor what these refer to; but one that is damaged can be, by
//! name.

use std::collections::BTreeMap;

use baton_core::digest::Digest;
use baton_core::ids::{RunId, Timestamp};
use baton_core::record::{Body, Record};

use crate::rows::RunRow;
use crate::store::{BatchRow, Journal, JournalFuture};

/// What a store can do without.
pub trait Housekeeping: Journal {
    /// Everything that takes room, as of one moment. Reads all records but those of runs that had ended
    /// at an earlier [`Housekeeping::sweep`].
    fn census(&self) -> JournalFuture<'_, Census>;

    /// Removes a run that has ended, with all that belongs to it. Its blobs stay until
    /// [`Housekeeping::sweep`].
    fn remove(&self, run: &RunId) -> JournalFuture<'_, Removal>;

    /// What of a run is damaged, in words: a record, or a blob that it needs. None: nobody is kept from
    /// going on with it. Reads all of it. Fails if there is no such run.
    fn damage(&self, run: &RunId) -> JournalFuture<'_, Option<String>>;

    /// Removes a run that is damaged, also if it has not ended, because nobody can go on with it, or if its
    /// batch is still there: that line begins anew then.
    fn remove_damaged(&self, run: &RunId) -> JournalFuture<'_, Removal>;

    /// Removes a batch, so that its runs can be. False if one of them has not ended; the caller knows
    /// whether further ones were to come.
    fn remove_batch(&self, id: &str) -> JournalFuture<'_, bool>;

    /// Removes the blobs that nothing names. Gives way to other writers in between.
    fn sweep(&self) -> JournalFuture<'_, Swept>;

    /// Gives the room inside the store back to the disk, as far as others do not have to wait for it.
    fn shrink(&self) -> JournalFuture<'_, Shrunk>;
}

/// What takes room.
#[derive(Clone, Debug, Default)]
pub struct Census {
    /// The store's clock then.
    pub at: Timestamp,
    /// Runs, the one that changed longest ago first.
    pub runs: Vec<RunRoom>,
    /// Every blob and its size in bytes.
    pub blobs: BTreeMap<Digest, u64>,
    /// Batches, with the blobs they name.
    pub batches: Vec<(BatchRow, Vec<Digest>)>,
    /// Blobs that living processes hold.
    pub held: Vec<Digest>,
    /// Runs of which a record is damaged or missing, with what is wrong: as long as one of them is
    /// there, no blob may go.
    pub damaged: Vec<(RunId, String)>,
    /// Bytes of the store's file, and those of them that are free.
    pub file: (u64, u64),
}

/// One run and the room it takes.
#[derive(Clone, Debug)]
pub struct RunRoom {
    /// The run.
    pub row: RunRow,
    /// Bytes of its records.
    pub bytes: u64,
    /// Blobs that are there and that its records name, each once.
    pub blobs: Vec<Digest>,
    /// Runs it refers to. They stay as long as it has not ended.
    pub needs: Vec<RunId>,
}

/// What became of a run that was to be removed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Removal {
    /// It is gone.
    Removed,
    /// It was gone.
    Gone,
    /// It has not ended.
    NotEnded,
    /// A process owns it.
    Owned,
    /// Nothing of it is damaged.
    Sound,
    /// This run has not ended and refers to it.
    Needed(RunId),
    /// It belongs to this batch, which is still there.
    InBatch(String),
}

/// What was swept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Blobs removed.
    pub blobs: u64,
    /// Their bytes.
    pub bytes: u64,
}

/// What was given back to the disk.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Shrunk {
    /// Bytes given back.
    pub bytes: u64,
    /// Bytes that are still free inside the file: it was made by an earlier release, and can only be
    /// written anew while no run is at work.
    pub left: u64,
}

/// Runs that a run refers to: it goes on with their records, so they stay as long as it may.
#[must_use]
pub fn needs(first: &Record) -> Vec<RunId> {
    let Body::RunStarted(started) = &first.body else { return Vec::new() };
    let reused = started.reuse.as_ref().map(|reuse| &reuse.run);
    reused.into_iter().chain(&started.follows).cloned().collect()
}
