//! What happens to a run, as the state machine is told of it.

use std::sync::Arc;

use baton_agents::backend::{Answer, BackendError, Notice};
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::Pause;
use baton_core::run::Unserved;
use baton_core::scope::Denials;
use baton_host::GuestEnd;
use baton_host::port::{CallError, PortError};
use baton_journal::store::Blob;

use super::RunLoop;
use crate::error::EngineError;
use crate::shared::Event;

impl RunLoop {
    pub(super) async fn take(&mut self, event: Event) -> Result<(), EngineError> {
        let now = self.journal.now();
        match event {
            Event::Kick => self.shared.lock().kicked = false,
            Event::GuestEnded { workflow, end } => self.guest_ended(&workflow, end).await?,
            Event::JobEnded { task, answer } => {
                self.jobs.ended(&task);
                self.voice.ended(&task);
                self.inboxes.close(&task);
                if self.restarting.remove(&task) {
                    self.probes.remove(&task).inspect(|provider| self.brakes.unknown(provider));
                    self.request(task);
                } else {
                    self.job_ended(&task, answer, now);
                }
                self.retry_held();
            }
            Event::Asked(call) => self.metering.ask(call),
            Event::Turned { task, turn, answer } => {
                if turn.answered {
                    self.was_served(&task);
                }
                self.metering.settle(&mut self.shared.lock(), &task, turn, answer, now);
                self.retry_held();
            }
            Event::Braked => self.go_on(None),
            Event::Notice { task, notice } => self.notice(&task, notice, now),
            Event::Called { agent, spec, caller } => {
                let called = self.shared.lock().run.agent_calls(&agent, spec, now);
                match called {
                    Ok(task) => self.calls.wait(task, caller),
                    Err(refusal) => {
                        // An agent that is gone hears nothing.
                        let _ = caller.send(Err(CallError::Refused(refusal)));
                    }
                }
            }
            Event::Granted { task, permit } => {
                if self.parking.is_none() {
                    self.granted.push((task, Some(permit)));
                }
            }
            Event::Looked { task, verdict } => self.looked(task, verdict, now),
            Event::Snapshot(snapshot) => self.snapshot(snapshot, now),
            Event::Letter(letter) => self.obey(letter, now).await,
            Event::Denials(said) => self.deny(&said, now),
            Event::Park => self.park(Pause::Interrupted),
            Event::Stop => self.leave_at_once(Pause::Interrupted),
        }
        Ok(())
    }

    async fn guest_ended(&mut self, workflow: &TaskPath, end: GuestEnd) -> Result<(), EngineError> {
        self.instances.ended(workflow);
        let outcome = match end.outcome {
            Ok(outcome) => own_end(outcome),
            Err(PortError::Gone) => {
                // Evicted; or a leftover of a workflow that has ended, which nothing wakes.
                self.instances.wake(workflow);
                return Ok(());
            }
            Err(PortError::Diverged(divergence)) => return Err(EngineError::Diverged(divergence)),
            Err(PortError::Limit { name, message }) => {
                Outcome::Failed(Failure::new(FailureKind::Limit, name, message))
            }
            // Nothing is known of the workflow: the run stays as its journal says.
            Err(PortError::Capacity(message)) => {
                return Err(EngineError::Internal(message.into()));
            }
            Err(PortError::Internal(message)) => {
                let unserved = self.shared.unserved().map(EngineError::Journal);
                return Err(unserved.unwrap_or(EngineError::Internal(message)));
            }
        };
        {
            let mut cell = self.shared.lock();
            let Some(instance) = cell.instances.remove(workflow) else {
                return Ok(());
            };
            if let Some(divergence) = cell.run.ended_early(&instance.cursor, end.fuel) {
                return Err(EngineError::Diverged(divergence));
            }
        }
        if workflow.is_root() {
            self.note_state().await;
        }
        let now = self.journal.now();
        self.shared.lock().run.workflow_ended(workflow, outcome, end.fuel, now);
        Ok(())
    }

    /// Takes away what policy denies now, also from agents at work.
    fn deny(&mut self, said: &[(String, Denials)], now: Timestamp) {
        let run = &mut self.shared.lock().run;
        if run.deny(said, now) {
            let denials = Arc::new(run.denials().clone());
            self.denials.send_replace(Arc::clone(&denials));
            // A server may take its time to end, and no call waits for that.
            let toolbox = self.calls.toolbox();
            tokio::spawn(async move { toolbox.deny(&denials).await });
        }
    }

    fn job_ended(&mut self, task: &TaskPath, answer: Answer, now: Timestamp) {
        let outcome = match answer.result {
            Ok(handoff) => Outcome::Done(handoff),
            Err(BackendError::Retryable { failure, .. } | BackendError::Permanent(failure)) => {
                Outcome::Failed(failure)
            }
            Err(BackendError::Unavailable { outage, failure, after_ms }) => {
                self.probes.remove(task);
                let provider = self.provider_of(task);
                let Some(provider) = provider else { return };
                let message = failure.message.clone();
                let until = self.brakes.trip(&provider, outage, &message, after_ms, now);
                let run = &mut self.shared.lock().run;
                let unserved = Unserved { provider, outage, failure, until };
                run.deferred(task, unserved, answer.usage, now);
                if run.outcome(task).is_none() {
                    self.stopped.push(task.clone());
                }
                return;
            }
            Err(BackendError::Cancelled) if self.leaving => return,
            Err(BackendError::Cancelled) => Outcome::Failed(Failure::cancelled("the host")),
        };
        match &outcome {
            Outcome::Done(_) => self.was_served(task),
            // What ended it may have been anything but the provider: another one tries.
            Outcome::Failed(_) => {
                if let Some(provider) = self.probes.remove(task) {
                    self.brakes.unknown(&provider);
                }
            }
        }
        self.calls.end(task, &outcome);
        self.shared.lock().run.task_ended(task, outcome, answer.usage, now);
    }

    fn notice(&mut self, task: &TaskPath, notice: Notice, now: Timestamp) {
        let mut cell = self.shared.lock();
        match notice {
            Notice::Process { pid, ticks } => {
                let attempt = cell.run.task(task).map_or(1, |known| known.attempts);
                cell.run.process(task, attempt, pid, ticks, now);
            }
            Notice::AttemptFailed { attempt, failure, usage } => {
                cell.run.attempt_failed(task, attempt, failure, usage, now);
            }
            Notice::Denied(denial) => cell.run.denied(task, denial, now),
            Notice::Read { reads, complete } => cell.run.agent_read(task, reads, complete, now),
            Notice::Report(report) => cell.run.agent_reported(task, report, now),
            Notice::Session { rung, session } => cell.run.session(task, rung, session, now),
            Notice::Heard { upto } => cell.run.heard(task, upto, now),
            Notice::Artifact(bytes) => cell.blobs.push(Blob::new(bytes)),
            Notice::Passed(passed) => {
                let steps = (passed.rung, passed.rungs);
                cell.run.passed(task, steps, passed.backend, passed.saved_micro_usd, now);
            }
            Notice::Activity(activity) => {
                let last = cell.run.seq();
                drop(cell);
                self.voice.say(task, last, activity);
            }
        }
    }
}

/// The end of a workflow that returned by itself. Only a person or a parent cancels a workflow: one
/// that hands on the cancellation of a task has failed.
pub(crate) fn own_end(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Failed(mut failure) if failure.kind == FailureKind::Cancelled => {
            failure.kind = FailureKind::Failed;
            Outcome::Failed(failure)
        }
        other => other,
    }
}
