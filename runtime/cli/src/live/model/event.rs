//! What of a run is worth a line of its own.

use baton_core::ids::TaskPath;
use baton_core::report::Level;

/// Agents that are told as performed although a run is reused, one by one.
const MISSES_MAX: u64 = 20;
/// Attempts at what is not granted that are told one by one.
const DENIALS_MAX: u64 = 20;
/// Tasks put off by an outage that are told one by one until the run pauses or goes on.
const DEFERRED_MAX: u64 = 1;

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
    /// A person is asked.
    Asked { task: TaskPath, question: String },
    /// A gate was answered.
    Answered { task: String, how: String },
    /// A person said something to the run or to a task.
    Message { to: String, by: String, text: String },
    /// A person asked for a task to begin anew.
    Restarted { task: String, label: String, by: String },
    /// The run stopped for a time; `waits`: it goes on by itself.
    Paused { why: String, waits: bool },
    /// The run goes on.
    Resumed(String),
}

/// How often something was told that is told so many times and not more.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Agents that are performed although a run is reused.
    misses: u64,
    /// Attempts at what is not granted.
    denials: u64,
    /// Tasks that were put off by an outage since the run last began or went on.
    deferred: u64,
}

impl Told {
    pub(super) fn miss(&mut self, event: impl FnOnce() -> Event) -> Option<Event> {
        self.misses += 1;
        one_of(self.misses, MISSES_MAX, event, Event::MoreNotReused)
    }

    pub(super) fn denial(&mut self, event: impl FnOnce() -> Event) -> Option<Event> {
        self.denials += 1;
        one_of(self.denials, DENIALS_MAX, event, Event::MoreDenied)
    }

    pub(super) fn deferral(&mut self, event: impl FnOnce() -> Event) -> Option<Event> {
        self.deferred += 1;
        (self.deferred <= DEFERRED_MAX).then(event)
    }

    /// The run goes on: what is put off from now on is told again.
    pub(super) fn goes_on(&mut self) {
        self.deferred = 0;
    }
}

fn one_of(number: u64, max: u64, event: impl FnOnce() -> Event, more: Event) -> Option<Event> {
    match number.checked_sub(max) {
        None | Some(0) => Some(event()),
        Some(1) => Some(more),
        Some(_) => None,
    }
}
