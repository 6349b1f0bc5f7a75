//! What stops a run for a time, and what lets it go on.

use std::cmp::Reverse;

use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Pause, Work};

use crate::outage::Open;
use crate::run_loop::RunLoop;

/// Who lets a run go on when a provider may serve again.
pub(crate) const ITSELF: &str = "baton";

impl RunLoop {
    /// Stops: running jobs are aborted and will be repeated by a resume.
    pub(crate) async fn leave(&mut self, reason: Pause) {
        self.note_state().await;
        self.leave_at_once(reason);
    }

    /// The same, without a look at the granted directory.
    pub(crate) fn leave_at_once(&mut self, reason: Pause) {
        let now = self.journal.now();
        self.shared.lock().run.pause(reason, now);
        self.leaving = true;
    }

    /// Starts nothing more, and leaves when nothing is at work.
    pub(crate) fn park(&mut self, reason: Pause) {
        // Agents at work finish, and with them what they call.
        self.granted.retain(|(_, permit)| permit.is_none());
        self.undecided.clear();
        self.scheduler.clear(&self.run);
        self.parking.get_or_insert(reason);
    }

    /// Whether anything is being done that will end by itself. An agent that waits for room for a call
    /// is not.
    fn is_at_work(&self) -> bool {
        self.jobs.len() > self.metering.waiting() || !self.granted.is_empty()
    }

    /// Pauses a run in which nothing can move any more until time passes or an operator acts.
    pub(crate) async fn pause_if_stuck(&mut self) {
        if self.is_at_work() {
            return;
        }
        if let Some(reason) = self.parking.clone() {
            self.leave(reason).await;
            return;
        }
        if self.resting.is_some() || self.decides() || !self.instances.all_wait() {
            return;
        }
        let now = self.journal.now();
        let outage = self.outage();
        if let Some((provider, open)) = &outage
            && self.continues
            && (open.probing || open.passes(now).is_some())
        {
            let reason = paused_by(provider, open);
            self.shared.lock().run.pause(reason, now);
            self.resting = Some(now);
            return;
        }
        if let Some(lack) = self.lack(now) {
            self.leave(lack).await;
        } else if let Some((provider, open)) = outage {
            self.leave(paused_by(&provider, &open)).await;
        } else if let Some(reason) = self.waits_for_people() {
            if self.waits {
                self.shared.lock().run.pause(reason, now);
                self.resting = Some(now);
            } else {
                self.leave(reason).await;
            }
        }
    }

    /// What people must do before anything goes on: answer a gate, or send a message. None: something
    /// else is open, or the run has not begun to wait.
    fn waits_for_people(&self) -> Option<Pause> {
        let cell = self.shared.lock();
        // Whoever waits for a timer has that to wait for; the deadline of a gate is the person's.
        let timer = self.timers.iter().any(|Reverse((_, task))| {
            let work = cell.run.task(task).map(|known| &*known.work);
            cell.run.outcome(task).is_none() && !matches!(work, Some(Work::Gate { .. }))
        });
        if timer || cell.instances.is_empty() || !cell.all_stand_still() {
            return None;
        }
        match cell.run.open_gates().next() {
            Some((task, spec)) => {
                Some(Pause::Gate { task: task.clone(), question: spec.question.clone() })
            }
            // Nothing of it is open at all: it said that it takes messages, and waits for one.
            None => cell.run.nothing_is_open().then_some(Pause::Message),
        }
    }

    /// Something happened that a workflow may wait for: a run that rested goes on. What it rested for
    /// is asked again when it is stuck again.
    pub(crate) fn woken(&mut self, by: &str, now: Timestamp) {
        let Some(since) = self.resting.take() else { return };
        let run = &mut self.shared.lock().run;
        let (epoch, engine) = (run.epoch(), run.engine().to_owned());
        run.resume(by, epoch, &Default::default(), &engine, now);
        let rested = now.since(since);
        self.deadline = self.deadline.map(|deadline| deadline.plus_ms(rested));
    }

    /// Whether nothing but timers is open.
    pub(crate) fn nothing_else_is_open(&self) -> bool {
        let cell = self.shared.lock();
        let performed = cell
            .run
            .tasks()
            .any(|(path, task)| task.work.is_performed() && cell.run.outcome(path).is_none());
        !performed && cell.all_stand_still()
    }

    /// The cap that keeps something from going on.
    fn lack(&self, now: Timestamp) -> Option<Pause> {
        let cell = self.shared.lock();
        let burst = cell.run.burst();
        let held = || {
            self.held.iter().find_map(|task| {
                let whole = burst.as_ref().and_then(|burst| cell.run.lacks_for_burst(task, burst));
                whole.or_else(|| cell.run.lacks_for_start(task, &[], now))
            })
        };
        self.metering.lack(&cell.run, now).or_else(held)
    }

    /// The outage that keeps something from going on: the one that is over first.
    fn outage(&self) -> Option<(String, Open)> {
        let providers = self.stopped.iter().filter_map(|task| self.provider_of(task));
        let open = providers.filter_map(|name| Some((name.clone(), self.brakes.open(&name)?)));
        open.min_by_key(|(_, open)| open.until.map_or(u64::MAX, |until| until.0))
    }

    /// When a provider may serve again that something waits for.
    pub(crate) fn reset(&self) -> Option<Timestamp> {
        if self.stopped.is_empty() || !self.continues || self.parking.is_some() {
            return None;
        }
        let (_, open) = self.outage()?;
        open.passes(self.journal.now()).filter(|_| !open.probing)
    }

    /// A provider may serve again: what waits for it is asked for once more. Of those that are not
    /// served yet, one tries.
    pub(crate) fn go_on(&mut self, by: Option<&str>) {
        let now = self.journal.now();
        let stopped = std::mem::take(&mut self.stopped);
        if stopped.is_empty() {
            return;
        }
        let (ready, waiting) = stopped.into_iter().partition::<Vec<TaskPath>, _>(|task| {
            let provider = self.provider_of(task);
            let open = provider.and_then(|name| self.brakes.open(&name));
            open.is_none_or(|open| open.is_over(now))
        });
        self.stopped = waiting;
        if ready.is_empty() {
            return;
        }
        if let Some(since) = self.resting.take() {
            let run = &mut self.shared.lock().run;
            let (epoch, engine) = (run.epoch(), run.engine().to_owned());
            run.resume(by.unwrap_or(ITSELF), epoch, &Default::default(), &engine, now);
            // The time of the operator's cap is not spent by waiting.
            let rested = now.since(since);
            self.deadline = self.deadline.map(|deadline| deadline.plus_ms(rested));
        }
        for task in ready {
            self.request(task);
        }
    }

    /// A person says that it is over.
    pub(crate) fn told_to_go_on(&mut self, by: &str) {
        let now = self.journal.now();
        for provider in self.stopped.iter().filter_map(|task| self.provider_of(task)) {
            self.brakes.over(&provider, now);
        }
        self.go_on(Some(by));
    }

    /// Whether a task may start at its provider. One that may not is kept until it may.
    pub(crate) fn may_start(&mut self, task: &TaskPath, now: Timestamp) -> bool {
        use crate::outage::Leave;
        let Some(provider) = self.provider_of(task) else { return true };
        match self.brakes.leave(&provider, now) {
            Leave::Free => true,
            Leave::Probe => {
                self.probes.insert(task.clone(), provider);
                true
            }
            Leave::No => {
                self.stopped.push(task.clone());
                false
            }
        }
    }

    /// Whose outages stop an agent.
    pub(crate) fn provider_of(&self, task: &TaskPath) -> Option<String> {
        let name = self.shared.lock().run.provider_of(task)?;
        Some(self.backends.provider(&name).map_or(name.clone(), str::to_owned))
    }

    /// A task, or one call of it, was served. Only one that tried whether its provider serves again
    /// says that it does: others may have been asked for before the outage began.
    pub(crate) fn was_served(&mut self, task: &TaskPath) {
        if let Some(provider) = self.probes.remove(task) {
            self.brakes.served(&provider);
        }
    }

    /// Nobody learns any more what the tasks that try would have found.
    pub(crate) fn forget_probes(&mut self) {
        for provider in std::mem::take(&mut self.probes).into_values() {
            self.brakes.unknown(&provider);
        }
    }

    /// Tasks that a cap left no room for are asked for again when something was settled.
    pub(crate) fn retry_held(&mut self) {
        if self.held.is_empty() {
            return;
        }
        let now = self.journal.now();
        let (fitting, held): (Vec<TaskPath>, Vec<TaskPath>) = {
            let cell = self.shared.lock();
            let mut chosen: Vec<TaskPath> = Vec::new();
            let burst = cell.run.burst();
            std::mem::take(&mut self.held).into_iter().partition(|task| {
                let whole = burst.as_ref().and_then(|burst| cell.run.lacks_for_burst(task, burst));
                let fits = whole.or_else(|| cell.run.lacks_for_start(task, &chosen, now)).is_none();
                if fits {
                    chosen.push(task.clone());
                }
                fits
            })
        };
        self.held = held.into();
        for task in fitting {
            self.request(task);
        }
    }
}

/// The pause of a run that a provider does not serve.
fn paused_by(provider: &str, open: &Open) -> Pause {
    Pause::Provider {
        provider: provider.to_owned(),
        outage: open.outage,
        until: open.until,
        message: open.message.clone(),
    }
}
