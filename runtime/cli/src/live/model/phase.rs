//! Phases, and numbers of the agents in them.

use std::collections::BTreeSet;

use baton_core::handoff::Usage;

/// Numbers of agents, or of calls of tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spawned so far.
    pub spawned: u64,
    /// Ended, in whatever way.
    pub ended: u64,
    /// Ended without a result.
    pub failed: u64,
    /// At work.
    pub working: u64,
}

/// One phase.
#[derive(Debug, Default)]
pub struct Phase {
    /// Its title; untrusted.
    pub title: String,
    /// Its agents.
    pub counts: Counts,
    /// What its agents consumed so far.
    pub usage: Usage,
    /// What the workflow itself says of its progress.
    pub progress: Option<(u64, Option<u64>)>,
    /// Whether it was reached; one that was only declared is not.
    pub begun: bool,
    /// Its agents and tools at work and its open gates, by their places among the tasks.
    pub open: BTreeSet<usize>,
}

/// What hangs below a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Branch {
    /// The task at this place.
    Task(usize),
    /// The group at this place among those of the task.
    Group(usize),
}

/// The tasks of one workflow that belong to the same phase.
#[derive(Debug, Default)]
pub struct Group {
    /// The phase, by its place.
    pub phase: usize,
    /// Its tasks, by their places.
    pub members: Vec<usize>,
    /// Tasks of it that ended, in whatever way.
    pub ended: usize,
    /// Tasks of it that ended without a result.
    pub failed: usize,
    /// What they consumed so far.
    pub usage: Usage,
}
