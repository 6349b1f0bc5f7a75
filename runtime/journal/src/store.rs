//! What the runtime asks of a durable store.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use baton_core::digest::Digest;
use baton_core::gate::GateAnswer;
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::record::{Body, Record};
use serde::{Deserialize, Serialize};

use crate::error::JournalError;
use crate::rows::{RunFilter, RunRow, TaskRow};

/// Number of a letter that was taken, and why it could not be obeyed; none: it was.
pub type TakenLetter = (u64, Option<String>);

/// A future of a journal, without a name.
pub type JournalFuture<'a, T> = Pin<Box<dyn Future<Output = Result<T, JournalError>> + Send + 'a>>;

/// The right to append to a run. Held by one process at a time; a stale one is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Lease {
    /// The run.
    pub run: RunId,
    /// Fencing epoch: grows with every change of owner and is checked in the statement that
    /// appends.
    pub epoch: u64,
}

/// Bytes that are kept by their digest.
#[derive(Clone, Debug)]
pub struct Blob {
    /// Digest of the bytes.
    pub digest: Digest,
    /// The bytes.
    pub bytes: Arc<[u8]>,
}

impl Blob {
    /// Names the bytes by their digest.
    #[must_use]
    pub fn new(bytes: impl Into<Arc<[u8]>>) -> Self {
        let bytes = bytes.into();
        Self { digest: Digest::of(&bytes), bytes }
    }
}

/// All records of a run that is brought in. Read more than once, one after the other, so that they need
/// not all be in memory.
pub trait RecordSource: Send + Sync + 'static {
    /// Tells each record, in order.
    ///
    /// # Errors
    /// The first one of `visit`; and when a record cannot be read.
    fn each(
        &self,
        visit: &mut dyn FnMut(&Record) -> Result<(), JournalError>,
    ) -> Result<(), JournalError>;
}

impl RecordSource for Vec<Record> {
    fn each(
        &self,
        visit: &mut dyn FnMut(&Record) -> Result<(), JournalError>,
    ) -> Result<(), JournalError> {
        self.iter().try_for_each(visit)
    }
}

/// What a person asks of a run, from any process.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Control {
    /// Cancel a task, or the run if the path is the root.
    Cancel {
        /// The task.
        task: TaskPath,
    },
    /// Start nothing new, let running work finish, and stop.
    Pause,
    /// Stop at once. What is interrupted is done again by a resume.
    PauseNow,
    /// Go on: a provider that served nobody is asked again now, instead of at its reset, and a pause
    /// that was ordered and has not come about is taken back.
    Resume,
    /// Tell somebody something.
    Send {
        /// Whom.
        to: Address,
        /// What.
        text: String,
        /// Whether it interrupts what the agent is doing.
        urgent: bool,
    },
    /// Answer a gate.
    Answer {
        /// The gate.
        task: TaskPath,
        /// The answer.
        answer: GateAnswer,
    },
    /// Let a task that is at work begin anew.
    Restart {
        /// The task.
        task: TaskPath,
        /// Why.
        note: Option<String>,
    },
}

/// Whom a message is for.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Address {
    /// The root workflow.
    Run,
    /// One agent.
    Task(TaskPath),
    /// Every agent of a phase that is open when the message is taken.
    Phase(String),
}

/// What became of a letter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LetterState {
    /// Whether its owner took it.
    pub obeyed: bool,
    /// Why it could not be done, in words; none: it was, or was not taken yet.
    pub reply: Option<String>,
}

/// A control command on its way to the owner of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Letter {
    /// Number of the letter; grows with time.
    pub id: u64,
    /// The run.
    pub run: RunId,
    /// When it was sent.
    pub at: Timestamp,
    /// Who sent it.
    pub by: String,
    /// What is asked.
    pub control: Control,
}

/// A batch of runs (`baton run --each`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BatchRow {
    /// `batch_` and a ULID.
    pub id: String,
    /// When it was created.
    pub created: Timestamp,
    /// What it was started with: a JSON object that the command line owns.
    pub spec: String,
}

/// A durable store of runs.
///
/// Promises every implementation keeps: an append that returned is durable; appends of one lease
/// take effect in the order they were made; after a failed commit nothing more is acknowledged;
/// damage is detected and named, never read as data; time is the store's own.
pub trait Journal: Send + Sync + 'static {
    /// The store's clock. Never goes backwards within a process.
    fn now(&self) -> Timestamp;

    /// Creates a run whose first record is `started`, and owns it.
    ///
    /// Fails with [`JournalError::Exists`] if there is a run of that name.
    fn create(&self, started: Record, blobs: Vec<Blob>) -> JournalFuture<'_, Lease>;

    /// Creates a run from all its records, with the blobs they name that are not here yet, in one
    /// commit. Nobody owns it then.
    ///
    /// Fails with [`JournalError::Exists`] if there is a run of that name, with [`JournalError::Gap`]
    /// if the records do not follow each other from 1, and with [`JournalError::NoBlob`] if they name
    /// a blob that is neither here nor brought.
    fn import(&self, records: Vec<Record>, blobs: Vec<Blob>) -> JournalFuture<'_, ()> {
        self.import_from(Box::new(records), blobs)
    }

    /// The same with records that are read while they are written.
    fn import_from(
        &self,
        records: Box<dyn RecordSource>,
        blobs: Vec<Blob>,
    ) -> JournalFuture<'_, ()>;

    /// Takes a run whose owner is dead, or that has none, and returns all its records.
    ///
    /// Fails with [`JournalError::Owned`] while an owner lives, also if that is this process,
    /// without waiting. A lease that is dropped with the future before it arrived is given back.
    fn claim(&self, run: &RunId) -> JournalFuture<'_, (Lease, Vec<Record>)>;

    /// Appends records that continue the run without a gap, with the blobs they name. Returns when
    /// both are durable. Fails with [`JournalError::Fenced`] if the lease is stale or the run has
    /// ended, with [`JournalError::Gap`] if the records do not follow, and then changes nothing.
    ///
    /// Calls take effect in the order they were made, in whatever order they are awaited.
    fn append(
        &self,
        lease: &Lease,
        records: Vec<Record>,
        blobs: Vec<Blob>,
    ) -> JournalFuture<'_, ()> {
        self.append_obeying(lease, records, blobs, Vec::new())
    }

    /// The same, and in the same commit marks the letters that these records come from, as
    /// [`Journal::obeyed`] does: whenever the process dies, each is obeyed once.
    fn append_obeying(
        &self,
        lease: &Lease,
        records: Vec<Record>,
        blobs: Vec<Blob>,
        letters: Vec<TakenLetter>,
    ) -> JournalFuture<'_, ()>;

    /// Gives up ownership, so that others need not ask whether this process lives. Does nothing if
    /// the lease is stale. The end of a run gives it up in the same commit.
    fn release(&self, lease: &Lease) -> JournalFuture<'_, ()>;

    /// The bytes of a blob, checked against their digest.
    fn blob(&self, digest: &Digest) -> JournalFuture<'_, Arc<[u8]>>;

    /// Keeps blobs; returns when they are durable. As long as this process lives nobody removes them;
    /// after that, only what a record or a batch names stays.
    fn put_blobs(&self, blobs: Vec<Blob>) -> JournalFuture<'_, ()>;

    /// Runs, newest first.
    fn runs(&self, filter: &RunFilter) -> JournalFuture<'_, Vec<RunRow>>;

    /// One run.
    fn run(&self, run: &RunId) -> JournalFuture<'_, Option<RunRow>>;

    /// Tasks of a run, in order of their paths. Fails if there is no such run.
    fn tasks(&self, run: &RunId) -> JournalFuture<'_, Vec<TaskRow>>;

    /// Records of a run with numbers above `after`, at most `limit`. Fails if there is no such run.
    fn records(&self, run: &RunId, after: u64, limit: u64) -> JournalFuture<'_, Vec<Record>>;

    /// Sends a control command to whoever owns the run now or next; returns its number.
    fn send(&self, run: &RunId, by: &str, control: Control) -> JournalFuture<'_, u64>;

    /// Letters not yet taken for runs this process owns.
    fn inbox(&self) -> JournalFuture<'_, Vec<Letter>>;

    /// Letters to one run that nobody has taken yet, in order, whoever owns it.
    fn pending(&self, run: &RunId) -> JournalFuture<'_, Vec<Letter>>;

    /// Marks a letter as obeyed, or, with a reply, as taken and not to be done.
    fn obeyed(&self, letter: u64, reply: Option<String>) -> JournalFuture<'_, ()>;

    /// What became of a letter; none: there is no such letter.
    fn letter(&self, letter: u64) -> JournalFuture<'_, Option<LetterState>>;

    /// Creates a batch.
    fn create_batch(&self, batch: BatchRow) -> JournalFuture<'_, ()>;

    /// One batch.
    fn batch(&self, id: &str) -> JournalFuture<'_, Option<BatchRow>>;

    /// For how long another process, which holds the journal, has kept this one from writing; none: it
    /// does not. Some milliseconds are nothing unusual. Costs nothing to ask.
    fn held_up(&self) -> Option<Duration> {
        None
    }

    /// Checks every record and blob: checksums, gaps, digests, the store's own structure.
    fn verify(&self) -> JournalFuture<'_, VerifyReport>;
}

/// What [`Journal::verify`] found.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct VerifyReport {
    /// Runs checked.
    pub runs: u64,
    /// Records checked.
    pub records: u64,
    /// Blobs checked.
    pub blobs: u64,
    /// What is damaged, one sentence each; empty if nothing is.
    pub damage: Vec<String>,
}

/// Epoch of a run that is made from records: whoever claims it next has a higher one than any before.
pub(crate) fn imported_epoch(before: u64, record: &Record) -> u64 {
    match &record.body {
        Body::Resumed { epoch, .. } => before.max(*epoch),
        _ => before.max(1),
    }
}
