//! Objects of a schema.

use serde_json::{Map, Value};

use super::super::temper::Lean;
use super::super::{ground, words};
use super::{DEPTH_FULL, Shaper, bound};

/// Names of the two ends of a range.
pub(super) const ENDS: [(&str, &str); 7] = [
    ("first", "last"),
    ("start", "end"),
    ("begin", "end"),
    ("from", "to"),
    ("min", "max"),
    ("start_line", "end_line"),
    ("startLine", "endLine"),
];

impl Shaper<'_> {
    pub(super) fn object(&mut self, map: &Map<String, Value>, depth: usize) -> Value {
        let required: Vec<&str> = match map.get("required") {
            Some(Value::Array(names)) => names.iter().filter_map(Value::as_str).collect(),
            _ => Vec::new(),
        };
        let empty = Map::new();
        let properties = map.get("properties").and_then(Value::as_object).unwrap_or(&empty);
        let mut made = Map::new();
        for (name, schema) in properties {
            let wanted = required.contains(&name.as_str())
                || match self.temper.lean {
                    Lean::Least => false,
                    Lean::Most => depth < DEPTH_FULL,
                    Lean::Varied => depth < DEPTH_FULL && self.draw.chance(0.5),
                };
            if wanted {
                made.insert(name.clone(), self.value(schema, name, depth + 1));
            }
        }
        for name in required.iter().filter(|name| !properties.contains_key(**name)) {
            made.insert((*name).to_owned(), self.free(name));
        }
        in_order(&mut made);
        ground::quote(&mut made, properties, self.sources, self.temper);
        // A map of names to values.
        if let Some(values @ Value::Object(_)) = map.get("additionalProperties")
            && properties.is_empty()
        {
            let least = bound(map, "minProperties").unwrap_or(0);
            let most = bound(map, "maxProperties").unwrap_or(usize::MAX);
            for _ in 0..self.length(least, most, depth) {
                let name = words::phrase(&mut self.draw, 1);
                made.insert(name.clone(), self.value(values, &name, depth + 1));
            }
        }
        Value::Object(made)
    }
}

/// Puts the ends of ranges in their order, which no schema can say.
fn in_order(made: &mut Map<String, Value>) {
    for (low, high) in ENDS {
        let number = |name: &str| made.get(name).and_then(Value::as_f64);
        if let (Some(first), Some(last)) = (number(low), number(high))
            && first > last
        {
            let (first, last) = (made.remove(low), made.remove(high));
            made.extend(last.map(|value| (low.to_owned(), value)));
            made.extend(first.map(|value| (high.to_owned(), value)));
        }
    }
}
