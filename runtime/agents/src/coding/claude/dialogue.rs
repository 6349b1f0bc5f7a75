//! What Claude Code says, and what it is answered.

use std::collections::BTreeSet;
use std::path::PathBuf;

use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::report::Level;
use baton_core::spec::micro_usd;
use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::tools::wishes;
use crate::backend::{Activity, BackendError, Message};
use crate::coding::outage;
use crate::coding::permit::Permit;
use crate::coding::sessions::Book;
use crate::coding::talk::{Dialogue, Watch};
use crate::people::{InWords, last};

/// How often it may try again what only a person can mend.
const RETRIES_MAX: u64 = 2;

/// What was heard in the end.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// What it says it consumed.
    pub usage: Usage,
    /// Its result; none: it never said one.
    pub result: Option<Result<Said, BackendError>>,
    /// The result of the turn before the last one.
    pub before: Option<Said>,
}

/// A result.
#[derive(Debug, Default)]
pub(super) struct Said {
    /// Its last message.
    pub text: String,
    /// The output that it made for the schema, as JSON.
    pub structured: Option<String>,
}

/// What people say while it works.
pub(super) struct People {
    /// Number of the last message that came.
    told: u64,
    /// What it is to be told when its turn ends.
    news: Vec<Message>,
    /// It was told to end its turn for that.
    hurried: bool,
    /// Puts messages into words.
    more: InWords,
}

impl People {
    /// It was told everything up to a message already.
    pub(super) fn new(told: u64, more: InWords) -> Self {
        Self { told, news: Vec::new(), hurried: false, more }
    }
}

pub(super) struct Claude {
    people: People,
    task: String,
    root: PathBuf,
    permit: Permit,
    watch: Watch,
    heard: Heard,
    book: Book,
    /// Uses of tools without a result yet.
    at_work: BTreeSet<String>,
    /// It makes its conversation shorter, which takes minutes in silence.
    compacting: bool,
    /// When what it lacks is served again, in seconds since 1970.
    resets_at: Option<u64>,
}

impl Claude {
    pub(super) fn new(
        task: String,
        root: PathBuf,
        permit: Permit,
        watch: Watch,
        people: People,
        book: Book,
    ) -> Self {
        let heard = Heard::default();
        let at_work = BTreeSet::new();
        Self {
            people,
            task,
            root,
            permit,
            watch,
            heard,
            book,
            at_work,
            compacting: false,
            resets_at: None,
        }
    }

    pub(super) fn into_heard(self) -> (Heard, Book) {
        (self.heard, self.book)
    }

    /// A further turn with what people said.
    fn tell(&mut self) -> Vec<String> {
        let news = std::mem::take(&mut self.people.news);
        let text = (self.people.more)(&news);
        self.watch.heard(last(&news));
        self.book.saying(last(&news));
        self.watch.activity(|_| Activity::Waiting, "");
        if let Some(Ok(said)) = self.heard.result.take() {
            self.heard.before = Some(said);
        }
        vec![user(&text)]
    }

    /// A part of a message: words, or the use or the result of a tool.
    fn part(&mut self, part: &Value) {
        let text = |key: &str| part.get(key).and_then(Value::as_str).unwrap_or_default();
        match text("type") {
            "text" => self.watch.activity(Activity::Text, text("text")),
            "thinking" => self.watch.activity(Activity::Thinking, text("thinking")),
            "tool_use" => {
                self.watch.activity(Activity::Tool, text("name"));
                self.at_work.insert(text("id").to_owned());
            }
            "tool_result" => {
                self.at_work.remove(text("tool_use_id"));
            }
            _ => {}
        }
    }

    fn message(&mut self, message: &Value) {
        let parts = message.pointer("/message/content").and_then(Value::as_array);
        for part in parts.into_iter().flatten() {
            self.part(part);
        }
    }

    fn permission(&mut self, message: &Value) -> Vec<String> {
        let id = message.get("request_id").cloned().unwrap_or_default();
        let request = message.get("request").cloned().unwrap_or_default();
        let text = |key: &str| request.get(key).and_then(Value::as_str).unwrap_or_default();
        if text("subtype") != "can_use_tool" {
            let response = json!({ "subtype": "error", "request_id": id, "error": "not offered" });
            return vec![json!({ "type": "control_response", "response": response }).to_string()];
        }
        let input = request.get("input").cloned().unwrap_or_else(|| json!({}));
        let decision = match self.permit.all(&wishes(text("tool_name"), &input, &self.root)) {
            Ok(()) => json!({ "behavior": "allow", "updatedInput": input }),
            Err(words) => json!({ "behavior": "deny", "message": words }),
        };
        let response = json!({ "subtype": "success", "request_id": id, "response": decision });
        vec![json!({ "type": "control_response", "response": response }).to_string()]
    }

    /// It asks its provider again, for minutes if need be. That helps against an overload, and not
    /// against a key that is wrong or a bill that is not paid.
    fn tried_again(&mut self, message: &Value) {
        self.watch.activity(|_| Activity::Waiting, "");
        let number = |key: &str| message.get(key).and_then(Value::as_u64);
        let words = message.get("error").and_then(Value::as_str).unwrap_or_default();
        let status = number("error_status");
        let outage = outage::outage(words, status).filter(|outage| !outage.passes());
        if outage.is_some() && number("attempt").unwrap_or(0) >= RETRIES_MAX {
            let words = format!("its provider refuses it: {words}");
            self.heard.result = Some(Err(outage::error("agent-error", &words, status)));
        }
    }

    /// Its turn has ended: what follows.
    fn result(&mut self, line: &str) -> Vec<String> {
        self.at_work.clear();
        self.book.answered();
        self.ended(line);
        // A turn that it was told to end has failed, in words that say no more than that.
        let hurried = std::mem::take(&mut self.people.hurried);
        let goes_on = match &self.heard.result {
            Some(Ok(_)) => true,
            Some(Err(BackendError::Retryable { .. })) => hurried,
            Some(Err(_)) | None => false,
        };
        if goes_on && !self.people.news.is_empty() { self.tell() } else { Vec::new() }
    }

    fn ended(&mut self, line: &str) {
        let Ok(last) = serde_json::from_str::<Last<'_>>(line) else {
            let message = "its last message cannot be read";
            let failure = Failure::new(FailureKind::Failed, "bad-answer", message);
            self.heard.result = Some(Err(BackendError::Retryable { failure, after_ms: None }));
            return;
        };
        // Tokens are those of the turn, the cost is that of everything so far.
        let claimed = last.claimed();
        let cost_micro_usd = claimed.cost_micro_usd.max(self.heard.usage.cost_micro_usd);
        self.heard.usage.cost_micro_usd = 0;
        self.heard.usage.add(&Usage { cost_micro_usd, ..claimed });
        self.heard.result = Some(match last.is_error || last.subtype != "success" {
            true => Err(self.failure(&last)),
            false => Ok(Said {
                text: last.result.unwrap_or_default(),
                structured: last.structured_output.map(|json| json.get().to_owned()),
            }),
        });
    }

    fn failure(&self, last: &Last<'_>) -> BackendError {
        let permanent = |code: &str, message: &str| {
            BackendError::Permanent(Failure::new(FailureKind::Limit, code, message))
        };
        match last.subtype.as_str() {
            "error_max_turns" => permanent("max-turns", "the agent used up its turns"),
            "error_max_budget_usd" => {
                permanent("budget", "the agent used up the money that was left")
            }
            "error_max_structured_output_retries" => BackendError::Permanent(Failure::new(
                FailureKind::InvalidOutput,
                "schema",
                "the agent brought no output that fits its schema",
            )),
            _ => {
                let words = match &last.result {
                    Some(words) if !words.is_empty() => words.clone(),
                    _ if !last.errors.is_empty() => last.errors.join("; "),
                    _ => last.subtype.clone(),
                };
                let mut error = outage::error("agent-error", &words, last.api_error_status);
                if let BackendError::Unavailable { after_ms, .. } = &mut error {
                    let told = self.resets_at.and_then(|at| outage::until(at, outage::now()));
                    *after_ms = after_ms.or(told);
                }
                error
            }
        }
    }
}

impl Dialogue for Claude {
    fn open(&mut self) -> Vec<String> {
        self.watch.activity(|_| Activity::Waiting, "");
        self.watch.heard(self.people.told);
        self.book.saying(self.people.told);
        vec![user(&self.task)]
    }

    fn hear(&mut self, line: &str) -> Vec<String> {
        // What is no message is a word of the program to people.
        let Ok(message) = serde_json::from_str::<Value>(line) else { return Vec::new() };
        let text = |pointer: &str| message.pointer(pointer).and_then(Value::as_str);
        self.compacting = text("/status") == Some("compacting");
        match (text("/type"), text("/subtype")) {
            (Some("system"), Some("init")) => {
                self.book.renamed(text("/session_id").unwrap_or_default());
                self.book.answered();
                let version = text("/claude_code_version").unwrap_or("of an unknown version");
                let model = text("/model").unwrap_or_default();
                self.watch.log(Level::Info, &format!("Claude Code {version}, {model}"));
            }
            (Some("system"), Some("api_retry")) => self.tried_again(&message),
            (Some("assistant" | "user"), _) => {
                self.book.works();
                self.message(&message);
            }
            (Some("rate_limit_event"), _) => {
                let info = message.get("rate_limit_info");
                self.resets_at = info.and_then(|info| info.get("resetsAt")).and_then(Value::as_u64);
            }
            (Some("control_request"), _) => return self.permission(&message),
            (Some("result"), _) => return self.result(line),
            _ => {}
        }
        Vec::new()
    }

    fn is_over(&self) -> bool {
        self.heard.result.is_some()
    }

    fn is_busy(&self) -> bool {
        self.compacting || !self.at_work.is_empty()
    }

    fn told(&self) -> Option<u64> {
        Some(self.people.told)
    }

    fn take(&mut self, messages: Vec<Message>) -> Vec<String> {
        self.people.told = last(&messages).max(self.people.told);
        let urgent = messages.iter().any(|message| message.urgent);
        self.people.news.extend(messages);
        match self.heard.result {
            // Its turn has ended well: here is another.
            Some(Ok(_)) => self.tell(),
            None if urgent && !self.people.hurried => {
                self.people.hurried = true;
                interrupt()
            }
            Some(Err(_)) | None => Vec::new(),
        }
    }

    fn farewell(&mut self) -> Vec<String> {
        interrupt()
    }
}

/// What a person says, or we in the name of one.
fn user(text: &str) -> String {
    let content = json!([{ "type": "text", "text": text }]);
    let message = json!({
        "type": "user",
        "message": { "role": "user", "content": content },
        "parent_tool_use_id": null,
        "session_id": "",
    });
    message.to_string()
}

/// Tells it to end its turn.
fn interrupt() -> Vec<String> {
    let request = json!({ "subtype": "interrupt" });
    let message =
        json!({ "type": "control_request", "request_id": "interrupt", "request": request });
    vec![message.to_string()]
}

/// Its last message. Further fields are ignored.
#[derive(Deserialize)]
struct Last<'a> {
    #[serde(default)]
    subtype: String,
    #[serde(default)]
    is_error: bool,
    #[serde(default)]
    api_error_status: Option<u64>,
    #[serde(default)]
    result: Option<String>,
    #[serde(default)]
    errors: Vec<String>,
    #[serde(default, borrow)]
    structured_output: Option<&'a RawValue>,
    #[serde(default)]
    total_cost_usd: f64,
    #[serde(default)]
    usage: Tokens,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Tokens {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
}

impl Last<'_> {
    fn claimed(&self) -> Usage {
        let Tokens { input_tokens, cache_creation_input_tokens, cache_read_input_tokens, .. } =
            self.usage;
        let input = input_tokens
            .saturating_add(cache_creation_input_tokens)
            .saturating_add(cache_read_input_tokens);
        Usage {
            input_tokens: input,
            output_tokens: self.usage.output_tokens,
            cached_tokens: cache_read_input_tokens,
            cost_micro_usd: micro_usd(self.total_cost_usd),
            ..Usage::default()
        }
    }
}
