//! What agents did and said: the records of their tasks, with what those name in the blob store.

pub mod jsonl;
pub mod markdown;
mod reader;
pub mod text;

use baton_agents::model::transcript::TurnContent;
use baton_core::handoff::{Failure, Outcome, Usage};
use baton_core::ids::{TaskId, TaskPath, Timestamp};
use baton_core::json::Json;
use baton_core::record::{Outage, Work};
use baton_core::report::Report;
use baton_core::tool::Denial;

pub use self::reader::Reader;

/// One thing that a task did, or that was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The task.
    pub task: TaskPath,
    /// When it went on record.
    pub at: Timestamp,
    /// The attempt it belongs to, from 1; 0: the task has not begun.
    pub attempt: u32,
    /// What it is.
    pub what: What,
}

/// What a task did, or what was done to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum What {
    /// It was asked for.
    Asked(Box<Work>),
    /// An attempt began.
    Started,
    /// A model is about to be called.
    Calling {
        /// Number of the call.
        call: u32,
        /// The model.
        backend: String,
        /// The most it may consume.
        reserve: Usage,
    },
    /// A call of a model ended.
    Turned {
        /// Number of the call.
        call: u32,
        /// The model.
        backend: String,
        /// What it consumed.
        usage: Usage,
        /// The numbers are estimates.
        estimated: bool,
        /// What was said.
        content: Content,
    },
    /// It called a tool, which is a task of its own.
    Tool {
        /// That task.
        child: TaskPath,
        /// The tool.
        tool: String,
        /// What it was given.
        input: Json,
    },
    /// A tool that it called ended.
    ToolEnded {
        /// The task of the call.
        child: TaskPath,
        /// The tool.
        tool: String,
        /// How.
        outcome: Outcome,
        /// What it consumed.
        usage: Usage,
    },
    /// It tried what it may not do.
    Denied(Denial),
    /// It told people something.
    Reported(Report),
    /// An attempt failed, and another follows.
    AttemptFailed {
        /// Why.
        failure: Failure,
        /// What it consumed beside its calls of models.
        usage: Usage,
    },
    /// An attempt ended because its provider serves nobody for now.
    Deferred {
        /// The provider.
        provider: String,
        /// What is wrong with it.
        outage: Outage,
        /// Why, for people.
        failure: Failure,
        /// When it may serve again.
        until: Option<Timestamp>,
    },
    /// A step of a ladder of models passed its check.
    Passed {
        /// Which, from 0.
        rung: u32,
        /// How many there are.
        rungs: u32,
        /// Its backend.
        backend: String,
        /// What was saved, in millionths of a US dollar.
        saved_micro_usd: i64,
    },
    /// It ended.
    Ended {
        /// How.
        outcome: Outcome,
        /// What it consumed.
        usage: Usage,
        /// The task of another run whose result this is.
        reused_from: Option<TaskId>,
    },
}

impl What {
    /// Whether it is more than the beginning and end of the task.
    #[must_use]
    pub fn is_talk(&self) -> bool {
        !matches!(self, Self::Asked(_) | Self::Started | Self::Ended { .. } | Self::Denied(_))
    }
}

/// What was said in a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Content {
    /// Nothing: nobody was there to hear it.
    Nothing,
    /// This.
    Said(Box<TurnContent>),
    /// It is kept and cannot be read.
    Unreadable(String),
}

#[cfg(test)]
mod tests;
