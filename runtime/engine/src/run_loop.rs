//! Drives one run: takes what happens, makes it durable, then acts.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use baton_agents::backend::{Answer, BackendError, Notice};
use baton_core::action::Action;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::limits::Limits;
use baton_core::record::{Pause, Record};
use baton_core::run::{Outbox, Unserved};
use baton_host::GuestEnd;
use baton_host::files::Root;
use baton_host::port::{CallError, PortError};
use baton_journal::store::{Blob, Journal, Lease, TakenLetter};
use tokio::sync::mpsc;

use crate::api::{Observer, RunReport, StandIn, Watcher};
use crate::backends::RunBackends;
use crate::calls::Calls;
use crate::error::EngineError;
use crate::inboxes::Inboxes;
use crate::instances::Instances;
use crate::jobs::Jobs;
use crate::meter::Metering;
use crate::outage::Brakes;
use crate::pauses::ITSELF;
use crate::reuse::{Lookup, World};
use crate::scheduler::{Permit, Scheduler};
use crate::shared::{Event, Shared};

/// Epoch of the owner that started a run; whoever takes it on later has a higher one.
const FIRST_EPOCH: u64 = 1;

/// What a loop works with.
pub(crate) struct RunLoop {
    pub run: RunId,
    pub lease: Lease,
    pub journal: Arc<dyn Journal>,
    pub shared: Arc<Shared>,
    pub events: mpsc::UnboundedReceiver<Event>,
    pub scheduler: Arc<Scheduler>,
    pub instances: Instances,
    pub backends: RunBackends,
    pub root: Option<Arc<Root>>,
    /// The states of that directory.
    pub world: World,
    /// Where results of another run are found.
    pub lookup: Option<Lookup>,
    pub limits: Arc<Limits>,
    pub observer: Option<Observer>,
    pub watcher: Option<Watcher>,
    pub jobs: Jobs,
    pub metering: Metering,
    /// Providers that serve nobody for now.
    pub brakes: Arc<Brakes>,
    /// Tasks that wait until their provider serves again.
    pub stopped: Vec<TaskPath>,
    /// Tasks that try whether a provider serves again.
    pub probes: BTreeMap<TaskPath, String>,
    /// Since when the run is paused, with this process waiting to go on with it.
    pub resting: Option<Timestamp>,
    /// Whether it goes on by itself.
    pub continues: bool,
    /// Whether this process stays while nothing but people is waited for.
    pub waits: bool,
    /// Who performs tasks in place of backends and tools.
    pub stand_in: Option<Arc<dyn StandIn>>,
    /// What people told agents at work.
    pub inboxes: Inboxes,
    /// Tasks that begin anew as soon as what they did has ended.
    pub restarting: BTreeSet<TaskPath>,
    pub calls: Calls,
    pub timers: BinaryHeap<Reverse<(Timestamp, TaskPath)>>,
    /// Granted, to be started with the next commit. What an agent called needs no room of its own.
    pub granted: Vec<(TaskPath, Option<Permit>)>,
    /// Granted, and not to be started before it is known how many agents would start together.
    pub undecided: Vec<(TaskPath, Option<Permit>)>,
    /// Not started because a cap leaves no room.
    pub held: VecDeque<TaskPath>,
    /// Letters to be marked as taken once what they caused is durable, with why they could not be
    /// obeyed.
    pub letters: Vec<TakenLetter>,
    /// Letters that were taken, those from before the start too: whoever watches the inbox may bring one
    /// of them once more.
    pub taken: BTreeSet<u64>,
    /// When the wall time that the operator granted is over.
    pub deadline: Option<Timestamp>,
    /// Nothing more starts.
    pub parking: Option<Pause>,
    /// The run is let go as soon as the outbox is durable.
    pub leaving: bool,
}

/// What lay in the outbox, with the blobs its records name.
struct Taken {
    outbox: Outbox,
    blobs: Vec<Blob>,
}

impl Taken {
    fn is_empty(&self) -> bool {
        self.outbox.records.is_empty() && self.outbox.actions.is_empty() && self.blobs.is_empty()
    }
}

impl RunLoop {
    /// Drives the run until it ended, paused, or cannot be driven on.
    pub(crate) async fn drive(mut self) -> RunReport {
        let result = self.turn().await;
        self.instances.abort(&TaskPath::root());
        self.scheduler.leave(&self.run);
        // Nobody listens any more: whoever waits for an answer of this loop goes on without one.
        self.events.close();
        while self.events.try_recv().is_ok() {}
        self.jobs.stop().await;
        self.forget_probes();
        self.calls.close().await;
        let error = match result {
            Ok(()) => self.journal.release(&self.lease).await.err().map(EngineError::from),
            Err(error) => {
                // A lease that is lost needs no release; any other error leaves the run to others.
                let _ = self.journal.release(&self.lease).await;
                Some(error)
            }
        };
        RunReport::of(&self.shared.lock().run, error)
    }

    async fn turn(&mut self) -> Result<(), EngineError> {
        if self.lease.epoch > FIRST_EPOCH {
            self.obey_first().await?;
        }
        loop {
            self.decide_fan_out();
            self.commit().await?;
            if self.leaving || self.shared.lock().run.finished().is_some() {
                return Ok(());
            }
            // Room that was given back is room for others: a run is stuck only when nothing is on its way.
            if self.take_waiting().await? {
                self.fire_timers().await;
                continue;
            }
            self.pause_if_stuck().await;
            // Whoever leaves a run that is paused already has nothing more to put on record.
            if self.leaving || self.shared.lock().run.has_outbox() {
                continue;
            }
            if let Some(event) = self.next().await {
                self.take(event).await?;
            }
            self.take_waiting().await?;
            self.fire_timers().await;
        }
    }

    /// Takes every event that has arrived, so that one commit serves them all. Whether there was one.
    async fn take_waiting(&mut self) -> Result<bool, EngineError> {
        let mut taken = false;
        while let Ok(event) = self.events.try_recv() {
            self.take(event).await?;
            taken = true;
        }
        Ok(taken)
    }

    /// Obeys what people asked while nobody drove the run, before anything starts.
    async fn obey_first(&mut self) -> Result<(), EngineError> {
        let letters = self.journal.inbox().await?;
        let now = self.journal.now();
        for letter in letters {
            if letter.run == self.run {
                self.obey(letter, now).await;
            }
        }
        Ok(())
    }

    /// The next event; none when a timer or the deadline is due first.
    async fn next(&mut self) -> Option<Event> {
        // A stand-in's timer falls due at once where it is all that is left.
        let hasty = self.stand_in.is_some() && self.nothing_else_is_open();
        let now = self.journal.now();
        let timer = self.timers.peek().map(|Reverse((due, _))| if hasty { now } else { *due });
        let due = [timer, self.deadline(), self.reset()].into_iter().flatten().min();
        match due {
            None => self.events.recv().await,
            Some(due) => {
                let wait = Duration::from_millis(due.since(self.journal.now()));
                tokio::time::timeout(wait, self.events.recv()).await.unwrap_or_default()
            }
        }
    }

    /// When the operator's time is over. It does not pass while the run waits for a provider.
    fn deadline(&self) -> Option<Timestamp> {
        self.deadline.filter(|_| self.resting.is_none())
    }

    async fn fire_timers(&mut self) {
        let now = self.journal.now();
        if let Some(stand_in) = self.stand_in.clone() {
            self.decide_gates(&*stand_in, now);
        }
        let hasty = self.stand_in.is_some() && self.nothing_else_is_open();
        while let Some(Reverse((due, _))) = self.timers.peek()
            && (hasty || (*due <= now && self.stand_in.is_none()))
        {
            if let Some(Reverse((_, task))) = self.timers.pop() {
                let open = self.shared.lock().run.outcome(&task).is_none();
                if open {
                    self.woken(ITSELF, now);
                }
                self.shared.lock().run.timer_due(&task, now);
            }
            if hasty {
                break;
            }
        }
        if self.reset().is_some_and(|reset| reset <= now) {
            self.go_on(None);
        }
        if self.deadline().is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.leave(Pause::Cap { cap: "wall-time".into(), short: None }).await;
        }
    }

    async fn take(&mut self, event: Event) -> Result<(), EngineError> {
        let now = self.journal.now();
        match event {
            Event::Kick => self.shared.lock().kicked = false,
            Event::GuestEnded { workflow, end } => self.guest_ended(&workflow, end).await?,
            Event::JobEnded { task, answer } => {
                self.jobs.ended(&task);
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
            Notice::Heard { upto } => cell.run.heard(task, upto, now),
            Notice::Artifact(bytes) => cell.blobs.push(Blob::new(bytes)),
            Notice::Passed(passed) => {
                let steps = (passed.rung, passed.rungs);
                cell.run.passed(task, steps, passed.backend, passed.saved_micro_usd, now);
            }
            Notice::Activity(activity) => {
                if let Some(watcher) = &self.watcher {
                    // Somebody who looks no longer does not stop the run.
                    let _ = watcher.send((task.clone(), activity));
                }
            }
        }
    }

    fn take_outbox(&self) -> Taken {
        let mut cell = self.shared.lock();
        Taken { outbox: cell.run.take_outbox(), blobs: std::mem::take(&mut cell.blobs) }
    }

    /// Makes everything in the outbox durable, then does what it calls for, until it is empty.
    async fn commit(&mut self) -> Result<(), EngineError> {
        loop {
            let mut taken = self.take_outbox();
            if taken.is_empty() && self.granted.is_empty() {
                let now = self.journal.now();
                self.metering.admit(&mut self.shared.lock().run, now);
                if !self.shared.lock().run.has_outbox() {
                    self.metering.answer();
                    break;
                }
                taken = self.take_outbox();
            }
            let mut later = self.request_room(std::mem::take(&mut taken.outbox.actions));
            // A place is free because a job ended. Its end was told before the place was given on, and
            // goes on record before the next start, so that by the journal too no cap is exceeded.
            while !self.granted.is_empty()
                && let Ok(event) = self.events.try_recv()
            {
                self.take(event).await?;
            }
            let launches = self.admit();
            // Starts that fit now become durable in the same commit as their intents.
            let more = self.take_outbox();
            taken.outbox.records.extend(more.outbox.records);
            taken.blobs.extend(more.blobs);
            later.extend(more.outbox.actions);
            // What letters caused is durable together with that they were taken.
            let letters = std::mem::take(&mut self.letters);
            self.append(taken.outbox.records, taken.blobs, letters).await?;
            self.calls.answer();
            self.metering.answer();
            self.launch(launches).await;
            for action in later {
                self.act(action);
            }
        }
        for (letter, reply) in std::mem::take(&mut self.letters) {
            self.journal.obeyed(letter, reply).await?;
        }
        Ok(())
    }

    async fn append(
        &self,
        records: Vec<Record>,
        blobs: Vec<Blob>,
        letters: Vec<TakenLetter>,
    ) -> Result<(), EngineError> {
        let Some(last) = records.last().map(|record| record.seq) else {
            if !blobs.is_empty() {
                self.journal.put_blobs(blobs).await?;
            }
            for (letter, reply) in letters {
                self.journal.obeyed(letter, reply).await?;
            }
            return Ok(());
        };
        let shown: Vec<Arc<Record>> = match &self.observer {
            Some(_) => records.iter().cloned().map(Arc::new).collect(),
            None => Vec::new(),
        };
        self.journal.append_obeying(&self.lease, records, blobs, letters).await?;
        self.shared.lock().run.mark_durable(last);
        if let Some(observer) = &self.observer {
            for record in shown {
                // Somebody who looks no longer does not stop the run.
                let _ = observer.send(record);
            }
        }
        Ok(())
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Perform { task } => self.request(task),
            Action::StartWorkflow { task } => self.instances.start(&task),
            Action::ArmTimer { task, due } => self.timers.push(Reverse((due, task))),
            Action::Abort { task } => {
                self.scheduler.withdraw(&self.run, &task);
                self.held.retain(|held| held != &task);
                self.stopped.retain(|stopped| !stopped.is_within(&task));
                self.metering.abort(&task);
                self.jobs.abort(&task);
                self.calls.abort(&task);
                self.instances.abort(&task);
            }
            Action::Wake { workflow } => self.instances.wake(&workflow),
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
