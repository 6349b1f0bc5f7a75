//! Drives one run: takes what happens, makes it durable, then acts.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use baton_agents::backend::{Answer, BackendError, Job, Notice};
use baton_core::action::Action;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{RunId, TaskId, TaskPath, Timestamp};
use baton_core::limits::Limits;
use baton_core::manifest::AgentType;
use baton_core::record::{Pause, Record, Work};
use baton_core::reuse::needs_snapshot;
use baton_core::run::Outbox;
use baton_core::spec::AgentSpec;
use baton_host::GuestEnd;
use baton_host::files::Root;
use baton_host::port::{CallError, PortError};
use baton_journal::store::{Blob, Control, Journal, Lease, Letter};
use baton_tools::ToolCall;
use tokio::sync::mpsc;

use crate::api::{Observer, RunReport};
use crate::backends::RunBackends;
use crate::calls::{Calls, Facts, tools_of};
use crate::error::EngineError;
use crate::instances::Instances;
use crate::jobs::Jobs;
use crate::reuse::{Lookup, World, scope_of};
use crate::scheduler::{Permit, Scheduler};
use crate::shared::{Event, Shared};

/// Wall time of one attempt where neither task nor limit says otherwise.
const ATTEMPT_MS_DEFAULT: u64 = 600_000;

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
    pub jobs: Jobs,
    pub calls: Calls,
    pub timers: BinaryHeap<Reverse<(Timestamp, TaskPath)>>,
    /// Granted, to be started with the next commit. What an agent called needs no room of its own.
    pub granted: Vec<(TaskPath, Option<Permit>)>,
    /// Not started because a cap leaves no room.
    pub held: VecDeque<TaskPath>,
    /// Letters to be marked as obeyed once what they caused is durable.
    pub letters: Vec<u64>,
    /// When the wall time that the operator granted is over.
    pub deadline: Option<Timestamp>,
    /// Nothing more starts.
    pub parking: Option<Pause>,
    /// The run is let go as soon as the outbox is durable.
    pub leaving: bool,
}

/// A job that may start once the record of its start is durable.
struct Launch {
    task: TaskPath,
    attempt: u32,
    permit: Option<Permit>,
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
        self.jobs.stop().await;
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
            self.commit().await?;
            if self.leaving || self.shared.lock().run.finished().is_some() {
                return Ok(());
            }
            self.pause_if_stuck().await;
            if self.shared.lock().run.has_outbox() {
                continue;
            }
            if let Some(event) = self.next().await {
                self.take(event).await?;
            }
            while let Ok(event) = self.events.try_recv() {
                self.take(event).await?;
            }
            self.fire_timers().await;
        }
    }

    /// Obeys what people asked while nobody drove the run, before anything starts.
    async fn obey_first(&mut self) -> Result<(), EngineError> {
        let letters = self.journal.inbox().await?;
        let now = self.journal.now();
        for letter in letters {
            if letter.run == self.run {
                self.obey(letter, now);
            }
        }
        Ok(())
    }

    /// The next event; none when a timer or the deadline is due first.
    async fn next(&mut self) -> Option<Event> {
        let timer = self.timers.peek().map(|Reverse((due, _))| *due);
        let due = [timer, self.deadline].into_iter().flatten().min();
        match due {
            None => self.events.recv().await,
            Some(due) => {
                let wait = Duration::from_millis(due.since(self.journal.now()));
                tokio::time::timeout(wait, self.events.recv()).await.unwrap_or_default()
            }
        }
    }

    async fn fire_timers(&mut self) {
        let now = self.journal.now();
        while let Some(Reverse((due, _))) = self.timers.peek()
            && *due <= now
        {
            if let Some(Reverse((_, task))) = self.timers.pop() {
                self.shared.lock().run.timer_due(&task, now);
            }
        }
        if self.deadline.is_some_and(|deadline| deadline <= now) {
            self.deadline = None;
            self.leave(Pause::Cap { cap: "wall-time".into() }).await;
        }
    }

    /// Stops: running jobs are aborted and will be repeated by a resume.
    async fn leave(&mut self, reason: Pause) {
        self.note_state().await;
        self.leave_at_once(reason);
    }

    /// The same, without a look at the granted directory.
    fn leave_at_once(&mut self, reason: Pause) {
        let now = self.journal.now();
        self.shared.lock().run.pause(reason, now);
        self.leaving = true;
    }

    /// Starts nothing more, and leaves when nothing is at work.
    fn park(&mut self, reason: Pause) {
        // Agents at work finish, and with them what they call.
        self.granted.retain(|(_, permit)| permit.is_none());
        self.scheduler.leave(&self.run);
        self.parking.get_or_insert(reason);
    }

    /// Pauses a run in which nothing can move any more until an operator acts.
    async fn pause_if_stuck(&mut self) {
        if !self.jobs.is_empty() || !self.granted.is_empty() {
            return;
        }
        if let Some(reason) = self.parking.clone() {
            self.leave(reason).await;
            return;
        }
        if self.decides() {
            return;
        }
        let cap = if self.held.is_empty() { None } else { self.shared.lock().run.cap_reached(0) };
        if let Some(cap) = cap
            && self.instances.all_wait()
        {
            self.leave(Pause::Cap { cap: cap.into() }).await;
        }
    }

    async fn take(&mut self, event: Event) -> Result<(), EngineError> {
        let now = self.journal.now();
        match event {
            Event::Kick => self.shared.lock().kicked = false,
            Event::GuestEnded { workflow, end } => self.guest_ended(&workflow, end).await?,
            Event::JobEnded { task, answer } => {
                self.jobs.ended(&task);
                self.job_ended(&task, answer, now);
            }
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
            Event::Letter(letter) => self.obey(letter, now),
            Event::Park => self.park(Pause::Interrupted),
            Event::Stop => self.leave_at_once(Pause::Interrupted),
        }
        Ok(())
    }

    fn obey(&mut self, letter: Letter, now: Timestamp) {
        match letter.control {
            Control::Cancel { task } => {
                self.shared.lock().run.cancel_ordered(&task, &letter.by, now);
            }
            Control::Pause => self.park(Pause::Person { by: letter.by }),
        }
        self.letters.push(letter.id);
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
            Err(PortError::Internal(message)) => return Err(EngineError::Internal(message)),
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
            Err(BackendError::Quota { failure, .. }) => Outcome::Failed(failure),
            Err(BackendError::Cancelled) if self.leaving => return,
            Err(BackendError::Cancelled) => Outcome::Failed(Failure::cancelled("the host")),
        };
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
            Notice::Artifact(bytes) => cell.blobs.push(Blob::new(bytes)),
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
                break;
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
            self.append(taken.outbox.records, taken.blobs).await?;
            self.calls.answer();
            self.launch(launches).await;
            for action in later {
                self.act(action);
            }
        }
        for letter in std::mem::take(&mut self.letters) {
            self.journal.obeyed(letter).await?;
        }
        Ok(())
    }

    async fn append(&self, records: Vec<Record>, blobs: Vec<Blob>) -> Result<(), EngineError> {
        let Some(last) = records.last().map(|record| record.seq) else {
            if !blobs.is_empty() {
                self.journal.put_blobs(blobs).await?;
            }
            return Ok(());
        };
        let shown: Vec<Arc<Record>> = match &self.observer {
            Some(_) => records.iter().cloned().map(Arc::new).collect(),
            None => Vec::new(),
        };
        self.journal.append(&self.lease, records, blobs).await?;
        self.shared.lock().run.mark_durable(last);
        if let Some(observer) = &self.observer {
            for record in shown {
                // Somebody who looks no longer does not stop the run.
                let _ = observer.send(record);
            }
        }
        Ok(())
    }

    /// Asks the scheduler for room; keeps the actions that come after the commit.
    fn request_room(&mut self, actions: Vec<Action>) -> Vec<Action> {
        let mut later = Vec::new();
        for action in actions {
            match action {
                Action::Perform { task } => self.request(task),
                other => later.push(other),
            }
        }
        later
    }

    /// Brings a task on its way: to its snapshot, its look-up or its place in the queue.
    pub(crate) fn request(&mut self, task: TaskPath) {
        let facts = {
            let cell = self.shared.lock();
            let agents = cell.run.is_agents(&task);
            cell.run.task(&task).and_then(|known| match &*known.work {
                Work::Agent { backend, .. } => {
                    Some((Arc::from(backend.as_str()), needs_snapshot(&known.work), false))
                }
                Work::Tool { tool, .. } => Some((Arc::from(tool.as_str()), false, agents)),
                _ => None,
            })
        };
        let Some((backend, needs_snapshot, agents)) = facts else { return };
        if agents {
            self.granted.push((task, None));
            return;
        }
        if self.parking.is_some() {
            return;
        }
        if (needs_snapshot && self.world.holds(&task)) || self.look_up(&task) {
            return;
        }
        if let Some(permit) = self.scheduler.request(&self.run, &task, &backend) {
            self.granted.push((task, Some(permit)));
        }
    }

    /// Turns grants into starts, as far as the operator's caps let them.
    fn admit(&mut self) -> Vec<Launch> {
        if self.leaving {
            // Whoever leaves starts nothing more.
            self.granted.clear();
        }
        if self.granted.is_empty() {
            return Vec::new();
        }
        let now = self.journal.now();
        let mut cell = self.shared.lock();
        let (mut chosen, mut new) = (Vec::new(), 0);
        for (task, permit) in self.granted.drain(..) {
            // Ended while it was queued: it takes nothing from what the caps leave to others.
            if cell.run.outcome(&task).is_some() {
                continue;
            }
            let first = cell.run.task(&task).is_some_and(|known| {
                known.attempts == 0 && matches!(*known.work, Work::Agent { .. })
            });
            if first && cell.run.cap_reached(new).is_some() {
                self.held.push_back(task);
                continue;
            }
            new += u64::from(first);
            chosen.push((task, permit));
        }
        let tasks: Vec<TaskPath> = chosen.iter().map(|(task, _)| task.clone()).collect();
        let starts = cell.run.start_tasks(&tasks, now);
        let mut starts = starts.into_iter().peekable();
        let mut launches = Vec::new();
        for (task, permit) in chosen {
            // A task that ended while it was queued has no start; its permit is dropped.
            if let Some(start) = starts.next_if(|start| start.task == task) {
                launches.push(Launch { task, attempt: start.attempt, permit });
            }
        }
        launches
    }

    async fn launch(&mut self, launches: Vec<Launch>) {
        for Launch { task, attempt, permit } in launches {
            let call = Facts::of(&self.shared.lock().run, &task);
            if let Some(call) = call {
                self.launch_call(task, attempt, call, permit);
                continue;
            }
            let facts = {
                let cell = self.shared.lock();
                let scope = scope_of(&cell.run, &task);
                cell.run.task(&task).filter(|_| cell.run.outcome(&task).is_none()).and_then(
                    |known| match &*known.work {
                        Work::Agent { spec, backend, .. } => {
                            Some((spec.clone(), backend.clone(), scope.unwrap_or_default()))
                        }
                        _ => None,
                    },
                )
            };
            let Some((spec, backend, scope)) = facts else {
                continue;
            };
            self.world.is_used(&task);
            let backend = match self.backends.get(&backend).await {
                Ok(backend) => backend,
                Err(failure) => {
                    let now = self.journal.now();
                    let outcome = Outcome::Failed(failure);
                    self.shared.lock().run.task_ended(&task, outcome, Default::default(), now);
                    continue;
                }
            };
            let tools = tools_of(&self.shared, &task);
            let job = Job {
                task: TaskId { run: self.run.clone(), path: task },
                attempt,
                timeout_ms: spec.options.timeout_ms.unwrap_or(ATTEMPT_MS_DEFAULT),
                scope: Arc::new(scope),
                definition: self.definition(&spec),
                spec: Arc::new(spec),
                corrections: Vec::new(),
                root: self.root.as_ref().map(|root| root.path().to_owned()),
                limits: Arc::clone(&self.limits),
            };
            self.jobs.start(&self.shared, backend, job, tools, permit);
        }
    }

    fn launch_call(&mut self, task: TaskPath, attempt: u32, facts: Facts, permit: Option<Permit>) {
        self.world.is_used(&task);
        let Facts { spec, tool, authority, effect, definition } = facts;
        let component = self.calls.component(&definition);
        let call = ToolCall {
            task: TaskId { run: self.run.clone(), path: task },
            attempt,
            tool,
            input: spec.input,
            authority: Arc::new(authority),
            effect,
            timeout_ms: spec.options.timeout_ms,
            guest: None,
        };
        self.jobs.start_call(&self.shared, self.calls.toolbox(), call, component, permit);
    }

    fn definition(&self, spec: &AgentSpec) -> Option<Arc<AgentType>> {
        let name = spec.options.agent_type.as_ref()?;
        let cell = self.shared.lock();
        cell.run.started().program.agent_types.get(name).cloned().map(Arc::new)
    }

    fn act(&mut self, action: Action) {
        match action {
            Action::Perform { task } => self.request(task),
            Action::StartWorkflow { task } => self.instances.start(&task),
            Action::ArmTimer { task, due } => self.timers.push(Reverse((due, task))),
            Action::Abort { task } => {
                self.scheduler.withdraw(&self.run, &task);
                self.held.retain(|held| held != &task);
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
fn own_end(outcome: Outcome) -> Outcome {
    match outcome {
        Outcome::Failed(mut failure) if failure.kind == FailureKind::Cancelled => {
            failure.kind = FailureKind::Failed;
            Outcome::Failed(failure)
        }
        other => other,
    }
}
