//! What a new owner finds, and what it does about it.

use super::{Process, Run, TaskState};
use crate::action::Action;
use crate::handoff::{Failure, FailureKind, Outcome};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Effect, Work};

/// What an open task means to a new owner. Exactly one row fits each open task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Recovery {
    /// An agent or a tool that was never handed to whoever performs it: it starts.
    Start,
    /// One that was at work, and may be repeated: it starts again, as another attempt.
    Repeat,
    /// One that was in the middle of what must not happen twice: it ends as in doubt. An agent is
    /// that as soon as a tool that it called is.
    InDoubt,
    /// A timer or a gate: it runs on, or is due at once.
    Timer,
    /// A workflow: it is rebuilt by replay.
    Rebuild,
    /// What an agent called that will call again, or ends: nobody waits for it.
    Drop,
}

impl Run {
    /// What an open task means to a new owner; none if it has ended.
    #[must_use]
    pub fn recovery_of(&self, task: &TaskPath) -> Option<Recovery> {
        let agents = self.is_agents(task);
        let task = self.tasks.get(task)?;
        Some(match (&*task.work, &task.state) {
            (_, TaskState::Ended { .. }) => return None,
            (Work::Sleep { .. } | Work::Gate { .. }, _) => Recovery::Timer,
            (Work::Workflow { .. }, _) => Recovery::Rebuild,
            (Work::Tool { effect: Effect::Once, .. }, TaskState::Started) => Recovery::InDoubt,
            (Work::Tool { .. }, _) if agents => Recovery::Drop,
            (Work::Agent { .. } | Work::Tool { .. }, TaskState::Open) => Recovery::Start,
            (Work::Agent { effect: Effect::Once, .. }, TaskState::Started) => Recovery::InDoubt,
            (Work::Agent { .. }, TaskState::Started) if task.did_once => Recovery::InDoubt,
            (Work::Agent { .. } | Work::Tool { .. }, TaskState::Started) => Recovery::Repeat,
        })
    }

    /// Processes of an earlier owner that may still be alive and must be ended before any retry.
    #[must_use]
    pub fn leftovers(&self) -> Vec<Process> {
        let open = |task: &&super::Task| !task.state.is_ended();
        self.tasks.values().filter(open).filter_map(|task| task.process).collect()
    }

    /// Puts everything a new owner has to do into the outbox. Cancellations that are on record are
    /// carried out first, in case their consequences are not.
    pub fn recover(&mut self, at: Timestamp) {
        if self.finished.is_some() {
            return;
        }
        if let Some(by) = self.cancelled_by.clone() {
            let outcome = Outcome::Failed(Failure::cancelled(&by));
            self.workflow_ended(&TaskPath::root(), outcome, 0, at);
            return;
        }
        let cancelled: Vec<(TaskPath, String)> = self
            .tasks
            .iter()
            .filter(|(_, task)| !task.state.is_ended())
            .filter_map(|(path, task)| Some((path.clone(), task.cancelled_by.clone()?)))
            .collect();
        for (path, by) in cancelled {
            self.cancel(&path, &by, at);
        }
        let open: Vec<(TaskPath, Recovery)> = self
            .tasks
            .keys()
            .filter_map(|path| Some((path.clone(), self.recovery_of(path)?)))
            .collect();
        self.act(Action::StartWorkflow { task: TaskPath::root() });
        for (task, _) in &open {
            self.settle_by_estimate(task, at);
        }
        // What ends here does so before what is above it: a call before its agent.
        for (task, recovery) in open.iter().rev() {
            match recovery {
                Recovery::Drop => self.cancel(task, "the end of its agent", at),
                Recovery::InDoubt => {
                    let failure = Failure::new(
                        FailureKind::InDoubt,
                        "in-doubt",
                        "the host ended while this was being done; it may or may not have happened",
                    );
                    let attempted = self.tasks.get(task).map(|known| known.attempted);
                    let usage = attempted.unwrap_or_default();
                    self.task_ended(task, Outcome::Failed(failure), usage, at);
                }
                Recovery::Start | Recovery::Repeat | Recovery::Timer | Recovery::Rebuild => {}
            }
        }
        let goes_on = |(_, recovery): &&(TaskPath, Recovery)| {
            !matches!(recovery, Recovery::Drop | Recovery::InDoubt)
        };
        for (task, _) in open.iter().filter(goes_on) {
            let action = self.tasks.get(task).and_then(|known| Action::of(task, &known.work));
            self.outbox.actions.extend(action);
        }
    }
}
