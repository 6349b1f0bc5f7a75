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
mod proof;
mod queries;
mod recover;
mod repeat;
mod reuse;
mod spawn;
#[cfg(test)]
mod tests;
mod wait;

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::action::Action;
use crate::budget::{Amounts, Caps};
use crate::command::Reply;
use crate::digest::Digest;
use crate::files::Observation;
use crate::handoff::{Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::json::Json;
use crate::record::{Body, FORMAT, Pause, Record, RunStarted, Snapshot, Work};
use crate::scope::{Denials, Scope};
use crate::session::Session;

pub use apply::RecordError;
pub use caps::Burst;
use charge::Reserve;
pub use charge::{Ladders, Unserved};
pub use commands::CommandError;
pub use people::{BY_DEFAULT, MESSAGE_BYTES_MAX, OrderError};
pub use proof::{Proof, Request, Requests, WRONGS_MAX, Wrong};
pub use recover::Recovery;
pub use repeat::Repeated;
pub use spawn::COMPONENT;
pub use wait::Wait;

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

/// A task below a workflow.
#[derive(Clone, Debug)]
pub struct Task {
    /// What is to be done.
    pub work: Box<Work>,
    /// When it was spawned.
    pub spawned: Timestamp,
    /// How far it is.
    pub state: TaskState,
    /// Attempts that were started.
    pub attempts: u32,
    /// The last process that worked on it.
    pub process: Option<Process>,
    /// When it was first started.
    began: Option<Timestamp>,
    /// What its calls of models consumed, over all attempts.
    metered: Usage,
    /// Calls of models that are on record.
    asked: u32,
    /// The provider of the last of them: that of its backend, or of a later step of its ladder.
    provider: Option<String>,
    /// What is held for it until it is known what it consumed.
    reserve: Reserve,
    /// What was said, by call.
    turns: Vec<(u32, Digest)>,
    /// What attempts consumed before it was started last.
    carried: Usage,
    /// What attempts consumed since it was started last.
    attempted: Usage,
    /// Who cancelled it: on record before its end is.
    cancelled_by: Option<String>,
    /// Bytes of its reports.
    told_bytes: u64,
    /// It is on record that no result of the reused run serves it.
    not_reused: bool,
    /// Tools that it called, if it is an agent.
    calls: u64,
    /// One of them does what must not happen twice, and was started since the agent was.
    did_once: bool,
    /// Denials that are on record.
    denials: usize,
    /// What people told it.
    messages: Vec<Message>,
    /// Record number of the last message that it heard.
    heard: u64,
    /// Sessions that it can go on with and the records that tell of them, by step of its ladder.
    sessions: BTreeMap<u32, (u64, Session)>,
    /// It ended in the part of the record that is shared with the run this one was forked from.
    shared: bool,
}

/// How far a task is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskState {
    /// Spawned; an agent or a tool that waits for room, a timer that runs, a workflow.
    Open,
    /// An agent or a tool at work.
    Started,
    /// Ended.
    Ended {
        /// Sequence number of the completion.
        seq: u64,
        /// When.
        at: Timestamp,
        /// How.
        outcome: Arc<Outcome>,
        /// What it consumed.
        usage: Usage,
    },
}

impl TaskState {
    fn is_ended(&self) -> bool {
        matches!(self, Self::Ended { .. })
    }
}

/// A process of the operating system that works on a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Process {
    /// The attempt it makes.
    pub attempt: u32,
    /// Process id.
    pub pid: u32,
    /// When it began, in clock ticks since boot.
    pub ticks: u64,
}

/// A workflow of the run: the root or a child.
#[derive(Clone, Debug)]
pub struct Workflow {
    /// Its component.
    pub component: Digest,
    /// Its input.
    pub input: Json,
    /// What it may touch.
    pub scope: Scope,
    /// What it may spend.
    pub budget: Amounts,
    /// When it was spawned.
    pub began: Timestamp,
    commands: Vec<Recorded>,
    children: u64,
    spawned_agents: u64,
    /// Completed children by the sequence number of their completion.
    completed: BTreeMap<u64, u64>,
    /// Sequence number of the completion of each child, in order of their numbers; 0: open.
    ended_at: Vec<u64>,
    phase: Option<String>,
    ended: bool,
}

impl Workflow {
    /// Sequence number of the completion of a child, if it has ended.
    fn ended_at(&self, child: u64) -> Option<u64> {
        let index = usize::try_from(child.checked_sub(1)?).ok()?;
        self.ended_at.get(index).copied().filter(|seq| *seq > 0)
    }

    /// Whether a child is open.
    fn has_open(&self) -> bool {
        (self.completed.len() as u64) < self.children
    }
}

/// A command as it was recorded.
#[derive(Clone, Debug)]
struct Recorded {
    seq: u64,
    kind: &'static str,
    summary: String,
    digest: Digest,
    fuel: u64,
    engine: Arc<str>,
    answer: Answer,
}

#[derive(Clone, Debug)]
enum Answer {
    Reply(Reply),
    Observation(Arc<Observation>),
}

/// A message of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its record.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who sent it.
    pub sender: String,
    /// The text.
    pub text: String,
    /// Whether it interrupts what the agent is doing.
    pub urgent: bool,
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
        let root = Workflow {
            component: started.program.component,
            input: started.input.clone(),
            scope: started.scope.clone(),
            budget: started.budget,
            began: at,
            commands: Vec::new(),
            children: 0,
            spawned_agents: 0,
            completed: BTreeMap::new(),
            ended_at: Vec::new(),
            phase: None,
            ended: false,
        };
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

    /// Number of the last record, durable or not.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.seq
    }

    /// Says that every record up to `seq` is durable. Guests see nothing beyond.
    pub fn mark_durable(&mut self, seq: u64) {
        debug_assert!(seq <= self.seq);
        self.durable = self.durable.max(seq);
    }
}
