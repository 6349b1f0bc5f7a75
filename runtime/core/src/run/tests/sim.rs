//! A world for a run: a store that lags, agents that fail, timers, people, eviction.

use std::collections::{BTreeMap, VecDeque};

use super::super::{Outbox, Run, Unserved};
use super::coverage::Coverage;
use super::fixture::{T0, started};
use super::guest::{Guest, Progress, Step, hash};
use crate::action::Action;
use crate::budget::{Amounts, Caps};
use crate::digest::Digest;
use crate::files::FileRequest;
use crate::gate::GateAnswer;
use crate::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use crate::ids::{TaskId, TaskPath, Timestamp};
use crate::record::{Outage, Pause, Record, Reuse, Snapshot, Work};
use crate::replay::Cursor;
use crate::report::{Level, Report};
use crate::reuse::{Miss, Seen};

pub struct Sim {
    pub run: Run,
    pub journal: Vec<Record>,
    pub coverage: Coverage,
    /// What each workflow was told, in order.
    pub told: BTreeMap<TaskPath, Vec<String>>,
    /// State after each record that ended a step.
    pub states: BTreeMap<u64, u64>,
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
                first.reuse = Some(Reuse { run, stale: false, except: Vec::new() });
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

    fn of(run: Run, dice: u64, free: bool, journal: Vec<Record>) -> Self {
        Self {
            run,
            journal,
            coverage: Coverage::default(),
            told: BTreeMap::new(),
            states: BTreeMap::new(),
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
            if self.run.seq() > before {
                self.states.insert(self.run.seq(), state(&self.run));
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

    fn advance(&mut self, at: Timestamp) {
        let paths: Vec<TaskPath> = self.instances.keys().cloned().collect();
        let Some(path) = self.pick(&paths) else {
            return;
        };
        let (mut cursor, mut guest, mut heard) = self.instances.remove(&path).unwrap();
        let told = self.told.entry(path.clone()).or_default();
        let mut tell = |line: String| {
            // An instance that was rebuilt must be told what its forerunner was.
            match told.get(heard) {
                Some(before) => assert_eq!(*before, line, "at {path:?}"),
                None => told.push(line),
            }
            heard += 1;
        };
        let mut world = Step {
            run: &mut self.run,
            cursor: &mut cursor,
            at,
            replay_only: false,
            tell: &mut tell,
            coverage: &mut self.coverage,
        };
        match guest.step(&mut world) {
            Progress::Ended(outcome, fuel) => {
                assert_eq!(self.run.ended_early(&cursor, fuel), None);
                self.run.workflow_ended(&path, outcome, fuel, at);
            }
            Progress::Failed(super::super::CommandError::Ended(_)) => {}
            Progress::Failed(error) => panic!("{error}"),
            Progress::Stepped | Progress::Blocked | Progress::AtTheEnd => {
                self.instances.insert(path, (cursor, guest, heard));
            }
        }
    }

    fn commit(&mut self) {
        let Some(batch) = self.batches.pop_front() else {
            return;
        };
        if let Some(last) = batch.records.last() {
            self.run.mark_durable(last.seq);
        }
        for record in &batch.records {
            self.coverage.body(&record.body);
        }
        self.journal.extend(batch.records);
        for action in batch.actions {
            match action {
                Action::Perform { task } => self.queued.push(task),
                Action::StartWorkflow { task } => self.instance(&task),
                Action::ArmTimer { task, due } => self.timers.push((due, task)),
                Action::Abort { task } => {
                    self.queued.retain(|other| *other != task);
                    self.running.retain(|(other, _)| *other != task);
                    self.timers.retain(|(_, other)| *other != task);
                    self.instances.remove(&task);
                }
                Action::Wake { .. } => {}
            }
        }
    }

    fn instance(&mut self, path: &TaskPath) {
        let workflow = self.run.workflow(path).unwrap();
        let cursor = Cursor::new(path.clone(), workflow.began, true);
        let guest = Guest::new(&workflow.input);
        self.instances.insert(path.clone(), (cursor, guest, 0));
    }

    fn evict(&mut self) {
        let paths: Vec<TaskPath> = self.instances.keys().cloned().collect();
        if let Some(path) = self.pick(&paths) {
            self.coverage.mark("evicted");
            self.instance(&path);
        }
    }

    fn start_tasks(&mut self, at: Timestamp) {
        if self.run.paused().is_some() || self.queued.is_empty() {
            return;
        }
        let count = 1 + self.roll(self.queued.len() as u64) as usize;
        let tasks: Vec<TaskPath> = self.queued.drain(..count).collect();
        for task in &tasks {
            self.look_up(task, at);
        }
        for start in self.run.start_tasks(&tasks, at) {
            self.running.push((start.task, start.attempt));
        }
    }

    /// Some results come from another run; what was decided before stands.
    fn look_up(&mut self, task: &TaskPath, at: Timestamp) {
        if self.run.outcome(task).is_none() && self.roll(3) == 0 {
            let from = TaskId { run: self.run.started().run.clone(), path: task.clone() };
            let reads = (self.roll(2) == 0).then(|| (Vec::new(), true));
            self.run.reused(task, from, Outcome::Done(Handoff::default()), reads, at);
        } else {
            self.run.not_reused(task, Miss::New, at);
        }
    }

    fn agent(&mut self, at: Timestamp) {
        let running = self.running.clone();
        let Some((task, attempt)) = self.pick(&running) else {
            return;
        };
        let dice = hash(task.to_string());
        let usage = Usage { input_tokens: dice % 9, output_tokens: 1, ..Usage::default() };
        let metered = matches!(
            &*self.run.task(&task).unwrap().work,
            Work::Agent { backend, .. } if backend == "m:x"
        );
        match self.roll(if metered { 12 } else { 7 }) {
            7 | 8 if self.run.task(&task).unwrap().reserve.is_none() => {
                let reserve = Usage { output_tokens: 9, cost_micro_usd: 3, ..usage };
                self.run.ask(&task, "m", "x", reserve, at);
            }
            7..10 => self.run.turned(&task, Some(Digest::of(b"said")), usage, dice % 2 == 0, at),
            10 => {
                self.running.retain(|(other, _)| *other != task);
                self.queued.push(task.clone());
                let failure = Failure::new(FailureKind::Failed, "quota", "used up");
                let (provider, outage) = ("m".into(), Outage::Quota);
                let unserved = Unserved { provider, outage, failure, until: None };
                self.run.deferred(&task, unserved, usage, at);
            }
            11 => self.run.passed(&task, (1, 2), "m:x".into(), -3, at),
            0 => self.run.process(&task, attempt, 77, 5, at),
            1 => {
                let failure = Failure::new(FailureKind::Failed, "flaky", "again");
                self.run.attempt_failed(&task, attempt, failure, usage, at);
            }
            2 => {
                let line = Report::Log { level: Level::Debug, text: "working".into() };
                self.run.agent_reported(&task, line, at);
            }
            3 => {
                let request = FileRequest::Stat { path: "a".into() };
                let seen = Seen { request, digest: Digest::of(b"a") };
                self.run.agent_read(&task, vec![seen], true, at);
            }
            _ => {
                self.running.retain(|(other, _)| *other != task);
                let outcome = if dice.is_multiple_of(5) {
                    Outcome::Failed(Failure::new(FailureKind::Failed, "no", "it failed"))
                } else {
                    let handoff =
                        Handoff { output: serde_json::json!(dice).into(), ..Handoff::default() };
                    Outcome::Done(handoff)
                };
                self.run.task_ended(&task, outcome, usage, at);
            }
        }
    }

    fn timer(&mut self) {
        let timers = self.timers.clone();
        let Some((due, task)) = self.pick(&timers) else {
            return;
        };
        self.timers.retain(|(_, other)| *other != task);
        self.clock = self.clock.max(due.0);
        self.run.timer_due(&task, Timestamp(self.clock));
    }

    fn people(&mut self, at: Timestamp) {
        let unheard = |(path, task): (&TaskPath, &super::super::Task)| {
            (task.state.is_ended() && task.reserve.is_some()).then(|| path.clone())
        };
        let late = self.run.tasks().find_map(unheard);
        if let Some(task) = late
            && self.run.finished().is_none()
        {
            self.coverage.mark("call told after the end");
            self.run.turned(&task, None, Usage { output_tokens: 2, ..Usage::default() }, false, at);
        }
        if !self.free && self.run.nothing_is_open() {
            // Whoever listens may wait for nothing else.
            let _ = self.run.message("ann", "hello", None, false, at);
        }
        if self.run.paused().is_some() {
            self.run.resume("ann", self.run.epoch(), &Caps::default(), "engine 1", at);
            return;
        }
        match self.roll(12) {
            0 => self.run.pause(Pause::Person { by: "ann".into() }, at),
            1 => self.run.pause(Pause::Cap { cap: "agents".into(), short: None }, at),
            3 if self.free => {
                let (provider, outage) = ("m".into(), Outage::Quota);
                let message = "used up".into();
                self.run.pause(Pause::Provider { provider, outage, until: None, message }, at);
            }
            2 => self.run.pause(Pause::Interrupted, at),
            _ if self.free => {}
            9 => self.run.snapshot(Snapshot::failed("not taken"), at),
            3..6 => {
                let open: Vec<TaskPath> = self
                    .run
                    .tasks()
                    .filter(|(_, task)| !task.state.is_ended())
                    .map(|(path, _)| path.clone())
                    .collect();
                let task = self.pick(&open);
                // Whatever is picked: what cannot be done is refused, and changes nothing.
                let told = self.run.message("ann", "hurry", task.as_ref(), false, at);
                if let (Ok(()), Some(task)) = (told, &task)
                    && let Some(last) = self.run.messages_of(task).last().map(|told| told.seq)
                {
                    self.run.heard(task, last, at);
                }
                if let Some(task) = task {
                    let _ = self.run.gate_answered(&task, &GateAnswer::approved(), "ann", at);
                    if self.run.restart_ordered(&task, "ann", None, at).is_ok() {
                        self.running.retain(|(other, _)| *other != task);
                        self.queued.push(task);
                    }
                } else {
                    let _ = self.run.message("ann", "hello", None, false, at);
                }
                self.run.pause_ordered("ann", false, at);
            }
            6..8 => {
                let tasks: Vec<TaskPath> = self.run.tasks().map(|(path, _)| path.clone()).collect();
                if let Some(task) = self.pick(&tasks) {
                    self.run.cancel_ordered(&task, "ann", at);
                }
            }
            8 if self.roll(8) == 0 => {
                self.coverage.mark("run cancelled");
                self.run.cancel_ordered(&TaskPath::root(), "ann", at);
                self.instances.clear();
            }
            _ => {}
        }
    }
}
