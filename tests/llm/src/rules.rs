//! Scripts as JSON: rules, of which the first that fits answers.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use regex::Regex;
use serde::Deserialize;
use serde_json::{Value, json};

use crate::fault::Fault;
use crate::reply::{Finish, Reply, Say, Usage};
use crate::seen::{Api, Seen};

/// A list of rules.
///
/// ```
/// let script = baton_test_llm::Script::parse(r#"{"rules": [
///     {"when": {"contains": "README", "turn": 0},
///      "reply": {"calls": [{"name": "read_file", "input": {"path": "README.md"}}]}},
///     {"when": {"first": 1}, "reply": {"fault": {"refuses": "rate-limited"},
///                                      "headers": {"retry-after": "1"}}},
///     {"reply": {"text": "Done.", "usage": {"input": 120, "output": 3}}}
/// ]}"#);
/// assert!(script.is_ok());
/// ```
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Script {
    /// The rules, in order.
    pub rules: Vec<Rule>,
    /// How often each has answered.
    #[serde(skip)]
    used: Mutex<Vec<usize>>,
}

/// When to answer what.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Rule {
    /// All of it must hold; empty: always.
    pub when: When,
    /// It answers so many times and then no more.
    pub times: Option<usize>,
    /// What it answers.
    pub reply: Told,
}

/// Conditions.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct When {
    /// A text within the conversation.
    pub contains: Option<String>,
    /// A text that is not within the conversation.
    pub lacks: Option<String>,
    /// A regular expression that matches within the conversation.
    pub matches: Option<String>,
    /// A text within the last thing that was said.
    pub last: Option<String>,
    /// The protocol.
    pub api: Option<Api>,
    /// A text within the model's name.
    pub model: Option<String>,
    /// A tool that is offered.
    pub tool: Option<String>,
    /// Whether any tool is offered.
    pub tools: Option<bool>,
    /// Whether an answer that fits a schema is asked for. Without this, a rule is for requests
    /// without a schema, unless it names requests by their number.
    pub schema: Option<bool>,
    /// Answers of the model so far.
    pub turn: Option<usize>,
    /// Results of tools so far.
    pub results: Option<usize>,
    /// The number of the request, counted from 1 over the whole server.
    pub request: Option<usize>,
    /// The first so many requests of the whole server.
    pub first: Option<usize>,
}

/// An answer as a rule tells it.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Told {
    /// Reasoning, before all else.
    pub thinking: Option<String>,
    /// Text.
    pub text: Option<String>,
    /// Text that is the JSON of this.
    pub json: Option<Value>,
    /// Calls of tools, after the text.
    pub calls: Vec<Call>,
    /// Tokens.
    pub usage: Option<Usage>,
    /// Does not tell its tokens.
    pub without_usage: bool,
    /// Milliseconds before the first byte.
    pub delay_ms: u64,
    /// Milliseconds before each event.
    pub per_chunk_ms: u64,
    /// Characters in an event.
    pub piece: Option<usize>,
    /// Why it ends.
    pub finish: Finish,
    /// Headers in addition.
    pub headers: BTreeMap<String, String>,
    /// What goes wrong.
    pub fault: Option<Fault>,
}

/// A call of a tool.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Call {
    /// Its name.
    pub name: String,
    /// Its input.
    #[serde(default)]
    pub input: Value,
}

/// A script that cannot be used.
#[derive(Debug)]
pub struct RuleError(String);

impl std::fmt::Display for RuleError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "the script of the fake provider: {}", self.0)
    }
}

impl std::error::Error for RuleError {}

impl Script {
    /// Reads a script.
    ///
    /// # Errors
    /// When it does not parse, or an expression of it does not.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let script: Self =
            serde_json::from_str(text).map_err(|error| RuleError(error.to_string()))?;
        for pattern in script.rules.iter().filter_map(|rule| rule.when.matches.as_deref()) {
            Regex::new(pattern).map_err(|error| RuleError(error.to_string()))?;
        }
        Ok(script)
    }

    /// The answer of the first rule that fits. Without one: what fits the schema that was asked
    /// for, or a word.
    pub fn answer(&self, seen: &Seen) -> Reply {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.resize(self.rules.len(), 0);
        let fits = self.rules.iter().zip(used.iter_mut()).find(|(rule, used)| {
            rule.times.is_none_or(|times| **used < times) && rule.when.holds(seen)
        });
        match fits {
            Some((rule, used)) => {
                *used += 1;
                rule.reply.reply()
            }
            None => match &seen.schema {
                Some(schema) => Reply::text(instance(schema).to_string()),
                None => Reply::text("Done."),
            },
        }
    }
}

impl When {
    fn holds(&self, seen: &Seen) -> bool {
        let prompt = seen.prompt();
        let all = [
            self.contains.as_ref().is_none_or(|text| prompt.contains(text)),
            self.lacks.as_ref().is_none_or(|text| !prompt.contains(text)),
            self.matches.as_ref().is_none_or(|pattern| {
                Regex::new(pattern).is_ok_and(|pattern| pattern.is_match(&prompt))
            }),
            self.last.as_ref().is_none_or(|text| seen.last().contains(text)),
            self.api.is_none_or(|api| api == seen.api),
            self.model.as_ref().is_none_or(|name| seen.model.contains(name)),
            self.tool.as_ref().is_none_or(|name| seen.offers(name)),
            self.tools.is_none_or(|any| any != seen.tools.is_empty()),
            // A request with a schema wants JSON; a rule that says nothing of it does not know that.
            self.schema.unwrap_or(false) == seen.schema.is_some() || self.is_exact(),
            self.turn.is_none_or(|turn| turn == seen.turns),
            self.results.is_none_or(|results| results == seen.results),
            self.request.is_none_or(|number| number == seen.number),
            self.first.is_none_or(|first| seen.number <= first),
        ];
        all.into_iter().all(|holds| holds)
    }

    fn is_exact(&self) -> bool {
        self.schema.is_none() && (self.request.is_some() || self.first.is_some())
    }
}

impl Told {
    fn reply(&self) -> Reply {
        let mut say = Vec::new();
        say.extend(self.thinking.clone().map(Say::Thinking));
        say.extend(self.text.clone().map(Say::Text));
        say.extend(self.json.as_ref().map(|value| Say::Text(value.to_string())));
        say.extend(self.calls.iter().map(|call| Say::Call {
            name: call.name.clone(),
            input: if call.input.is_null() { json!({}) } else { call.input.clone() },
        }));
        let standard = Reply::default();
        Reply {
            say,
            usage: (!self.without_usage).then(|| self.usage.unwrap_or_default()),
            finish: self.finish,
            headers: self.headers.clone().into_iter().collect(),
            delay: Duration::from_millis(self.delay_ms),
            per_chunk: Duration::from_millis(self.per_chunk_ms),
            piece: self.piece.unwrap_or(standard.piece),
            fault: self.fault.clone(),
            ..standard
        }
    }
}

/// A small value that fits a schema.
fn instance(schema: &Value) -> Value {
    if let Some(value) = schema.get("const").or_else(|| schema["enum"].get(0)) {
        return value.clone();
    }
    if let Some(first) = ["anyOf", "oneOf", "allOf"].iter().find_map(|name| schema[*name].get(0)) {
        return instance(first);
    }
    let kind = schema["type"].as_str().or_else(|| schema["type"][0].as_str());
    match kind.map(str::to_ascii_lowercase).as_deref() {
        Some("string") => json!("text"),
        Some("number" | "integer") => schema.get("minimum").cloned().unwrap_or(json!(1)),
        Some("boolean") => json!(true),
        Some("array") => {
            let items = schema["minItems"].as_u64().unwrap_or(0).min(16);
            (0..items).map(|_| instance(&schema["items"])).collect()
        }
        Some("null") => Value::Null,
        _ => {
            let properties = schema["properties"].as_object().into_iter().flatten();
            properties.map(|(name, schema)| (name.clone(), instance(schema))).collect()
        }
    }
}
