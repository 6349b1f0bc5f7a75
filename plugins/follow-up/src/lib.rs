//! Answers a message to a run that has ended: one agent that knows what the run was given and what it
//! handed off, and reads the files that the run read.

mod prompt;

use baton_guest::prelude::*;
use serde::Deserialize;
use serde_json::Value;

/// What is known of the finished run, and what a person says to it.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What a person says or asks.
    pub message: String,
    /// The finished run.
    pub run: String,
    /// Its workflow.
    pub workflow: String,
    /// What it was given.
    #[serde(default)]
    pub input: Value,
    /// Its result, if it has one.
    #[serde(default)]
    pub handoff: Option<Value>,
    /// Why it has none.
    #[serde(default)]
    pub failure: Option<String>,
    /// What of it was too large to be handed on.
    #[serde(default)]
    pub left_out: Vec<String>,
    /// Messages before this one and their answers.
    #[serde(default)]
    pub earlier: Vec<Exchange>,
}

/// A message, and what was answered.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Exchange {
    /// The message.
    pub message: String,
    /// The answer; empty: there was none.
    #[serde(default)]
    pub answer: String,
}

/// Answers the message.
///
/// # Errors
/// When the message is empty, or the agent that answers fails.
#[baton_guest::workflow(
    name = "follow-up",
    description = "Answers a message to a finished run, with what that run was given and handed off. \
                   `baton send RUN TEXT` starts it.",
    read("**/*"),
    agents,
    agent_types(answerer(
        description = "Answers questions about a finished run.",
        system = "You answer what a person says about work that is done. You rest on what the work \
                  brought and on files, look again where that does not settle it, and say plainly what \
                  you do not know. You never change anything."
    )),
    budget(agents = 1),
    input_schema = "input.schema.json"
)]
pub async fn run(cx: Cx, input: Input) -> Result<Handoff<Value>> {
    if input.message.trim().is_empty() {
        return Err(Error::new("input", "`message` is empty"));
    }
    let answer = cx
        .agent(prompt::answer(&input))
        .output::<Value>()
        .agent_type("answerer")
        .label("answer")
        .handoff()
        .await?;
    Ok(answer)
}

#[cfg(test)]
mod tests;
