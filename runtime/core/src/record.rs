//! The records of a run: the only truth about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::{Amounts, Caps};
use crate::digest::Digest;
use crate::files::{FileRequest, Observation};
use crate::handoff::{Failure, Outcome, Usage};
use crate::ids::{RunId, TaskPath, Timestamp};
use crate::json::Json;
use crate::limits::Limits;
use crate::manifest::AgentType;
use crate::refusal::Refusal;
use crate::report::Report;
use crate::scope::Scope;
use crate::spec::{AgentSpec, WorkflowSpec};

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

/// What happened. `Spawned` to `Reported` are commands of a guest: they are matched on
/// replay by position, kind and digest.
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
    /// Agents were handed to their backends.
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
    /// A task below a workflow ended.
    Completed {
        /// The task.
        task: TaskPath,
        /// How.
        outcome: Outcome,
        /// What it consumed, children and failed attempts included.
        usage: Usage,
    },
    /// A person cancelled a task, or the whole run.
    CancelOrdered {
        /// The task.
        task: TaskPath,
        /// Who.
        by: String,
    },
    /// A person sent a message to the run.
    Messaged {
        /// Who.
        sender: String,
        /// The text.
        text: String,
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
    },
    /// The root workflow ended. Always the last record.
    Finished {
        /// How.
        outcome: Outcome,
        /// What the run consumed.
        usage: Usage,
    },
}

/// What is to be done by a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// An agent performs something.
    Agent {
        /// What was asked for.
        spec: AgentSpec,
        /// The backend that will do it.
        backend: String,
        /// What a repeat would do outside.
        effect: Effect,
    },
    /// Another workflow runs.
    Workflow {
        /// What was asked for.
        spec: WorkflowSpec,
        /// Its component, pinned with the program.
        component: Digest,
        /// What it may spend.
        budget: Amounts,
    },
    /// A timer runs down.
    Sleep {
        /// When it is due.
        due: Timestamp,
    },
}

impl Work {
    /// Short name of the kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent",
            Self::Workflow { .. } => "workflow",
            Self::Sleep { .. } => "timer",
        }
    }

    /// The label, if one was given.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Agent { spec, .. } => spec.options.label.as_deref(),
            Self::Workflow { spec, .. } => spec.options.label.as_deref().or(Some(&spec.name)),
            Self::Sleep { .. } => None,
        }
    }
}

/// What a repeat would do outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing: it only reads.
    Read,
    /// The same again, which is acceptable.
    Repeatable,
    /// Something that must not happen twice.
    Once,
}

/// A task handed to its backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The task.
    pub task: TaskPath,
    /// The attempt, from 1.
    pub attempt: u32,
}

/// Why a run stopped for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// A cap of the operator leaves room for nothing.
    Cap {
        /// Which: `agents`, `tokens`, `cost` or `wall-time`.
        cap: String,
    },
    /// A person said so.
    Person {
        /// Who.
        by: String,
    },
    /// The process that owned it was asked to end.
    Interrupted,
}

/// Everything that decides what a run does. Its digest is what grants are bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Name of the root workflow.
    pub name: String,
    /// Its component.
    pub component: Digest,
    /// Other workflows it may spawn, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workflows: BTreeMap<String, Digest>,
    /// Agent components, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, Digest>,
    /// Agent definitions, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agent_types: BTreeMap<String, AgentType>,
}

impl Program {
    /// The program's identity.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_json(self)
    }

    /// Every component the program is made of.
    pub fn components(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.component).chain(self.workflows.values()).chain(self.agents.values())
    }
}

/// Which backends perform agent tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackendChoice {
    /// The operator's choice for every agent; wins over everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<String>,
    /// The operator's choice by agent type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_type: BTreeMap<String, String>,
}

/// The facts a run begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Record format of this run.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// What runs; its bytes are blobs.
    pub program: Program,
    /// The input.
    pub input: Json,
    /// 32 bytes from which every random number of the run's workflows follows.
    pub seed: Digest,
    /// What the root workflow may touch.
    pub scope: Scope,
    /// The granted directory on the host, if there is one. For people and for a resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// Who performs agent tasks.
    #[serde(default)]
    pub backends: BackendChoice,
    /// The script's budget.
    #[serde(default)]
    pub budget: Amounts,
    /// The operator's caps.
    #[serde(default)]
    pub caps: Caps,
    /// Agents of this run at work at once; none: only the engine's own bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Every limit.
    #[serde(default)]
    pub limits: Limits,
    /// Who started it.
    #[serde(default)]
    pub by: String,
    /// The wasm engine that ran it first.
    #[serde(default)]
    pub engine: String,
    /// The batch it belongs to, and its line there, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchLine>,
}

/// Place of a run in a batch (`baton run --each`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLine {
    /// The batch.
    pub batch: String,
    /// The line, from 1.
    pub line: u64,
}

impl RunStarted {
    /// Short name of the root workflow, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.program.name
    }
}
