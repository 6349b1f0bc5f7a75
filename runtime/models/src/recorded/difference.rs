//! Where two JSON values differ, for a person.

use std::fmt;

use serde_json::Value;

/// Differences that are looked for; a pair with more is not near.
const FOUND_MAX: usize = 64;
/// Characters of a value that are shown.
const SHOWN_MAX: usize = 60;
/// Characters before the place where two texts part.
const BEFORE: usize = 20;

/// A place where two values differ.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// JSON pointer (RFC 6901).
    pointer: String,
    recorded: String,
    asked: String,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = if self.pointer.is_empty() { "the whole" } else { &self.pointer };
        write!(f, "{place}: recorded {}, asked {}", self.recorded, self.asked)
    }
}

/// Where `asked` is not as `recorded`.
pub(super) fn between(recorded: &Value, asked: &Value) -> Vec<Difference> {
    let mut found = Vec::new();
    compare(String::new(), recorded, asked, &mut found);
    found
}

fn compare(pointer: String, recorded: &Value, asked: &Value, found: &mut Vec<Difference>) {
    if found.len() >= FOUND_MAX || recorded == asked {
        return;
    }
    match (recorded, asked) {
        (Value::Object(old), Value::Object(new)) => {
            for (name, old) in old {
                let pointer = format!("{pointer}/{}", escaped(name));
                match new.get(name) {
                    Some(new) => compare(pointer, old, new, found),
                    None => add(found, pointer, short(old), "nothing".to_owned()),
                }
            }
            for (name, new) in new.iter().filter(|(name, _)| !old.contains_key(*name)) {
                let pointer = format!("{pointer}/{}", escaped(name));
                add(found, pointer, "nothing".to_owned(), short(new));
            }
        }
        (Value::Array(old), Value::Array(new)) => {
            for (index, (old, new)) in old.iter().zip(new).enumerate() {
                compare(format!("{pointer}/{index}"), old, new, found);
            }
            if old.len() != new.len() {
                let (old, new) = (items(old.len()), items(new.len()));
                add(found, pointer, old, new);
            }
        }
        (Value::String(old), Value::String(new)) => {
            let same = old.chars().zip(new.chars()).take_while(|(old, new)| old == new).count();
            let from = same.saturating_sub(BEFORE);
            add(found, pointer, part(old, from), part(new, from));
        }
        _ => add(found, pointer, short(recorded), short(asked)),
    }
}

fn add(found: &mut Vec<Difference>, pointer: String, recorded: String, asked: String) {
    if found.len() < FOUND_MAX {
        found.push(Difference { pointer, recorded, asked });
    }
}

fn items(count: usize) -> String {
    format!("{count} item{}", if count == 1 { "" } else { "s" })
}

fn escaped(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

fn short(value: &Value) -> String {
    match value {
        Value::String(text) => part(text, 0),
        other => clip(&other.to_string(), 0),
    }
}

/// A piece of a text, in quotes.
fn part(text: &str, from: usize) -> String {
    let piece = clip(text, from);
    Value::from(piece).to_string()
}

fn clip(text: &str, from: usize) -> String {
    let mut rest = text.chars().skip(from);
    let mut piece: String = if from > 0 { "…".to_owned() } else { String::new() };
    piece.extend(rest.by_ref().take(SHOWN_MAX));
    if rest.next().is_some() {
        piece.push('…');
    }
    piece
}
