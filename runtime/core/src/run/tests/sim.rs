//! A world for a run: a store that lags, agents that fail, timers, people, eviction.

mod instances;
mod people;
mod tasks;

use std::collections::{BTreeMap, VecDeque};

use super::coverage::Coverage;
use super::fixture::{T0, started};
use super::guest::{Guest, hash};
use crate::budget::{Amounts, Caps};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Record, Reuse};
use crate::replay::Cursor;
use crate::run::{Outbox, Run};

pub struct Sim {
    pub run: Run,
    pub journal: Vec<Record>,
    pub coverage: Coverage,
    /// What each workflow was told, in order.
    pub told: BTreeMap<TaskPath, Vec<String>>,
    /// State after each record that ended a step, if somebody wants to know.
    pub states: Option<BTreeMap<u64, u64>>,
    dice: u64,
    clock: u64,
    free: bool,
    batches: VecDeque<Outbox>,
    instances: BTreeMap<TaskPath, (Cursor, Guest, usize)>,
    queued: Vec<TaskPath>,
    running: Vec<(TaskPath, u32)>,
    timers: Vec<(Timestamp, TaskPath)>,
}

/// The whole state of a run, without what is on its way out.
pub fn state(run: &Run) -> u64 {
    let mut run = run.clone();
    run.outbox = Outbox::default();
    run.durable = 0;
    hash(format!("{run:?}"))
}

impl Sim {
    pub fn start(seed: u64, steps: u64, free: bool) -> Self {
        let mut first = started();
        first.input = Guest::input(seed, steps, free);
        if !free {
            first.limits.run.log_bytes = 200;
            first.limits.run.depth = 3;
            if seed.is_multiple_of(3) {
                first.budget = Amounts { agents: Some(4), tokens: Some(60), ..Amounts::default() };
            }
            if seed.is_multiple_of(2) {
                let run = first.run.clone();
                first.reuse = Some(Reuse { run, stale: false, steered: false, except: Vec::new() });
            }
            first.scope.workflows = !seed.is_multiple_of(5);
        }
        Self::of(Run::start(first, T0), seed, free, Vec::new())
    }

    /// A new owner finds this journal.
    pub fn recovered(journal: &[Record], seed: u64, free: bool) -> Self {
        let run = Run::from_records(journal.to_vec()).unwrap();
        let mut sim = Self::of(run, seed, free, journal.to_vec());
        sim.clock = sim.run.at().0;
        sim.run.resume("heir", 2, &Caps::default(), "engine 1", sim.run.at());
        sim.run.recover(sim.run.at());
        sim
    }

    /// That keeps its states.
    pub fn keeping_states(self) -> Self {
        Self { states: Some(BTreeMap::new()), ..self }
    }

    fn of(run: Run, dice: u64, free: bool, journal: Vec<Record>) -> Self {
        Self {
            run,
            journal,
            coverage: Coverage::default(),
            told: BTreeMap::new(),
            states: None,
            dice,
            clock: T0.0,
            free,
            batches: VecDeque::new(),
            instances: BTreeMap::new(),
            queued: Vec::new(),
            running: Vec::new(),
            timers: Vec::new(),
        }
    }

    fn roll(&mut self, sides: u64) -> u64 {
        self.dice = hash((self.dice, "roll"));
        self.dice % sides
    }

    fn now(&mut self) -> Timestamp {
        // A clock that sometimes steps back.
        self.clock += self.roll(5);
        Timestamp(self.clock.saturating_sub(self.roll(3)))
    }

    pub fn into_end(mut self) -> Self {
        for _ in 0..50_000 {
            if self.run.finished().is_some() && self.batches.is_empty() && !self.run.has_outbox() {
                return self;
            }
            let before = self.run.seq();
            self.step();
            if let Some(states) = &mut self.states
                && self.run.seq() > before
            {
                states.insert(self.run.seq(), state(&self.run));
            }
        }
        let open = self.run.tasks().filter(|(_, task)| !task.state.is_ended());
        let open: Vec<_> = open.map(|(path, task)| (path, task.work.kind(), &task.state)).collect();
        let (live, at_work) = (self.instances.keys(), &self.running);
        panic!("the run does not end: open {open:?}, live {live:?}, at work {at_work:?}");
    }

    fn step(&mut self) {
        let at = self.now();
        match self.roll(20) {
            0..6 => self.advance(at),
            6..9 => {
                if self.run.has_outbox() {
                    let outbox = self.run.take_outbox();
                    self.batches.push_back(outbox);
                }
            }
            9..13 => self.commit(),
            13..15 => self.start_tasks(at),
            15..17 => self.agent(at),
            17 => self.timer(),
            // Rare, or no instance would ever get far.
            18 if self.roll(30) == 0 => self.evict(),
            18 => self.advance(at),
            _ => self.people(at),
        }
    }

    fn pick<T: Clone>(&mut self, items: &[T]) -> Option<T> {
        let sides = items.len().max(1) as u64;
        let index = self.roll(sides) as usize;
        items.get(index).cloned()
    }
}
