//! An agent that calls the tools its prompt names, one after the other, and answers with what became
//! of each.

use baton_guest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// One call of its prompt, which is a JSON list of these.
#[derive(Debug, Deserialize)]
pub struct Call {
    /// The tool.
    pub tool: String,
    /// Its input.
    #[serde(default)]
    pub input: Value,
}

/// Calls tools.
#[baton_guest::agent(name = "tool-agent", description = "Calls tools, for tests.")]
pub fn perform(cx: AgentCx, task: Task<Option<Value>>) -> Result<Value> {
    let calls: Vec<Call> = serde_json::from_str(&task.prompt)
        .map_err(|error| Error::new("bad-prompt", error.to_string()))?;
    let offered: Vec<String> = cx.tools().into_iter().map(|tool| tool.name).collect();
    let became = |call: &Call| match cx.tool(&call.tool, &call.input).call::<Value>() {
        Ok(output) => json!({ "output": output }),
        Err(TaskError::Failed(failure)) => json!({ "failed": failure.code }),
        Err(TaskError::Refused(refusal)) => json!({ "refused": refusal.code }),
        Err(other) => json!({ "other": other.to_string() }),
    };
    let became: Vec<Value> = calls.iter().map(became).collect();
    Ok(json!({ "offered": offered, "became": became }))
}
