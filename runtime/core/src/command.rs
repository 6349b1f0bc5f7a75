//! What a workflow asks of its run, and what it gets.

use crate::budget::Amounts;
use crate::gate::RawGateSpec;
use crate::handoff::{Outcome, Usage};
use crate::refusal::Refusal;
use crate::report::Report;
use crate::spec::{RawAgentSpec, RawWorkflowSpec};
use crate::tool::RawToolSpec;

/// A call of a workflow that is answered at once.
#[derive(Clone, Debug)]
pub enum Command {
    /// Spawn an agent.
    SpawnAgent(RawAgentSpec),
    /// Spawn a workflow.
    SpawnWorkflow(RawWorkflowSpec),
    /// Call a tool.
    SpawnTool(RawToolSpec),
    /// Ask a person.
    AskGate(RawGateSpec),
    /// Take messages: wait for one where nothing else is open.
    Listen,
    /// Start a timer.
    Sleep {
        /// How long, in milliseconds.
        ms: u64,
    },
    /// Cancel a task.
    Cancel {
        /// Its number.
        task: u64,
    },
    /// Tell people something.
    Report(Report),
}

/// The answer to a [`Command`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Reply {
    /// The number of the task that was spawned.
    Task(u64),
    /// Nothing was spawned.
    Refused(Refusal),
    /// Done; there is nothing to say.
    Nothing,
}

/// What a wait brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Delivery {
    /// A task ended.
    Completion {
        /// Its number among the children of the workflow that waited.
        task: u64,
        /// How it ended.
        outcome: Outcome,
        /// What it consumed.
        usage: Usage,
    },
    /// A person sent a message.
    Message {
        /// Who.
        sender: String,
        /// The text.
        text: String,
    },
}

/// Why a wait cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WaitError {
    /// Nothing could ever arrive.
    NothingToWaitFor,
    /// The list names a task that was never spawned, or was already delivered.
    UnknownTask,
}

/// The budget as a workflow sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BudgetView {
    /// What was granted.
    pub granted: Amounts,
    /// What delivered completions consumed.
    pub spent: Usage,
}
