//! What a guest asks for when it spawns, with its `options` objects taken apart.

mod budget;
mod parse;

use serde::{Deserialize, Serialize};

use crate::json::Json;
use crate::scope::Narrowing;

pub use budget::{BudgetOption, micro_usd};
pub(crate) use parse::{json, narrowing_fits, options, text_fits};

/// A bounded piece of work for an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSpec {
    /// What to do, in words.
    pub prompt: String,
    /// Structured input beside the prompt.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub input: Option<Json>,
    /// JSON Schema that the output must satisfy; none: free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<Json>,
    /// Everything else.
    #[serde(default)]
    pub options: AgentOptions,
}

/// The documented keys of `agent-spec.options`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct AgentOptions {
    /// Short name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Title of the phase the task belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// An agent definition by name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agent_type: Option<String>,
    /// A backend, such as `component:NAME`. Must be one the run was started with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub backend: Option<String>,
    /// Model: a tier such as `small`, `PROVIDER:MODEL`, a model of the backend's provider, or
    /// `inherit`. Where the backend is no provider of models it is handed to it as it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// Provider of the model, such as `anthropic`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<String>,
    /// Models from the cheapest to the dearest, and when the next is tried.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ladder: Option<Box<Ladder>>,
    /// What the task may consume; when it is used up, the task fails with kind `limit`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub budget: Option<BudgetOption>,
    /// Answers of the model, over all attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_turns: Option<u32>,
    /// Calls of tools, over all attempts.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub max_tool_calls: Option<u32>,
    /// How long an attempt may be silent, in milliseconds: no token, no tool at work, no request
    /// within its own time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stall_ms: Option<u64>,
    /// Reasoning effort, handed to the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
    /// System prompt, handed to the backend.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub system: Option<String>,
    /// Wall time of one attempt, in milliseconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub timeout_ms: Option<u64>,
    /// Glob patterns that narrow what the agent may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Vec<String>>,
    /// How often the output may be tried against the schema, 1 to 5.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub schema_attempts: Option<u32>,
    /// Patterns of the tools it may call; none: those that its agent type names. Never more than its
    /// parent may call.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tools: Option<Vec<String>>,
    /// Narrows what those tools may touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Narrowing>,
    /// A copy of its own for the agent to work in: `worktree`. Refused where it cannot be given: an
    /// agent that asked for isolation never works in place.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub isolation: Option<String>,
}

/// Models that are tried one after the other: the cheapest that passes wins.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ladder {
    /// Tiers or models, the cheapest first, or `inherit`; 1 to [`RUNGS_MAX`]. In the record: backends.
    /// Where the operator chose a model for everybody, or no model at all, each step is that.
    pub rungs: Vec<String>,
    /// What a result must pass beside its schema.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub check: Option<LadderCheck>,
}

/// What decides whether a step of a ladder passed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum LadderCheck {
    /// A tool that is called with `{"output": …}` merged into `input`. It passes unless it fails, or
    /// returns an object whose `passed` is `false` or (as `exec`) whose `status` is not 0.
    Tool {
        /// Full name of the tool.
        name: String,
        /// Further input.
        #[serde(default)]
        input: Option<Json>,
    },
    /// A model that tries to refute the result; its words go to the next step.
    Challenger {
        /// Tier or model. In the record: a backend.
        model: String,
        /// What it looks for.
        prompt: String,
    },
}

/// Steps of a ladder at the most.
pub const RUNGS_MAX: usize = 8;

/// Attempts at a schema where the specification does not say.
pub const SCHEMA_ATTEMPTS_DEFAULT: u32 = 3;
/// Attempts at a schema at the most.
pub const SCHEMA_ATTEMPTS_MAX: u32 = 5;

/// Another workflow to run as a child.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct WorkflowSpec {
    /// Name of the workflow among those pinned with the program.
    pub name: String,
    /// Its input.
    pub input: Json,
    /// Everything else.
    #[serde(default)]
    pub options: WorkflowOptions,
}

/// The documented keys of `workflow-spec.options`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct WorkflowOptions {
    /// Short name shown to people.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// Title of the phase the task belongs to.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub phase: Option<String>,
    /// Glob patterns that narrow what the child may read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub read: Option<Vec<String>>,
    /// What the child may spend of its parent's budget.
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "budget::object_or_null")]
    pub budget: Option<BudgetOption>,
    /// Narrows which tools it may call, and what they may touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Narrowing>,
    /// The child gets no input: `args` of a script is `undefined`. The input must be `null` then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<bool>,
}

/// An agent specification as it crosses the guest boundary.
#[derive(Clone, Debug)]
pub struct RawAgentSpec {
    /// What to do, in words.
    pub prompt: String,
    /// JSON text of the input.
    pub input: Option<String>,
    /// JSON text of the schema.
    pub schema: Option<String>,
    /// JSON text of the options.
    pub options: String,
}

/// A workflow specification as it crosses the guest boundary.
#[derive(Clone, Debug)]
pub struct RawWorkflowSpec {
    /// Name of the workflow.
    pub name: String,
    /// JSON text of the input.
    pub input: String,
    /// JSON text of the options.
    pub options: String,
}
