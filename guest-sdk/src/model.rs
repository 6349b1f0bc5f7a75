//! What performs an agent, and what it may consume.

use std::time::Duration;

use serde::Serialize;
use serde_json::{Value, json};

use crate::agent::{AgentCall, milliseconds};
use crate::budget::Amounts;

impl<T> AgentCall<T> {
    /// The model: a tier such as `small`, `PROVIDER:MODEL`, a model of the provider that would
    /// perform the call anyway, or `inherit` for the run's own choice. A backend that is no
    /// provider of models gets it as it is.
    pub fn model(self, model: impl Into<String>) -> Self {
        self.option("model", model.into())
    }

    /// The model by the name of a tier, such as `small` or `large`, which the operator maps to one.
    pub fn tier(self, tier: impl Into<String>) -> Self {
        self.model(tier)
    }

    /// The provider of the model, such as `anthropic`.
    pub fn provider(self, provider: impl Into<String>) -> Self {
        self.option("provider", provider.into())
    }

    /// Reasoning effort: `low`, `medium`, `high`, or what else the backend knows.
    pub fn effort(self, effort: impl Into<String>) -> Self {
        self.option("effort", effort.into())
    }

    /// Tiers or models that are tried one after the other, the cheapest first, 1 to 8: the first
    /// whose output fits its schema and passes the check is taken. A step that did not pass is told
    /// to the next one. See [`AgentCall::check_tool`] and [`AgentCall::challenger`].
    pub fn ladder<S: Into<String>>(mut self, rungs: impl IntoIterator<Item = S>) -> Self {
        let rungs: Vec<String> = rungs.into_iter().map(Into::into).collect();
        if let Some(ladder) = self.object("ladder") {
            ladder.insert("rungs".into(), json!(rungs));
        }
        self
    }

    /// The check of a ladder is a call of this tool with `input`, an object, to which the output is
    /// added as `output`. It passes unless it fails, returns an object whose `passed` is `false`,
    /// or (as `exec`) one whose `status` is not 0. The tool must be among [`AgentCall::tools`].
    ///
    /// ```no_run
    /// # use baton_guest::prelude::*;
    /// # async fn example(cx: Cx) -> Result<()> {
    /// let port = cx
    ///     .agent("Make the tests pass.")
    ///     .worktree()
    ///     .tools(["exec"])
    ///     .ladder(["small", "large"])
    ///     .check_tool("exec", &serde_json::json!({ "argv": ["cargo", "test"] }))
    ///     .await?;
    /// # Ok(()) }
    /// ```
    pub fn check_tool<I: Serialize + ?Sized>(self, name: impl Into<String>, input: &I) -> Self {
        // What cannot be written as JSON is refused by the host as no object.
        let input = serde_json::to_value(input).unwrap_or_default();
        self.check("tool", json!({ "name": name.into(), "input": input }))
    }

    /// The check of a ladder is another model, a tier or a model by name, that tries to refute the
    /// output; `claim` says what it looks for.
    pub fn challenger(self, model: impl Into<String>, claim: impl Into<String>) -> Self {
        self.check("challenger", json!({ "model": model.into(), "prompt": claim.into() }))
    }

    fn check(mut self, kind: &str, check: Value) -> Self {
        if let Some(ladder) = self.object("ladder") {
            ladder.insert("check".into(), json!({ kind: check }));
        }
        self
    }

    /// What the task may consume, all its attempts together. When an amount is used up it fails
    /// with kind [`FailureKind::Limit`](crate::FailureKind::Limit). Amounts that are none are not
    /// limited here; `agents` means nothing.
    pub fn budget(self, amounts: Amounts) -> Self {
        self.option("budget", amounts.options())
    }

    /// Answers of the model, over all attempts.
    pub fn max_turns(self, turns: u32) -> Self {
        self.option("max_turns", turns)
    }

    /// Calls of tools, over all attempts.
    pub fn max_tool_calls(self, calls: u32) -> Self {
        self.option("max_tool_calls", calls)
    }

    /// How long an attempt may be silent: no token, no tool at work, no request within its own
    /// time. Then another attempt goes on with what it had. Counted in milliseconds, rounded up.
    pub fn stall(self, silence: Duration) -> Self {
        self.option("stall_ms", milliseconds(silence))
    }
}

#[cfg(test)]
mod tests;
