//! The seam between this crate and whoever hosts the guest.
//!
//! One trait per WIT interface, so that a guest links only what its world offers: an agent that
//! never names [`TaskHost`] does not import `tasks`.

use crate::budget::Amounts;
use crate::call::ToolInfo;
use crate::error::TaskError;
use crate::failure::{Failure, Refusal};
use crate::files::{Content, Entry, FileError, Listing, Matches};
use crate::handoff::{Handoff, Usage};
use crate::message::Message;
use crate::report::Level;

#[cfg(target_arch = "wasm32")]
pub(crate) mod component;

/// An agent specification as it crosses the boundary: JSON as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawAgent {
    pub prompt: String,
    pub input: Option<String>,
    pub schema: Option<String>,
    pub options: String,
}

/// A workflow specification as it crosses the boundary: JSON as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawWorkflow {
    pub name: String,
    pub input: String,
    pub options: String,
}

/// A call of a tool as it crosses the boundary: JSON as text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawTool {
    pub name: String,
    pub input: String,
    pub options: String,
}

/// A question as it crosses the boundary: options as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawGate {
    pub question: String,
    pub options: String,
}

/// A file query as it crosses the boundary: options as JSON text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RawSelection {
    pub include: Vec<String>,
    pub exclude: Vec<String>,
    pub options: String,
}

/// How a task ended: its output is JSON text.
pub(crate) type Outcome = Result<Handoff<String>, Failure>;

/// What a wait brings.
#[derive(Clone, Debug)]
pub(crate) enum Delivery {
    /// A task ended. The handoff's own usage is not set; `usage` counts for both outcomes.
    Completion { task: u64, outcome: Outcome, usage: Usage },
    /// A person sent a message.
    Message(Message),
}

/// Why a wait cannot be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WaitError {
    /// Nothing could ever arrive.
    NothingToWaitFor,
    /// The list names a task that is not open.
    UnknownTask,
}

/// Interface `tasks`.
pub(crate) trait TaskHost {
    fn spawn_agent(&self, spec: &RawAgent) -> Result<u64, Refusal>;
    fn spawn_workflow(&self, spec: &RawWorkflow) -> Result<u64, Refusal>;
    fn sleep(&self, milliseconds: u64) -> Result<u64, Refusal>;
    fn wait_any(&self, tasks: Option<&[u64]>) -> Result<Delivery, WaitError>;
    fn cancel(&self, task: u64);
}

/// Interface `tools`.
pub(crate) trait ToolHost {
    fn spawn_tool(&self, spec: &RawTool) -> Result<u64, Refusal>;
    fn available(&self) -> Vec<ToolInfo>;
}

/// Interface `gates`.
pub(crate) trait GateHost {
    fn ask(&self, spec: &RawGate) -> Result<u64, Refusal>;
    fn listen(&self);
}

/// Interface `toolbox`.
pub(crate) trait ToolboxHost {
    fn call(&self, spec: &RawTool) -> Result<String, TaskError>;
    fn offered(&self) -> Vec<ToolInfo>;
}

/// Interface `budget`.
pub(crate) trait BudgetHost {
    fn granted(&self) -> Amounts;
    fn spent(&self) -> Amounts;
    fn left(&self) -> Amounts;
}

/// Interface `files`.
pub(crate) trait FileHost {
    fn read(&self, path: &str) -> Result<Content, FileError>;
    fn list(&self, selection: &RawSelection) -> Result<Listing, FileError>;
    fn search(&self, pattern: &str, selection: &RawSelection) -> Result<Matches, FileError>;
    fn stat(&self, path: &str) -> Result<Entry, FileError>;
}

/// Interface `report`.
pub(crate) trait ReportHost {
    fn phase(&self, title: &str);
    fn log(&self, level: Level, text: &str);
    fn progress(&self, done: u64, total: Option<u64>);
    fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<String, String>;
}
