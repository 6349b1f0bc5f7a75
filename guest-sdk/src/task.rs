//! One task as a worker sees it.

use serde::Deserialize;
use serde_json::Value;

use crate::message::Message;

/// One task as an agent sees it. `I` is the type of its structured input.
#[derive(Clone, Debug, PartialEq)]
pub struct Task<I = Value> {
    /// The task's path, such as `run_01JQ…/3`.
    pub id: String,
    /// 1 for the first attempt.
    pub attempt: u32,
    /// What to do, in words.
    pub prompt: String,
    /// Structured input given beside the prompt; JSON `null` if there was none.
    pub input: I,
    /// The JSON Schema the output must satisfy, if any.
    pub schema: Option<Value>,
    /// What was wrong with the output of the previous attempt: validation errors, one per entry.
    pub corrections: Vec<String>,
    /// Further facts.
    pub options: TaskOptions,
}

/// Further facts about a task, each present only if it was given.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default)]
pub struct TaskOptions {
    /// Short name shown to people.
    pub label: Option<String>,
    /// Title of the phase the task belongs to.
    pub phase: Option<String>,
    /// Model.
    pub model: Option<String>,
    /// Reasoning effort.
    pub effort: Option<String>,
    /// Agent definition by name.
    pub agent_type: Option<String>,
    /// System prompt.
    pub system: Option<String>,
    /// What people said to the agent so far, in order. It counts more than the prompt.
    pub messages: Vec<Message>,
    /// Why the attempts before this one brought nothing, a sentence each.
    pub earlier: Vec<String>,
}

impl<I> Task<I> {
    /// The same task with another input.
    #[must_use]
    pub fn with_input<U>(self, input: U) -> Task<U> {
        Task {
            id: self.id,
            attempt: self.attempt,
            prompt: self.prompt,
            input,
            schema: self.schema,
            corrections: self.corrections,
            options: self.options,
        }
    }

    /// A first attempt with nothing but a prompt and an input, for tests.
    #[must_use]
    pub fn new(prompt: impl Into<String>, input: I) -> Self {
        Self {
            id: "run/1".into(),
            attempt: 1,
            prompt: prompt.into(),
            input,
            schema: None,
            corrections: Vec::new(),
            options: TaskOptions::default(),
        }
    }
}
