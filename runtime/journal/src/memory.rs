//! A journal in memory, for tests, with faults on demand.
//!
//! Several [`MemoryJournal`]s can share one store ([`MemoryJournal::sibling`]): each stands for a
//! process, and dropping one is its death. What outlives a death is what the store holds.
//!
//! The faults, each on demand and none by chance:
//! - **A commit fails** ([`MemoryJournal::fail_append`]): the n-th append from now is answered with
//!   [`JournalError::Poisoned`], either without having taken effect or after it did, because a
//!   process cannot know which. As after any failed commit, this journal then writes nothing more.
//! - **A takeover** ([`MemoryJournal::fence`]): the lease on a run is stale from now on, as if
//!   another process had judged this one dead.
//! - **A death** ([`MemoryJournal::drop`]): leases of the dropped journal can be claimed.
//!
//! Not modelled: slow commits, damage, a full disk. Nothing ever waits.

mod housekeeping;
mod store;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_core::digest::Digest;
use baton_core::ids::{RunId, Timestamp};
use baton_core::record::Record;

use crate::clock::Clock;
use crate::error::JournalError;
use crate::projection;
use crate::rows::{RunFilter, RunRow, TaskRow};
use crate::store::{
    BatchRow, Blob, Control, Journal, JournalFuture, Lease, Letter, LetterState, RecordSource,
    TakenLetter, VerifyReport,
};

use store::Store;

/// When a commit fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Before it took effect: the records are lost.
    Before,
    /// After it took effect: the records are there, though nobody was told.
    After,
}

/// A process with a journal in memory.
pub struct MemoryJournal {
    store: Arc<Mutex<Store>>,
    process: u64,
    faults: Mutex<Faults>,
    clock: Clock,
}

#[derive(Default)]
struct Faults {
    /// Appends until the one that fails, and how it fails.
    planned: Option<(u64, Moment)>,
    poisoned: bool,
}

impl Default for MemoryJournal {
    fn default() -> Self {
        Self::new()
    }
}

impl MemoryJournal {
    /// A process with an empty store of its own.
    #[must_use]
    pub fn new() -> Self {
        Self::process(Arc::default())
    }

    /// Another process on the same store.
    #[must_use]
    pub fn sibling(&self) -> Self {
        Self::process(self.store.clone())
    }

    /// Lets the `n`-th append from now fail, counted from 1.
    pub fn fail_append(&self, n: u64, moment: Moment) {
        self.faults().planned = Some((n, moment));
    }

    /// Takes a run away from its owner, as a process that judged it dead would.
    ///
    /// # Errors
    /// When there is no such run.
    pub fn fence(&self, run: &RunId) -> Result<(), JournalError> {
        let mut store = lock(&self.store);
        let held = store.run(run)?;
        held.owner = None;
        held.row.epoch += 1;
        Ok(())
    }

    fn process(store: Arc<Mutex<Store>>) -> Self {
        let process = lock(&store).born();
        Self { store, process, faults: Mutex::default(), clock: Clock::default() }
    }

    fn faults(&self) -> MutexGuard<'_, Faults> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The store, unless this process may write nothing more.
    fn writable(&self) -> Result<MutexGuard<'_, Store>, JournalError> {
        if self.faults().poisoned { Err(poisoned()) } else { Ok(lock(&self.store)) }
    }

    /// The fault of the append that is made now, if it is the one.
    fn due(&self) -> Option<Moment> {
        let mut faults = self.faults();
        let (left, moment) = faults.planned?;
        if left > 1 {
            faults.planned = Some((left - 1, moment));
            return None;
        }
        faults.planned = None;
        faults.poisoned = true;
        Some(moment)
    }

    fn append_now(
        &self,
        lease: &Lease,
        records: Vec<Record>,
        blobs: Vec<Blob>,
        letters: Vec<TakenLetter>,
    ) -> Result<(), JournalError> {
        let mut store = self.writable()?;
        let due = self.due();
        if due == Some(Moment::Before) {
            return Err(poisoned());
        }
        store.append(self.process, lease, records, blobs)?;
        for (letter, reply) in letters {
            store.mark(letter, reply);
        }
        if due == Some(Moment::After) { Err(poisoned()) } else { Ok(()) }
    }

    fn verify_now(&self) -> VerifyReport {
        let store = lock(&self.store);
        let mut report = VerifyReport { blobs: store.blobs.len() as u64, ..Default::default() };
        for held in &store.runs {
            report.runs += 1;
            report.records += held.records.len() as u64;
            let rebuilt = projection::rebuild(&held.records).map(|(mut row, tasks)| {
                row.epoch = held.row.epoch;
                (row, tasks)
            });
            if rebuilt.as_ref() != Some(&(held.row.clone(), held.tasks.clone())) {
                let run = &held.row.run;
                report.damage.push(format!("the row of {run} does not follow from its records"));
            }
        }
        report
    }
}

impl Drop for MemoryJournal {
    fn drop(&mut self) {
        lock(&self.store).died(self.process);
    }
}

impl Journal for MemoryJournal {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn create(&self, started: Record, blobs: Vec<Blob>) -> JournalFuture<'_, Lease> {
        // Not before it is awaited, so that a lease nobody waits for is not given.
        Box::pin(async move { self.writable()?.create(self.process, started, blobs) })
    }

    fn import_from(
        &self,
        source: Box<dyn RecordSource>,
        blobs: Vec<Blob>,
    ) -> JournalFuture<'_, ()> {
        let mut records = Vec::new();
        let read = source.each(&mut |record| {
            records.push(record.clone());
            Ok(())
        });
        ready(read.and_then(|()| self.writable()?.import(self.process, records, blobs)))
    }

    fn claim(&self, run: &RunId) -> JournalFuture<'_, (Lease, Vec<Record>)> {
        let run = run.clone();
        Box::pin(async move {
            let (lease, records) = self.writable()?.claim(self.process, &run)?;
            if let Some(last) = records.last() {
                self.clock.saw(last.at);
            }
            Ok((lease, records))
        })
    }

    fn append_obeying(
        &self,
        lease: &Lease,
        records: Vec<Record>,
        blobs: Vec<Blob>,
        letters: Vec<TakenLetter>,
    ) -> JournalFuture<'_, ()> {
        ready(self.append_now(lease, records, blobs, letters))
    }

    fn release(&self, lease: &Lease) -> JournalFuture<'_, ()> {
        ready(self.writable().map(|mut store| store.release(self.process, lease)))
    }

    fn blob(&self, digest: &Digest) -> JournalFuture<'_, Arc<[u8]>> {
        ready(lock(&self.store).blobs.get(digest).cloned().ok_or(JournalError::NoBlob(*digest)))
    }

    fn put_blobs(&self, blobs: Vec<Blob>) -> JournalFuture<'_, ()> {
        ready(self.writable().map(|mut store| store.keep(self.process, blobs, &[])))
    }

    fn runs(&self, filter: &RunFilter) -> JournalFuture<'_, Vec<RunRow>> {
        ready(Ok(lock(&self.store).list(filter)))
    }

    fn run(&self, run: &RunId) -> JournalFuture<'_, Option<RunRow>> {
        ready(Ok(lock(&self.store).row(run)))
    }

    fn tasks(&self, run: &RunId) -> JournalFuture<'_, Vec<TaskRow>> {
        ready(lock(&self.store).run(run).map(|held| held.tasks.values().cloned().collect()))
    }

    fn records(&self, run: &RunId, after: u64, limit: u64) -> JournalFuture<'_, Vec<Record>> {
        let within = |record: &&Record| record.seq > after;
        let limit = usize::try_from(limit).unwrap_or(usize::MAX);
        ready(
            lock(&self.store)
                .run(run)
                .map(|held| held.records.iter().filter(within).take(limit).cloned().collect()),
        )
    }

    fn send(&self, run: &RunId, by: &str, control: Control) -> JournalFuture<'_, u64> {
        let at = self.now();
        ready(self.writable().and_then(|mut store| store.send(run, at, by, control)))
    }

    fn inbox(&self) -> JournalFuture<'_, Vec<Letter>> {
        ready(Ok(lock(&self.store).inbox(self.process)))
    }

    fn pending(&self, run: &RunId) -> JournalFuture<'_, Vec<Letter>> {
        ready(Ok(lock(&self.store).pending(run)))
    }

    fn obeyed(&self, letter: u64, reply: Option<String>) -> JournalFuture<'_, ()> {
        ready(self.writable().map(|mut store| store.mark(letter, reply)))
    }

    fn letter(&self, letter: u64) -> JournalFuture<'_, Option<LetterState>> {
        let store = lock(&self.store);
        ready(Ok(match store.taken.get(&letter) {
            Some(reply) => Some(LetterState { obeyed: true, reply: reply.clone() }),
            None if store.letters.contains_key(&letter) => {
                Some(LetterState { obeyed: false, reply: None })
            }
            None => None,
        }))
    }

    fn create_batch(&self, batch: BatchRow) -> JournalFuture<'_, ()> {
        ready(self.writable().and_then(|mut store| store.create_batch(batch)))
    }

    fn batch(&self, id: &str) -> JournalFuture<'_, Option<BatchRow>> {
        ready(Ok(lock(&self.store).batches.get(id).cloned()))
    }

    fn verify(&self) -> JournalFuture<'_, VerifyReport> {
        ready(Ok(self.verify_now()))
    }
}

fn lock(store: &Mutex<Store>) -> MutexGuard<'_, Store> {
    store.lock().unwrap_or_else(PoisonError::into_inner)
}

fn poisoned() -> JournalError {
    JournalError::Poisoned("a commit failed, as the test asked".to_owned())
}

fn ready<T: Send + 'static>(result: Result<T, JournalError>) -> JournalFuture<'static, T> {
    Box::pin(std::future::ready(result))
}
