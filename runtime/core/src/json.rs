//! JSON texts that are kept as they were written.

use std::fmt;
use std::sync::Arc;

use serde::de::{MapAccess, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::value::RawValue;

use crate::digest::Digest;

/// Levels that parsers which recurse can always read.
pub const DEPTH_MAX: u64 = 127;

/// A JSON text that parses, with its size and depth checked.
///
/// The text is kept as it was given, so that what a program wrote is what another reads. Use
/// [`Json::digest`] to compare by meaning.
#[derive(Clone, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Json(Arc<RawValue>);

/// Why a text is not accepted as JSON.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum JsonError {
    /// It does not parse.
    #[error("not JSON: {0}")]
    Syntax(String),
    /// It is larger than the limit where it was given.
    #[error("{size} bytes of JSON where {max} are the limit")]
    Size {
        /// Size of the text in bytes.
        size: usize,
        /// Limit in bytes.
        max: u64,
    },
    /// It is nested deeper than the limit.
    #[error("JSON nested deeper than {max} levels")]
    Depth {
        /// Limit in levels.
        max: u64,
    },
}

impl Json {
    /// Accepts a text of at most `bytes_max` bytes and `depth_max` levels (and never more than
    /// [`DEPTH_MAX`]), whose numbers fit a 64-bit float and whose strings are Unicode.
    ///
    /// # Errors
    /// Says what is wrong with the text.
    pub fn parse(text: &str, bytes_max: u64, depth_max: u64) -> Result<Self, JsonError> {
        if text.len() as u64 > bytes_max {
            return Err(JsonError::Size { size: text.len(), max: bytes_max });
        }
        // Depth first: a parser that recurses must never meet a text deeper than the limit.
        let max = depth_max.min(DEPTH_MAX);
        if depth(text) > max {
            return Err(JsonError::Depth { max });
        }
        // A raw value skips over numbers and escapes that no value can hold.
        serde_json::from_str::<Checked>(text)
            .and_then(|Checked| serde_json::from_str::<Box<RawValue>>(text))
            .map(|raw| Self(raw.into()))
            .map_err(|error| JsonError::Syntax(error.to_string()))
    }

    /// The JSON form of a value.
    ///
    /// # Errors
    /// When the value cannot be JSON (a map with keys that are not strings).
    pub fn of<T: Serialize + ?Sized>(value: &T) -> Result<Self, JsonError> {
        serde_json::value::to_raw_value(value)
            .map(|raw| Self(raw.into()))
            .map_err(|error| JsonError::Syntax(error.to_string()))
    }

    /// `null`.
    #[must_use]
    pub fn null() -> Self {
        Self(RawValue::NULL.to_owned().into())
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        self.0.get()
    }

    /// Whether the value is `null`.
    #[must_use]
    pub fn is_null(&self) -> bool {
        self.as_str() == "null"
    }

    /// The value. Keys of objects come in byte order.
    #[must_use]
    pub fn value(&self) -> serde_json::Value {
        // The text was read as a value when this was made; what passed then passes now.
        let mut value = serde_json::from_str(self.as_str()).unwrap_or_default();
        sort(&mut value);
        value
    }

    /// Digest of the meaning: white space and the order of keys do not count.
    #[must_use]
    pub fn digest(&self) -> Digest {
        Digest::of(self.value().to_string().as_bytes())
    }
}

/// Brings the keys of every object into byte order. Whether a parsed object keeps the order of its
/// text is a feature of the parser that any dependency may switch on, and no digest may rest on that.
fn sort(value: &mut serde_json::Value) {
    match value {
        serde_json::Value::Array(items) => items.iter_mut().for_each(sort),
        serde_json::Value::Object(map) => {
            map.values_mut().for_each(sort);
            if !map.keys().is_sorted() {
                let mut entries: Vec<_> = std::mem::take(map).into_iter().collect();
                entries.sort_unstable_by(|(a, _), (b, _)| a.cmp(b));
                map.extend(entries);
            }
        }
        _ => {}
    }
}

/// A text that can be read as a value, without the memory of one.
struct Checked;

impl<'de> Deserialize<'de> for Checked {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Self)
    }
}

impl<'de> Visitor<'de> for Checked {
    type Value = Self;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, _: bool) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_i64<E>(self, _: i64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_u64<E>(self, _: u64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_f64<E>(self, _: f64) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_str<E>(self, _: &str) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_unit<E>(self) -> Result<Self, E> {
        Ok(self)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Self, A::Error> {
        while items.next_element::<Self>()?.is_some() {}
        Ok(self)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Self, A::Error> {
        while entries.next_entry::<Self, Self>()?.is_some() {}
        Ok(self)
    }
}

impl PartialEq for Json {
    fn eq(&self, other: &Self) -> bool {
        self.as_str() == other.as_str()
    }
}

impl Eq for Json {}

impl Default for Json {
    fn default() -> Self {
        Self::null()
    }
}

impl fmt::Debug for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl From<serde_json::Value> for Json {
    fn from(value: serde_json::Value) -> Self {
        Self::of(&value).unwrap_or_default()
    }
}

/// Deepest nesting of arrays and objects. Linear, without recursion; right for every text that
/// parses, and never too small for one that does not.
fn depth(text: &str) -> u64 {
    let (mut now, mut deepest) = (0_u64, 0_u64);
    let (mut in_string, mut escaped) = (false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            _ if in_string => {}
            b'[' | b'{' => {
                now += 1;
                deepest = deepest.max(now);
            }
            b']' | b'}' => now = now.saturating_sub(1),
            _ => {}
        }
    }
    deepest
}
