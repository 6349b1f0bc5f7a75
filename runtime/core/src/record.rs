//! The records of a run: the only truth about it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::budget::{Amounts, Caps, Short};
use crate::digest::Digest;
use crate::files::{FileRequest, Observation};
use crate::forecast::Forecast;
use crate::gate::GateSpec;
use crate::handoff::{Failure, Outcome, Usage};
use crate::ids::{RunId, TaskId, TaskPath, Timestamp};
use crate::json::Json;
use crate::limits::Limits;
use crate::manifest::{AgentType, Requests};
use crate::model::Models;
use crate::refusal::Refusal;
use crate::report::Report;
use crate::reuse::{Miss, Seen};
use crate::scope::Authority;
use crate::scope::Scope;
use crate::spec::{AgentSpec, SCHEMA_ATTEMPTS_MAX, WorkflowSpec};
use crate::tool::{Denial, ToolSpec, Tools};

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
    /// A tool does something.
    Tool {
        /// What was asked for.
        spec: ToolSpec,
        /// Full name of the tool.
        tool: String,
        /// What it may touch.
        authority: Box<Authority>,
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
    /// A person is asked.
    Gate {
        /// The question.
        spec: GateSpec,
        /// When the default is taken, or the gate fails; none: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
}

impl Work {
    /// Whether somebody performs it outside of the run's own state: an agent or a tool.
    #[must_use]
    pub fn is_performed(&self) -> bool {
        matches!(self, Self::Agent { .. } | Self::Tool { .. })
    }

    /// What a repeat would do outside; none: nobody performs it.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        match self {
            Self::Agent { effect, .. } | Self::Tool { effect, .. } => Some(*effect),
            Self::Workflow { .. } | Self::Sleep { .. } | Self::Gate { .. } => None,
        }
    }

    /// Short name of the kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent",
            Self::Tool { .. } => "tool",
            Self::Workflow { .. } => "workflow",
            Self::Sleep { .. } => "timer",
            Self::Gate { .. } => "gate",
        }
    }

    /// The label, if one was given.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Agent { spec, .. } => spec.options.label.as_deref(),
            Self::Tool { spec, tool, .. } => spec.options.label.as_deref().or(Some(tool)),
            Self::Workflow { spec, .. } => spec.options.label.as_deref().or(Some(&spec.name)),
            Self::Sleep { .. } => None,
            Self::Gate { spec, .. } => spec.options.label.as_deref(),
        }
    }
}

/// What a repeat would do outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
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

/// What is wrong with a provider that serves nobody for now.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outage {
    /// The account has used up what it may use for now.
    Quota,
    /// The key is missing, wrong or revoked.
    Auth,
    /// The account cannot pay.
    Billing,
    /// The provider has too much to do.
    Overload,
    /// The provider cannot be reached.
    Unreachable,
}

impl Outage {
    /// The word as it is written in records and shown.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Quota => "quota",
            Self::Auth => "auth",
            Self::Billing => "billing",
            Self::Overload => "overload",
            Self::Unreachable => "unreachable",
        }
    }

    /// Whether time alone can mend it. A key and a bill need a person.
    #[must_use]
    pub fn passes(self) -> bool {
        matches!(self, Self::Quota | Self::Overload | Self::Unreachable)
    }
}

/// Why a run stopped for a time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Pause {
    /// A cap of the operator leaves room for nothing.
    Cap {
        /// Which: `agents`, `tokens`, `input-tokens`, `output-tokens`, `cached-tokens`, `cost` or
        /// `wall-time`.
        cap: String,
        /// What does not fit; none: nothing at all does any more.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        short: Option<Box<Short>>,
    },
    /// A provider serves nobody for now, and nothing else is left to do.
    Provider {
        /// Its name.
        provider: String,
        /// What is wrong with it.
        outage: Outage,
        /// When it may serve again; none: not known.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        until: Option<Timestamp>,
        /// What it said, for people.
        #[serde(default, skip_serializing_if = "String::is_empty")]
        message: String,
    },
    /// A person said so.
    Person {
        /// Who.
        by: String,
    },
    /// Nothing is left to do before a person has answered.
    Gate {
        /// The gate that was asked first of those that are open.
        task: TaskPath,
        /// Its question.
        question: String,
    },
    /// Nothing is left to do before a person sends a message.
    Message,
    /// The process that owned it was asked to end.
    Interrupted,
}

/// Everything that decides what a run does. Its digest is what grants are bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Program {
    /// Name of the root workflow.
    pub name: String,
    /// Its component; of a script, the one that interprets it.
    pub component: Digest,
    /// The root workflow's source, if it is a script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Digest>,
    /// Other workflows it may spawn, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub workflows: BTreeMap<String, Digest>,
    /// Sources of those other workflows that are scripts, by name. Their components interpret them.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub scripts: BTreeMap<String, Digest>,
    /// What those other workflows ask for, by name: each gets no more than that, whatever its parent
    /// may do. Of one that is not named, as in records of 0.1.0: all that its parent may do.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub requests: BTreeMap<String, Requests>,
    /// Agent components, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agents: BTreeMap<String, Digest>,
    /// Tool components, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub tools: BTreeMap<String, Digest>,
    /// Agent definitions, by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub agent_types: BTreeMap<String, AgentType>,
    /// Instructions of the project, the outermost first: path and text.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub instructions: Vec<(String, Digest)>,
    /// Skills by name.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub skills: BTreeMap<String, SkillPart>,
}

/// A skill that is part of a program.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SkillPart {
    /// When to use it.
    pub description: String,
    /// Its text.
    pub text: Digest,
}

impl Program {
    /// A program that is one component and nothing else.
    #[must_use]
    pub fn new(name: impl Into<String>, component: Digest) -> Self {
        Self {
            name: name.into(),
            component,
            script: None,
            workflows: BTreeMap::new(),
            scripts: BTreeMap::new(),
            requests: BTreeMap::new(),
            agents: BTreeMap::new(),
            tools: BTreeMap::new(),
            agent_types: BTreeMap::new(),
            instructions: Vec::new(),
            skills: BTreeMap::new(),
        }
    }

    /// The program's identity.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of_json(self)
    }

    /// Everything the program is made of: components and sources.
    pub fn parts(&self) -> impl Iterator<Item = &Digest> {
        std::iter::once(&self.component)
            .chain(&self.script)
            .chain(self.workflows.values())
            .chain(self.scripts.values())
            .chain(self.agents.values())
            .chain(self.tools.values())
            .chain(self.instructions.iter().map(|(_, text)| text))
            .chain(self.skills.values().map(|skill| &skill.text))
    }

    /// The source of a workflow that is a script; `name` is none for the root workflow.
    #[must_use]
    pub fn source(&self, name: Option<&str>) -> Option<&Digest> {
        match name {
            None => self.script.as_ref(),
            Some(name) => self.scripts.get(name),
        }
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
    /// What performs tasks for which nobody else names anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// How the scripts of a run are interpreted. Means nothing to a run without scripts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ScriptOptions {
    /// The root script's file as it was given, for people.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path: String,
    /// Titles of the phases that the root script declares, in order.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<String>,
    /// No input was given: `args` is `undefined`. The recorded input is `null`.
    #[serde(skip_serializing_if = "is_false")]
    pub absent: bool,
    /// The clock and the random source are virtual instead of forbidden.
    #[serde(skip_serializing_if = "is_false")]
    pub lenient: bool,
    /// The global `baton` is there.
    #[serde(skip_serializing_if = "is_false")]
    pub extensions: bool,
    /// How deep `workflow()` may go: 1 lets the root script call others, and those none.
    pub nesting: u32,
    /// How often the output of an agent may be tried against its schema, 1 to 5.
    pub schema_attempts: u32,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_false(value: &bool) -> bool {
    !value
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_true(value: &bool) -> bool {
    *value
}

impl Default for ScriptOptions {
    fn default() -> Self {
        Self {
            path: String::new(),
            phases: Vec::new(),
            absent: false,
            lenient: false,
            extensions: false,
            nesting: SCRIPT_NESTING_DEFAULT,
            schema_attempts: SCHEMA_ATTEMPTS_MAX,
        }
    }
}

/// Levels of `workflow()` where nobody says otherwise, as in the dialect.
pub const SCRIPT_NESTING_DEFAULT: u32 = 1;

/// Where a run was forked from another. Its first records are the other's, and cost it nothing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Fork {
    /// The other run.
    pub run: RunId,
    /// Record of the other run up to which it is shared.
    pub at: u64,
    /// How many records of this run are shared, the first included.
    pub records: u64,
    /// When it was forked.
    pub made: Timestamp,
    /// Tasks whose ends a person wrote, here or in the runs above: performing them does not bring that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub given: Vec<TaskPath>,
    /// Tasks whose inputs a person wrote, here or in the runs above: no workflow asked for that.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub asked: Vec<TaskPath>,
    /// What was changed, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub edit: Option<String>,
}

/// A run whose results are used again.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reuse {
    /// The run.
    pub run: RunId,
    /// Results of agents whose reads nobody sees are used although files may have changed.
    #[serde(default, skip_serializing_if = "is_false")]
    pub stale: bool,
    /// Tasks of that run whose results are not used.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub except: Vec<TaskPath>,
}

/// The state of a directory at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Over the paths and contents of the files; none: see `problem`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// How many files.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// Why there is no digest, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Snapshot {
    /// A state that could not be taken.
    #[must_use]
    pub fn failed(problem: impl Into<String>) -> Self {
        Self { digest: None, files: 0, bytes: 0, problem: Some(problem.into()) }
    }

    /// Whether both are known and the same.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        self.digest.is_some() && self.digest == other.digest
    }
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
    /// The tools it may call, where they come from, and the secrets they use.
    #[serde(default, skip_serializing_if = "Tools::is_empty")]
    pub tools: Tools,
    /// Models and who serves them.
    #[serde(default, skip_serializing_if = "Models::is_empty")]
    pub models: Models,
    /// The most that agents which work by themselves may touch, beside their tools: what policy
    /// grants of files and commands. Component agents have nothing of it.
    #[serde(default, skip_serializing_if = "Authority::is_nothing")]
    pub workers: Authority,
    /// Whether it goes on by itself when a provider serves again.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub continues: bool,
    /// W3C trace context that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The granted directory on the host, if there is one. For people and for a resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The commit that was checked out there: what agents with `isolation` begin with. None where
    /// the directory is in no git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
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
    /// How its scripts are interpreted; none: the root workflow is no script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Box<ScriptOptions>>,
    /// Paths inside the granted directory that no snapshot counts: what makes up the program and its
    /// agent definitions, because what counts of them is in the program, and Baton's own state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_files: Vec<String>,
    /// The run whose results it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Reuse>,
    /// Where it was forked from another run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Box<Fork>>,
    /// The finished run that it follows up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<RunId>,
    /// What it was expected to consume, if that was told before it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Box<Forecast>>,
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
