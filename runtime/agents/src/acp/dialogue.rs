//! A session, from the first word to the end of its turn.

mod opening;
mod service;
mod turn;

use std::path::PathBuf;

use baton_core::handoff::{Failure, FailureKind, Usage};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::tools::Uses;
use super::wire::{AUTH_REQUIRED, Ask, NewSessionResponse, SessionId, cancel};
use crate::backend::{BackendError, Message};
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
