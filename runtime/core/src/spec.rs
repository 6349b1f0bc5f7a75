//! What a guest asks for when it spawns, with its `options` objects taken apart.

use serde::de::{self, DeserializeOwned};
use serde::{Deserialize, Deserializer, Serialize};

use crate::budget::Amounts;
use crate::json::{Json, JsonError};
use crate::limits::RunLimits;
use crate::refusal::Refusal;
use crate::replay::shorten_to;
use crate::scope::{Authority, Narrowing};

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
    #[serde(skip_serializing_if = "Option::is_none", deserialize_with = "object_or_null")]
    pub budget: Option<BudgetOption>,
    /// Narrows which tools it may call, and what they may touch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub within: Option<Narrowing>,
    /// The child gets no input: `args` of a script is `undefined`. The input must be `null` then.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub absent: Option<bool>,
}

/// A budget as it is written in options: money in dollars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct BudgetOption {
    /// Agents.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub agents: Option<u64>,
    /// Input and output tokens together.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Output tokens alone.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub output_tokens: Option<u64>,
    /// US dollars.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<f64>,
}

/// Takes an object, and not the list that serde takes for a struct too.
fn object_or_null<'de, D: Deserializer<'de>>(from: D) -> Result<Option<BudgetOption>, D::Error> {
    let Some(map) = Option::<serde_json::Map<String, serde_json::Value>>::deserialize(from)? else {
        return Ok(None);
    };
    BudgetOption::deserialize(serde_json::Value::Object(map)).map(Some).map_err(de::Error::custom)
}

// Equality of specifications is equality of their text; NaN cannot be written in JSON.
impl Eq for BudgetOption {}

impl From<BudgetOption> for Amounts {
    fn from(option: BudgetOption) -> Self {
        Self {
            agents: option.agents,
            tokens: option.tokens,
            output_tokens: option.output_tokens,
            cost_micro_usd: option.cost_usd.map(micro_usd),
        }
    }
}

/// Dollars as millionths, rounded, never below zero.
#[must_use]
pub fn micro_usd(usd: f64) -> u64 {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "float to integer casts saturate, and negative amounts become zero on purpose"
    )]
    let micro = (usd * 1e6).round() as u64;
    micro
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

impl AgentSpec {
    /// Checks sizes and takes the options apart.
    ///
    /// # Errors
    /// A refusal that names what is wrong.
    pub fn parse(raw: RawAgentSpec, limits: &RunLimits) -> Result<Self, Refusal> {
        if raw.prompt.len() as u64 > limits.prompt_bytes {
            return Err(Refusal::limit(
                "run.prompt_bytes",
                format!(
                    "a prompt of {} bytes; the limit is {}",
                    raw.prompt.len(),
                    limits.prompt_bytes
                ),
                "put long material into a file and name it in the prompt",
            ));
        }
        // `null` and nothing are the same here, as they are in a record that is read back.
        let optional = |text: Option<String>, what| match text {
            Some(text) => json(&text, what, limits).map(|json| Some(json).filter(|j| !j.is_null())),
            None => Ok(None),
        };
        let input = optional(raw.input, "input")?;
        let schema = optional(raw.schema, "schema")?;
        let options: AgentOptions = options(&raw.options, limits)?;
        if let Some(attempts) = options.schema_attempts
            && !(1..=SCHEMA_ATTEMPTS_MAX).contains(&attempts)
        {
            return Err(Refusal::invalid(
                "schema-attempts",
                format!(
                    "schema_attempts is {attempts}; it must be from 1 to {SCHEMA_ATTEMPTS_MAX}"
                ),
            ));
        }
        let texts = [
            &options.label,
            &options.phase,
            &options.agent_type,
            &options.backend,
            &options.model,
            &options.effort,
            &options.isolation,
        ];
        for text in texts.into_iter().flatten() {
            text_fits(text, limits)?;
        }
        patterns_fit(options.read.as_deref(), limits)?;
        patterns_fit(options.tools.as_deref(), limits)?;
        narrowing_fits(options.within.as_ref(), limits)?;
        Ok(Self { prompt: raw.prompt, input, schema, options })
    }
}

impl WorkflowSpec {
    /// Checks sizes and takes the options apart.
    ///
    /// # Errors
    /// A refusal that names what is wrong.
    pub fn parse(raw: RawWorkflowSpec, limits: &RunLimits) -> Result<Self, Refusal> {
        text_fits(&raw.name, limits)?;
        let input = json(&raw.input, "input", limits)?;
        let options: WorkflowOptions = options(&raw.options, limits)?;
        for text in [&options.label, &options.phase].into_iter().flatten() {
            text_fits(text, limits)?;
        }
        patterns_fit(options.read.as_deref(), limits)?;
        narrowing_fits(options.within.as_ref(), limits)?;
        if options.absent == Some(true) && !input.is_null() {
            let message = "`absent` says that there is no input, and there is one";
            return Err(Refusal::invalid("bad-option", message));
        }
        Ok(Self { name: raw.name, input, options })
    }
}

/// Characters of a parser's message that a refusal repeats.
const MESSAGE_CHARS: usize = 400;

pub(crate) fn text_fits(text: &str, limits: &RunLimits) -> Result<(), Refusal> {
    if text.len() as u64 <= limits.text_bytes {
        return Ok(());
    }
    Err(Refusal::limit(
        "run.text_bytes",
        format!("a text of {} bytes; the limit is {}", text.len(), limits.text_bytes),
        "",
    ))
}

fn patterns_fit(patterns: Option<&[String]>, limits: &RunLimits) -> Result<(), Refusal> {
    let patterns = patterns.unwrap_or_default();
    if patterns.len() as u64 > limits.list_items {
        let (count, max) = (patterns.len(), limits.list_items);
        let message = format!("a list of {count} patterns; the limit is {max}");
        return Err(Refusal::limit("run.list_items", message, ""));
    }
    patterns.iter().try_for_each(|text| text_fits(text, limits))
}

/// Checks the sizes of a narrowing, and that its patterns can be read.
pub(crate) fn narrowing_fits(
    narrowing: Option<&Narrowing>,
    limits: &RunLimits,
) -> Result<(), Refusal> {
    let Some(narrowing) = narrowing else { return Ok(()) };
    let Narrowing { read, write, http, env, secrets, exec, tools } = narrowing;
    for patterns in [read, write, http, env, secrets, exec, tools] {
        patterns_fit(patterns.as_deref(), limits)?;
    }
    Authority::unlimited().narrowed(narrowing).map(|_| ()).map_err(|error| {
        Refusal::invalid("bad-pattern", shorten_to(&error.to_string(), MESSAGE_CHARS))
    })
}

pub(crate) fn json(text: &str, what: &str, limits: &RunLimits) -> Result<Json, Refusal> {
    Json::parse(text, limits.json_bytes, limits.json_depth).map_err(|error| match error {
        JsonError::Syntax(_) => Refusal::invalid("bad-json", format!("{what}: {error}")),
        JsonError::Size { .. } => Refusal::limit("run.json_bytes", format!("{what}: {error}"), ""),
        JsonError::Depth { .. } => Refusal::limit("run.json_depth", format!("{what}: {error}"), ""),
    })
}

pub(crate) fn options<T: DeserializeOwned + Default>(
    text: &str,
    limits: &RunLimits,
) -> Result<T, Refusal> {
    if text.trim().is_empty() {
        return Ok(T::default());
    }
    let checked = json(text, "options", limits)?;
    // Serde would take a list for the fields of a struct in their order.
    if !checked.as_str().starts_with('{') {
        return Err(Refusal::invalid("bad-option", "options: not a JSON object"));
    }
    serde_json::from_str(checked.as_str()).map_err(|error| {
        // The message quotes names that the guest chose, of any length.
        let message = shorten_to(&error.to_string(), MESSAGE_CHARS);
        let code =
            if message.starts_with("unknown field") { "unknown-option" } else { "bad-option" };
        Refusal::invalid(code, format!("options: {message}"))
    })
}
