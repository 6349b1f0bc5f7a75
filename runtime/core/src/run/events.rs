//! What happens outside of guests: agents start and end, timers fall due, people act.

use std::sync::Arc;

use super::people::unanswered;
use super::{Run, TaskState};
use crate::action::Action;
use crate::budget::Caps;
use crate::handoff::{Failure, Handoff, Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Body, Pause, Start, Work};
use crate::report::Report;

/// Who cancels a task on the request of a guest.
pub(super) const BY_WORKFLOW: &str = "its workflow";

impl Run {
    /// Agents and tools are about to be handed to whoever performs them. Returns those that are still
    /// wanted, with the number of the attempt.
    pub fn start_tasks(&mut self, tasks: &[TaskPath], at: Timestamp) -> Vec<Start> {
        for task in tasks {
            self.settle_by_estimate(task, at);
        }
        let wanted =
            |path: &&TaskPath| self.open_task(path).is_some_and(|task| task.work.is_performed());
        let mut seen = std::collections::BTreeSet::new();
        let starts: Vec<Start> = tasks
            .iter()
            .filter(wanted)
            .filter(|path| seen.insert(*path))
            .map(|path| {
                let attempts = self.tasks.get(path).map_or(0, |task| task.attempts);
                Start { task: path.clone(), attempt: attempts.saturating_add(1) }
            })
            .collect();
        if !starts.is_empty() {
            self.push(Body::Started { tasks: starts.clone() }, at);
        }
        starts
    }

    /// A process began to work on a task.
    pub fn process(&mut self, task: &TaskPath, attempt: u32, pid: u32, ticks: u64, at: Timestamp) {
        if self.is_open(task) {
            self.push(Body::Process { task: task.clone(), attempt, pid, ticks }, at);
        }
    }

    /// An agent told people something. Dropped once the task has used up its log bytes. Progress is
    /// for those who watch, and not kept.
    pub fn agent_reported(&mut self, task: &TaskPath, report: Report, at: Timestamp) {
        let max = self.started.limits.run.log_bytes;
        let room = self
            .open_task(task)
            .is_some_and(|known| known.told_bytes.saturating_add(report.line_bytes()) <= max);
        if room && self.records_left() > 0 && !matches!(report, Report::Progress { .. }) {
            self.push(Body::AgentReported { task: task.clone(), report }, at);
        }
    }

    /// An attempt failed and another follows.
    pub fn attempt_failed(
        &mut self,
        task: &TaskPath,
        attempt: u32,
        failure: Failure,
        usage: Usage,
        at: Timestamp,
    ) {
        if self.is_open(task) {
            self.cancel_below(task, "the end of its attempt", at);
            self.settle_by_estimate(task, at);
            self.push(Body::AttemptFailed { task: task.clone(), attempt, failure, usage }, at);
        }
    }

    /// An agent or a tool ended. What an agent left open of its calls is cancelled. `usage` is that of
    /// all attempts since it was started last. Ignored if the task ended before: a result that comes
    /// after a cancellation is not delivered.
    pub fn task_ended(
        &mut self,
        task: &TaskPath,
        outcome: Outcome,
        mut usage: Usage,
        at: Timestamp,
    ) {
        let Some(known) = self.open_task(task) else { return };
        usage.add(&known.carried);
        usage.add(&known.metered);
        usage.add(&self.unsettled_call(task));
        usage.agents = known.agents();
        if matches!(*known.work, Work::Agent { .. }) {
            self.cancel_below(task, "the end of its agent", at);
        }
        self.complete(task, outcome, usage, at);
    }

    /// A timer fell due, or the deadline of a gate.
    pub fn timer_due(&mut self, task: &TaskPath, at: Timestamp) {
        let Some(known) = self.open_task(task) else { return };
        let outcome = match &*known.work {
            Work::Gate { spec, .. } => unanswered(spec),
            _ => Outcome::Done(Handoff::default()),
        };
        self.complete(task, outcome, Usage::default(), at);
    }

    /// A workflow ended: what it left open is cancelled. For the root, the run is finished.
    pub fn workflow_ended(
        &mut self,
        workflow: &TaskPath,
        outcome: Outcome,
        fuel: u64,
        at: Timestamp,
    ) {
        if self.finished.is_some() || self.workflows.get(workflow).is_none_or(|w| w.ended) {
            return;
        }
        self.cancel_below(workflow, "the end of its workflow", at);
        let usage = self.usage_of_workflow(workflow, fuel, at);
        if workflow.is_root() {
            self.push(Body::Finished { outcome, usage }, at);
        } else {
            self.complete(workflow, outcome, usage, at);
        }
    }

    /// What a workflow consumed that ends now and burnt this fuel itself.
    pub(super) fn usage_of_workflow(&self, path: &TaskPath, fuel: u64, at: Timestamp) -> Usage {
        let mut usage = self.consumed_below(path);
        usage.fuel = usage.fuel.saturating_add(fuel);
        if path.is_root() {
            usage.wall_ms = at.max(self.at).since(self.began());
            usage.add(&self.late.0);
            usage.remove(&self.late.1);
        }
        usage
    }

    /// What an agent or a tool consumed that is cancelled now.
    pub(super) fn usage_so_far(&self, path: &TaskPath) -> Usage {
        let Some(task) = self.tasks.get(path) else { return Usage::default() };
        let mut usage = task.so_far();
        usage.add(&self.unsettled_call(path));
        usage.agents = task.agents();
        usage
    }

    /// A person cancelled a task, or the run if the path is the root.
    pub fn cancel_ordered(&mut self, task: &TaskPath, by: &str, at: Timestamp) {
        if self.finished.is_some() || !(task.is_root() || self.is_open(task)) {
            return;
        }
        self.push(Body::CancelOrdered { task: task.clone(), by: by.into() }, at);
        if task.is_root() {
            let outcome = Outcome::Failed(Failure::cancelled(by));
            self.workflow_ended(task, outcome, 0, at);
            self.act(Action::Abort { task: task.clone() });
        } else {
            self.cancel(task, by, at);
        }
    }

    /// The run stops for a time.
    pub fn pause(&mut self, reason: Pause, at: Timestamp) {
        if self.finished.is_none() && self.paused.is_none() {
            self.push(Body::Paused { reason }, at);
        }
    }

    /// An owner takes the run on. What there is to do comes from [`Run::recover`].
    pub fn resume(&mut self, by: &str, epoch: u64, caps: &Caps, engine: &str, at: Timestamp) {
        self.resume_with(by, epoch, caps, engine, &Default::default(), at);
    }

    pub(super) fn is_open(&self, task: &TaskPath) -> bool {
        self.open_task(task).is_some()
    }

    /// Ends a task and all below it as cancelled. Does nothing if it has ended.
    pub(super) fn cancel(&mut self, task: &TaskPath, by: &str, at: Timestamp) {
        if !self.is_open(task) {
            return;
        }
        self.cancel_below(task, by, at);
        let performed = self.tasks.get(task).is_some_and(|known| known.work.is_performed());
        let usage = if performed { self.usage_so_far(task) } else { self.consumed_below(task) };
        self.complete(task, Outcome::Failed(Failure::cancelled(by)), usage, at);
        self.act(Action::Abort { task: task.clone() });
    }

    /// Ends everything below a workflow as cancelled, the deepest first.
    pub(super) fn cancel_below(&mut self, workflow: &TaskPath, by: &str, at: Timestamp) {
        let open: Vec<TaskPath> = self
            .tasks
            .range(workflow.clone()..)
            .take_while(|(path, _)| path.is_within(workflow))
            .filter(|(path, task)| *path != workflow && !task.state.is_ended())
            .map(|(path, _)| path.clone())
            .collect();
        for path in open.into_iter().rev() {
            self.cancel(&path, by, at);
        }
    }

    pub(super) fn complete(
        &mut self,
        task: &TaskPath,
        outcome: Outcome,
        usage: Usage,
        at: Timestamp,
    ) {
        let body = Body::Completed { task: task.clone(), outcome, usage, reused_from: None };
        self.push(body, at);
        if let Some(workflow) = task.parent().filter(|_| !self.is_agents(task)) {
            self.act(Action::Wake { workflow });
        }
    }

    /// How a task ended, if it did.
    #[must_use]
    pub fn outcome(&self, task: &TaskPath) -> Option<Arc<Outcome>> {
        match &self.tasks.get(task)?.state {
            TaskState::Ended { outcome, .. } => Some(Arc::clone(outcome)),
            _ => None,
        }
    }
}
