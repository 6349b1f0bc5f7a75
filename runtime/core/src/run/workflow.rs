//! A workflow of the run as its records make it.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::budget::Amounts;
use crate::command::Reply;
use crate::digest::Digest;
use crate::files::Observation;
use crate::ids::Timestamp;
use crate::json::Json;
use crate::scope::Scope;

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
    /// What it asked for, in order.
    pub(super) commands: Vec<Recorded>,
    /// Tasks that it spawned: their numbers count from 1.
    pub(super) children: u64,
    /// How many of them are agents.
    pub(super) spawned_agents: u64,
    /// Completed children by the sequence number of their completion.
    pub(super) completed: BTreeMap<u64, u64>,
    /// Sequence number of the completion of each child, in order of their numbers; 0: open.
    pub(super) ended_at: Vec<u64>,
    /// Title of the phase that it named last.
    pub(super) phase: Option<String>,
    pub(super) ended: bool,
}

impl Workflow {
    /// One that has asked for nothing yet.
    pub(super) fn new(
        component: Digest,
        input: Json,
        scope: Scope,
        budget: Amounts,
        began: Timestamp,
    ) -> Self {
        Self {
            component,
            input,
            scope,
            budget,
            began,
            commands: Vec::new(),
            children: 0,
            spawned_agents: 0,
            completed: BTreeMap::new(),
            ended_at: Vec::new(),
            phase: None,
            ended: false,
        }
    }

    /// Sequence number of the completion of a child, if it has ended.
    pub(super) fn ended_at(&self, child: u64) -> Option<u64> {
        let index = usize::try_from(child.checked_sub(1)?).ok()?;
        self.ended_at.get(index).copied().filter(|seq| *seq > 0)
    }

    /// Whether a child is open.
    pub(super) fn has_open(&self) -> bool {
        (self.completed.len() as u64) < self.children
    }
}

/// A command as it was recorded.
#[derive(Clone, Debug)]
pub(super) struct Recorded {
    /// Its record.
    pub(super) seq: u64,
    pub(super) kind: &'static str,
    /// What it was in words, for people who compare.
    pub(super) summary: String,
    /// Of what was asked.
    pub(super) digest: Digest,
    /// What the guest had executed by then.
    pub(super) fuel: u64,
    /// The wasm engine that it executed on.
    pub(super) engine: Arc<str>,
    pub(super) answer: Answer,
}

/// What the guest got for it.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    Reply(Reply),
    Observation(Arc<Observation>),
}

impl Answer {
    /// What a command is answered with that is repeated.
    pub(super) fn reply(&self) -> Reply {
        match self {
            Self::Reply(reply) => reply.clone(),
            Self::Observation(_) => Reply::Nothing,
        }
    }
}
