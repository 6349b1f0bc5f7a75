//! What a scripted host is asked.

use serde_json::Value;

use crate::report::Level;

/// What an agent was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentRequest {
    /// Number of the task.
    pub task: u64,
    /// What to do.
    pub prompt: String,
    /// Structured input.
    pub input: Option<Value>,
    /// JSON Schema of the output.
    pub schema: Option<Value>,
    /// The options object.
    pub options: Value,
}

/// What a workflow was asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct WorkflowRequest {
    /// Number of the task.
    pub task: u64,
    /// Name of the workflow.
    pub name: String,
    /// Its input.
    pub input: Value,
    /// The options object.
    pub options: Value,
}

/// What a tool was called with, by a workflow or by an agent.
#[derive(Clone, Debug, PartialEq)]
pub struct ToolRequest {
    /// Number of the task; 0 for a call of an agent.
    pub task: u64,
    /// Name of the tool; `exec` for a command.
    pub name: String,
    /// Its input.
    pub input: Value,
    /// The options object.
    pub options: Value,
}

/// What a person was asked.
#[derive(Clone, Debug, PartialEq)]
pub struct GateRequest {
    /// Number of the task.
    pub task: u64,
    /// The question.
    pub question: String,
    /// The options object.
    pub options: Value,
}

/// What the host was asked, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Event {
    /// An agent was spawned, or refused.
    Agent(AgentRequest),
    /// A workflow was spawned, or refused.
    Workflow(WorkflowRequest),
    /// A tool was called, or refused.
    Tool(ToolRequest),
    /// A person was asked, or the question refused.
    Gate(GateRequest),
    /// The workflow takes messages from now on.
    Listen,
    /// A timer was started.
    Sleep {
        /// Number of the task.
        task: u64,
        /// Its length.
        milliseconds: u64,
    },
    /// A wait, with the list of tasks or without.
    Wait(Option<Vec<u64>>),
    /// A task was cancelled.
    Cancel(u64),
    /// A file was read.
    Read(String),
    /// A phase began.
    Phase(String),
    /// A line was written.
    Log(Level, String),
    /// Progress was said.
    Progress(u64, Option<u64>),
    /// A file was kept.
    Artifact {
        /// Its name.
        name: String,
        /// Its media type.
        media_type: String,
        /// Its content.
        bytes: Vec<u8>,
    },
}
