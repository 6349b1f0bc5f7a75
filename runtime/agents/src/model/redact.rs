//! Secrets of the run, taken out of what is said to a model and of what it says.

use baton_core::json::Json;
use baton_models::{Message, Part, ToolResult};
use serde_json::Value;

use crate::backend::Redact;

/// A message without secrets.
pub(super) fn message(message: Message, redact: &Redact) -> Message {
    match message {
        Message::User(text) => Message::User(redact.text(&text)),
        Message::Assistant(said) => Message::Assistant(parts(said, redact)),
        Message::Tools(results) => {
            let clean =
                |result: ToolResult| ToolResult { content: redact.text(&result.content), ..result };
            Message::Tools(results.into_iter().map(clean).collect())
        }
    }
}

/// What a model said, without secrets.
pub(super) fn parts(parts: Vec<Part>, redact: &Redact) -> Vec<Part> {
    let clean = |part: Part| match part {
        Part::Text { text } => Some(Part::Text { text: redact.text(&text) }),
        // With another text its signature would be wrong.
        Part::Thinking { text, signature } => {
            (redact.text(&text) == text).then_some(Part::Thinking { text, signature })
        }
        Part::ToolCall { id, name, input } => {
            let (id, name) = (redact.text(&id), redact.text(&name));
            Some(Part::ToolCall { id, name, input: json(input, redact) })
        }
    };
    parts.into_iter().filter_map(clean).collect()
}

/// A value whose texts are without secrets. One without secrets stays as it was written.
fn json(json: Json, redact: &Redact) -> Json {
    let mut value = json.value();
    if walk(&mut value, redact) { value.into() } else { json }
}

fn walk(value: &mut Value, redact: &Redact) -> bool {
    match value {
        Value::String(text) => {
            let clean = redact.text(text);
            let changed = clean != *text;
            *text = clean;
            changed
        }
        Value::Array(items) => {
            let mut changed = false;
            for item in items {
                changed |= walk(item, redact);
            }
            changed
        }
        Value::Object(map) => {
            let secret = |key: &String| redact.text(key) != *key;
            let mut changed = map.keys().any(secret);
            if changed {
                let entries = std::mem::take(map).into_iter();
                map.extend(entries.map(|(key, value)| (redact.text(&key), value)));
            }
            for value in map.values_mut() {
                changed = walk(value, redact) || changed;
            }
            changed
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}
