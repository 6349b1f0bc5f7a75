//! What backends tell while they work.

use baton_core::handoff::{Failure, Usage};
use baton_core::report::Report;
use baton_core::reuse::Seen;
use baton_core::tool::Denial;

use crate::sessions::Session;

/// What a backend tells while it works. Sent on [`JobContext::notices`](super::JobContext::notices).
#[derive(Clone, Debug)]
pub enum Notice {
    /// A process was started for the task; journaled, so that it can be reaped.
    Process {
        /// Process id of the supervisor, leader of the process group.
        pid: u32,
        /// When it began, in clock ticks since boot.
        ticks: u64,
    },
    /// An attempt failed and another follows.
    AttemptFailed {
        /// The attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// What it consumed all the same.
        usage: Usage,
    },
    /// What an attempt looked at, told at its end; from backends that see it.
    Read {
        /// The requests and what they brought.
        reads: Vec<Seen>,
        /// Whether that is everything.
        complete: bool,
    },
    /// The task tried what it may not do, and was kept from it.
    Denied(Denial),
    /// The worker told people something.
    Report(Report),
    /// A file was produced; its bytes go to the blob store.
    Artifact(Vec<u8>),
    /// A sign of life for those who watch. Not kept.
    Activity(Activity),
    /// A step of a ladder of models passed its check.
    Passed(Passed),
    /// The agent remembers by itself what was said in a session; journaled, so that another process can
    /// go on with it.
    Session {
        /// The step of the ladder that it belongs to.
        rung: u32,
        /// The session.
        session: Session,
    },
    /// The agent was told its messages up to this one.
    Heard {
        /// Number of the message, see [`Message::seq`](crate::backend::Message::seq).
        upto: u64,
    },
}

/// What an agent is doing right now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Activity {
    /// A request to a model is on its way, or its answer has begun.
    Waiting,
    /// Text of the model.
    Text(String),
    /// Reasoning of the model.
    Thinking(String),
    /// A tool is at work.
    Tool(String),
}

impl Activity {
    /// The text of the model, or the name of the tool.
    #[must_use]
    pub fn text(&self) -> &str {
        match self {
            Self::Waiting => "",
            Self::Text(text) | Self::Thinking(text) | Self::Tool(text) => text,
        }
    }
}

/// A step of a ladder that passed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passed {
    /// Which, from 0.
    pub rung: u32,
    /// How many there are.
    pub rungs: u32,
    /// Its backend.
    pub backend: String,
    /// What the work would have cost with the last step alone, by the tokens of the step that
    /// passed, less what all steps cost: millionths of a US dollar; below zero: the ladder cost more.
    pub saved_micro_usd: i64,
}
