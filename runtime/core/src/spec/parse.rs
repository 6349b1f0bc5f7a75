//! Specifications as they cross the guest boundary: their sizes, their JSON, their options.

use serde::de::DeserializeOwned;

use super::{
    AgentOptions, AgentSpec, RawAgentSpec, RawWorkflowSpec, SCHEMA_ATTEMPTS_MAX, WorkflowOptions,
    WorkflowSpec,
};
use crate::json::{Json, JsonError};
use crate::limits::RunLimits;
use crate::refusal::Refusal;
use crate::scope::{Authority, Narrowing};
use crate::words::shorten_to;

/// Characters of a parser's message that a refusal repeats.
const MESSAGE_CHARS: usize = 400;

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

/// Refuses a text that is longer than texts of guests may be.
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

/// Reads JSON of a guest, `what` it is for, within its limits of size and depth.
pub(crate) fn json(text: &str, what: &str, limits: &RunLimits) -> Result<Json, Refusal> {
    Json::parse(text, limits.json_bytes, limits.json_depth).map_err(|error| match error {
        JsonError::Syntax(_) => Refusal::invalid("bad-json", format!("{what}: {error}")),
        JsonError::Size { .. } => Refusal::limit("run.json_bytes", format!("{what}: {error}"), ""),
        JsonError::Depth { .. } => Refusal::limit("run.json_depth", format!("{what}: {error}"), ""),
    })
}

/// Takes an object of options apart. No text at all means the usual ones.
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
