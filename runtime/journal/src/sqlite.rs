//! The journal of one machine: an SQLite file that several processes share.
//!
//! All writing goes through one thread and one connection per process (`writer`); reading has
//! connections of its own (`readers`), so a long query never holds up an append. The right to a
//! run is a row (`owner`, `epoch`); that an owner is dead is proven by its file lock (`owner.rs`).

mod changes;
mod connect;
mod fault;
mod housekeeping;
mod owner;
mod projected;
mod query;
mod readers;
mod rows;
mod stored;
mod verify;
mod work;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use baton_core::digest::Digest;
use baton_core::ids::{RunId, Timestamp};
use baton_core::record::Record;

use crate::clock::Clock;
use crate::error::JournalError;
use crate::record::{Encoded, encode};
use crate::rows::{RunFilter, RunRow, TaskRow};
use crate::store::{
    BatchRow, Blob, Control, Journal, JournalFuture, Lease, Letter, LetterState, RecordSource,
    TakenLetter, VerifyReport,
};

use changes::Changes;
use owner::{Owner, Owners};
use readers::Readers;
use work::{Append, Claim, Create, CreateBatch, Import, Obeyed, PutBlobs, Release, Send};
use writer::{Jobs, Work, Writer};

/// Oldest SQLite that does not corrupt a database when its write-ahead log starts again.
pub const SQLITE_FLOOR: &str = "3.51.3";

/// How long what a run decided waits for another process that holds the journal. After that the run
/// ends as if its process had died, and can be resumed.
pub const PATIENCE: Duration = writer::PATIENCE;

/// Version of the SQLite that is built in.
#[must_use]
pub fn version() -> &'static str {
    rusqlite::version()
}

/// Name of the database in the home folder.
const FILE: &str = "journal.db";

/// The database of a home, and the folder it is really in: owners are beside it, whichever way led
/// there, or two of them would not see each other.
fn place(home: &Path) -> (PathBuf, PathBuf) {
    let named = home.join(FILE);
    let link = named.symlink_metadata().is_ok_and(|found| found.is_symlink());
    let file = if link { named.canonicalize().unwrap_or(named) } else { named };
    (file.parent().unwrap_or(home).to_owned(), file)
}

/// A journal in a folder of this machine.
pub struct SqliteJournal {
    // Declared in the order they must end: readers let go of the file, the last commit is made,
    // and only then does the owner's lock say that this process is gone.
    readers: Readers,
    changes: Changes,
    writer: Option<Writer>,
    owner: Mutex<Option<Arc<Owner>>>,
    owners: Owners,
    clock: Clock,
    file: PathBuf,
}

impl SqliteJournal {
    /// Opens the journal in `home` for reading and writing; creates what is missing, readable by
    /// its owner only. Claims nothing yet.
    ///
    /// # Errors
    /// When the folder cannot be made, the file is not a journal or is newer than this release, or
    /// the file system cannot hold a write-ahead log.
    pub fn open(home: &Path) -> Result<Self, JournalError> {
        let (home, file) = place(home);
        let owners = Owners::create(&home)?;
        let connection = connect::writing(&file)?;
        let writer = Writer::start(connection, &file)?;
        Self::new(file, owners, Some(writer))
    }

    /// Opens the journal in `home` for reading only, also while other processes write.
    ///
    /// # Errors
    /// [`JournalError::NoJournal`] when nothing was ever written there; else as [`Self::open`].
    pub fn open_read_only(home: &Path) -> Result<Self, JournalError> {
        let (beside, file) = place(home);
        connect::exists(home, &file)?;
        Self::new(file, Owners::of(&beside), None)
    }

    fn new(file: PathBuf, owners: Owners, writer: Option<Writer>) -> Result<Self, JournalError> {
        let readers = Readers::start(&file)?;
        let changes = Changes::of(&file);
        let (owner, clock) = (Mutex::new(None), Clock::default());
        Ok(Self { readers, changes, writer, owner, owners, clock, file })
    }

    /// Hands work to the writer now; the future only waits for it. So appends take effect in the
    /// order in which they were called.
    fn write<W: Work>(&self, work: W) -> JournalFuture<'static, W::Output> {
        match self.jobs() {
            Ok(jobs) => jobs.submit(work),
            Err(error) => failed(error),
        }
    }

    fn jobs(&self) -> Result<&Jobs, JournalError> {
        self.writer.as_ref().and_then(Writer::jobs).ok_or(JournalError::ReadOnly)
    }

    /// This process as an owner of runs; takes its lock when it is first needed.
    fn owner(&self) -> Result<Arc<Owner>, JournalError> {
        let mut slot = self.owner.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(owner) = &*slot {
            return Ok(owner.clone());
        }
        let owner = Arc::new(self.owners.enrol()?);
        *slot = Some(owner.clone());
        Ok(owner)
    }

    fn owner_now(&self) -> Option<Arc<Owner>> {
        self.owner.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl Journal for SqliteJournal {
    fn now(&self) -> Timestamp {
        self.clock.now()
    }

    fn create(&self, started: Record, blobs: Vec<Blob>) -> JournalFuture<'_, Lease> {
        let work =
            self.jobs().and_then(|jobs| Create::new(self.owner()?, jobs.clone(), started, blobs));
        let created = match work {
            Ok(work) => self.write(work),
            Err(error) => return failed(error),
        };
        Box::pin(async move { Ok(created.await?.keep()) })
    }

    fn import_from(
        &self,
        records: Box<dyn RecordSource>,
        blobs: Vec<Blob>,
    ) -> JournalFuture<'_, ()> {
        let work = self.jobs().and_then(|_| Import::new(self.owner()?, records, blobs));
        match work {
            Ok(work) => self.write(work),
            Err(error) => failed(error),
        }
    }

    fn claim(&self, run: &RunId) -> JournalFuture<'_, (Lease, Vec<Record>)> {
        let work = self.jobs().and_then(|jobs| {
            let (owners, jobs) = (self.owners.clone(), jobs.clone());
            Ok(Claim { run: run.clone(), owner: self.owner()?, owners, jobs })
        });
        let claimed = match work {
            Ok(work) => self.write(work),
            Err(error) => return failed(error),
        };
        let run = run.clone();
        Box::pin(async move {
            let granted = claimed.await?;
            // Nobody else can append any more, so what is read now is all there is.
            let read = self.readers.read(move |connection| stored::all_records(connection, &run));
            let records = match read.await {
                Ok(records) => records,
                Err(error) => {
                    self.release(&granted.keep()).await?;
                    return Err(error);
                }
            };
            if let Some(last) = records.last() {
                self.clock.saw(last.at);
            }
            Ok((granted.keep(), records))
        })
    }

    fn append_obeying(
        &self,
        lease: &Lease,
        records: Vec<Record>,
        blobs: Vec<Blob>,
        letters: Vec<TakenLetter>,
    ) -> JournalFuture<'_, ()> {
        let Some(owner) = self.owner_now() else {
            return failed(self.never_owned(lease));
        };
        let encoded: Result<Vec<(Record, Encoded)>, JournalError> = records
            .into_iter()
            .map(|record| encode(&lease.run, &record).map(|encoded| (record, encoded)))
            .collect();
        match encoded {
            Ok(records) => {
                self.write(Append { lease: lease.clone(), owner, records, blobs, letters })
            }
            Err(error) => failed(error),
        }
    }

    fn release(&self, lease: &Lease) -> JournalFuture<'_, ()> {
        match self.owner_now() {
            Some(owner) => self.write(Release { lease: lease.clone(), owner }),
            None => failed(self.never_owned(lease)),
        }
    }

    fn blob(&self, digest: &Digest) -> JournalFuture<'_, Arc<[u8]>> {
        let digest = *digest;
        self.readers.read(move |connection| stored::blob(connection, &digest))
    }

    fn put_blobs(&self, blobs: Vec<Blob>) -> JournalFuture<'_, ()> {
        // What nothing names yet is held by its process.
        match self.jobs().and_then(|_| self.owner()) {
            Ok(owner) => self.write(PutBlobs { blobs, owner }),
            Err(error) => failed(error),
        }
    }

    fn runs(&self, filter: &RunFilter) -> JournalFuture<'_, Vec<RunRow>> {
        let (filter, owners) = (filter.clone(), self.owners.clone());
        self.readers.read(move |connection| query::runs(connection, &filter, &owners))
    }

    fn run(&self, run: &RunId) -> JournalFuture<'_, Option<RunRow>> {
        let (run, owners) = (run.clone(), self.owners.clone());
        self.readers.read(move |connection| query::run(connection, &run, &owners))
    }

    fn tasks(&self, run: &RunId) -> JournalFuture<'_, Vec<TaskRow>> {
        let run = run.clone();
        self.readers.read(move |connection| query::tasks(connection, &run))
    }

    fn records(&self, run: &RunId, after: u64, limit: u64) -> JournalFuture<'_, Vec<Record>> {
        let run = run.clone();
        self.readers.read(move |connection| stored::records(connection, &run, after, limit))
    }

    fn send(&self, run: &RunId, by: &str, control: Control) -> JournalFuture<'_, u64> {
        self.write(Send { run: run.clone(), at: self.now(), by: by.to_owned(), control })
    }

    fn inbox(&self) -> JournalFuture<'_, Vec<Letter>> {
        match self.owner_now() {
            Some(owner) => {
                let count = self.changes.count();
                if self.changes.nothing_since(count) {
                    return Box::pin(std::future::ready(Ok(Vec::new())));
                }
                let letters =
                    self.readers.read(move |connection| query::inbox(connection, owner.id()));
                Box::pin(async move {
                    let letters = letters.await?;
                    if letters.is_empty() {
                        self.changes.nothing_at(count);
                    }
                    Ok(letters)
                })
            }
            None => Box::pin(std::future::ready(Ok(Vec::new()))),
        }
    }

    fn pending(&self, run: &RunId) -> JournalFuture<'_, Vec<Letter>> {
        let run = run.clone();
        self.readers.read(move |connection| query::pending(connection, &run))
    }

    fn obeyed(&self, letter: u64, reply: Option<String>) -> JournalFuture<'_, ()> {
        self.write(Obeyed((letter, reply)))
    }

    fn letter(&self, letter: u64) -> JournalFuture<'_, Option<LetterState>> {
        self.readers.read(move |connection| query::letter(connection, letter))
    }

    fn create_batch(&self, batch: BatchRow) -> JournalFuture<'_, ()> {
        self.write(CreateBatch(batch))
    }

    fn batch(&self, id: &str) -> JournalFuture<'_, Option<BatchRow>> {
        let id = id.to_owned();
        self.readers.read(move |connection| query::batch(connection, &id))
    }

    fn held_up(&self) -> Option<Duration> {
        self.writer.as_ref().and_then(Writer::stalled)
    }

    fn verify(&self) -> JournalFuture<'_, VerifyReport> {
        let file = self.file.clone();
        // A connection and thread of its own: it reads everything, and others must not wait.
        readers::apart(move || verify::verify(&connect::reading(&file)?))
    }
}

impl SqliteJournal {
    /// What a lease is worth to a process that never claimed anything.
    fn never_owned(&self, lease: &Lease) -> JournalError {
        if self.writer.is_none() {
            return JournalError::ReadOnly;
        }
        JournalError::Fenced { run: lease.run.clone(), held: lease.epoch }
    }
}

fn failed<T: std::marker::Send + 'static>(error: JournalError) -> JournalFuture<'static, T> {
    Box::pin(std::future::ready(Err(error)))
}
