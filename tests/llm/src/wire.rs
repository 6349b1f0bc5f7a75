//! Answers as the APIs write them.

mod anthropic;
mod chat;
mod gemini;
mod ollama;
mod responses;

use bytes::Bytes;
use serde_json::Value;

use crate::reply::{Finish, Reply, Say};
use crate::seen::{Api, Seen};

/// An event of a stream.
#[derive(Clone, Debug)]
pub(crate) struct Frame {
    /// As it goes over the wire.
    pub bytes: Bytes,
    /// It tells of usage, or that the answer is whole.
    pub end: bool,
}

/// An API's way to say things.
pub(crate) struct Wire {
    /// The answer in one piece.
    pub whole: fn(&Reply, &Seen) -> Value,
    /// The answer in events.
    pub stream: fn(&Reply, &Seen) -> Vec<Frame>,
    /// The event of an error in the middle of a stream.
    pub error: fn() -> Frame,
    /// Events that no client knows.
    pub unknown: fn() -> Vec<Frame>,
    /// Type of the body of a stream.
    pub stream_type: &'static str,
}

impl Wire {
    pub(crate) fn of(api: Api) -> Self {
        match api {
            Api::Anthropic => anthropic::WIRE,
            Api::OpenaiChat => chat::WIRE,
            Api::OpenaiResponses => responses::WIRE,
            Api::Gemini => gemini::WIRE,
            Api::Ollama => ollama::WIRE,
        }
    }
}

const EVENT_STREAM: &str = "text/event-stream; charset=utf-8";

/// An event with a name.
fn named(name: &str, data: &Value) -> Frame {
    Frame { bytes: format!("event: {name}\ndata: {data}\n\n").into(), end: false }
}

/// An event without a name.
fn data(data: &Value) -> Frame {
    Frame { bytes: format!("data: {data}\n\n").into(), end: false }
}

/// A line.
fn line(value: &Value) -> Frame {
    Frame { bytes: format!("{value}\n").into(), end: false }
}

fn end(frame: Frame) -> Frame {
    Frame { end: true, ..frame }
}

/// A text in pieces of so many characters; at least one.
fn pieces(text: &str, size: usize) -> Vec<String> {
    let chars: Vec<char> = text.chars().collect();
    if chars.is_empty() {
        return vec![String::new()];
    }
    chars.chunks(size.max(1)).map(|piece| piece.iter().collect()).collect()
}

/// All text of a reply.
fn text(reply: &Reply) -> String {
    let texts = reply.say.iter().filter_map(|say| match say {
        Say::Text(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// All reasoning of a reply.
fn thinking(reply: &Reply) -> String {
    let texts = reply.say.iter().filter_map(|say| match say {
        Say::Thinking(text) => Some(text.as_str()),
        _ => None,
    });
    texts.collect()
}

/// Calls of tools: id, name, input.
fn calls<'a>(reply: &'a Reply, seen: &Seen) -> Vec<(String, &'a str, &'a Value)> {
    let calls = reply.say.iter().filter_map(|say| match say {
        Say::Call { name, input } => Some((name.as_str(), input)),
        _ => None,
    });
    calls
        .enumerate()
        .map(|(index, (name, input))| (format!("call_{}_{index}", seen.number), name, input))
        .collect()
}

/// One of three words for why an answer ends: the end, calls of tools, the limit, a refusal.
fn finish<'a>(reply: &Reply, [stop, calls, length, refused]: [&'a str; 4]) -> &'a str {
    match reply.finish {
        Finish::Length => length,
        Finish::Refused => refused,
        Finish::Fitting if reply.calls() => calls,
        Finish::Fitting => stop,
    }
}

/// The model's name in an answer.
fn model(seen: &Seen) -> &str {
    if seen.model.is_empty() { "fake" } else { &seen.model }
}
