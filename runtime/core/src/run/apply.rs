//! The one place where the state of a run changes.

mod commands;
mod error;
mod tasks;

use super::{Message, Process, Run, Task, Workflow};
use crate::ids::{TaskPath, Timestamp};
use crate::manifest::Requests;
use crate::record::{Body, Record, Work};
use crate::scope::{PatternError, Scope};
use crate::spec::WorkflowSpec;

pub use error::RecordError;

impl Run {
    /// Applies one record.
    pub(super) fn apply(&mut self, record: &Record) -> Result<(), RecordError> {
        let Record { seq, at, body } = record;
        let (seq, at) = (*seq, *at);
        if seq != self.seq + 1 {
            return Err(RecordError::Gap { expected: self.seq + 1, got: seq });
        }
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        if self.finished.is_some() {
            return Err(wrong("it follows the end of the run".into()));
        }
        if at < self.at {
            return Err(wrong("it is earlier than the record before it".into()));
        }
        self.change(seq, at, body)?;
        self.seq = seq;
        self.at = at;
        if let Some(fork) = &self.started.fork {
            match seq.checked_sub(fork.records) {
                Some(0) => self.forget_shared(),
                Some(1) => self.own_since = Some(at),
                _ => {}
            }
        }
        Ok(())
    }

    /// What a record changes.
    fn change(&mut self, seq: u64, at: Timestamp, body: &Body) -> Result<(), RecordError> {
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        match body {
            Body::RunStarted(_) => return Err(wrong("a second start".into())),
            Body::Spawned { task, digest, fuel, work } => {
                self.apply_spawned(seq, at, task, *digest, *fuel, work)?;
            }
            Body::Refused { workflow, digest, fuel, refusal } => {
                self.apply_refused(seq, workflow, *digest, *fuel, refusal)?;
            }
            Body::CancelRequested { workflow, task, fuel } => {
                self.apply_cancel_requested(seq, workflow, *task, *fuel)?;
            }
            Body::Observed { workflow, digest, fuel, request, observation } => {
                self.apply_observed(seq, workflow, (*digest, *fuel), request, observation)?;
            }
            Body::Reported { workflow, digest, fuel, report } => {
                self.apply_reported(seq, workflow, *digest, *fuel, report)?;
            }
            Body::AgentReported { task, report } => {
                let task = self.open_task_mut(seq, task)?;
                task.told_bytes = task.told_bytes.saturating_add(report.line_bytes());
            }
            Body::Started { tasks } => {
                for start in tasks {
                    self.apply_started(seq, at, start)?;
                }
            }
            Body::Process { task, attempt, pid, ticks } => {
                self.open_task_mut(seq, task)?.process =
                    Some(Process { attempt: *attempt, pid: *pid, ticks: *ticks });
            }
            Body::AttemptFailed { task: path, attempt, usage, .. } => {
                let task = self.open_task_mut(seq, path)?;
                task.attempts = attempt.saturating_add(1);
                task.attempted.add(usage);
                self.unsettled.add(usage);
            }
            Body::Asked { task, call, provider, reserve, .. } => {
                self.note_asked(seq, task, *call, provider, reserve)?;
            }
            Body::Turned { task, call, content, usage, estimated } => {
                self.note_turned(seq, task, *call, content.as_ref(), usage, *estimated)?;
            }
            Body::Deferred { task, attempt, usage, .. } => {
                self.apply_deferred(seq, task, *attempt, usage)?;
            }
            Body::Passed { task, rung, saved_micro_usd, .. } => {
                self.open_task_mut(seq, task)?;
                self.ladders.note(*rung, *saved_micro_usd);
            }
            Body::Called { task, work } => self.apply_called(seq, at, task, work)?,
            Body::Denied { task, .. } => self.open_task_mut(seq, task)?.denials += 1,
            Body::AgentRead { task, .. } => {
                let task = self.open_task_mut(seq, task)?;
                if !matches!(*task.work, Work::Agent { .. }) {
                    return Err(wrong("what is no agent has read".into()));
                }
            }
            Body::Snapshot(snapshot) => self.note_snapshot(snapshot),
            Body::NotReused { task, .. } => self.note_not_reused(seq, task)?,
            Body::Completed { task, outcome, usage, reused_from } => {
                if let Some(from) = reused_from {
                    self.note_reused(seq, task, from)?;
                }
                self.apply_completed(seq, at, task, outcome, usage)?;
                self.note_performer(task);
            }
            Body::CancelOrdered { task, by } if task.is_root() => {
                self.cancelled_by = Some(by.clone());
            }
            Body::CancelOrdered { task, by } => {
                self.open_task_mut(seq, task)?.cancelled_by = Some(by.clone());
            }
            Body::Messaged { sender, text, task, urgent } => {
                let (sender, text) = (sender.clone(), text.clone());
                let message = Message { seq, at, sender, text, urgent: *urgent };
                match task {
                    Some(task) => self.open_task_mut(seq, task)?.messages.push(message),
                    None => self.messages.push(message),
                }
            }
            Body::Heard { task, upto } => {
                let task = self.open_task_mut(seq, task)?;
                task.heard = task.heard.max(*upto);
            }
            Body::Session { task, rung, session } => {
                self.open_task_mut(seq, task)?.sessions.insert(*rung, (seq, session.clone()));
            }
            Body::Listening { workflow, fuel } => self.apply_listening(seq, workflow, *fuel)?,
            Body::PauseOrdered { .. } => {}
            Body::DenialsAdded { denials, .. } => self.denials.add(denials),
            Body::RestartOrdered { task, .. } => self.apply_restart(seq, task)?,
            Body::Paused { reason } => self.paused = Some(reason.clone()),
            Body::Resumed { epoch, caps, engine, programs, .. } => {
                self.note_programs(programs);
                self.paused = None;
                self.epoch = *epoch;
                self.caps = caps.clone();
                self.engine = engine.as_str().into();
                let open = self.tasks.values_mut().filter(|task| !task.state.is_ended());
                open.for_each(Task::carry);
            }
            Body::Finished { outcome, usage } => {
                let root = self.workflow_mut(seq, &TaskPath::root())?;
                if root.has_open() {
                    return Err(wrong("the run ends before its tasks".into()));
                }
                root.ended = true;
                self.finished = Some((outcome.clone(), *usage));
            }
        }
        Ok(())
    }

    pub(super) fn workflow_mut(
        &mut self,
        seq: u64,
        path: &TaskPath,
    ) -> Result<&mut Workflow, RecordError> {
        self.workflows.get_mut(path).filter(|workflow| !workflow.ended).ok_or_else(|| {
            RecordError::Contradiction { seq, what: format!("there is no open workflow /{path}") }
        })
    }

    pub(super) fn open_task_mut(
        &mut self,
        seq: u64,
        path: &TaskPath,
    ) -> Result<&mut Task, RecordError> {
        self.tasks.get_mut(path).filter(|task| !task.state.is_ended()).ok_or_else(|| {
            RecordError::Contradiction { seq, what: format!("there is no open task /{path}") }
        })
    }
}

/// What a child workflow may touch: what its parent may, narrowed by what the parent says, and no more
/// than it asks for itself.
pub(super) fn scope_of_child(
    parent: &Scope,
    spec: &WorkflowSpec,
    asked: Option<&Requests>,
) -> Result<Scope, PatternError> {
    let options = &spec.options;
    let scope = parent.for_child(options.read.as_deref(), options.within.as_ref())?;
    Ok(match asked {
        Some(asked) => scope.intersect(&asked.scope()?),
        None => scope,
    })
}
