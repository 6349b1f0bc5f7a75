//! How far one instance of a workflow is.

use std::collections::BTreeSet;

use crate::budget::{Amounts, Held};
use crate::handoff::Usage;
use crate::ids::{TaskPath, Timestamp};

/// What one instance of a workflow has repeated and seen so far.
///
/// It is not part of the run's state: dropping the instance drops it, and a new instance begins
/// with a new one.
#[derive(Clone, Debug)]
pub struct Cursor {
    pub(crate) workflow: TaskPath,
    pub(crate) position: usize,
    /// Tasks this instance has spawned so far. What the journal holds beyond is its future.
    pub(crate) spawned: u64,
    pub(crate) delivered: BTreeSet<u64>,
    /// Completions with lower sequence numbers were all delivered.
    pub(crate) floor: u64,
    pub(crate) messages: usize,
    /// It said that it takes messages.
    pub(crate) listens: bool,
    pub(crate) now: Timestamp,
    pub(crate) spent: Usage,
    /// Agents of delivered child workflows, which `spent` counts together with its own.
    pub(crate) child_agents: u64,
    /// What child workflows hold that were spawned and not delivered.
    pub(crate) held: Held,
    pub(crate) log_bytes: u64,
    pub(crate) artifact_bytes: u64,
    pub(crate) compare_fuel: bool,
}

impl Cursor {
    /// For a new instance of a workflow that began at `began`.
    ///
    /// `compare_fuel` is off where another component, or another engine, repeats what was recorded.
    #[must_use]
    pub fn new(workflow: TaskPath, began: Timestamp, compare_fuel: bool) -> Self {
        Self {
            workflow,
            position: 0,
            spawned: 0,
            delivered: BTreeSet::new(),
            floor: 0,
            messages: 0,
            listens: false,
            now: began,
            spent: Usage::default(),
            child_agents: 0,
            held: Held::default(),
            log_bytes: 0,
            artifact_bytes: 0,
            compare_fuel,
        }
    }

    /// What the rules of spawning know of this instance now.
    pub(crate) fn moment(&self) -> Moment {
        let Self { now, spent, child_agents, held, .. } = self;
        Moment { now: *now, spent: *spent, child_agents: *child_agents, held: *held }
    }

    /// An instance as it was at a moment, for the rules of spawning alone.
    pub(crate) fn at(workflow: TaskPath, moment: &Moment) -> Self {
        let Moment { now, spent, child_agents, held } = *moment;
        Self { spent, child_agents, held, ..Self::new(workflow, now, false) }
    }

    /// The workflow whose instance this is.
    #[must_use]
    pub fn workflow(&self) -> &TaskPath {
        &self.workflow
    }

    /// Virtual time: that of the last delivery, or of the workflow's start.
    #[must_use]
    pub fn now(&self) -> Timestamp {
        self.now
    }

    /// Counts a task that this instance spawned; `budget` is what it holds, if it is a workflow.
    pub(crate) fn note_spawned(&mut self, number: u64, budget: Option<&Amounts>) {
        self.spawned = number;
        if let Some(budget) = budget {
            self.held.take(budget);
        }
    }

    /// Counts a task that was delivered to this instance.
    pub(crate) fn note_delivered(&mut self, number: u64, usage: &Usage, budget: Option<&Amounts>) {
        self.delivered.insert(number);
        self.spent.add(usage);
        if let Some(budget) = budget {
            self.held.give_back(budget);
            self.child_agents = self.child_agents.saturating_add(usage.agents);
        }
    }
}

/// What of an instance decides what its requests for tasks come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Moment {
    now: Timestamp,
    spent: Usage,
    child_agents: u64,
    held: Held,
}
