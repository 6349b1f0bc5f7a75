//! Asks people what its input says, and says what became of it.

use std::pin::Pin;
use std::time::Duration;

use baton_guest::prelude::*;
use serde::Deserialize;
use serde_json::{Value, json};

/// What to do.
#[derive(Debug, Deserialize)]
pub struct Input {
    /// One after the other.
    pub steps: Vec<Step>,
}

/// One thing.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Step {
    /// Asks a person.
    Gate(Ask),
    /// Asks an agent.
    Agent(String),
    /// Sleeps, in milliseconds.
    Sleep(u64),
    /// Waits for a message.
    Message,
    /// Runs another of itself with this input.
    Child(Value),
    /// All at once.
    All(Vec<Step>),
    /// All at once, until the first ends.
    Race(Vec<Step>),
}

/// A question.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Ask {
    /// In words.
    pub question: String,
    /// What can be chosen.
    pub choices: Option<Vec<String>>,
    /// What an approval carries.
    pub schema: Option<Value>,
    /// What to know.
    pub details: Option<String>,
    /// In milliseconds.
    pub deadline_ms: Option<u64>,
    /// The answer then.
    pub default: Option<Value>,
    /// Shown to people.
    pub label: Option<String>,
}

fn ended<T: serde::Serialize>(end: std::result::Result<T, TaskError>) -> Value {
    match end {
        Ok(value) => json!(value),
        Err(TaskError::Failed(failure)) => json!({ "failed": failure.code }),
        Err(TaskError::Refused(refusal)) => json!({ "refused": refusal.message }),
        Err(other) => json!({ "other": other.to_string() }),
    }
}

async fn ask(cx: Cx, ask: Ask) -> Value {
    let mut gate = cx.gate(ask.question);
    if let Some(choices) = ask.choices {
        gate = gate.choices(choices);
    }
    if let Some(schema) = &ask.schema {
        gate = gate.schema_value(schema);
    }
    if let Some(details) = ask.details {
        gate = gate.details(details);
    }
    if let Some(ms) = ask.deadline_ms {
        gate = gate.deadline(Duration::from_millis(ms));
    }
    if let Some(default) = ask.default {
        gate = gate.default(default);
    }
    if let Some(label) = ask.label {
        gate = gate.label(label);
    }
    ended(gate.await)
}

fn take(cx: Cx, step: Step) -> Pin<Box<dyn Future<Output = Value>>> {
    Box::pin(async move {
        match step {
            Step::Gate(gate) => ask(cx, gate).await,
            Step::Agent(prompt) => ended(cx.agent(prompt).await),
            Step::Sleep(ms) => ended(cx.sleep(Duration::from_millis(ms)).await.map(|()| "slept")),
            Step::Message => {
                let message = cx.message().await;
                json!({ "sender": message.sender, "text": message.text })
            }
            Step::Child(input) => ended(cx.workflow("asker", &input).await),
            Step::All(steps) => {
                let all = steps.into_iter().map(|step| take(cx.clone(), step));
                json!(join_all(all).await)
            }
            Step::Race(steps) => {
                let all = steps.into_iter().map(|step| take(cx.clone(), step));
                match race(all).await {
                    Some((first, value)) => json!({ "first": first, "value": value }),
                    None => Value::Null,
                }
            }
        }
    })
}

/// Does one thing after the other.
#[baton_guest::workflow(
    name = "asker",
    description = "Asks people, for tests.",
    agents,
    workflows("asker")
)]
pub async fn run(cx: Cx, input: Input) -> Result<Value> {
    let mut all = Vec::new();
    for step in input.steps {
        all.push(take(cx.clone(), step).await);
    }
    Ok(json!(all))
}
