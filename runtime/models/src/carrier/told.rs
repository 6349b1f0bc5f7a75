//! What providers say of their failures.

use serde_json::Value;

use super::wait;

/// Characters of a provider's own words that go into a message.
const WORDS_MAX: usize = 300;

/// What a provider says of a failure, wherever it put it.
pub(super) struct Told {
    /// Types, codes and states, in lower case.
    pub kinds: String,
    /// Its words.
    pub words: String,
    /// Milliseconds to wait, if the error itself says so.
    pub after_ms: Option<u64>,
    /// A limit that lasts for a day or longer.
    pub long: bool,
}

impl Told {
    pub(super) fn of(error: &Value) -> Self {
        let field = |name: &str| match error.get(name) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            _ => String::new(),
        };
        let kinds = ["type", "code", "status"].map(field).join(" ").to_lowercase();
        let words = match error {
            Value::String(words) => words.clone(),
            error => match error.get("message").or_else(|| error.get("error")) {
                Some(Value::String(words)) => words.clone(),
                _ => String::new(),
            },
        };
        let details = error.get("details").and_then(Value::as_array);
        let details = details.map(Vec::as_slice).unwrap_or_default();
        let after_ms = details
            .iter()
            .find_map(|detail| detail.get("retryDelay").and_then(Value::as_str))
            .and_then(wait::span);
        let long = details
            .iter()
            .filter_map(|detail| detail.get("violations").and_then(Value::as_array))
            .flatten()
            .filter_map(|violation| violation.get("quotaId").and_then(Value::as_str))
            .any(|id| id.contains("PerDay"));
        Self { kinds, words, after_ms, long }
    }

    /// The body of an answer. Pages and other texts say nothing that could be relied on.
    pub(super) fn of_body(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or(Value::Null);
        let body = body.get(0).unwrap_or(&body);
        match body.get("error") {
            // Some put the kind beside it.
            Some(error @ Value::String(_)) => {
                Self { kinds: Self::of(body).kinds, ..Self::of(error) }
            }
            Some(error) if !error.is_null() => Self::of(error),
            _ => Self::of(body),
        }
    }

    pub(super) fn says(&self, any: &[&str]) -> bool {
        let words = self.words.to_lowercase();
        any.iter().any(|part| self.kinds.contains(part) || words.contains(part))
    }

    pub(super) fn is(&self, any: &[&str]) -> bool {
        any.iter().any(|part| self.kinds.contains(part))
    }

    /// The words as the end of a sentence.
    pub(super) fn quoted(&self) -> String {
        let words: String = self
            .words
            .chars()
            .map(|char| if char.is_control() { ' ' } else { char })
            .take(WORDS_MAX)
            .collect();
        let words = words.trim();
        if words.is_empty() { ".".to_owned() } else { format!(": {words}") }
    }

    pub(super) fn billing(&self) -> bool {
        self.says(&[
            "credit balance",
            "billing_hard_limit",
            "billing_not_active",
            "billing_error",
            "account is not active",
            "payment required",
            "insufficient balance",
            "insufficient_balance",
            "out of credits",
        ])
    }

    pub(super) fn quota(&self) -> bool {
        self.long
            || self.says(&[
                "insufficient_quota",
                "exceeded your current quota, please check your plan",
                "spend limit",
                "spending cap",
                "spending limit",
                "spend cap",
                "spend_cap",
                "usage limit",
                "usage_limit",
                "monthly limit",
                "budget has been exceeded",
            ])
    }

    pub(super) fn overloaded(&self) -> bool {
        self.is(&["overloaded", "unavailable"])
            || self.says(&["model is overloaded", "currently overloaded"])
    }

    pub(super) fn too_long(&self) -> bool {
        self.says(&[
            "context_length_exceeded",
            "maximum context length",
            "prompt is too long",
            "context window",
            "input token count",
            "exceed context limit",
            "exceeds the available context size",
        ])
    }
}
