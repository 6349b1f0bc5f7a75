//! What is known of one task.

use baton_core::gate::GateSpec;
use baton_core::handoff::{Failure, Outcome};
use baton_core::ids::{TaskId, Timestamp};
use baton_core::record::Outage;
use baton_core::reuse::Miss;
use baton_core::tool::Denial;

use super::few::{Few, Noted};

/// What became of an agent task of a run that reuses another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has the result of this task.
    Reused(TaskId),
    /// It was performed.
    Performed(Miss),
}

/// What a task is, without what it was told to do.
#[derive(Clone, Debug, Default)]
pub enum Kind {
    /// The root workflow, or another one.
    #[default]
    Workflow,
    /// An agent.
    Agent,
    /// A tool.
    Tool,
    /// A timer.
    Timer(Timestamp),
    /// A question to a person.
    Gate(Box<GateSpec>, Option<Timestamp>),
}

/// A message of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub sender: String,
    /// The text.
    pub text: String,
    /// It interrupts.
    pub urgent: bool,
}

/// An attempt that its provider put off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOff {
    /// The provider.
    pub provider: String,
    /// What is wrong with it.
    pub outage: Outage,
    /// When it may serve again.
    pub until: Option<Timestamp>,
}

/// What is known of a task.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What it is.
    pub kind: Kind,
    /// What people call it.
    pub label: Option<String>,
    /// Who performs it.
    pub backend: Option<String>,
    /// The record that asked for it.
    pub spawned: u64,
    /// Its last start and the number of the attempt; none: it did not start, or waits to start anew.
    pub started: Option<Noted<u32>>,
    /// The last sign of it.
    pub sign: (u64, Timestamp),
    /// The call of a model under way: provider and model.
    pub calling: Option<Noted<String>>,
    /// Attempts that failed and were followed by another.
    pub failed: Few<(u32, Failure)>,
    /// Attempts that providers put off.
    pub put_off: Few<PutOff>,
    /// What it tried and may not do.
    pub denied: Few<Denial>,
    /// Who cancelled it.
    pub cancelled: Few<String>,
    /// Who let it begin anew, and why.
    pub restarted: Few<(String, Option<String>)>,
    /// Messages to it.
    pub messages: Few<Message>,
    /// The last message it heard, and the record that says so.
    pub heard: Option<Noted<u64>>,
    /// What became of it in a run that reuses another.
    pub decision: Option<Noted<Decision>>,
    /// How it ended.
    pub end: Option<Noted<Outcome>>,
}

impl Told {
    /// Whether it was asked for and has not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether somebody performs it.
    #[must_use]
    pub fn is_performed(&self) -> bool {
        matches!(self.kind, Kind::Agent | Kind::Tool)
    }

    /// Whether it is at work now, as far as records tell.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.is_open() && self.is_performed() && self.started.is_some()
    }
}
