//! What is known of a run.

use super::{Run, Task, TaskState, Workflow};
use crate::budget::Caps;
use crate::handoff::{Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Pause, RunStarted};

impl Run {
    /// The facts it began with.
    #[must_use]
    pub fn started(&self) -> &RunStarted {
        &self.started
    }

    /// Number of the last record, durable or not.
    #[must_use]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// Time of the last record.
    #[must_use]
    pub fn at(&self) -> Timestamp {
        self.at
    }

    /// The wasm engine of the last owner.
    #[must_use]
    pub fn engine(&self) -> &str {
        &self.engine
    }

    /// Time between its first record and its last, in milliseconds.
    #[must_use]
    pub fn age_ms(&self) -> u64 {
        self.at.since(self.began())
    }

    /// When the run began: of a fork, when it was forked.
    #[must_use]
    pub fn began(&self) -> Timestamp {
        let root = self.workflows.get(&TaskPath::root());
        let first = root.map_or(self.at, |root| root.began);
        match &self.started.fork {
            Some(fork) => self.own_since.unwrap_or(fork.made).max(first),
            None => first,
        }
    }

    /// Caps that hold now.
    #[must_use]
    pub fn caps(&self) -> &Caps {
        &self.caps
    }

    /// Fencing epoch of the last owner that resumed it.
    #[must_use]
    pub fn epoch(&self) -> u64 {
        self.epoch
    }

    /// A task.
    #[must_use]
    pub fn task(&self, path: &TaskPath) -> Option<&Task> {
        self.tasks.get(path)
    }

    /// A task that has not ended.
    pub(super) fn open_task(&self, path: &TaskPath) -> Option<&Task> {
        self.tasks.get(path).filter(|task| !task.state.is_ended())
    }

    /// Every task below the root, in order of their paths.
    pub fn tasks(&self) -> impl Iterator<Item = (&TaskPath, &Task)> {
        self.tasks.iter()
    }

    /// A workflow of the run.
    #[must_use]
    pub fn workflow(&self, path: &TaskPath) -> Option<&Workflow> {
        self.workflows.get(path)
    }

    /// Whether no task is open.
    #[must_use]
    pub fn nothing_is_open(&self) -> bool {
        self.tasks.values().all(|task| task.state.is_ended())
    }

    /// Why it is paused, if it is.
    #[must_use]
    pub fn paused(&self) -> Option<&Pause> {
        self.paused.as_ref()
    }

    /// How it ended, and what it consumed.
    #[must_use]
    pub fn finished(&self) -> Option<&(Outcome, Usage)> {
        self.finished.as_ref()
    }

    /// Tasks that ended without a result.
    #[must_use]
    pub fn failed_tasks(&self) -> u64 {
        self.failed_tasks
    }

    /// What ended agents consumed.
    #[must_use]
    pub fn settled(&self) -> &Usage {
        &self.settled
    }

    /// What agents consumed so far, also those that have not ended. Calls that are being made are not
    /// in it: nobody knows yet what they come to.
    #[must_use]
    pub fn consumed(&self) -> Usage {
        let mut consumed = self.settled;
        consumed.add(&self.unsettled);
        consumed
    }

    /// Number of records after which a run must end, less those it has.
    #[must_use]
    pub(crate) fn records_left(&self) -> u64 {
        self.started.limits.run.records.saturating_sub(self.seq)
    }

    /// The agents and tools of workflows that are not at work, in order of their paths.
    #[must_use]
    pub fn unstarted(&self) -> Vec<TaskPath> {
        let waits = |(path, task): &(&TaskPath, &Task)| {
            task.work.is_performed() && task.state == TaskState::Open && !self.is_agents(path)
        };
        self.tasks.iter().filter(waits).map(|(path, _)| path.clone()).collect()
    }

    /// What the ended children of a workflow consumed, and what is below them.
    #[must_use]
    pub(super) fn consumed_below(&self, path: &TaskPath) -> Usage {
        let mut usage = Usage::default();
        let numbers = self.workflows.get(path).map(|w| w.completed.values());
        for number in numbers.into_iter().flatten() {
            let task = self.tasks.get(&path.child(*number));
            if let Some(TaskState::Ended { usage: spent, .. }) = task.map(|task| &task.state) {
                usage.add(spent);
            }
        }
        // What a run consumed is what it did itself; what a workflow inside it did is what its parent
        // counts, wherever that was done.
        if path.is_root() {
            usage.remove(&self.shared);
        }
        usage
    }
}
