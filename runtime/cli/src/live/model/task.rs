//! One task of a run, as far as its records tell.

use baton_agents::backend::Activity;
use baton_core::gate::GateSpec;
use baton_core::handoff::Usage;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::Work;
use baton_engine::live::Said;
use baton_journal::rows::State;

use super::phase::{Branch, Group};
use super::speech::Speech;
use super::uses::Uses;
use crate::text::one_line;

/// Characters that are kept of what an agent says right now.
const TAIL: usize = 160;

/// A task.
#[derive(Debug)]
pub struct Task {
    /// Its place in the tree of the run.
    pub path: TaskPath,
    /// What it is.
    pub kind: Kind,
    /// What people call it; untrusted.
    pub label: String,
    /// Who performs it, for agents; the name of a tool.
    pub backend: Option<String>,
    /// How far it is.
    pub state: State,
    /// When it was asked for.
    pub spawned: Timestamp,
    /// When it was handed to its backend.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// Number of the attempt; 0: none began.
    pub attempt: u32,
    /// What it consumed so far, as far as that is known; of a workflow, all that is below it.
    pub usage: Usage,
    /// What it does right now, in words; untrusted.
    pub doing: Doing,
    /// What it says in the call that is under way.
    pub speech: Speech,
    /// The tools of its own that it was seen to use, where no calls of a model tell of them.
    pub uses: Uses,
    /// Why it has no result; untrusted.
    pub failure: Option<String>,
    /// The beginning of what it handed over; untrusted.
    pub summary: String,
    /// Its result is another run's, or was recorded before a fork.
    pub free: bool,
    /// What a person is asked, of a gate.
    pub gate: Option<Box<GateSpec>>,
    /// When a timer is due, or the deadline of a gate.
    pub due: Option<Timestamp>,
    /// What hangs below it, in order.
    pub branches: Vec<Branch>,
    /// The phases of what hangs below it.
    pub groups: Vec<Group>,
    /// The records that tell of it, by their numbers.
    pub records: Vec<u64>,
    /// The workflow or agent that asked for it, by its place.
    pub parent: usize,
    /// The phase it is counted in, by its place.
    pub phase: Option<usize>,
    /// Its group among those of its parent.
    pub(super) group: Option<usize>,
    /// A call of a model is under way.
    pub(super) calling: bool,
    /// Its calls of models are on record, with the tools that these called.
    pub(super) metered: bool,
    /// The record with which it fell silent last: what it said before is on record, or lost.
    pub(super) silent: u64,
}

/// What a task is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// An agent.
    Agent,
    /// A call of a tool.
    Tool,
    /// A question to a person.
    Gate,
    /// A timer.
    Timer,
    /// A workflow, the root among them.
    Workflow,
}

impl Kind {
    pub(super) fn of(work: &Work) -> Self {
        match work {
            Work::Agent { .. } => Self::Agent,
            Work::Tool { .. } => Self::Tool,
            Work::Gate { .. } => Self::Gate,
            Work::Sleep { .. } => Self::Timer,
            Work::Workflow { .. } => Self::Workflow,
        }
    }

    /// The kind in a word.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Tool => "tool",
            Self::Gate => "gate",
            Self::Timer => "timer",
            Self::Workflow => "workflow",
        }
    }

    /// Whether somebody performs it and it may wait for a place.
    #[must_use]
    pub fn is_performed(self) -> bool {
        matches!(self, Self::Agent | Self::Tool)
    }
}

/// What a task does right now.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Doing {
    /// Nobody says.
    #[default]
    Unknown,
    /// It waits for a model: the provider, and the number of the call.
    Asking(String, u32),
    /// It waits for a model of which nobody says more.
    Waiting,
    /// The model reasons; the end of what it says.
    Thinking(String),
    /// The model writes; the end of what it says.
    Writing(String),
    /// A tool is at work.
    Tool(String),
    /// It waits to be started again, and why.
    PutOff(String),
}

impl Task {
    pub(super) fn new(path: TaskPath, kind: Kind, label: String, spawned: Timestamp) -> Self {
        let state = if kind.is_performed() {
            State::Queued
        } else if kind == Kind::Gate {
            State::Waiting
        } else {
            State::Running
        };
        Self {
            path,
            kind,
            label,
            backend: None,
            state,
            spawned,
            started: (!kind.is_performed()).then_some(spawned),
            ended: None,
            attempt: 0,
            usage: Usage::default(),
            doing: Doing::Unknown,
            speech: Speech::default(),
            uses: Uses::default(),
            failure: None,
            summary: String::new(),
            free: false,
            gate: None,
            due: None,
            branches: Vec::new(),
            groups: Vec::new(),
            records: Vec::new(),
            parent: 0,
            phase: None,
            group: None,
            calling: false,
            metered: false,
            silent: 0,
        }
    }

    /// How long it has been at work, until `now` or its end.
    #[must_use]
    pub fn elapsed(&self, now: Timestamp) -> Option<u64> {
        self.started.map(|started| self.ended.unwrap_or(now).since(started))
    }

    /// Takes in what it does right now.
    pub(super) fn hear(&mut self, said: &Said) {
        self.speech.take(said);
        if let Activity::Tool(name) = &said.activity
            && !self.metered
        {
            self.uses.add(name);
        }
        self.doing = match (&said.activity, std::mem::take(&mut self.doing)) {
            (Activity::Waiting, asking @ Doing::Asking(..)) => asking,
            (Activity::Waiting, _) => Doing::Waiting,
            // A sign of life without words.
            (Activity::Thinking(more), doing) if more.is_empty() => doing,
            (Activity::Thinking(more), Doing::Thinking(said)) => Doing::Thinking(tail(said, more)),
            (Activity::Thinking(more), _) => Doing::Thinking(tail(String::new(), more)),
            (Activity::Text(more), Doing::Writing(said)) => Doing::Writing(tail(said, more)),
            (Activity::Text(more), _) => Doing::Writing(tail(String::new(), more)),
            (Activity::Tool(name), _) => Doing::Tool(one_line(name)),
        };
    }

    /// What it said so far is on record, or lost.
    pub(super) fn hush(&mut self, seq: u64) {
        self.silent = seq;
        self.speech = Speech::default();
    }

    /// Nobody knows any more what it does.
    pub(super) fn forget(&mut self) {
        self.speech = Speech::default();
        if matches!(self.doing, Doing::Thinking(_) | Doing::Writing(_) | Doing::Waiting) {
            self.doing = Doing::Unknown;
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
