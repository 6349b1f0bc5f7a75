//! A session, from the first word to the end of its turn.

mod opening;
mod service;

use std::path::PathBuf;

use baton_core::handoff::{Failure, FailureKind, Usage};
use baton_core::spec::micro_usd;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::tools::Uses;
use super::wire::{
    AUTH_REQUIRED, Ask, ContentBlock, NewSessionResponse, PromptResponse, SessionId,
    SessionNotification, SessionUpdate, StopReason, cancel, update,
};
use crate::backend::{Activity, BackendError, Message};
use crate::coding::outage;
use crate::coding::permit::Permit;
use crate::coding::sessions::Book;
use crate::coding::talk::{Dialogue, Watch};
use crate::people::{InWords, last};

/// With what a session begins.
pub(super) struct Begin {
    /// The task.
    pub task: String,
    /// A session to go on with, and what is said in it.
    pub again: Option<(String, String)>,
    /// Its working directory.
    pub directory: PathBuf,
    /// The model, to be chosen among those it offers.
    pub model: Option<String>,
    /// The effort, as the model.
    pub effort: Option<String>,
    /// It is Gemini CLI.
    pub is_gemini: bool,
    /// Bytes of a last message.
    pub text_bytes_max: u64,
    /// Number of the last message of people that is part of the task, or of what is said again.
    pub told: u64,
    /// Puts further messages into words.
    pub more: InWords,
}

/// What was heard in the end.
#[derive(Debug, Default)]
pub(super) struct Heard {
    /// What it says it consumed.
    pub usage: Usage,
    /// How its turn ended; none: it never said.
    pub result: Option<Result<(), BackendError>>,
    /// Its last message.
    pub text: String,
    /// The last message of the turn before the last one, if that ended well.
    pub before: Option<String>,
    /// The last message was too long.
    pub too_much: bool,
    /// Name and version of the agent.
    pub agent: Option<String>,
}

/// What the answer we wait for is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Initialize,
    New,
    Again,
    /// The mode, or one of the options that is set.
    Settle,
    Prompt,
}

/// How an agent takes up a session.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum TakesUp {
    Not,
    /// With its history repeated to us.
    Load,
    Resume,
}

pub(super) struct Acp {
    begin: Begin,
    permit: Permit,
    watch: Watch,
    heard: Heard,
    book: Book,
    stage: Stage,
    /// Number of the request whose answer we wait for.
    asked: u64,
    session: Option<SessionId>,
    takes_up: TakesUp,
    /// What is still to be set: options and their values; an empty name is the mode.
    to_set: Vec<(String, String)>,
    uses: Uses,
    /// A tool was used since the last word of a message.
    is_new_message: bool,
    /// Number of the last message of people that came.
    told: u64,
    /// Messages of people that the agent is to be told when its turn ends.
    news: Vec<Message>,
    /// Its turn was cancelled for them.
    hurried: bool,
}

impl Acp {
    pub(super) fn new(begin: Begin, permit: Permit, watch: Watch, book: Book) -> Self {
        Self {
            told: begin.told,
            news: Vec::new(),
            hurried: false,
            begin,
            permit,
            watch,
            heard: Heard::default(),
            book,
            stage: Stage::Initialize,
            asked: 0,
            session: None,
            takes_up: TakesUp::Not,
            to_set: Vec::new(),
            uses: Uses::default(),
            is_new_message: true,
        }
    }

    pub(super) fn into_heard(self) -> (Heard, Book) {
        (self.heard, self.book)
    }

    /// The agent has begun to answer what was said last: its session can be gone on with, if it takes
    /// sessions up at all.
    fn has_answered(&mut self) {
        if self.takes_up != TakesUp::Not
            && self.book.waits()
            && let Some(session) = &self.session
        {
            self.book.named(&session.to_string());
            self.book.works();
        }
    }

    fn fail(&mut self, kind: FailureKind, code: &str, message: String) -> Vec<String> {
        let failure = Failure::new(kind, code, message);
        self.heard.result = Some(Err(BackendError::Permanent(failure)));
        Vec::new()
    }

    fn next(&mut self, stage: Stage) -> u64 {
        self.stage = stage;
        self.asked += 1;
        self.asked
    }

    fn answered(&mut self, message: &Value) -> Vec<String> {
        if let Some(error) = message.get("error") {
            return self.refused(error);
        }
        let result = message.get("result").cloned().unwrap_or_default();
        match self.stage {
            Stage::Initialize => self.initialized(&result),
            Stage::New => match read::<NewSessionResponse>(&result) {
                Some(said) => {
                    self.session = Some(said.session_id.clone());
                    self.opened(&result, said.modes.as_ref())
                }
                None => self.bad("session/new"),
            },
            Stage::Again => {
                let modes = result.get("modes").and_then(read);
                self.opened(&result, modes.as_ref())
            }
            Stage::Settle => self.settle(),
            Stage::Prompt => self.ended(&result),
        }
    }

    fn bad(&mut self, what: &str) -> Vec<String> {
        let message = format!("the agent's answer to `{what}` cannot be read");
        self.fail(FailureKind::Failed, "bad-answer", message)
    }

    /// The agent answered with an error.
    fn refused(&mut self, error: &Value) -> Vec<String> {
        if self.stage == Stage::Again {
            // It does not know the session any more.
            let id = self.next(Stage::New);
            self.begin.again = None;
            self.session = None;
            self.book.lost();
            return vec![Ask::New { directory: &self.begin.directory }.line(id)];
        }
        let code = error.get("code").and_then(Value::as_i64).unwrap_or_default();
        let mut words =
            error.get("message").and_then(Value::as_str).unwrap_or("an error").to_owned();
        let data = error.get("data");
        let details = data.and_then(|data| data.get("details").or(Some(data)));
        match details {
            Some(Value::String(details)) => words.push_str(&format!(": {details}")),
            Some(Value::Null) | None => {}
            Some(details) => words.push_str(&format!(": {details}")),
        }
        let status = match code {
            AUTH_REQUIRED => Some(401),
            code => u64::try_from(code).ok(),
        };
        self.heard.result = Some(Err(outage::error("agent-error", &words, status)));
        Vec::new()
    }

    fn ended(&mut self, result: &Value) -> Vec<String> {
        self.has_answered();
        claimed(result, &mut self.heard.usage);
        let Some(said) = read::<PromptResponse>(result) else { return self.bad("session/prompt") };
        let hurried = std::mem::take(&mut self.hurried);
        let (kind, code, message) = match said.stop_reason {
            StopReason::EndTurn if !self.news.is_empty() => {
                self.keep();
                return self.tell();
            }
            StopReason::Cancelled if hurried => return self.tell(),
            StopReason::EndTurn => {
                self.heard.result = Some(Ok(()));
                return Vec::new();
            }
            StopReason::MaxTokens => {
                (FailureKind::Limit, "max-tokens", "the agent used up its tokens")
            }
            StopReason::MaxTurnRequests => {
                (FailureKind::Limit, "max-turns", "the agent used up its turns")
            }
            StopReason::Refusal => {
                (FailureKind::Failed, "agent-refused", "the agent refused the task")
            }
            StopReason::Cancelled => {
                (FailureKind::Failed, "agent-cancelled", "the agent cancelled its turn by itself")
            }
            _ => {
                (FailureKind::Failed, "bad-answer", "the agent ended its turn for no known reason")
            }
        };
        self.fail(kind, code, message.into())
    }

    /// Keeps the last message of a turn that ended well.
    fn keep(&mut self) {
        self.heard.before = (!self.heard.too_much).then(|| self.heard.text.clone());
    }

    /// A further turn of the same session, with what people said.
    fn tell(&mut self) -> Vec<String> {
        let Some(session) = self.session.clone() else { return self.bad("session/new") };
        let news = std::mem::take(&mut self.news);
        let text = (self.begin.more)(&news);
        self.watch.heard(last(&news));
        self.book.saying(last(&news));
        self.is_new_message = true;
        // What a cancelled turn left open is over.
        self.uses = Uses::default();
        let id = self.next(Stage::Prompt);
        self.watch.activity(|_| Activity::Waiting, "");
        vec![Ask::Prompt { session: &session, text: &text }.line(id)]
    }

    fn updated(&mut self, params: &Value) {
        // One that is not known says nothing that is needed.
        let Some(said) = read::<SessionNotification>(params) else { return };
        if self.stage != Stage::Prompt || Some(&said.session_id) != self.session.as_ref() {
            return;
        }
        self.has_answered();
        match said.update {
            SessionUpdate::AgentMessageChunk(chunk) => {
                if let ContentBlock::Text(text) = chunk.content {
                    self.watch.piece(Activity::Text, &text.text);
                    self.text(&text.text);
                }
            }
            SessionUpdate::AgentThoughtChunk(chunk) => {
                if let ContentBlock::Text(text) = chunk.content {
                    self.watch.piece(Activity::Thinking, &text.text);
                }
            }
            SessionUpdate::ToolCall(call) => {
                self.is_new_message = true;
                if let Some(said) = update(&call) {
                    let known = self.uses.learn(&said);
                    self.watch.activity(Activity::Tool, known.title());
                }
            }
            SessionUpdate::ToolCallUpdate(said) => {
                self.uses.learn(&said);
            }
            SessionUpdate::UsageUpdate(said) => {
                if let Some(cost) = said.cost.filter(|cost| cost.currency == "USD") {
                    self.heard.usage.cost_micro_usd = micro_usd(cost.amount);
                }
            }
            _ => {}
        }
    }

    fn text(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if std::mem::take(&mut self.is_new_message) {
            self.heard.text.clear();
        }
        if (self.heard.text.len() + text.len()) as u64 > self.begin.text_bytes_max {
            self.heard.too_much = true;
            return;
        }
        self.heard.text.push_str(text);
    }
}

impl Dialogue for Acp {
    fn open(&mut self) -> Vec<String> {
        // Gemini CLI takes a file that is not there for an error when it asks us for it.
        let reads = self.permit.reads() && !self.begin.is_gemini;
        let id = self.next(Stage::Initialize);
        vec![Ask::Initialize { reads, writes: self.permit.writes() }.line(id)]
    }

    fn hear(&mut self, line: &str) -> Vec<String> {
        // What is no message is a word of the program to people.
        let Ok(message) = serde_json::from_str::<Value>(line) else { return Vec::new() };
        let params = message.get("params").unwrap_or(&Value::Null);
        match (message.get("method").and_then(Value::as_str), message.get("id")) {
            (Some(method), Some(id)) => {
                let mut answer = json!({ "jsonrpc": "2.0", "id": id });
                let (field, value) = match self.asked(method, params) {
                    Ok(result) => ("result", result),
                    Err((code, message)) => ("error", json!({ "code": code, "message": message })),
                };
                if let Some(answer) = answer.as_object_mut() {
                    answer.insert(field.into(), value);
                }
                vec![answer.to_string()]
            }
            (Some("session/update"), None) => {
                self.updated(params);
                Vec::new()
            }
            (None, Some(id)) if id.as_u64() == Some(self.asked) && !self.is_over() => {
                self.answered(&message)
            }
            _ => Vec::new(),
        }
    }

    fn is_over(&self) -> bool {
        self.heard.result.is_some()
    }

    fn is_busy(&self) -> bool {
        self.uses.is_busy()
    }

    fn told(&self) -> Option<u64> {
        Some(self.told)
    }

    fn take(&mut self, messages: Vec<Message>) -> Vec<String> {
        self.told = last(&messages).max(self.told);
        let urgent = messages.iter().any(|message| message.urgent);
        self.news.extend(messages);
        match self.heard.result {
            // Its turn has ended well: here is another.
            Some(Ok(())) => {
                self.heard.result = None;
                self.keep();
                self.tell()
            }
            Some(Err(_)) => Vec::new(),
            None if urgent && self.stage == Stage::Prompt && !self.hurried => {
                self.hurried = true;
                self.session.iter().map(cancel).collect()
            }
            None => Vec::new(),
        }
    }

    fn farewell(&mut self) -> Vec<String> {
        self.session.iter().filter(|_| self.stage == Stage::Prompt).map(cancel).collect()
    }
}

fn read<T: DeserializeOwned>(value: &Value) -> Option<T> {
    T::deserialize(value).ok()
}

/// What the end of a turn says of tokens, in either of the two forms that are in use.
fn claimed(result: &Value, usage: &mut Usage) {
    let number = |pointer: &str| result.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
    let (read, write) = (number("/usage/cachedReadTokens"), number("/usage/cachedWriteTokens"));
    let (input, output) = (number("/usage/inputTokens"), number("/usage/outputTokens"));
    let apart = number("/usage/totalTokens") >= input.saturating_add(output).saturating_add(read);
    let cached = if apart { read.saturating_add(write) } else { 0 };
    let (mut sent, mut received) = (input.saturating_add(cached), output);
    if input == 0 && output == 0 {
        sent = number("/_meta/quota/token_count/input_tokens");
        received = number("/_meta/quota/token_count/output_tokens");
    }
    // Each turn says what it consumed by itself.
    usage.input_tokens = usage.input_tokens.saturating_add(sent);
    usage.output_tokens = usage.output_tokens.saturating_add(received);
    usage.cached_tokens = usage.cached_tokens.saturating_add(read);
}
