//! JSON Schemas of types, as constants: what a component's manifest says of its tools is in a custom
//! section, so it must be known when the component is compiled.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};
use std::path::PathBuf;

use serde_json::{Map, Value};

/// A type with a JSON Schema that is known at compile time.
///
/// Derive it beside `Deserialize` or `Serialize`. Doc comments become descriptions, and serde's
/// attributes mean what they mean to serde: `rename`, `rename_all`, `default`, `skip`, `tag`,
/// `untagged`, `transparent`, `deny_unknown_fields`. A field is required unless it is an `Option`
/// or has a default. `#[schema(json = "…")]` on a field or type states the schema in its own words;
/// a type that refers to itself needs that.
///
/// ```
/// use baton_guest::Schema;
/// use serde_json::json;
///
/// /// A place in a file.
/// #[derive(Schema)]
/// struct Place {
///     /// Path inside the root.
///     path: String,
///     line: Option<u32>,
/// }
///
/// assert_eq!(
///     baton_guest::schema_of::<Place>(),
///     json!({
///         "type": "object",
///         "description": "A place in a file.",
///         "properties": {
///             "path": { "type": "string", "description": "Path inside the root." },
///             "line": { "anyOf": [{ "type": "integer", "minimum": 0 }, { "type": "null" }] },
///         },
///         "required": ["path"],
///     }),
/// );
/// ```
pub trait Schema {
    /// What values look like: the members of the schema's object without its braces, never empty.
    const BODY: &'static [Part];
    /// The member `description` with a comma behind it, or nothing.
    const ABOUT: &'static str = "";
}

/// A piece of JSON text.
#[derive(Clone, Copy, Debug)]
pub enum Part {
    /// As it stands.
    Text(&'static str),
    /// More pieces.
    Parts(&'static [Part]),
}

/// The schema of a type.
#[must_use]
pub fn schema_of<T: Schema + ?Sized>() -> Value {
    let text =
        text(&[Part::Text("{"), Part::Text(T::ABOUT), Part::Parts(T::BODY), Part::Text("}")]);
    // What the derivation writes parses; what a foreign implementation writes need not.
    serde_json::from_str(&text).unwrap_or_else(|_| Value::Object(Map::new()))
}

/// Pieces as one text.
pub(crate) fn text(parts: &[Part]) -> String {
    parts
        .iter()
        .map(|part| match part {
            Part::Text(text) => (*text).to_owned(),
            Part::Parts(parts) => text(parts),
        })
        .collect()
}

/// How many bytes the pieces have.
#[must_use]
pub const fn length(parts: &[Part]) -> usize {
    let mut sum = 0;
    let mut rest = parts;
    while let [part, others @ ..] = rest {
        sum += match part {
            Part::Text(text) => text.len(),
            Part::Parts(parts) => length(parts),
        };
        rest = others;
    }
    sum
}

/// The pieces as bytes. `N` is their [`length`].
#[must_use]
pub const fn bytes<const N: usize>(parts: &[Part]) -> [u8; N] {
    let mut bytes = [0; N];
    fill(parts, &mut bytes);
    bytes
}

/// Puts the pieces at the beginning of `out` and says how many bytes they are.
const fn fill(parts: &[Part], out: &mut [u8]) -> usize {
    let mut at = 0;
    let mut rest = parts;
    while let [part, others @ ..] = rest {
        let (_, free) = out.split_at_mut(at);
        at += match part {
            Part::Text(text) => {
                free.split_at_mut(text.len()).0.copy_from_slice(text.as_bytes());
                text.len()
            }
            Part::Parts(parts) => fill(parts, free),
        };
        rest = others;
    }
    at
}

macro_rules! plain {
    ($($body:literal: $($type:ty),+;)+) => {$($(
        impl Schema for $type {
            const BODY: &'static [Part] = &[Part::Text($body)];
        }
    )+)+};
}

plain! {
    r#""type":"string""#: String, str, char, PathBuf;
    r#""type":"boolean""#: bool;
    r#""type":"integer""#: i8, i16, i32, i64, isize;
    r#""type":"integer","minimum":0"#: u8, u16, u32, u64, usize;
    r#""type":"number""#: f32, f64;
    r#""type":"null""#: ();
    r#""type":["null","boolean","number","string","array","object"]"#: Value;
    r#""type":"object""#: Map<String, Value>;
}

macro_rules! around {
    ($($before:literal $after:literal: $($type:ty),+;)+) => {$($(
        impl<T: Schema> Schema for $type {
            const BODY: &'static [Part] = &[
                Part::Text($before),
                Part::Text(T::ABOUT),
                Part::Parts(T::BODY),
                Part::Text($after),
            ];
        }
    )+)+};
}

around! {
    r#""type":"array","items":{"# "}": Vec<T>, VecDeque<T>, [T];
    r#""type":"array","uniqueItems":true,"items":{"# "}": BTreeSet<T>, HashSet<T>;
    r#""type":"object","additionalProperties":{"# "}": BTreeMap<String, T>, HashMap<String, T>;
    r#""anyOf":[{"# r#"},{"type":"null"}]"#: Option<T>;
}

impl<T: Schema + ?Sized> Schema for Box<T> {
    const BODY: &'static [Part] = T::BODY;
    const ABOUT: &'static str = T::ABOUT;
}

impl<T: Schema + ?Sized> Schema for &T {
    const BODY: &'static [Part] = T::BODY;
    const ABOUT: &'static str = T::ABOUT;
}

#[cfg(test)]
mod tests;
