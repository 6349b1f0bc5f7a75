//! What a run is doing now, from its records. Cost per record does not grow with the run.

use std::collections::{BTreeSet, HashMap};

use baton_core::handoff::{FailureKind, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Record, Work};
use baton_core::report::{Level, Report};

use crate::render::record::{denied, pause};

/// Agents that are told as performed although a run is reused, one by one.
const MISSES_MAX: u64 = 20;
/// Attempts at what is not granted that are told one by one.
const DENIALS_MAX: u64 = 20;

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
    /// What ended tasks consumed.
    pub usage: Usage,
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
    tasks: HashMap<TaskPath, Task>,
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
    /// The phase it is counted in, of an agent.
    phase: Option<usize>,
    kind: Kind,
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
    /// The run stopped for a time.
    Paused(String),
    /// The run goes on.
    Resumed(String),
}

impl Model {
    /// Takes one record in.
    pub fn apply(&mut self, record: &Record) -> Option<Event> {
        match &record.body {
            Body::RunStarted(started) => {
                self.began = record.at;
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
            Body::Completed { task, outcome, usage, reused_from } => {
                self.reused += u64::from(reused_from.is_some());
                return self.completed(task, outcome, usage);
            }
            Body::Refused { refusal, .. } => return Some(Event::Refused(refusal.to_string())),
            Body::Paused { reason } => return Some(Event::Paused(pause(reason))),
            Body::Resumed { by, .. } => return Some(Event::Resumed(by.clone())),
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

    fn spawned(&mut self, path: &TaskPath, work: &Work) {
        let parent = path.parent().unwrap_or_default();
        let label = work.label().unwrap_or(work.kind()).to_owned();
        let mut task = Task {
            label,
            backend: None,
            started: None,
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

    fn completed(&mut self, path: &TaskPath, outcome: &Outcome, usage: &Usage) -> Option<Event> {
        // A workflow's usage holds that of its children, which were added already.
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
            (Kind::Tool, _) => {
                ended(&mut self.tools);
                self.usage.add(usage);
            }
            (_, Some(place)) => {
                self.usage.add(usage);
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
