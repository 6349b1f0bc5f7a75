//! Looks at every event of an answer before the library does: lets through what it understands,
//! keeps back what is new or doubled, and knows when an answer is whole, what it cost and why it
//! ended.

mod anthropic;
mod chat;
mod gemini;
mod ollama;
mod responses;
#[cfg(test)]
mod tests;

use baton_core::model::{Api, TokenUsage};
use serde_json::Value;

use super::classify;
use super::frames::{Frame, Framing};
use crate::error::ModelError;

/// What an answer told of itself so far.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Seen {
    /// What it consumed; of several reports the last counts.
    pub usage: Option<TokenUsage>,
    /// Why it ended, in the provider's words.
    pub finish: Option<String>,
    /// The provider's name for the exchange.
    pub request_id: Option<String>,
    /// It is whole.
    pub done: bool,
    /// Its blocks in order, where the library does not keep it.
    pub order: Vec<Block>,
}

/// Kinds of blocks, as far as their order matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Block {
    /// Reasoning, shown or not.
    Thinking,
    /// Text.
    Text,
    /// A call of a tool.
    ToolCall,
}

/// What becomes of an event.
#[derive(Debug, PartialEq)]
enum Step {
    /// It is kept back.
    Drop,
    /// It goes on as it is.
    Pass,
    /// It goes on changed.
    Change(Value),
}

/// One protocol's view of its events.
trait Protocol: Send + Sync {
    fn event(&mut self, seen: &mut Seen, event: Value) -> Result<Step, ModelError>;

    /// A text that is no JSON and means something.
    fn word(&mut self, _seen: &mut Seen, _word: &str) -> Option<Step> {
        None
    }

    /// What goes on before the end when the bytes ended; may find that the answer is whole.
    fn end(&mut self, _seen: &mut Seen) -> Option<String> {
        None
    }
}

/// Watches one answer.
pub(crate) struct Watch {
    protocol: Box<dyn Protocol>,
    framing: Framing,
    /// What was seen so far.
    pub seen: Seen,
}

impl Watch {
    pub(super) fn new(api: Api) -> Self {
        let protocol: Box<dyn Protocol> = match api {
            Api::Anthropic => Box::<anthropic::Anthropic>::default(),
            Api::OpenaiChat => Box::<chat::Chat>::default(),
            Api::OpenaiResponses => Box::<responses::Responses>::default(),
            Api::Gemini => Box::new(gemini::Gemini),
            Api::Ollama => Box::new(ollama::Ollama),
        };
        Self { protocol, framing: framing(api), seen: Seen::default() }
    }

    /// The bytes that go on for an event; none: it is kept back. Nothing follows after the answer is
    /// whole.
    pub(super) fn frame(&mut self, frame: &Frame) -> Result<Option<Vec<u8>>, ModelError> {
        if self.seen.done || frame.data.trim().is_empty() {
            return Ok(None);
        }
        if let Some(step) = self.protocol.word(&mut self.seen, frame.data.trim()) {
            return Ok((step == Step::Pass).then(|| self.bytes(None, &frame.data)));
        }
        let event: Value = serde_json::from_str(&frame.data)
            .map_err(|_| classify::malformed("an event of its answer is not JSON"))?;
        if !event.is_object() {
            return Err(classify::malformed("an event of its answer is not an object"));
        }
        let name = event.get("type").and_then(Value::as_str).map(str::to_owned);
        let name = name.or_else(|| frame.name.clone());
        Ok(match self.protocol.event(&mut self.seen, event)? {
            Step::Drop => None,
            Step::Pass => Some(self.bytes(name.as_deref(), &frame.data)),
            Step::Change(event) => Some(self.bytes(name.as_deref(), &event.to_string())),
        })
    }

    /// The bytes that go on at the end of the answer.
    pub(super) fn end(&mut self) -> Option<Vec<u8>> {
        if self.seen.done {
            return None;
        }
        let text = self.protocol.end(&mut self.seen)?;
        Some(self.bytes(None, &text))
    }

    fn bytes(&self, name: Option<&str>, data: &str) -> Vec<u8> {
        // Between the values of a JSON text a line break is a blank; within them there is none.
        let data = data.replace(['\n', '\r'], " ");
        match (self.framing, name) {
            (Framing::Lines, _) => format!("{data}\n"),
            (Framing::Events, Some(name)) if !name.contains(['\n', '\r']) => {
                format!("event: {name}\ndata: {data}\n\n")
            }
            (Framing::Events, _) => format!("data: {data}\n\n"),
        }
        .into_bytes()
    }
}

/// How the events of a protocol are told apart.
pub(super) fn framing(api: Api) -> Framing {
    if api == Api::Ollama { Framing::Lines } else { Framing::Events }
}

/// A count at a place of an event.
fn count(event: &Value, pointer: &str) -> Option<u64> {
    event.pointer(pointer).and_then(Value::as_u64)
}

/// A text at a place of an event.
fn text<'a>(event: &'a Value, pointer: &str) -> Option<&'a str> {
    event.pointer(pointer).and_then(Value::as_str)
}

/// The first of some counts that is there.
fn first(event: &Value, pointers: &[&str]) -> u64 {
    pointers.iter().find_map(|pointer| count(event, pointer)).unwrap_or(0)
}
