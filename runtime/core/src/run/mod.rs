//! A run: the fold of its records.
//!
//! State changes in exactly one place, `apply`, whether a record was just made or is read back, so
//! the state after a crash is the state before it. A guest's instance is not part of the state: it
//! is a cache, and what it has seen is kept in its [`crate::replay::Cursor`].

mod apply;
mod call;
mod caps;
mod charge;
mod choice;
mod commands;
mod events;
mod people;
mod programs;
mod proof;
mod queries;
mod recover;
mod repeat;
mod reuse;
mod shared;
mod spawn;
mod task;
#[cfg(test)]
mod tests;
mod wait;
mod workflow;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::Action;
use crate::budget::Caps;
use crate::handoff::{Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Body, FORMAT, Pause, Record, RunStarted, Snapshot};
use crate::scope::Denials;

pub use apply::RecordError;
pub use caps::Burst;
pub use charge::{Ladders, Unserved};
pub use commands::CommandError;
pub use people::{BY_DEFAULT, MESSAGE_BYTES_MAX, Message, OrderError};
pub use programs::can_replace;
pub use proof::{Proof, Request, Requests, WRONGS_MAX, Wrong};
pub use recover::Recovery;
pub use repeat::Repeated;
pub use task::{Process, Task, TaskState};
pub use wait::Wait;
pub use workflow::Workflow;
use workflow::{Answer, Recorded};

/// A run as its records make it.
#[derive(Clone, Debug)]
pub struct Run {
    started: Box<RunStarted>,
    seq: u64,
    at: Timestamp,
    durable: u64,
    epoch: u64,
    engine: Arc<str>,
    caps: Caps,
    tasks: BTreeMap<TaskPath, Task>,
    workflows: BTreeMap<TaskPath, Workflow>,
    messages: Vec<Message>,
    agents: u64,
    spawned_agents: u64,
    failed_tasks: u64,
    settled: Usage,
    /// What agents consumed so far that have not ended: failed attempts and answers of models.
    unsettled: Usage,
    /// What calls that are being made, and agents whose calls nobody sees, may consume at the most.
    reserved: Usage,
    /// What calls of ended tasks were charged too much or too little: they were charged by estimate,
    /// and told what they came to afterwards.
    late: (Usage, Usage),
    /// The most that one agent consumed whose calls nobody sees, by backend.
    dearest: BTreeMap<String, Usage>,
    ladders: Ladders,
    observed_bytes: u64,
    /// The first and the last known state of the granted directory.
    snapshots: (Option<Snapshot>, Option<Snapshot>),
    /// Tasks of the reused run whose results serve here.
    claimed: Vec<TaskPath>,
    paused: Option<Pause>,
    /// What tasks consumed that ended in the shared part of a fork, as far as the root counts it.
    shared: Usage,
    /// Of a fork: when its first record was made that it does not share.
    own_since: Option<Timestamp>,
    /// What was taken away since it began.
    denials: Denials,
    /// Programs that perform agents in place of the backends that these are on record with.
    programs: BTreeMap<String, String>,
    /// Who cancelled the whole run.
    cancelled_by: Option<String>,
    finished: Option<(Outcome, Usage)>,
    outbox: Outbox,
}

/// Records that are not durable yet, and what to do once they are.
#[derive(Clone, Debug, Default)]
pub struct Outbox {
    /// The records, in order.
    pub records: Vec<Record>,
    /// What they call for.
    pub actions: Vec<Action>,
}

impl Run {
    /// A new run. Its first record is in the outbox.
    #[must_use]
    pub fn start(started: RunStarted, at: Timestamp) -> Self {
        let record = Record { seq: 1, at, body: Body::RunStarted(Box::new(started.clone())) };
        let mut run = Self::from_first(started, at);
        run.outbox.records.push(record);
        run.outbox.actions.push(Action::StartWorkflow { task: TaskPath::root() });
        run
    }

    fn from_first(started: RunStarted, at: Timestamp) -> Self {
        let (component, input) = (started.program.component, started.input.clone());
        let root = Workflow::new(component, input, started.scope.clone(), started.budget, at);
        Self {
            seq: 1,
            at,
            durable: 0,
            epoch: 0,
            engine: started.engine.as_str().into(),
            caps: started.caps.clone(),
            tasks: BTreeMap::new(),
            workflows: BTreeMap::from([(TaskPath::root(), root)]),
            messages: Vec::new(),
            agents: 0,
            spawned_agents: 0,
            failed_tasks: 0,
            settled: Usage::default(),
            unsettled: Usage::default(),
            reserved: Usage::default(),
            late: Default::default(),
            dearest: BTreeMap::new(),
            ladders: Ladders::default(),
            observed_bytes: 0,
            snapshots: (None, None),
            claimed: Vec::new(),
            paused: None,
            shared: Usage::default(),
            own_since: None,
            denials: Denials::default(),
            programs: BTreeMap::new(),
            cancelled_by: None,
            finished: None,
            outbox: Outbox::default(),
            started: Box::new(started),
        }
    }

    /// Rebuilds a run from its records, all of them durable.
    ///
    /// # Errors
    /// When the records are not those of one run: the first is not its start, a number is missing,
    /// or a record speaks of a task that was never spawned; and when a later release wrote them.
    pub fn from_records(records: impl IntoIterator<Item = Record>) -> Result<Self, RecordError> {
        let mut records = records.into_iter();
        let first = records.next().ok_or(RecordError::Empty)?;
        let Body::RunStarted(started) = first.body else {
            return Err(RecordError::NotAStart);
        };
        if started.format > FORMAT {
            return Err(RecordError::Format { got: started.format });
        }
        if first.seq != 1 {
            return Err(RecordError::Gap { expected: 1, got: first.seq });
        }
        let mut run = Self::from_first(*started, first.at);
        for record in records {
            run.apply(&record)?;
        }
        run.durable = run.seq;
        Ok(run)
    }

    /// Makes a record of what happened, applies it, and puts it into the outbox.
    fn push(&mut self, body: Body, at: Timestamp) {
        let record = Record { seq: self.seq + 1, at: at.max(self.at), body };
        // What this crate makes is well-formed: the checks of `apply` are for what is read back.
        let applied = self.apply(&record);
        debug_assert!(applied.is_ok(), "{applied:?}");
        self.outbox.records.push(record);
    }

    fn act(&mut self, action: Action) {
        self.outbox.actions.push(action);
    }

    /// Takes the records to be made durable and the actions that follow.
    pub fn take_outbox(&mut self) -> Outbox {
        std::mem::take(&mut self.outbox)
    }

    /// Whether there is something to take.
    #[must_use]
    pub fn has_outbox(&self) -> bool {
        !self.outbox.records.is_empty() || !self.outbox.actions.is_empty()
    }

    /// Says that every record up to `seq` is durable. Guests see nothing beyond.
    pub fn mark_durable(&mut self, seq: u64) {
        debug_assert!(seq <= self.seq);
        self.durable = self.durable.max(seq);
    }
}
