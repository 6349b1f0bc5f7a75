//! The smallest workflow that shows the parts: one agent per name, in parallel, a file if there is
//! one, and a handoff.

use baton_guest::prelude::*;
use serde::{Deserialize, Serialize};

/// Whom to greet, and with whose help.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub struct Input {
    /// One agent greets each of these.
    pub names: Vec<String>,
    /// A text file inside the root that is counted on the way.
    pub file: Option<String>,
}

/// What came of it.
#[derive(Debug, PartialEq, Eq, Serialize)]
pub struct Output {
    /// What the agents said, in the order of the names.
    pub greetings: Vec<String>,
    /// Lines of the file, if one was named.
    pub lines: Option<usize>,
}

/// Greets everybody.
#[baton_guest::workflow(
    name = "hello",
    description = "Greets each name with one agent, all in parallel.",
    phases("Greet"),
    read("**/*"),
    agents
)]
pub async fn run(cx: Cx, input: Option<Input>) -> Result<Handoff<Output>> {
    let input = input.unwrap_or_default();
    let lines = match &input.file {
        Some(path) => Some(cx.files().read_text(path)?.lines().count()),
        None => None,
    };
    cx.report().phase("Greet");
    let calls =
        input.names.iter().map(|name| cx.agent(format!("Say hello to {name}.")).label(name));
    let greetings = try_join_all(calls).await?;
    log!(cx, "{} greetings", greetings.len());
    let summary = format!("Greeted {}.", input.names.join(", "));
    let handoff = Handoff::new(Output { greetings, lines }).summary(summary);
    Ok(match &input.file {
        Some(path) => handoff.evidence([Evidence::file(path, "was counted")]),
        None => handoff,
    })
}

#[cfg(test)]
mod tests;
