//! Acts that need a capability each, and what became of them.

use baton_guest::prelude::*;
use baton_guest::{Amounts, Within};
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// What is to be tried.
#[derive(Debug, Deserialize, Serialize)]
pub struct Input {
    /// The acts, in order.
    pub acts: Vec<Act>,
    /// A child does them, held to this.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub child: Option<Child>,
}

/// What needs a capability.
#[derive(Debug, Deserialize, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Act {
    /// Calls a tool.
    Tool {
        /// Its name.
        name: String,
        /// Its input.
        input: Value,
    },
    /// Spawns an agent.
    Agent,
    /// Runs a workflow that does these acts.
    Workflow {
        /// Its name.
        name: String,
        /// The acts.
        acts: Vec<Act>,
    },
}

/// What a child is held to.
#[derive(Debug, Default, Deserialize, Serialize)]
#[serde(default)]
pub struct Child {
    /// Patterns by capability.
    pub within: std::collections::BTreeMap<String, Vec<String>>,
    /// Agents it may spend.
    pub agents: Option<u64>,
    /// Which workflow it is.
    pub workflow: Option<String>,
}

/// What became of an act.
#[derive(Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Became {
    /// It was done, and brought this.
    Done(Value),
    /// It was not done.
    Not {
        /// Whether it was turned down before anything started.
        refused: bool,
        /// The code.
        code: String,
        /// In words.
        message: String,
    },
}

/// Does the acts, or lets a child do them.
///
/// # Errors
/// When the child could not be started at all.
pub async fn act(cx: &Cx, input: Input) -> Result<Vec<Value>> {
    let Some(child) = input.child else {
        let mut all = Vec::new();
        for act in &input.acts {
            all.push(serde_json::to_value(one(cx, act).await)?);
        }
        return Ok(all);
    };
    let mut within = Within::new();
    for (capability, patterns) in child.within {
        within = match capability.as_str() {
            "read" => within.read(patterns),
            "write" => within.write(patterns),
            "http" => within.http(patterns),
            "env" => within.env(patterns),
            "secrets" => within.secrets(patterns),
            "exec" => within.exec(patterns),
            _ => within.tools(patterns),
        };
    }
    let below = Input { acts: input.acts, child: None };
    let name = child.workflow.unwrap_or_else(|| "prober".into());
    let call = cx.workflow(&name, &below).within(within);
    let call = match child.agents {
        Some(agents) => call.budget(Amounts { agents: Some(agents), ..Amounts::default() }),
        None => call,
    };
    Ok(call.output::<Vec<Value>>().await?)
}

async fn one(cx: &Cx, act: &Act) -> Became {
    let result: std::result::Result<Value, TaskError> = match act {
        Act::Tool { name, input } => cx.tool(name, input).await,
        Act::Agent => {
            let said: std::result::Result<String, TaskError> =
                cx.agent("Say that you were here.").await;
            said.map(Value::from)
        }
        Act::Workflow { name, acts } => {
            cx.workflow(name, &serde_json::json!({ "acts": acts })).output::<Value>().await
        }
    };
    match result {
        Ok(value) => Became::Done(value),
        Err(TaskError::Failed(failure)) => {
            Became::Not { refused: false, code: failure.code, message: failure.message }
        }
        Err(TaskError::Refused(refusal)) => {
            Became::Not { refused: true, code: refusal.code, message: refusal.message }
        }
        Err(other) => {
            Became::Not { refused: false, code: "other".into(), message: other.to_string() }
        }
    }
}
