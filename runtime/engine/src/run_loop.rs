//! Drives one run: takes what happens, makes it durable, then acts.

mod commit;
mod taking;

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::time::Duration;

use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::limits::Limits;
use baton_core::record::Pause;
use baton_core::scope::Denials;
use baton_host::files::Root;
use baton_journal::store::{Control, Journal, Lease, TakenLetter};
use tokio::sync::{mpsc, watch};

use crate::api::{Observer, RunReport, StandIn};
use crate::backends::RunBackends;
use crate::calls::Calls;
use crate::error::EngineError;
use crate::inboxes::Inboxes;
use crate::instances::Instances;
use crate::jobs::Jobs;
use crate::live::Voice;
use crate::meter::Metering;
use crate::outage::Brakes;
use crate::pauses::ITSELF;
use crate::reuse::{Lookup, World};
use crate::scheduler::{Permit, Scheduler};
use crate::shared::{Event, Shared};

pub(crate) use taking::own_end;

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
    /// What its agents say, to whoever looks on.
    pub voice: Voice,
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
    /// Who resumed it although people asked it to pause.
    pub anyway: Option<String>,
    /// Sessions of agents that records up to this one tell of are not gone on with.
    pub strange: u64,
    /// Who performs tasks in place of backends and tools.
    pub stand_in: Option<Arc<dyn StandIn>>,
    /// What people told agents at work.
    pub inboxes: Inboxes,
    /// Tasks that begin anew as soon as what they did has ended.
    pub restarting: BTreeSet<TaskPath>,
    pub calls: Calls,
    /// What was taken away from it, for agents at work.
    pub denials: watch::Sender<Arc<Denials>>,
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
        self.voice.end().await;
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
            self.voice.begin();
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
            if letter.run != self.run {
                continue;
            }
            match (self.anyway.clone(), &letter.control) {
                (Some(by), Control::Pause | Control::PauseNow) => self.pass_over(letter, &by, now),
                _ => self.obey(letter, now).await,
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
}
