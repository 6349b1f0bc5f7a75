//! What the host needs from whoever drives a guest.
//!
//! The host turns calls of a guest into these, checks their sizes first, and knows nothing of
//! journals, schedulers or backends.

use std::future::Future;
use std::pin::Pin;

use baton_core::command::{BudgetView, Command, Delivery, Reply, WaitError};
use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileRequest};
use baton_core::handoff::Failure;
use baton_core::ids::Timestamp;
use baton_core::json::Json;
use baton_core::refusal::Refusal;
use baton_core::replay::Divergence;
use baton_core::report::Report;
use baton_core::tool::RawToolSpec;

/// A future of a port, without a name.
pub type PortFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Why a port ends its guest. None of these is visible to the guest.
#[derive(Clone, Debug, thiserror::Error)]
pub enum PortError {
    /// The guest left its recorded path.
    #[error(transparent)]
    Diverged(#[from] Box<Divergence>),
    /// A limit of the run was exceeded in a way that only an attack does.
    #[error("limit `{name}` exceeded: {message}")]
    Limit {
        /// Name of the limit.
        name: &'static str,
        /// What happened.
        message: String,
    },
    /// The run is going away: cancelled, evicted or handed to another owner.
    #[error("the run does not need this instance any more")]
    Gone,
    /// The process or the system has no room for another instance now. Says nothing about the guest,
    /// and no guest can say it.
    #[error("{0}")]
    Capacity(&'static str),
    /// Baton or its store failed.
    #[error("{0}")]
    Internal(String),
}

/// A tool as a guest sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ToolOffer {
    /// Its full name.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input.
    pub input: Option<Json>,
    /// JSON Schema of its output.
    pub output: Option<Json>,
}

/// Why a call of a tool by an agent has no result.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CallError {
    /// It was turned down; nothing was started.
    Refused(Refusal),
    /// It was started, and failed.
    Failed(Failure),
}

/// The calls of a workflow. `fuel` is what the instance had burnt at the call, exact at every call:
/// the bill and a fingerprint of the execution.
pub trait WorkflowPort: Send {
    /// A call that is answered at once.
    ///
    /// # Errors
    /// Ends the guest.
    fn command(&mut self, command: Command, fuel: u64) -> Result<Reply, PortError>;

    /// Keeps a file and returns its digest, or says why not.
    ///
    /// # Errors
    /// Ends the guest.
    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        fuel: u64,
    ) -> Result<Result<Digest, String>, PortError>;

    /// The one call that waits.
    fn wait(
        &mut self,
        tasks: Option<Vec<u64>>,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<Delivery, WaitError>, PortError>>;

    /// Reads files, or repeats what was read when this was recorded.
    fn observe(
        &mut self,
        request: FileRequest,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>>;

    /// What is wrong with the schema of a gate, or with its default in the eyes of that schema; the
    /// same for the same options on every replay.
    fn gate_problem(&self, options: &str) -> PortFuture<'static, Option<String>>;

    /// Virtual time: that of the last delivery.
    fn now(&self) -> Timestamp;

    /// The budget as of the last delivery.
    fn budget(&self) -> BudgetView;

    /// The tools that this workflow may call: a function of the run's first record and of its scope.
    fn tools(&self) -> Vec<ToolOffer>;
}

/// The calls of an agent component. Nothing here is replayed.
pub trait AgentPort: Send {
    /// Tells people something.
    fn report(&mut self, report: Report);

    /// Keeps a file and returns its digest, or says why not.
    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<Digest, String>;

    /// Reads files.
    fn observe(&mut self, request: FileRequest) -> PortFuture<'_, Result<FileAnswer, FileError>>;

    /// The tools that this agent was given.
    fn tools(&self) -> Vec<ToolOffer>;

    /// Calls a tool and waits for what it returns.
    fn call(&mut self, spec: RawToolSpec) -> PortFuture<'_, Result<Json, CallError>>;
}
