//! A document with the lines on which its values stand.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};
use serde_json::Value;

/// Most values of one document, those that YAML repeats by alias counted each time.
pub const NODES_MAX: usize = 500_000;
/// Deepest nesting.
pub const DEPTH_MAX: usize = 100;

/// A value and where it stands.
#[derive(Clone, Debug)]
pub struct Node {
    /// Line, from 1: of its key where it has one.
    pub line: usize,
    /// What it is.
    pub shape: Shape,
}

/// What a value is.
#[derive(Clone, Debug)]
pub enum Shape {
    /// Null, a boolean, a number or text.
    Scalar(Value),
    /// A list.
    List(Vec<Node>),
    /// Names and values in the order in which they stand.
    Map(Vec<(String, Node)>),
}

impl Node {
    /// The value alone.
    pub fn value(&self) -> Value {
        match &self.shape {
            Shape::Scalar(value) => value.clone(),
            Shape::List(items) => Value::Array(items.iter().map(Self::value).collect()),
            Shape::Map(fields) => Value::Object(
                fields.iter().map(|(name, field)| (name.clone(), field.value())).collect(),
            ),
        }
    }

    /// The value at a JSON Pointer (RFC 6901).
    pub fn at(&self, pointer: &str) -> Option<&Self> {
        let mut node = self;
        for part in pointer.split('/').skip(1) {
            let part = part.replace("~1", "/").replace("~0", "~");
            node = match &node.shape {
                Shape::List(items) => items.get(index(&part)?)?,
                // Of a name that stands twice, the last one counts.
                Shape::Map(fields) => {
                    fields.iter().rev().find(|(name, _)| *name == part).map(|(_, field)| field)?
                }
                Shape::Scalar(_) => return None,
            };
        }
        Some(node)
    }

    /// The line of the value at a pointer, or of the nearest one above that is there.
    pub fn line_at(&self, pointer: &str) -> usize {
        let mut pointer = pointer;
        loop {
            if let Some(node) = self.at(pointer) {
                return node.line;
            }
            pointer = pointer.rsplit_once('/').map_or("", |(above, _)| above);
        }
    }
}

/// RFC 6901: digits without a leading zero.
fn index(part: &str) -> Option<usize> {
    let digits = part.bytes().all(|byte| byte.is_ascii_digit());
    (digits && (part == "0" || !part.starts_with('0'))).then(|| part.parse().ok())?
}

impl Serialize for Node {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.shape {
            Shape::Scalar(value) => value.serialize(serializer),
            Shape::List(items) => {
                let mut list = serializer.serialize_seq(Some(items.len()))?;
                for item in items {
                    list.serialize_element(item)?;
                }
                list.end()
            }
            Shape::Map(fields) => {
                let mut map = serializer.serialize_map(Some(fields.len()))?;
                for (name, field) in fields {
                    map.serialize_entry(name, field)?;
                }
                map.end()
            }
        }
    }
}
