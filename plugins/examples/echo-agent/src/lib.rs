//! An agent that answers what it was asked, for tests and benches.

use std::hint::black_box;

use baton_guest::prelude::*;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// What to do besides echoing.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Input {
    /// Rounds of pure computation before the answer, about ten units of fuel each.
    pub work: u64,
    /// Fail with this message instead of answering.
    pub fail: Option<String>,
    /// Answer this instead of the prompt.
    pub output: Option<Value>,
    /// Everything else is echoed with the prompt.
    #[serde(flatten)]
    pub rest: serde_json::Map<String, Value>,
}

/// Answers the prompt as text; with further input, an object of `prompt` and `input`.
#[baton_guest::agent(
    name = "echo-agent",
    description = "Answers what it was asked. Can burn fuel and fail when told to."
)]
pub fn perform(_cx: AgentCx, task: Task<Option<Input>>) -> Result<Handoff<Value>> {
    let input = task.input.unwrap_or_default();
    (0..input.work).fold(0_u64, |sum, round| black_box(sum.rotate_left(7) ^ round));
    if let Some(message) = input.fail {
        return Err(Error::new("told-to-fail", message));
    }
    let output = match input.output {
        Some(output) => output,
        None if input.rest.is_empty() => json!(task.prompt),
        None => json!({ "prompt": task.prompt, "input": input.rest }),
    };
    Ok(Handoff::new(output).summary(format!("Echoed attempt {}.", task.attempt)))
}

#[cfg(test)]
mod tests;
