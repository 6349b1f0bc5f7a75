//! What performs agent tasks.

use std::future::Future;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::Arc;

use baton_core::handoff::{Failure, Handoff, Usage};
use baton_core::ids::TaskId;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::manifest::AgentType;
use baton_core::record::Effect;
use baton_core::report::Report;
use baton_core::reuse::Seen;
use baton_core::scope::Scope;
use baton_core::spec::AgentSpec;
use baton_core::tool::{Denial, RawToolSpec};
use baton_host::port::{CallError, ToolOffer};
use tokio::sync::watch;

/// A future of a backend, without a name.
pub type BackendFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// One attempt at one task.
#[derive(Clone, Debug)]
pub struct Job {
    /// The task.
    pub task: TaskId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// What is to be done. Agent type defaults (system prompt) are filled in.
    pub spec: Arc<AgentSpec>,
    /// What was wrong with the output of the attempt before: validation errors.
    pub corrections: Vec<String>,
    /// What the task may touch.
    pub scope: Arc<Scope>,
    /// The granted directory on the host, if there is one.
    pub root: Option<PathBuf>,
    /// Limits of the run.
    pub limits: Arc<Limits>,
    /// Wall time of this attempt in milliseconds.
    pub timeout_ms: u64,
    /// The definition of its agent type, if it has one.
    pub definition: Option<Arc<AgentType>>,
}

/// What a backend tells while it works. Sent on [`JobContext::notices`].
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
}

/// What surrounds an attempt.
#[derive(Clone)]
pub struct JobContext {
    /// Becomes `true` when the result is not wanted any more.
    pub cancelled: watch::Receiver<bool>,
    /// Where notices go. A full or closed channel never stops the work.
    pub notices: tokio::sync::mpsc::UnboundedSender<Notice>,
    /// The tools the agent was given; none: no tools.
    pub tools: Option<Arc<dyn Toolbox>>,
}

/// The tools of one agent task.
pub trait Toolbox: Send + Sync {
    /// What they are, in the order of their names.
    fn offers(&self) -> Vec<ToolOffer>;

    /// Calls one and waits for what it returns. The call is a task of the run: on record before it
    /// starts. Dropping the future stops nothing by itself; the end of the attempt does.
    fn call(&self, spec: RawToolSpec) -> BackendFuture<'static, Result<Json, CallError>>;

    /// Whether one of them did, or may have done, what must not happen twice: then the attempt must
    /// not be followed by another.
    fn did_once(&self) -> bool;
}

/// How an attempt failed, as far as it decides what happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// Another attempt may succeed.
    Retryable {
        /// Why.
        failure: Failure,
        /// Not before so many milliseconds.
        after_ms: Option<u64>,
    },
    /// Another attempt would fail the same way.
    Permanent(Failure),
    /// Quota, billing, authentication or overload of the provider: nothing further should start.
    Quota {
        /// Why.
        failure: Failure,
        /// When it may be over, in milliseconds from now.
        after_ms: Option<u64>,
    },
    /// The result was not wanted any more.
    Cancelled,
}

/// What an attempt brought and consumed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The handoff, or why there is none.
    pub result: Result<Handoff, BackendError>,
    /// What was consumed, also by failures.
    pub usage: Usage,
}

/// Something that performs agent tasks.
pub trait Backend: Send + Sync {
    /// How it is written on the command line, such as `component:docs-auditor`.
    fn name(&self) -> &str;

    /// What a repeat of a task would do outside.
    fn effect(&self) -> Effect;

    /// Whether what it does can change files of the granted directory.
    fn can_write(&self) -> bool {
        true
    }

    /// Makes one attempt. Output is not yet checked against a schema. Must end soon after
    /// `context.cancelled` becomes true, and leave nothing running.
    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer>;
}
