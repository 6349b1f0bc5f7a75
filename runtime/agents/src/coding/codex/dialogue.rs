//! What Codex says.

use std::collections::BTreeSet;

use baton_core::handoff::Usage;
use baton_core::report::Level;
use serde_json::Value;

use crate::backend::{Activity, BackendError};
use crate::coding::outage;
use crate::coding::permit::{Permit, Wish};
use crate::coding::sessions::Book;
use crate::coding::talk::{Dialogue, Watch};

/// What was heard in the end.
#[derive(Default)]
pub(super) struct Heard {
    /// What the session consumed since it began, as the agent says.
    pub total: Option<Usage>,
    /// How its turn ended; none: it never said.
    pub result: Option<Result<(), BackendError>>,
    /// Its last message.
    pub text: String,
    /// The last trouble it told of, which may have passed.
    pub last_error: Option<String>,
}

pub(super) struct Codex {
    task: String,
    permit: Permit,
    watch: Watch,
    heard: Heard,
    book: Book,
    /// Items that began and have not ended.
    at_work: BTreeSet<String>,
}

impl Codex {
    pub(super) fn new(task: String, permit: Permit, watch: Watch, book: Book) -> Self {
        Self { task, permit, watch, heard: Heard::default(), book, at_work: BTreeSet::new() }
    }

    pub(super) fn into_heard(self) -> (Heard, Book) {
        (self.heard, self.book)
    }

    fn item(&mut self, item: &Value, ended: bool) {
        let text = |key: &str| item.get(key).and_then(Value::as_str).unwrap_or_default();
        let id = text("id").to_owned();
        match ended {
            true => self.at_work.remove(&id),
            false => self.at_work.insert(id),
        };
        match (text("type"), ended) {
            ("agent_message", true) => {
                self.watch.activity(Activity::Text, text("text"));
                self.heard.text = text("text").to_owned();
            }
            ("reasoning", true) => self.watch.activity(Activity::Thinking, text("text")),
            ("command_execution", false) => {
                self.watch.activity(Activity::Tool, text("command"));
            }
            ("error", true) => self.watch.log(Level::Debug, text("message")),
            ("agent_message" | "reasoning" | "error", false) => {}
            (kind, _) => self.watch.activity(Activity::Tool, kind),
        }
        if ended && text("status") == "declined" {
            let what = match text("type") {
                "command_execution" => format!("run {}", text("command")),
                kind => kind.to_owned(),
            };
            // What it is told of it, it was told by itself.
            let _ = self.permit.all(&[Wish::Other(what)]);
        }
    }

    fn failed(&mut self, message: &str) {
        self.heard.result = Some(Err(outage::error("agent-error", message, None)));
    }
}

impl Dialogue for Codex {
    fn open(&mut self) -> Vec<String> {
        self.watch.activity(|_| Activity::Waiting, "");
        vec![std::mem::take(&mut self.task)]
    }

    fn is_silent(&self) -> bool {
        true
    }

    fn hear(&mut self, line: &str) -> Vec<String> {
        // What is no event is a word of the program to people.
        let Ok(event) = serde_json::from_str::<Value>(line) else { return Vec::new() };
        let text = |pointer: &str| event.pointer(pointer).and_then(Value::as_str);
        let kind = text("/type").unwrap_or_default();
        if kind.starts_with("turn.") {
            self.book.answered();
        } else if kind.starts_with("item.") {
            self.book.works();
        }
        match kind {
            "thread.started" => {
                self.book.named(text("/thread_id").unwrap_or_default());
                self.watch.log(Level::Info, "Codex has begun");
            }
            "turn.started" => self.watch.activity(|_| Activity::Waiting, ""),
            "item.started" => self.item(event.get("item").unwrap_or(&Value::Null), false),
            "item.completed" => self.item(event.get("item").unwrap_or(&Value::Null), true),
            "turn.completed" => {
                self.heard.total = event.get("usage").map(usage);
                self.heard.result = Some(Ok(()));
            }
            "turn.failed" => {
                let message = text("/error/message").unwrap_or("its turn failed").to_owned();
                self.failed(&message);
            }
            "error" => self.heard.last_error = text("/message").map(ToOwned::to_owned),
            _ => {}
        }
        Vec::new()
    }

    fn is_over(&self) -> bool {
        self.heard.result.is_some() || self.is_cut()
    }

    fn is_cut(&self) -> bool {
        // What it was told means nothing in another session.
        self.book.is_astray()
    }

    fn is_busy(&self) -> bool {
        !self.at_work.is_empty()
    }
}

fn usage(usage: &Value) -> Usage {
    let number = |key: &str| usage.get(key).and_then(Value::as_u64).unwrap_or(0);
    Usage {
        input_tokens: number("input_tokens"),
        output_tokens: number("output_tokens"),
        cached_tokens: number("cached_input_tokens"),
        ..Usage::default()
    }
}
