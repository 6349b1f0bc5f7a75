//! What a run is doing, from its records. Cost per record does not grow with the run.

mod event;
mod phase;
mod speech;
mod task;
mod tasks;

use std::collections::{BTreeSet, HashMap, VecDeque};

use baton_core::budget::{Cap, Caps};
use baton_core::handoff::{FailureKind, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Pause, Record, RunStarted, Work};
use baton_core::report::{Level, Report};
use baton_engine::live::Said;
use baton_journal::rows::State;

pub use self::event::Event;
use self::event::Told;
pub use self::phase::{Branch, Counts, Group, Phase};
pub use self::speech::{Part, Speech};
pub use self::task::{Doing, Kind, Task};
use crate::pause::{waits, words as pause};
use crate::render::record::denied;
use crate::spend::Spending;

/// Words that wait for records that are on their way. More than that comes from nobody who keeps up.
const EARLY_MAX: usize = 10_000;

/// The place of the root workflow among the tasks.
pub const ROOT: usize = 0;

/// A run as it is shown while it goes on, and afterwards.
#[derive(Debug)]
pub struct Model {
    /// Name of the root workflow and id of the run.
    pub title: Option<(String, String)>,
    /// What it began with.
    pub started: Option<Box<RunStarted>>,
    /// When the run began; of a fork, when it was forked.
    pub began: Timestamp,
    /// When the last record was made.
    pub updated: Timestamp,
    /// Number of the last record that was taken in.
    pub last: u64,
    /// Phases: those the workflow declares, then others in order of their first mention. Agents
    /// without one are in the phase without name.
    pub phases: Vec<Phase>,
    /// Agents and tools at work, in order of their paths.
    pub working: BTreeSet<TaskPath>,
    /// Gates that nobody has answered, in order of their paths.
    pub gates: BTreeSet<TaskPath>,
    /// What was consumed so far.
    pub usage: Usage,
    /// What may be consumed.
    pub caps: Caps,
    /// Why it is paused, if it is.
    pub paused: Option<Pause>,
    /// Who asked for a pause that has not come about yet.
    pub pausing: Option<String>,
    /// How it ended.
    pub result: Option<Outcome>,
    /// Whether it goes on by itself when a provider serves again; none: as it was started.
    continues: Option<bool>,
    /// All agents together.
    pub total: Counts,
    /// Calls of tools together.
    pub tools: Counts,
    /// Agents whose results came from another run.
    pub reused: u64,
    /// Timers that run down.
    pub timers: u64,
    /// Records that are shared with the run it was forked from.
    shared: u64,
    told: Told,
    spending: Spending,
    /// The tasks in order of their first mention, the root first.
    tasks: Vec<Task>,
    places: HashMap<TaskPath, usize>,
    /// Places of titles in `phases`.
    titles: HashMap<String, usize>,
    /// The phase that each workflow reported last, by place in `phases`.
    current: HashMap<usize, usize>,
    /// What was said after records that have not been taken in yet.
    early: VecDeque<Said>,
    /// The record with which the run went on last: what was said before is over.
    anew: u64,
    /// Something was said since nobody said anything any more.
    spoken: bool,
}

impl Default for Model {
    fn default() -> Self {
        let root = Task::new(TaskPath::root(), Kind::Workflow, String::new(), Timestamp::default());
        Self {
            title: None,
            started: None,
            began: Timestamp::default(),
            updated: Timestamp::default(),
            last: 0,
            phases: Vec::new(),
            working: BTreeSet::new(),
            gates: BTreeSet::new(),
            usage: Usage::default(),
            caps: Caps::default(),
            paused: None,
            pausing: None,
            result: None,
            continues: None,
            total: Counts::default(),
            tools: Counts::default(),
            reused: 0,
            timers: 0,
            shared: 0,
            told: Told::default(),
            spending: Spending::default(),
            tasks: vec![root],
            places: HashMap::from([(TaskPath::root(), ROOT)]),
            titles: HashMap::new(),
            current: HashMap::new(),
            early: VecDeque::new(),
            anew: 0,
            spoken: false,
        }
    }
}

impl Model {
    /// Of a run that is about to begin or to go on. `continues`: whether it waits for providers, where
    /// that is not as it was started.
    #[must_use]
    pub fn new(continues: Option<bool>) -> Self {
        Self { continues, ..Self::default() }
    }

    /// Takes one record in.
    pub fn apply(&mut self, record: &Record) -> Option<Event> {
        let event = self.take(record);
        while self.early.front().is_some_and(|said| said.after <= self.last) {
            if let Some(said) = self.early.pop_front() {
                self.say(&said);
            }
        }
        event
    }

    /// Takes in what an agent says, once the records before it have been.
    pub fn hear(&mut self, said: Said) {
        if said.after <= self.last && self.early.is_empty() {
            self.say(&said);
        } else if self.early.len() < EARLY_MAX {
            self.early.push_back(said);
        }
    }

    /// Nobody drives the run, so nobody says anything.
    pub fn fall_silent(&mut self) {
        self.early.clear();
        if !std::mem::take(&mut self.spoken) {
            return;
        }
        for path in self.working.clone() {
            self.task_mut(&path).into_iter().for_each(Task::forget);
        }
    }

    fn say(&mut self, said: &Said) {
        let anew = self.anew;
        let speaks = |task: &&mut Task| task.ended.is_none() && said.after >= task.silent.max(anew);
        if let Some(task) = self.task_mut(&said.task).filter(speaks) {
            task.hear(said);
            self.spoken = true;
        }
    }

    /// What agents said before this record is told by it or by those before, or is lost.
    fn hush(&mut self, record: &Record) {
        match &record.body {
            Body::Started { tasks } => {
                for start in tasks {
                    self.task_mut(&start.task).into_iter().for_each(|task| task.hush(record.seq));
                }
            }
            Body::Asked { task, .. }
            | Body::Turned { task, .. }
            | Body::AttemptFailed { task, .. }
            | Body::Deferred { task, .. }
            | Body::RestartOrdered { task, .. }
            | Body::Completed { task, .. } => {
                self.task_mut(task).into_iter().for_each(|task| task.hush(record.seq));
            }
            Body::Resumed { .. } => self.anew = record.seq,
            _ => {}
        }
    }

    fn take(&mut self, record: &Record) -> Option<Event> {
        (self.last, self.updated) = (record.seq, record.at);
        let mut spending = std::mem::take(&mut self.spending);
        // What is shared with another run was paid for there.
        if let Some(spent) = spending.apply(&record.body).filter(|_| record.seq > self.shared) {
            self.spent(&spent);
        }
        self.spending = spending;
        self.hush(record);
        self.note(record);
        match &record.body {
            Body::RunStarted(started) => return Some(self.began(started, record.at)),
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                self.spawned(task, work, record);
                if let Work::Gate { spec, .. } = &**work {
                    let question = spec.question.clone();
                    return Some(Event::Asked { task: task.clone(), question });
                }
            }
            Body::Denied { task, denial } => {
                let (label, name) = (self.label(task), format!("/{task}"));
                let what = denied(denial);
                return self.told.denial(|| Event::Denied { task: name, label, what });
            }
            Body::Reported { workflow, report, .. } => return self.reported(workflow, report),
            // What agents of the run before a fork told was told there, and may not hold any more.
            Body::AgentReported { report: Report::Log { level, text }, .. }
                if *level >= Level::Warn && record.seq > self.shared =>
            {
                return Some(Event::Log(*level, text.clone()));
            }
            Body::Started { tasks } => {
                for start in tasks {
                    self.started(&start.task, start.attempt, record.at);
                }
            }
            Body::AttemptFailed { task, attempt, failure, .. } => {
                if let Some(task) = self.task_mut(task) {
                    task.attempt = attempt.saturating_add(1);
                    task.doing = Doing::Unknown;
                }
                return Some(Event::Again { task: format!("/{task}"), why: failure.to_string() });
            }
            Body::NotReused { task, reason } => {
                let (label, name) = (self.label(task), format!("/{task}"));
                let why = reason.to_string();
                return self.told.miss(|| Event::NotReused { task: name, label, why });
            }
            Body::Completed { task, outcome, reused_from, .. } => {
                self.reused += u64::from(reused_from.is_some());
                if reused_from.is_some() {
                    self.task_mut(task).into_iter().for_each(|task| task.free = true);
                }
                return self.completed(task, outcome, record.at);
            }
            Body::Refused { refusal, .. } => return Some(Event::Refused(refusal.to_string())),
            Body::Asked { task, call, provider, .. } => {
                self.calling(task, Doing::Asking(provider.clone(), *call));
            }
            Body::Turned { task, .. } => self.calling(task, Doing::Unknown),
            Body::Deferred { task, provider, outage, .. } => {
                let why = format!("{provider}: {}", outage.as_str());
                self.put_off(task, Doing::PutOff(why.clone()));
                let (label, name) = (self.label(task), format!("/{task}"));
                return self.told.deferral(|| Event::Deferred { task: name, label, why });
            }
            Body::RestartOrdered { task, by, .. } => {
                self.put_off(task, Doing::Unknown);
                if let Some(task) = self.task_mut(task) {
                    task.attempt = 0;
                }
                let (label, by) = (self.label(task), by.clone());
                return Some(Event::Restarted { task: format!("/{task}"), label, by });
            }
            Body::Passed { task, backend, .. } => {
                if let Some(task) = self.task_mut(task) {
                    task.backend = Some(backend.clone());
                }
            }
            Body::Messaged { sender, text, task, .. } => {
                let to = task.as_ref().map(|task| format!("/{task}")).unwrap_or_default();
                return Some(Event::Message { to, by: sender.clone(), text: text.clone() });
            }
            Body::DenialsAdded { by, denials } => {
                let words = denials.words().join(", ");
                return Some(Event::Log(
                    Level::Warn,
                    format!("denied from now on ({by}): {words}"),
                ));
            }
            Body::PauseOrdered { by, lifted, .. } => {
                self.pausing = (!lifted).then(|| by.clone());
            }
            Body::Paused { reason } => {
                self.paused = Some(reason.clone());
                self.pausing = None;
                let waits = waits(reason, record.at) && self.continues == Some(true);
                return Some(Event::Paused { why: pause(reason, record.at), waits });
            }
            Body::Resumed { by, caps, .. } => {
                self.caps = caps.clone();
                (self.paused, self.pausing) = (None, None);
                self.told.goes_on();
                // What was made in one process and is driven in another begins so.
                let first = record.seq <= self.shared.max(1) + 1;
                return (!first).then(|| Event::Resumed(by.clone()));
            }
            Body::Finished { outcome, .. } => self.finished(outcome, record.at),
            Body::AgentReported { .. }
            | Body::AgentRead { .. }
            | Body::Snapshot(_)
            | Body::Observed { .. }
            | Body::CancelRequested { .. }
            | Body::Process { .. }
            | Body::CancelOrdered { .. }
            | Body::Heard { .. }
            | Body::Session { .. }
            | Body::Listening { .. } => {}
        }
        None
    }

    /// A task by its path.
    #[must_use]
    pub fn task(&self, path: &TaskPath) -> Option<&Task> {
        self.tasks.get(*self.places.get(path)?)
    }

    /// A task by its place.
    #[must_use]
    pub fn at(&self, place: usize) -> Option<&Task> {
        self.tasks.get(place)
    }

    /// All tasks in order of their first mention, the root first.
    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }

    /// The cap of a phase, if it has one.
    #[must_use]
    pub fn cap(&self, phase: &Phase) -> Option<&Cap> {
        self.caps.phases.get(&phase.title)
    }

    fn task_mut(&mut self, path: &TaskPath) -> Option<&mut Task> {
        self.tasks.get_mut(*self.places.get(path)?)
    }

    fn label(&self, path: &TaskPath) -> String {
        self.task(path).map(|task| task.label.clone()).unwrap_or_default()
    }

    fn began(&mut self, started: &RunStarted, at: Timestamp) -> Event {
        self.began = started.fork.as_ref().map_or(at, |fork| fork.made);
        self.shared = started.fork.as_ref().map_or(0, |fork| fork.records);
        self.caps = started.caps.clone();
        self.continues.get_or_insert(started.continues);
        let (name, run) = (started.name().to_owned(), started.run.to_string());
        self.title = Some((name.clone(), run.clone()));
        for title in started.script.iter().flat_map(|script| &script.phases) {
            self.declare(title);
        }
        self.started = Some(Box::new(started.clone()));
        if let Some(root) = self.tasks.get_mut(ROOT) {
            root.label.clone_from(&name);
            (root.spawned, root.started) = (at, Some(self.began));
        }
        Event::Began { name, run }
    }

    /// Keeps the number of a record with the tasks that it tells of.
    fn note(&mut self, record: &Record) {
        let of_agent = match &record.body {
            Body::Completed { task, .. } => self.called_by_agent(task),
            _ => false,
        };
        let mut keep = |path: &TaskPath| {
            if let Some(task) = self.task_mut(path)
                && task.records.last() != Some(&record.seq)
            {
                task.records.push(record.seq);
            }
        };
        match &record.body {
            Body::Started { tasks } => tasks.iter().for_each(|start| keep(&start.task)),
            // An agent's story tells of its tools as well.
            Body::Called { task, .. } => task.parent().iter().for_each(keep),
            Body::Completed { task, .. } => {
                keep(task);
                task.parent().filter(|_| of_agent).iter().for_each(keep);
            }
            Body::Messaged { task, .. } => keep(&task.clone().unwrap_or_default()),
            Body::AgentReported { task, .. }
            | Body::Denied { task, .. }
            | Body::AttemptFailed { task, .. }
            | Body::Asked { task, .. }
            | Body::Turned { task, .. }
            | Body::Deferred { task, .. }
            | Body::Passed { task, .. }
            | Body::AgentRead { task, .. }
            | Body::NotReused { task, .. }
            | Body::CancelOrdered { task, .. }
            | Body::Heard { task, .. }
            | Body::Session { task, .. }
            | Body::RestartOrdered { task, .. } => keep(task),
            Body::Refused { workflow, .. }
            | Body::Observed { workflow, .. }
            | Body::Reported { workflow, .. } => keep(workflow),
            Body::RunStarted(_)
            | Body::PauseOrdered { .. }
            | Body::DenialsAdded { .. }
            | Body::Paused { .. }
            | Body::Resumed { .. }
            | Body::Finished { .. } => keep(&TaskPath::root()),
            Body::CancelRequested { .. }
            | Body::Process { .. }
            | Body::Snapshot(_)
            | Body::Spawned { .. }
            | Body::Listening { .. } => {}
        }
    }

    /// Whether a task is a call of a tool by an agent.
    fn called_by_agent(&self, path: &TaskPath) -> bool {
        let parent = path.parent().and_then(|parent| self.task(&parent));
        parent.is_some_and(|parent| parent.kind == Kind::Agent)
    }

    fn calling(&mut self, path: &TaskPath, doing: Doing) {
        if let Some(task) = self.task_mut(path) {
            task.calling = matches!(doing, Doing::Asking(..));
            task.doing = doing;
        }
    }

    fn finished(&mut self, outcome: &Outcome, at: Timestamp) {
        self.result = Some(outcome.clone());
        (self.paused, self.pausing) = (None, None);
        if let Some(root) = self.tasks.get_mut(ROOT) {
            root.ended = Some(at);
            root.failure = outcome.failure().map(ToString::to_string);
            root.state = match outcome.failure().map(|failure| failure.kind) {
                None => State::Done,
                Some(FailureKind::Cancelled) => State::Cancelled,
                Some(_) => State::Failed,
            };
        }
    }

    fn reported(&mut self, workflow: &TaskPath, report: &Report) -> Option<Event> {
        let workflow = self.places.get(workflow).copied().unwrap_or(ROOT);
        match report {
            Report::Phase { title } => {
                let place = self.phase(title);
                self.current.insert(workflow, place);
                Some(Event::Phase(title.clone()))
            }
            Report::Log { level: Level::Debug, .. } | Report::Artifact(_) => None,
            Report::Log { level, text } => Some(Event::Log(*level, text.clone())),
            Report::Progress { done, total } => {
                let place = match self.current.get(&workflow) {
                    Some(place) => *place,
                    None => self.phase(""),
                };
                if let Some(phase) = self.phases.get_mut(place) {
                    phase.progress = Some((*done, *total));
                }
                None
            }
        }
    }

    /// Place of the phase with this title, which begins.
    fn phase(&mut self, title: &str) -> usize {
        let place = self.declare(title);
        if let Some(phase) = self.phases.get_mut(place) {
            phase.begun = true;
        }
        place
    }

    /// Place of the phase with this title, which is made if there is none.
    pub(super) fn declare(&mut self, title: &str) -> usize {
        if let Some(place) = self.titles.get(title) {
            return *place;
        }
        self.phases.push(Phase { title: title.into(), ..Phase::default() });
        let place = self.phases.len() - 1;
        self.titles.insert(title.into(), place);
        place
    }
}
