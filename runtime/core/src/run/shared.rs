//! The part of a fork's record that it shares with the run it was forked from.

use super::{Run, TaskState};
use crate::handoff::Usage;
use crate::ids::TaskPath;

impl Run {
    /// Whether a task ended in the part of a fork that is shared with the run it was forked from.
    #[must_use]
    pub fn is_shared(&self, task: &TaskPath) -> bool {
        self.tasks.get(task).is_some_and(|known| known.shared)
    }

    /// Whether a person wrote the input of a task: no workflow asked for that.
    pub(super) fn is_asked_by_person(&self, task: &TaskPath) -> bool {
        self.started.fork.as_ref().is_some_and(|fork| fork.asked.contains(task))
    }

    /// Whether a person wrote the end of a task: performing it does not bring that.
    pub(super) fn is_given_by_person(&self, task: &TaskPath) -> bool {
        self.started.fork.as_ref().is_some_and(|fork| fork.given.contains(task))
    }

    /// The shared part of a fork is complete: it cost this run nothing.
    pub(super) fn forget_shared(&mut self) {
        // A task counts where its workflow is still open: what an ended one consumed holds it already.
        let ended = |path: &TaskPath| self.tasks.get(path).is_some_and(|t| t.state.is_ended());
        let mut shared = Usage::default();
        for (path, task) in &self.tasks {
            let counted = path.parent().is_some_and(|parent| !ended(&parent));
            if let TaskState::Ended { usage, .. } = &task.state
                && counted
                && !self.is_agents(path)
            {
                shared.add(usage);
            }
        }
        self.shared = shared;
        self.settled = Usage::default();
        self.unsettled = Usage::default();
        self.reserved = Usage::default();
        self.late = Default::default();
        self.agents = 0;
        for task in self.tasks.values_mut() {
            task.shared = task.state.is_ended();
        }
    }
}
