//! Values that fit a JSON Schema.

mod list;
mod number;
mod object;
mod text;

use serde_json::{Map, Value};

use super::draw::Draw;
use super::ground::Sources;
use super::temper::{Lean, Temper};

/// Levels below which lists are as short as may be and optional properties are left out: a schema may
/// refer to itself.
const DEPTH_FULL: usize = 6;

/// Levels at which a schema that asks for more and more of itself is given up.
const DEPTH_MAX: usize = 48;

/// Makes values for one task.
pub(crate) struct Shaper<'a> {
    temper: &'a Temper,
    root: &'a Value,
    /// What the task was told of, and what it may read.
    sources: &'a Sources<'a>,
    draw: Draw,
}

impl<'a> Shaper<'a> {
    pub(crate) fn new(
        temper: &'a Temper,
        root: &'a Value,
        sources: &'a Sources<'a>,
        draw: Draw,
    ) -> Self {
        Self { temper, root, sources, draw }
    }

    /// A value that fits the schema.
    pub(crate) fn answer(&mut self) -> Value {
        self.value(self.root, "", 0)
    }

    fn value(&mut self, schema: &Value, name: &str, depth: usize) -> Value {
        if depth > DEPTH_MAX {
            return Value::Null;
        }
        let Some(map) = schema.as_object() else { return self.free(name) };
        if let Some(constant) = map.get("const") {
            return constant.clone();
        }
        if let Some(Value::Array(values)) = map.get("enum") {
            return self.one_of(values).cloned().unwrap_or_default();
        }
        if let Some(Value::String(reference)) = map.get("$ref") {
            let root = self.root;
            let target = reference.strip_prefix('#').and_then(|place| root.pointer(place));
            return target.map_or(Value::Null, |target| self.value(target, name, depth + 1));
        }
        for key in ["oneOf", "anyOf"] {
            if let Some(Value::Array(choices)) = map.get(key) {
                let choices: Vec<&Value> = choices.iter().collect();
                let chosen = self.branch(&choices, depth);
                let base = without(map, key);
                return match chosen {
                    Some(chosen) if base.contains_key("properties") => {
                        let whole = merged(&base, self.resolved(chosen));
                        self.value(&whole, name, depth + 1)
                    }
                    Some(chosen) => self.value(chosen, name, depth + 1),
                    None => Value::Null,
                };
            }
        }
        if let Some(Value::Array(parts)) = map.get("allOf") {
            let mut whole = Value::Object(without(map, "allOf"));
            for part in parts {
                let base = whole.as_object().cloned().unwrap_or_default();
                whole = merged(&base, self.resolved(part));
            }
            return self.value(&whole, name, depth + 1);
        }
        match self.kind(map, depth) {
            "object" => self.object(map, depth),
            "array" => self.array(map, name, depth),
            "boolean" => Value::Bool(self.truth()),
            "integer" => self.integer(map, name),
            "number" => self.number(map, name),
            "null" => Value::Null,
            "string" => Value::String(self.string(map, name)),
            _ => self.free(name),
        }
    }

    /// What is said where a schema says nothing.
    fn free(&mut self, name: &str) -> Value {
        Value::String(self.text(name, &Map::new()))
    }

    fn resolved<'b>(&'b self, schema: &'b Value) -> &'b Value {
        let reference = schema.get("$ref").and_then(Value::as_str);
        let place = reference.and_then(|reference| reference.strip_prefix('#'));
        place.and_then(|place| self.root.pointer(place)).unwrap_or(schema)
    }

    /// One of the branches of a choice.
    fn branch<'b>(&mut self, choices: &[&'b Value], depth: usize) -> Option<&'b Value> {
        let is_null = |choice: &&&Value| choice.get("type").is_some_and(|kind| kind == "null");
        let null = choices.iter().find(is_null).copied();
        match self.temper.lean {
            Lean::Least => null.or(choices.first().copied()),
            Lean::Most if depth < DEPTH_FULL => {
                choices.iter().rev().find(|choice| !is_null(choice)).copied()
            }
            Lean::Most => null.or(choices.first().copied()),
            Lean::Varied if depth < DEPTH_FULL => self.draw.pick(choices).copied(),
            Lean::Varied => null.or(choices.first().copied()),
        }
    }

    fn one_of<'b, T>(&mut self, values: &'b [T]) -> Option<&'b T> {
        match self.temper.lean {
            Lean::Least => values.last(),
            Lean::Most => values.first(),
            Lean::Varied => self.draw.pick(values),
        }
    }

    /// The type that the value gets.
    fn kind<'b>(&mut self, map: &'b Map<String, Value>, depth: usize) -> &'b str {
        match map.get("type") {
            Some(Value::String(kind)) => kind,
            Some(Value::Array(kinds)) => {
                let kinds: Vec<&str> = kinds.iter().filter_map(Value::as_str).collect();
                let real: Vec<&str> =
                    kinds.iter().copied().filter(|kind| *kind != "null").collect();
                let may_be_null = real.len() < kinds.len();
                let null = may_be_null
                    && match self.temper.lean {
                        Lean::Least => true,
                        Lean::Most => false,
                        Lean::Varied => depth >= DEPTH_FULL || self.draw.chance(0.5),
                    };
                let real = if null { None } else { self.one_of(&real).copied() };
                real.unwrap_or("null")
            }
            _ if map.contains_key("properties") || map.contains_key("required") => "object",
            _ if map.contains_key("items") || map.contains_key("prefixItems") => "array",
            _ if map.contains_key("minimum") || map.contains_key("maximum") => "number",
            _ => "",
        }
    }

    fn truth(&mut self) -> bool {
        match self.temper.lean {
            Lean::Least => false,
            Lean::Most => true,
            Lean::Varied => self.draw.chance(self.temper.truth),
        }
    }
}

fn bound(map: &Map<String, Value>, key: &str) -> Option<usize> {
    map.get(key).and_then(Value::as_u64).and_then(|bound| usize::try_from(bound).ok())
}

fn without(map: &Map<String, Value>, key: &str) -> Map<String, Value> {
    map.iter().filter(|(name, _)| *name != key).map(|(n, v)| (n.clone(), v.clone())).collect()
}

/// Both schemas as one: properties and required names of both, else what the second says.
fn merged(base: &Map<String, Value>, more: &Value) -> Value {
    let mut whole = base.clone();
    for (key, value) in more.as_object().into_iter().flatten() {
        match (whole.get_mut(key), value) {
            (Some(Value::Object(mine)), Value::Object(more)) if key == "properties" => {
                mine.extend(more.iter().map(|(name, value)| (name.clone(), value.clone())));
            }
            (Some(Value::Array(mine)), Value::Array(more)) if key == "required" => {
                mine.extend(more.iter().cloned());
            }
            _ => {
                whole.insert(key.clone(), value.clone());
            }
        }
    }
    Value::Object(whole)
}
