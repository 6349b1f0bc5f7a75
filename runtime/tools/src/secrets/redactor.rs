//! Taking secrets out of what is recorded, shown or handed on.

use std::borrow::Cow;
use std::sync::Arc;

use baton_core::json::Json;
use baton_host::tool::http::{RedactedStream, Redaction};
use serde_json::Value;

/// Takes secrets out: in the place of each stands `[secret NAME]`. Cheap to clone.
#[derive(Clone, Debug, Default)]
pub struct Redactor(Option<Arc<Redaction>>);

impl Redactor {
    /// Takes names, values and stand-ins. The stand-ins are taken out as well: they differ from run
    /// to run, and no record should.
    pub(super) fn new(secrets: impl Iterator<Item = (String, Arc<str>, String)>) -> Self {
        let secrets: Vec<(String, Arc<str>, String)> = secrets
            .map(|(name, value, placeholder)| (format!("[secret {name}]"), value, placeholder))
            .collect();
        let pairs = secrets.iter().flat_map(|(shown, value, placeholder)| {
            [(&**value, shown.as_str()), (placeholder.as_str(), shown.as_str())]
        });
        Self(Redaction::new(pairs).map(Arc::new))
    }

    /// A text without secrets.
    #[must_use]
    pub fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        self.0.as_ref().map_or(Cow::Borrowed(text), |redaction| redaction.text(text))
    }

    /// Bytes without secrets.
    #[must_use]
    pub fn bytes<'a>(&self, bytes: &'a [u8]) -> Cow<'a, [u8]> {
        self.0.as_ref().map_or(Cow::Borrowed(bytes), |redaction| redaction.bytes(bytes))
    }

    /// JSON without secrets, in keys and values. What holds none stays as it was written.
    #[must_use]
    pub fn json(&self, json: &Json) -> Json {
        let Some(redaction) = &self.0 else { return json.clone() };
        let mut value = json.value();
        let changed = clean(&mut value, redaction);
        let text = if changed { value.to_string() } else { json.as_str().to_owned() };
        if redaction.finds(text.as_bytes()) {
            // It lies across several parts, so only the whole can be taken.
            return Value::from(redaction.text(&text)).into();
        }
        if changed { value.into() } else { json.clone() }
    }

    /// Takes secrets out of bytes that come in pieces.
    #[must_use]
    pub fn stream(&self) -> Redacted {
        Redacted(self.0.as_ref().map(Redaction::stream))
    }
}

/// Takes secrets out of bytes that come in pieces, wherever they are cut.
#[derive(Debug)]
pub struct Redacted(Option<RedactedStream>);

impl Redacted {
    /// Takes a piece and returns what is certain by now.
    pub fn push(&mut self, piece: &[u8]) -> Vec<u8> {
        match &mut self.0 {
            Some(stream) => stream.push(piece),
            None => piece.to_vec(),
        }
    }

    /// The rest, when no further piece comes.
    pub fn end(&mut self) -> Vec<u8> {
        self.0.as_mut().map(RedactedStream::end).unwrap_or_default()
    }
}

/// Cleans a value; returns whether anything was found. Values have a depth that recursion can bear:
/// `Json` does not take others.
fn clean(value: &mut Value, redaction: &Redaction) -> bool {
    match value {
        Value::Null | Value::Bool(_) => false,
        Value::Number(number) => {
            let text = number.to_string();
            let found = redaction.finds(text.as_bytes());
            if found {
                *value = redaction.text(&text).into();
            }
            found
        }
        Value::String(text) => {
            let found = redaction.finds(text.as_bytes());
            if found {
                *text = redaction.text(text).into_owned();
            }
            found
        }
        Value::Array(items) => {
            items.iter_mut().fold(false, |found, item| clean(item, redaction) | found)
        }
        Value::Object(entries) => {
            let mut found = false;
            for (key, mut entry) in std::mem::take(entries) {
                found |= redaction.finds(key.as_bytes()) | clean(&mut entry, redaction);
                entries.insert(redaction.text(&key).into_owned(), entry);
            }
            found
        }
    }
}
