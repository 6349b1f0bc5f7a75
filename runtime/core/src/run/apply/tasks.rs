//! Records of how tasks are performed and end.

use std::sync::Arc;

use super::RecordError;
use crate::handoff::{FailureKind, Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Effect, Start, Work};
use crate::run::{Run, Task, TaskState, Workflow};

impl Run {
    pub(super) fn apply_started(
        &mut self,
        seq: u64,
        at: Timestamp,
        start: &Start,
    ) -> Result<(), RecordError> {
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        let task = self.open_task_mut(seq, &start.task)?;
        if !task.work.is_performed() || start.attempt != task.attempts.saturating_add(1) {
            return Err(wrong(format!(
                "attempt {} of /{} cannot start",
                start.attempt, start.task
            )));
        }
        let first = task.attempts == 0;
        task.began.get_or_insert(at);
        task.carry();
        task.state = TaskState::Started;
        task.attempts = start.attempt;
        task.did_once = false;
        let agent = matches!(*task.work, Work::Agent { .. });
        let once = task.work.effect() == Some(Effect::Once);
        if first && agent {
            self.agents += 1;
        }
        self.hold_opaque(&start.task);
        // An agent in whose name this happens must not be repeated blindly either.
        if once
            && let Some(parent) = start.task.parent()
            && let Some(caller) = self.tasks.get_mut(&parent)
        {
            caller.did_once = true;
        }
        Ok(())
    }

    pub(super) fn apply_deferred(
        &mut self,
        seq: u64,
        path: &TaskPath,
        attempt: u32,
        usage: &Usage,
    ) -> Result<(), RecordError> {
        self.let_go(path);
        let task = self.open_task_mut(seq, path)?;
        task.attempts = attempt.max(task.attempts);
        task.state = TaskState::Open;
        task.attempted.add(usage);
        self.unsettled.add(usage);
        Ok(())
    }

    pub(super) fn apply_restart(&mut self, seq: u64, path: &TaskPath) -> Result<(), RecordError> {
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        self.let_go(path);
        let task = self.open_task_mut(seq, path)?;
        if !task.work.is_performed() {
            return Err(wrong(format!("/{path} is performed by nobody")));
        }
        task.carry();
        task.state = TaskState::Open;
        task.turns.clear();
        task.sessions.clear();
        task.heard = 0;
        Ok(())
    }

    pub(super) fn apply_called(
        &mut self,
        seq: u64,
        at: Timestamp,
        path: &TaskPath,
        work: &Work,
    ) -> Result<(), RecordError> {
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        let (Some(parent), Some(number)) = (path.parent(), path.number()) else {
            return Err(wrong("the root cannot be called".into()));
        };
        let agent = self.open_task_mut(seq, &parent)?;
        if !matches!(*agent.work, Work::Agent { .. }) || !matches!(work, Work::Tool { .. }) {
            return Err(wrong("only agents call, and only tools".into()));
        }
        if agent.calls + 1 != number {
            return Err(wrong(format!("call {path} where {} is due", agent.calls + 1)));
        }
        agent.calls = number;
        self.tasks.insert(path.clone(), Task::new(work, at));
        Ok(())
    }

    pub(super) fn apply_completed(
        &mut self,
        seq: u64,
        at: Timestamp,
        path: &TaskPath,
        outcome: &Outcome,
        usage: &Usage,
    ) -> Result<(), RecordError> {
        if self.workflows.get(path).is_some_and(Workflow::has_open) {
            return Err(RecordError::Contradiction {
                seq,
                what: format!("workflow /{path} ends before its tasks"),
            });
        }
        let outcome = Arc::new(outcome.clone());
        // Whoever cancels a task does not want its result, and misses nothing.
        let failed = outcome.failure().is_some_and(|why| why.kind != FailureKind::Cancelled);
        let task = self.open_task_mut(seq, path)?;
        task.state = TaskState::Ended { seq, at, outcome, usage: *usage };
        let performed = task.work.is_performed();
        let unsettled = task.so_far();
        if let Some(workflow) = self.workflows.get_mut(path) {
            workflow.ended = true;
        }
        if performed {
            self.settled.add(usage);
            self.unsettled.remove(&unsettled);
            self.release(path);
        }
        if failed {
            self.failed_tasks += 1;
        }
        // What an agent called is delivered to no workflow.
        if !self.is_agents(path)
            && let (Some(parent), Some(number)) = (path.parent(), path.number())
        {
            let owner = self.workflow_mut(seq, &parent)?;
            owner.completed.insert(seq, number);
            let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
            if let Some(ended_at) = owner.ended_at.get_mut(index) {
                *ended_at = seq;
            }
        }
        Ok(())
    }
}
