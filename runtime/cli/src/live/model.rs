//! What a run is doing now, from its records. Cost per record does not grow with the run.

use std::collections::{BTreeSet, HashMap};

use baton_agents::backend::Activity;
use baton_core::budget::{Cap, Caps};
use baton_core::handoff::{FailureKind, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Pause, Record, Work};
use baton_core::report::{Level, Report};

use crate::pause::{waits, words as pause};
use crate::render::record::denied;
use crate::spend::{Spending, Spent};
use crate::text::one_line;

/// Agents that are told as performed although a run is reused, one by one.
const MISSES_MAX: u64 = 20;
/// Attempts at what is not granted that are told one by one.
const DENIALS_MAX: u64 = 20;
/// Tasks put off by an outage that are told one by one until the run pauses or goes on.
const DEFERRED_MAX: u64 = 1;
/// Characters that are kept of what an agent says right now.
const TAIL: usize = 160;

/// A run as it is shown while it goes on.
#[derive(Debug, Default)]
pub struct Model {
    /// Name of the root workflow and id of the run.
    pub title: Option<(String, String)>,
    /// When the run began.
    pub began: Timestamp,
    /// Phases: those the workflow declares, then others in order of their first mention. Agents
    /// without one are in the phase without name.
    pub phases: Vec<Phase>,
    /// Agents and tools at work, in order of their paths.
    pub working: BTreeSet<TaskPath>,
    /// What was consumed so far.
    pub usage: Usage,
    /// What may be consumed.
    pub caps: Caps,
    /// Why it is paused, if it is.
    pub paused: Option<Pause>,
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
    /// Agents that are performed although a run is reused.
    misses: u64,
    /// Attempts at what is not granted.
    denials: u64,
    /// Tasks that were put off by an outage since the run last began or went on.
    deferred: u64,
    spending: Spending,
    tasks: HashMap<TaskPath, Task>,
    /// Phases of ended agents with a call under way.
    late: HashMap<TaskPath, usize>,
    /// Places of titles in `phases`.
    places: HashMap<String, usize>,
    /// The phase that each workflow reported last, by place in `phases`.
    current: HashMap<TaskPath, usize>,
}

/// Numbers of agents, or of calls of tools.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Spawned so far.
    pub spawned: u64,
    /// Ended, in whatever way.
    pub ended: u64,
    /// Ended without a result.
    pub failed: u64,
    /// At work.
    pub working: u64,
}

/// One phase.
#[derive(Debug, Default)]
pub struct Phase {
    /// Its title; untrusted.
    pub title: String,
    /// Its agents.
    pub counts: Counts,
    /// What its agents consumed so far.
    pub usage: Usage,
    /// What the workflow itself says of its progress.
    pub progress: Option<(u64, Option<u64>)>,
    /// Whether it was reached; one that was only declared is not.
    pub begun: bool,
}

/// A task that has not ended.
#[derive(Debug)]
pub struct Task {
    /// What people call it; untrusted.
    pub label: String,
    /// Who performs it, for agents.
    pub backend: Option<String>,
    /// When it was handed to its backend.
    pub started: Option<Timestamp>,
    /// What it consumed so far, as far as that is known.
    pub usage: Usage,
    /// What it does right now, in words; untrusted.
    pub doing: Doing,
    /// A call of a model is under way.
    calling: bool,
    /// The phase it is counted in, of an agent.
    phase: Option<usize>,
    kind: Kind,
}

/// What an agent does right now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Nobody says.
    #[default]
    Unknown,
    /// It waits for a model.
    Waiting,
    /// The model reasons; the end of what it says.
    Thinking(String),
    /// The model writes; the end of what it says.
    Writing(String),
    /// A tool is at work.
    Tool(String),
}

/// What a task is, as far as it is counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Agent,
    Tool,
    Timer,
    Workflow,
}

/// Something worth a line of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// The run began.
    Began { name: String, run: String },
    /// A phase begins.
    Phase(String),
    /// The workflow says something.
    Log(Level, String),
    /// A task ended without a result.
    Failed { task: String, label: String, why: String },
    /// An attempt failed and another follows.
    Again { task: String, why: String },
    /// An agent is performed although a run is reused.
    NotReused { task: String, label: String, why: String },
    /// Further agents are performed, and no line tells of each.
    MoreNotReused,
    /// A request of the workflow was turned down.
    Refused(String),
    /// A task tried what it may not do.
    Denied { task: String, label: String, what: String },
    /// Further attempts at what is not granted are not told one by one.
    MoreDenied,
    /// A task waits for a provider that serves nobody for now.
    Deferred { task: String, label: String, why: String },
    /// The run stopped for a time; `waits`: it goes on by itself.
    Paused { why: String, waits: bool },
    /// The run goes on.
    Resumed(String),
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
        let mut spending = std::mem::take(&mut self.spending);
        if let Some(spent) = spending.apply(&record.body) {
            self.spent(&spent);
        }
        self.spending = spending;
        match &record.body {
            Body::RunStarted(started) => {
                self.began = record.at;
                self.caps = started.caps.clone();
                self.continues.get_or_insert(started.continues);
                let (name, run) = (started.name().to_owned(), started.run.to_string());
                self.title = Some((name.clone(), run.clone()));
                for title in started.script.iter().flat_map(|script| &script.phases) {
                    self.declare(title);
                }
                return Some(Event::Began { name, run });
            }
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                self.spawned(task, work);
            }
            Body::Denied { task, denial } => {
                self.denials += 1;
                if self.denials > DENIALS_MAX {
                    return (self.denials == DENIALS_MAX + 1).then_some(Event::MoreDenied);
                }
                let label = self.tasks.get(task).map(|task| task.label.clone());
                let (task, what) = (format!("/{task}"), denied(denial));
                return Some(Event::Denied { task, label: label.unwrap_or_default(), what });
            }
            Body::Reported { workflow, report, .. } => return self.reported(workflow, report),
            Body::AgentReported { report: Report::Log { level, text }, .. }
                if *level >= Level::Warn =>
            {
                return Some(Event::Log(*level, text.clone()));
            }
            Body::Started { tasks } => {
                for start in tasks {
                    self.started(&start.task, record.at);
                }
            }
            Body::AttemptFailed { task, failure, .. } => {
                return Some(Event::Again { task: format!("/{task}"), why: failure.to_string() });
            }
            Body::NotReused { task, reason } => {
                self.misses += 1;
                if self.misses > MISSES_MAX {
                    return (self.misses == MISSES_MAX + 1).then_some(Event::MoreNotReused);
                }
                let label = self.tasks.get(task).map(|task| task.label.clone());
                let (task, why) = (format!("/{task}"), reason.to_string());
                return Some(Event::NotReused { task, label: label.unwrap_or_default(), why });
            }
            Body::Completed { task, outcome, reused_from, .. } => {
                self.reused += u64::from(reused_from.is_some());
                return self.completed(task, outcome);
            }
            Body::Refused { refusal, .. } => return Some(Event::Refused(refusal.to_string())),
            Body::Asked { task, .. } => self.calling(task, Doing::Waiting),
            Body::Turned { task, .. } => {
                self.late.remove(task);
                self.calling(task, Doing::Unknown);
            }
            Body::Deferred { task, provider, outage, .. } => {
                self.put_off(task);
                self.deferred += 1;
                if self.deferred <= DEFERRED_MAX {
                    let label = self.tasks.get(task).map(|task| task.label.clone());
                    let (task, label) = (format!("/{task}"), label.unwrap_or_default());
                    let why = format!("{provider}: {}", outage.as_str());
                    return Some(Event::Deferred { task, label, why });
                }
            }
            Body::Passed { task, backend, .. } => {
                if let Some(task) = self.tasks.get_mut(task) {
                    task.backend = Some(backend.clone());
                }
            }
            Body::Paused { reason } => {
                self.paused = Some(reason.clone());
                let waits = waits(reason, record.at) && self.continues == Some(true);
                return Some(Event::Paused { why: pause(reason, record.at), waits });
            }
            Body::Resumed { by, caps, .. } => {
                self.caps = caps.clone();
                self.paused = None;
                self.deferred = 0;
                return Some(Event::Resumed(by.clone()));
            }
            Body::AgentReported { .. }
            | Body::AgentRead { .. }
            | Body::Snapshot(_)
            | Body::Observed { .. }
            | Body::CancelRequested { .. }
            | Body::Process { .. }
            | Body::CancelOrdered { .. }
            | Body::Messaged { .. }
            | Body::Finished { .. } => {}
        }
        None
    }

    /// A task that has not ended.
    #[must_use]
    pub fn task(&self, path: &TaskPath) -> Option<&Task> {
        self.tasks.get(path)
    }

    /// Takes in what an agent does right now.
    pub fn active(&mut self, path: &TaskPath, activity: Activity) {
        let Some(task) = self.tasks.get_mut(path) else { return };
        task.doing = match (activity, std::mem::take(&mut task.doing)) {
            (Activity::Waiting, _) => Doing::Waiting,
            // A sign of life without words.
            (Activity::Thinking(more), doing) if more.is_empty() => doing,
            (Activity::Thinking(more), Doing::Thinking(said)) => Doing::Thinking(tail(said, &more)),
            (Activity::Thinking(more), _) => Doing::Thinking(tail(String::new(), &more)),
            (Activity::Text(more), Doing::Writing(said)) => Doing::Writing(tail(said, &more)),
            (Activity::Text(more), _) => Doing::Writing(tail(String::new(), &more)),
            (Activity::Tool(name), _) => Doing::Tool(one_line(&name)),
        };
    }

    /// The cap of a phase, if it has one.
    #[must_use]
    pub fn cap(&self, phase: &Phase) -> Option<&Cap> {
        self.caps.phases.get(&phase.title)
    }

    fn calling(&mut self, path: &TaskPath, doing: Doing) {
        if let Some(task) = self.tasks.get_mut(path) {
            task.calling = doing == Doing::Waiting;
            task.doing = doing;
        }
    }

    fn spent(&mut self, spent: &Spent<'_>) {
        spent.add_to(&mut self.usage);
        let mut place = self.late.get(spent.task).copied();
        if let Some(task) = self.tasks.get_mut(spent.task) {
            spent.add_to(&mut task.usage);
            place = task.phase;
        }
        if let Some(phase) = place.and_then(|place| self.phases.get_mut(place)) {
            spent.add_to(&mut phase.usage);
        }
    }

    /// A task that was at work waits to be started again.
    fn put_off(&mut self, path: &TaskPath) {
        let was_working = self.working.remove(path);
        let Some(task) = self.tasks.get_mut(path) else { return };
        task.started = None;
        task.doing = Doing::Unknown;
        if let Some(place) = task.phase.filter(|_| was_working) {
            self.count(place, |counts| counts.working -= 1);
        }
    }

    fn spawned(&mut self, path: &TaskPath, work: &Work) {
        let parent = path.parent().unwrap_or_default();
        let label = work.label().unwrap_or(work.kind()).to_owned();
        let mut task = Task {
            label,
            backend: None,
            started: None,
            usage: Usage::default(),
            doing: Doing::Unknown,
            calling: false,
            phase: None,
            kind: match work {
                Work::Agent { .. } => Kind::Agent,
                Work::Tool { .. } => Kind::Tool,
                Work::Sleep { .. } => Kind::Timer,
                Work::Workflow { .. } => Kind::Workflow,
            },
        };
        match work {
            Work::Agent { spec, backend, .. } => {
                let place = match &spec.options.phase {
                    Some(title) => self.phase(title),
                    None => match self.current.get(&parent) {
                        Some(place) => *place,
                        None => self.phase(""),
                    },
                };
                task.backend = Some(backend.clone());
                task.phase = Some(place);
                self.count(place, |counts| counts.spawned += 1);
            }
            Work::Tool { tool, .. } => {
                task.backend = Some(tool.clone());
                self.tools.spawned += 1;
            }
            Work::Sleep { .. } => self.timers += 1,
            Work::Workflow { .. } => {}
        }
        self.tasks.insert(path.clone(), task);
    }

    fn started(&mut self, path: &TaskPath, at: Timestamp) {
        let Some(task) = self.tasks.get_mut(path) else { return };
        task.started.get_or_insert(at);
        let (kind, phase) = (task.kind, task.phase);
        if !matches!(kind, Kind::Agent | Kind::Tool) || !self.working.insert(path.clone()) {
            return;
        }
        match phase {
            Some(place) => self.count(place, |counts| counts.working += 1),
            None => self.tools.working += 1,
        }
    }

    fn completed(&mut self, path: &TaskPath, outcome: &Outcome) -> Option<Event> {
        let task = self.tasks.remove(path)?;
        let was_working = self.working.remove(path);
        let failed = outcome.failure().is_some();
        let ended = |counts: &mut Counts| {
            counts.ended += 1;
            counts.failed += u64::from(failed);
            counts.working -= u64::from(was_working);
        };
        match (task.kind, task.phase) {
            (Kind::Timer, _) => self.timers = self.timers.saturating_sub(1),
            (Kind::Tool, _) => ended(&mut self.tools),
            (_, Some(place)) => {
                if task.calling {
                    self.late.insert(path.clone(), place);
                }
                self.count(place, ended);
            }
            (_, None) => {}
        }
        let failure = outcome.failure()?;
        let why = match failure.kind {
            // Whether it happened is for a person to find out.
            FailureKind::InDoubt => format!("in doubt: {failure}"),
            _ => failure.to_string(),
        };
        Some(Event::Failed { task: format!("/{path}"), label: task.label, why })
    }

    fn reported(&mut self, workflow: &TaskPath, report: &Report) -> Option<Event> {
        match report {
            Report::Phase { title } => {
                let place = self.phase(title);
                self.current.insert(workflow.clone(), place);
                Some(Event::Phase(title.clone()))
            }
            Report::Log { level: Level::Debug, .. } | Report::Artifact(_) => None,
            Report::Log { level, text } => Some(Event::Log(*level, text.clone())),
            Report::Progress { done, total } => {
                let place = match self.current.get(workflow) {
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
        if let Some(place) = self.places.get(title) {
            return *place;
        }
        self.phases.push(Phase { title: title.into(), ..Phase::default() });
        let place = self.phases.len() - 1;
        self.places.insert(title.into(), place);
        place
    }

    fn count(&mut self, place: usize, change: impl Fn(&mut Counts)) {
        change(&mut self.total);
        if let Some(phase) = self.phases.get_mut(place) {
            change(&mut phase.counts);
        }
    }
}

/// The end of what is said, with `more` of it.
fn tail(said: String, more: &str) -> String {
    let all = said + more;
    match all.char_indices().rev().nth(TAIL.saturating_sub(1)) {
        Some((at, _)) => all.get(at..).unwrap_or_default().to_owned(),
        None => all,
    }
}
