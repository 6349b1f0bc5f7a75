//! What a run's loop and its guests share.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_agents::backend::{Answer, Notice, Turn};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::Snapshot;
use baton_core::replay::Cursor;
use baton_core::reuse::Miss;
use baton_core::run::{Run, Wait};
use baton_core::scope::Denials;
use baton_core::tool::RawToolSpec;
use baton_host::GuestEnd;
use baton_host::port::CallError;
use baton_journal::error::JournalError;
use baton_journal::store::{Blob, Letter};
use tokio::sync::{Notify, mpsc, oneshot};

use crate::meter::Waiting;
use crate::reuse::Hit;
use crate::scheduler::Permit;

/// Everything that makes a run's loop do something.
pub(crate) enum Event {
    /// A guest left records or actions in the outbox.
    Kick,
    /// A guest ended, or was evicted.
    GuestEnded {
        /// Whose instance.
        workflow: TaskPath,
        /// How.
        end: GuestEnd,
    },
    /// A job ended.
    JobEnded {
        /// The task.
        task: TaskPath,
        /// What it brought.
        answer: Answer,
    },
    /// A job tells something.
    Notice {
        /// The task.
        task: TaskPath,
        /// What.
        notice: Notice,
    },
    /// An agent calls a tool.
    Called {
        /// The agent.
        agent: TaskPath,
        /// What it asks for.
        spec: RawToolSpec,
        /// Who waits for the end of it.
        caller: oneshot::Sender<Result<Json, CallError>>,
    },
    /// An agent asks for room for a call of a model.
    Asked(Waiting),
    /// A call of a model ended.
    Turned {
        /// The agent.
        task: TaskPath,
        /// What it came to.
        turn: Turn,
        /// Who waits until that is on record.
        answer: oneshot::Sender<()>,
    },
    /// A provider began to serve again, or ceased to.
    Braked,
    /// There is room for an agent or a tool.
    Granted {
        /// The task that may start.
        task: TaskPath,
        /// The room.
        permit: Permit,
    },
    /// A task was looked up in the run that may be reused.
    Looked {
        /// The task.
        task: TaskPath,
        /// What serves it, or why nothing does.
        verdict: Result<Hit, Miss>,
    },
    /// The state of the granted directory before the first agent that needs it known.
    Snapshot(Snapshot),
    /// A person asks for something.
    Letter(Letter),
    /// Policy changed: what it denies now, and where it says so.
    Denials(Arc<[(String, Denials)]>),
    /// Start nothing more, let running agents finish, stop.
    Park,
    /// Stop now.
    Stop,
}

/// One run, seen by its loop and its guests.
pub(crate) struct Shared {
    cell: Mutex<Cell>,
    events: mpsc::UnboundedSender<Event>,
    /// What the store said to an instance that it could not serve.
    unserved: Mutex<Option<JournalError>>,
}

/// The run and what belongs to its instances.
pub(crate) struct Cell {
    /// The run.
    pub run: Run,
    /// Blobs that records in the outbox name.
    pub blobs: Vec<Blob>,
    /// Instances of its workflows, those evicted included.
    pub instances: BTreeMap<TaskPath, Instance>,
    /// Whether the loop was told of what lies in the outbox and has not looked yet.
    pub kicked: bool,
}

/// One instance of a workflow.
pub(crate) struct Instance {
    /// What it has repeated and seen.
    pub cursor: Cursor,
    /// What it waits for: a list, or anything. None while it computes.
    pub waits_for: Option<Option<Vec<u64>>>,
    /// Wakes its wait.
    pub wake: Arc<Notify>,
    /// Whether it was dropped to make room; it is rebuilt when something for it arrives.
    pub evicted: bool,
}

impl Cell {
    /// Whether every instance waits for something that has not arrived. One that waits for what is
    /// there already goes on in a moment.
    pub(crate) fn all_stand_still(&self) -> bool {
        self.instances.values().all(|instance| match &instance.waits_for {
            Some(tasks) => {
                let mut probe = instance.cursor.clone();
                matches!(self.run.wait(&mut probe, tasks.as_deref()), Ok(Wait::Pending))
            }
            None => false,
        })
    }
}

impl Shared {
    pub(crate) fn new(run: Run, events: mpsc::UnboundedSender<Event>) -> Arc<Self> {
        let cell = Cell { run, blobs: Vec::new(), instances: BTreeMap::new(), kicked: false };
        Arc::new(Self { cell: Mutex::new(cell), events, unserved: Mutex::default() })
    }

    /// The run. Held for moments only, never across a wait.
    pub(crate) fn lock(&self) -> MutexGuard<'_, Cell> {
        // Core applies each record completely or not at all, so a panic elsewhere leaves it whole.
        self.cell.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Keeps what the store said, so that whoever ends the run for it can say the same.
    pub(crate) fn unserve(&self, error: JournalError) {
        *self.unserved.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// What the store said, once.
    pub(crate) fn unserved(&self) -> Option<JournalError> {
        self.unserved.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    /// Tells the loop. Nobody listens once the run was let go, and then nobody needs to.
    pub(crate) fn send(&self, event: Event) {
        let _ = self.events.send(event);
    }
}
