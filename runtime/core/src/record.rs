//! The records of a run: the only truth about it.

mod origin;
mod pause;
mod program;
mod script;
mod snapshot;
mod started;
mod work;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::Caps;
use crate::digest::Digest;
use crate::files::{FileRequest, Observation};
use crate::handoff::{Failure, Outcome, Usage};
use crate::ids::{TaskId, TaskPath, Timestamp};
use crate::refusal::Refusal;
use crate::report::Report;
use crate::reuse::{Miss, Seen};
use crate::scope::Denials;
use crate::session::Session;
use crate::tool::Denial;

pub use origin::{Fork, Reuse};
pub use pause::{Outage, Pause};
pub use program::{Program, SkillPart};
pub use script::{SCRIPT_NESTING_DEFAULT, ScriptOptions};
pub use snapshot::Snapshot;
pub use started::{BackendChoice, BatchLine, RunStarted};
pub use work::{Effect, Start, Work};

/// Version of the record format this release writes. Every released version stays readable.
pub const FORMAT: u32 = 1;

/// One entry of a run's journal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Record {
    /// Position in the run, from 1, without gaps.
    pub seq: u64,
    /// When it was made, by the store's clock; never before the record in front of it.
    pub at: Timestamp,
    /// What happened.
    pub body: Body,
}

/// What happened. `Spawned` to `Reported`, and `Listening`, are commands of a guest: they are matched
/// on replay by position, kind and digest.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Body {
    /// The run began. Always the first record, and only that.
    RunStarted(Box<RunStarted>),
    /// A guest spawned a task. The intent of every effect that the task will have.
    Spawned {
        /// The new task; its parent is the workflow that asked.
        task: TaskPath,
        /// Digest of the request.
        digest: Digest,
        /// Fuel its instance had burnt.
        fuel: u64,
        /// What is to be done.
        work: Box<Work>,
    },
    /// A guest's request to spawn was turned down.
    Refused {
        /// The workflow that asked.
        workflow: TaskPath,
        /// Digest of the request.
        digest: Digest,
        /// Fuel its instance had burnt.
        fuel: u64,
        /// Why.
        refusal: Refusal,
    },
    /// A guest cancelled a task.
    CancelRequested {
        /// The workflow that asked.
        workflow: TaskPath,
        /// Number of the task among its children.
        task: u64,
        /// Fuel its instance had burnt.
        fuel: u64,
    },
    /// A workflow read files.
    Observed {
        /// The workflow.
        workflow: TaskPath,
        /// Digest of the request.
        digest: Digest,
        /// Fuel its instance had burnt.
        fuel: u64,
        /// The request.
        request: FileRequest,
        /// What it brought.
        observation: Observation,
    },
    /// A workflow told people something.
    Reported {
        /// The workflow.
        workflow: TaskPath,
        /// Digest of the report.
        digest: Digest,
        /// Fuel its instance had burnt.
        fuel: u64,
        /// What it said.
        report: Report,
    },
    /// An agent told people something.
    AgentReported {
        /// The task.
        task: TaskPath,
        /// What it said.
        report: Report,
    },
    /// An agent called a tool. The intent of every effect that the call will have.
    Called {
        /// The new task; its parent is the agent.
        task: TaskPath,
        /// What is to be done.
        work: Box<Work>,
    },
    /// A task tried what it may not do, and was kept from it.
    Denied {
        /// The task.
        task: TaskPath,
        /// What it tried.
        denial: Denial,
    },
    /// Agents and tools were handed to whoever performs them.
    Started {
        /// Which, and the number of the attempt.
        tasks: Vec<Start>,
    },
    /// An agent runs as a process of the operating system, to be reaped before any retry.
    Process {
        /// The task.
        task: TaskPath,
        /// The attempt.
        attempt: u32,
        /// Process id of the supervisor, which is also the id of its process group.
        pid: u32,
        /// When the process began, in clock ticks since boot (`/proc/PID/stat`, field 22).
        ticks: u64,
    },
    /// An attempt failed and another will follow.
    AttemptFailed {
        /// The task.
        task: TaskPath,
        /// The attempt that failed.
        attempt: u32,
        /// Why.
        failure: Failure,
        /// What it consumed all the same.
        usage: Usage,
    },
    /// An agent is about to call a model. The intent of what that costs.
    Asked {
        /// The task.
        task: TaskPath,
        /// Number of the call within the task, from 1.
        call: u32,
        /// Name of the provider.
        provider: String,
        /// The model, as its provider calls it.
        model: String,
        /// The most that it may consume. Charged if it is never told what it did.
        reserve: Usage,
    },
    /// A call of a model ended.
    Turned {
        /// The task. It may have ended before, if nobody wanted its result any more.
        task: TaskPath,
        /// Number of the call.
        call: u32,
        /// What was said since the call before; none: nothing, or nobody knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        content: Option<Digest>,
        /// What it consumed.
        usage: Usage,
        /// The provider did not say; the numbers are estimates.
        #[serde(default, skip_serializing_if = "is_false")]
        estimated: bool,
    },
    /// An attempt ended because its provider serves nobody for now. The task is not done: it waits to
    /// be started again.
    Deferred {
        /// The task.
        task: TaskPath,
        /// The attempt.
        attempt: u32,
        /// Name of the provider.
        provider: String,
        /// What is wrong with it.
        outage: Outage,
        /// Why, for people.
        failure: Failure,
        /// What the attempt consumed all the same, beside its metered calls.
        usage: Usage,
        /// When the provider may serve again; none: not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
    },
    /// A step of a ladder of models passed its check. Before the task's completion.
    Passed {
        /// The task.
        task: TaskPath,
        /// Which step, from 0.
        rung: u32,
        /// How many there are.
        rungs: u32,
        /// Its backend.
        backend: String,
        /// What was saved against using the last step alone, in millionths of a US dollar; below
        /// zero: the ladder cost more.
        saved_micro_usd: i64,
    },
    /// What an attempt of an agent component looked at. Before the task's completion.
    AgentRead {
        /// The task.
        task: TaskPath,
        /// What it asked of the files, and what it saw, each once.
        reads: Vec<Seen>,
        /// Whether that is everything.
        complete: bool,
    },
    /// The state of the granted directory: before the first agent whose reads nobody sees, and
    /// when the run ends or pauses.
    Snapshot(Snapshot),
    /// An agent task found no result in the run it may reuse, and is performed.
    NotReused {
        /// The task.
        task: TaskPath,
        /// Why.
        reason: Miss,
    },
    /// A task below a workflow ended.
    Completed {
        /// The task.
        task: TaskPath,
        /// How.
        outcome: Outcome,
        /// What it consumed, children and failed attempts included.
        usage: Usage,
        /// The task of another run whose result this is. Nothing was performed then.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        reused_from: Option<TaskId>,
    },
    /// A person cancelled a task, or the whole run.
    CancelOrdered {
        /// The task.
        task: TaskPath,
        /// Who.
        by: String,
    },
    /// A person sent a message.
    Messaged {
        /// Who.
        sender: String,
        /// The text.
        text: String,
        /// The agent it is for; none: the root workflow.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        task: Option<TaskPath>,
        /// Whether it interrupts what the agent is doing.
        #[serde(default, skip_serializing_if = "is_false")]
        urgent: bool,
    },
    /// An agent was told its messages up to one of them.
    Heard {
        /// The agent.
        task: TaskPath,
        /// Record number of the last message it was told.
        upto: u64,
    },
    /// An agent that remembers by itself has a session that a later attempt can go on with.
    Session {
        /// The agent.
        task: TaskPath,
        /// Which step of a ladder it belongs to, from 0.
        #[serde(default, skip_serializing_if = "is_first")]
        rung: u32,
        /// The session; it takes the place of the one before.
        session: Session,
    },
    /// The root workflow takes messages: it may wait for nothing else. A command of a guest.
    Listening {
        /// The workflow.
        workflow: TaskPath,
        /// Fuel its instance had burnt.
        fuel: u64,
    },
    /// A person asked the run to pause: nothing further starts.
    PauseOrdered {
        /// Who.
        by: String,
        /// Whether agents at work are interrupted instead of awaited.
        #[serde(default, skip_serializing_if = "is_false")]
        now: bool,
        /// It takes back an order that has not come about yet.
        #[serde(default, skip_serializing_if = "is_false")]
        lifted: bool,
    },
    /// A person asked for one agent or tool to begin anew. What it did so far is dropped, its
    /// conversation too.
    RestartOrdered {
        /// The task.
        task: TaskPath,
        /// Who.
        by: String,
        /// Why, in the person's words.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Policy denies more than when the run began. From here on nobody in the run may touch it; what
    /// was granted stays on record as it was.
    DenialsAdded {
        /// Where that is said: files of settings and lines.
        by: String,
        /// What is denied, as far as it is new to the run.
        denials: Denials,
    },
    /// The run stopped for a time. Delivers nothing to any guest.
    Paused {
        /// Why.
        reason: Pause,
    },
    /// The run goes on, or was taken over from an owner that died.
    Resumed {
        /// Who.
        by: String,
        /// Fencing epoch of the owner.
        epoch: u64,
        /// Caps from now on.
        caps: Caps,
        /// The wasm engine of the owner; fuel is compared on replay only where it is the same.
        engine: String,
        /// Programs of the owner's machine that perform agents from now on, by the backend that these are
        /// on record with, in place of it.
        #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
        programs: BTreeMap<String, String>,
    },
    /// The root workflow ended. Always the last record.
    Finished {
        /// How.
        outcome: Outcome,
        /// What the run consumed.
        usage: Usage,
    },
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_first(rung: &u32) -> bool {
    *rung == 0
}
