//! A task as its records make it.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::Message;
use super::charge::Reserve;
use crate::digest::Digest;
use crate::handoff::{Outcome, Usage};
use crate::ids::Timestamp;
use crate::record::Work;
use crate::session::Session;

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
    pub(super) began: Option<Timestamp>,
    /// What its calls of models consumed, over all attempts.
    pub(super) metered: Usage,
    /// Calls of models that are on record.
    pub(super) asked: u32,
    /// The provider of the last of them: that of its backend, or of a later step of its ladder.
    pub(super) provider: Option<String>,
    /// What is held for it until it is known what it consumed.
    pub(super) reserve: Reserve,
    /// What was said, by call.
    pub(super) turns: Vec<(u32, Digest)>,
    /// What attempts consumed before it was started last.
    pub(super) carried: Usage,
    /// What attempts consumed since it was started last.
    pub(super) attempted: Usage,
    /// Who cancelled it: on record before its end is.
    pub(super) cancelled_by: Option<String>,
    /// Bytes of its reports.
    pub(super) told_bytes: u64,
    /// It is on record that no result of the reused run serves it.
    pub(super) not_reused: bool,
    /// Tools that it called, if it is an agent.
    pub(super) calls: u64,
    /// One of them does what must not happen twice, and was started since the agent was.
    pub(super) did_once: bool,
    /// Denials that are on record.
    pub(super) denials: usize,
    /// What people told it.
    pub(super) messages: Vec<Message>,
    /// Record number of the last message that it heard.
    pub(super) heard: u64,
    /// Sessions that it can go on with and the records that tell of them, by step of its ladder.
    pub(super) sessions: BTreeMap<u32, (u64, Session)>,
    /// It ended in the part of the record that is shared with the run this one was forked from.
    pub(super) shared: bool,
    /// Who performed it, once it has ended, where that is not the backend that it is on record with.
    pub(super) performer: Option<String>,
}

impl Task {
    /// One that was spawned now.
    pub(super) fn new(work: &Work, spawned: Timestamp) -> Self {
        Self {
            work: Box::new(work.clone()),
            spawned,
            state: TaskState::Open,
            attempts: 0,
            began: None,
            metered: Usage::default(),
            asked: 0,
            provider: None,
            reserve: Reserve::Nothing,
            turns: Vec::new(),
            process: None,
            carried: Usage::default(),
            attempted: Usage::default(),
            cancelled_by: None,
            told_bytes: 0,
            not_reused: false,
            calls: 0,
            did_once: false,
            denials: 0,
            messages: Vec::new(),
            heard: 0,
            sessions: BTreeMap::new(),
            shared: false,
            performer: None,
        }
    }

    /// What its attempts and its calls of models consumed so far, as far as they have ended.
    pub(super) fn so_far(&self) -> Usage {
        let mut usage = self.carried;
        usage.add(&self.attempted);
        usage.add(&self.metered);
        usage
    }

    /// How many agents were started for it: one, if it is an agent that was.
    pub(super) fn agents(&self) -> u64 {
        u64::from(matches!(*self.work, Work::Agent { .. }) && self.attempts > 0)
    }

    /// What it consumed since it was started last belongs to earlier attempts now.
    pub(super) fn carry(&mut self) {
        self.carried.add(&std::mem::take(&mut self.attempted));
    }
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
    /// Whether nothing more happens to it.
    pub(crate) fn is_ended(&self) -> bool {
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
