//! What a run is doing, from its records. Cost per record does not grow with the run.

mod event;
mod heard;
mod noted;
mod phase;
mod records;
mod speech;
mod task;
mod tasks;
mod uses;

use std::collections::{BTreeSet, HashMap, VecDeque};

use baton_core::budget::{Cap, Caps};
use baton_core::handoff::{Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Pause, RunStarted};
use baton_engine::live::Said;

pub use self::event::Event;
use self::event::Told;
pub use self::phase::{Branch, Counts, Group, Phase};
pub use self::speech::{Part, Speech};
pub use self::task::{Doing, Kind, Task};
pub use self::uses::Uses;
use crate::spend::Spending;

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
}
