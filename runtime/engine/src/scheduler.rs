//! Room for agents: caps for the process, each run and each backend, and fairness between runs.
//!
//! Runs take turns: a run with a thousand queued agents does not keep one with a single agent
//! waiting. Parents, gates and timers hold no room.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use baton_core::ids::{RunId, TaskPath};

use crate::shared::{Event, Shared};

/// Room for one agent; given back when dropped.
pub(crate) struct Permit {
    scheduler: Weak<Scheduler>,
    run: RunId,
    backend: Arc<str>,
}

impl Drop for Permit {
    fn drop(&mut self) {
        if let Some(scheduler) = self.scheduler.upgrade() {
            scheduler.give_back(&self.run, &self.backend);
        }
    }
}

/// Hands out room.
pub(crate) struct Scheduler {
    state: Mutex<State>,
}

struct State {
    free: u32,
    backend_free: BTreeMap<Arc<str>, u32>,
    runs: BTreeMap<RunId, Queue>,
    /// Runs with something queued, in the order of their turns.
    turns: VecDeque<RunId>,
}

struct Queue {
    shared: Weak<Shared>,
    waiting: VecDeque<(TaskPath, Arc<str>)>,
    at_work: u32,
    max: u32,
}

impl Scheduler {
    pub(crate) fn new(concurrency: u32, backends: &[(String, u32)]) -> Arc<Self> {
        let backend_free =
            backends.iter().map(|(name, max)| (Arc::from(name.as_str()), *max)).collect();
        let state = State {
            free: concurrency.max(1),
            backend_free,
            runs: BTreeMap::new(),
            turns: VecDeque::new(),
        };
        Arc::new(Self { state: Mutex::new(state) })
    }

    /// Makes a run known.
    pub(crate) fn enter(&self, run: &RunId, shared: &Arc<Shared>, max: Option<u32>) {
        let queue = Queue {
            shared: Arc::downgrade(shared),
            waiting: VecDeque::new(),
            at_work: 0,
            max: max.unwrap_or(u32::MAX).max(1),
        };
        self.lock().runs.insert(run.clone(), queue);
    }

    /// Forgets a run and what it has queued. Permits it holds stay good.
    pub(crate) fn leave(&self, run: &RunId) {
        let mut state = self.lock();
        state.runs.remove(run);
        state.turns.retain(|other| other != run);
    }

    /// Forgets what a run has queued.
    pub(crate) fn clear(&self, run: &RunId) {
        let mut state = self.lock();
        if let Some(queue) = state.runs.get_mut(run) {
            queue.waiting.clear();
        }
        state.turns.retain(|other| other != run);
    }

    /// Asks for room. Given at once if there is some and nobody waits; otherwise it arrives as
    /// [`Event::Granted`].
    pub(crate) fn request(
        self: &Arc<Self>,
        run: &RunId,
        task: &TaskPath,
        backend: &Arc<str>,
    ) -> Option<Permit> {
        let mut state = self.lock();
        let nobody_waits = state.turns.is_empty();
        if nobody_waits && state.take(run, backend) {
            return Some(self.permit(run, backend));
        }
        let queue = state.runs.get_mut(run)?;
        queue.waiting.push_back((task.clone(), Arc::clone(backend)));
        if !state.turns.contains(run) {
            state.turns.push_back(run.clone());
        }
        let granted = self.grant(&mut state);
        drop(state);
        deliver(granted);
        None
    }

    /// Takes back a request that was not granted yet.
    pub(crate) fn withdraw(&self, run: &RunId, task: &TaskPath) {
        let mut state = self.lock();
        if let Some(queue) = state.runs.get_mut(run) {
            queue.waiting.retain(|(other, _)| other != task);
            if queue.waiting.is_empty() {
                state.turns.retain(|other| other != run);
            }
        }
    }

    fn give_back(self: &Arc<Self>, run: &RunId, backend: &Arc<str>) {
        let mut state = self.lock();
        state.free += 1;
        if let Some(free) = state.backend_free.get_mut(backend) {
            *free += 1;
        }
        if let Some(queue) = state.runs.get_mut(run) {
            queue.at_work = queue.at_work.saturating_sub(1);
        }
        let granted = self.grant(&mut state);
        drop(state);
        deliver(granted);
    }

    /// Grants what fits, one task a turn.
    fn grant(self: &Arc<Self>, state: &mut State) -> Vec<(Arc<Shared>, TaskPath, Permit)> {
        let mut granted = Vec::new();
        let mut passed = 0;
        while state.free > 0 && passed < state.turns.len() {
            let Some(run) = state.turns.pop_front() else {
                break;
            };
            let next = state.next_of(&run);
            let Some((task, backend, shared, more)) = next else {
                // Nothing of this run fits now: its turn comes again when something is given back.
                if state.runs.get(&run).is_some_and(|queue| !queue.waiting.is_empty()) {
                    state.turns.push_back(run);
                    passed += 1;
                }
                continue;
            };
            passed = 0;
            if more {
                state.turns.push_back(run.clone());
            }
            granted.push((shared, task, self.permit(&run, &backend)));
        }
        granted
    }

    fn permit(self: &Arc<Self>, run: &RunId, backend: &Arc<str>) -> Permit {
        Permit { scheduler: Arc::downgrade(self), run: run.clone(), backend: Arc::clone(backend) }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Takes room for a task of this run, if there is some.
    fn take(&mut self, run: &RunId, backend: &Arc<str>) -> bool {
        let backend_free = self.backend_free.get(backend).copied().unwrap_or(u32::MAX);
        let Some(queue) = self.runs.get_mut(run) else {
            return false;
        };
        if self.free == 0 || backend_free == 0 || queue.at_work >= queue.max {
            return false;
        }
        queue.at_work += 1;
        self.free -= 1;
        if let Some(free) = self.backend_free.get_mut(backend) {
            *free -= 1;
        }
        true
    }

    /// The first queued task of a run that fits, with room taken for it, and whether more wait.
    fn next_of(&mut self, run: &RunId) -> Option<(TaskPath, Arc<str>, Arc<Shared>, bool)> {
        let queue = self.runs.get(run)?;
        let shared = queue.shared.upgrade()?;
        if queue.at_work >= queue.max {
            return None;
        }
        let fits = |backend: &Arc<str>| self.backend_free.get(backend).is_none_or(|free| *free > 0);
        let index = queue.waiting.iter().position(|(_, backend)| fits(backend))?;
        let queue = self.runs.get_mut(run)?;
        let (task, backend) = queue.waiting.remove(index)?;
        let more = !queue.waiting.is_empty();
        self.take(run, &backend).then_some((task, backend, shared, more))
    }
}

/// Outside of the lock: an event that finds no listener drops its permit, which locks again.
fn deliver(granted: Vec<(Arc<Shared>, TaskPath, Permit)>) {
    for (shared, task, permit) in granted {
        shared.send(Event::Granted { task, permit });
    }
}
