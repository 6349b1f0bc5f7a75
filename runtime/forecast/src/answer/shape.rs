//! Values that fit a JSON Schema.

use baton_core::digest::Digest;
use serde_json::{Map, Number, Value, json};

use super::draw::Draw;
use super::pattern;
use super::temper::{Lean, Temper};
use super::words;

/// Levels below which lists are as short as may be and optional properties are left out: a schema may
/// refer to itself.
const DEPTH_FULL: usize = 6;

/// Levels at which a schema that asks for more and more of itself is given up.
const DEPTH_MAX: usize = 48;

/// Items of a list where the lean is towards much.
const ITEMS_MOST: usize = 8;

/// What is named where a number has no bounds: the scale of most scores.
const SCALE: f64 = 10.0;

/// Lines of a file that a place is cited in.
const LINES: f64 = 400.0;

/// Makes values for one task.
pub(crate) struct Shaper<'a> {
    temper: &'a Temper,
    root: &'a Value,
    /// Files that the task was told of.
    paths: &'a [String],
    draw: Draw,
}

impl<'a> Shaper<'a> {
    pub(crate) fn new(
        temper: &'a Temper,
        root: &'a Value,
        paths: &'a [String],
        draw: Draw,
    ) -> Self {
        Self { temper, root, paths, draw }
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
        Value::String(self.text(name))
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

    fn object(&mut self, map: &Map<String, Value>, depth: usize) -> Value {
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

    fn array(&mut self, map: &Map<String, Value>, name: &str, depth: usize) -> Value {
        let mut made = Vec::new();
        if let Some(Value::Array(first)) = map.get("prefixItems") {
            made.extend(first.iter().map(|schema| self.value(schema, name, depth + 1)));
            if !map.get("items").is_some_and(Value::is_object) {
                return Value::Array(made);
            }
        }
        let least = bound(map, "minItems").unwrap_or(0).saturating_sub(made.len());
        let most = bound(map, "maxItems").unwrap_or(usize::MAX).saturating_sub(made.len());
        let any = Value::Bool(true);
        let items = map.get("items").unwrap_or(&any);
        if *items == Value::Bool(false) {
            return Value::Array(made);
        }
        let count = self.length(least, most, depth);
        let values = self.resolved(items).get("enum").and_then(Value::as_array).cloned();
        if let Some(values) = values {
            made.extend(self.some_of(values, count, map.get("uniqueItems") == Some(&json!(true))));
        } else {
            made.extend(self.of_pool(items, name, count, depth));
        }
        Value::Array(made)
    }

    fn some_of(&mut self, mut values: Vec<Value>, count: usize, unique: bool) -> Vec<Value> {
        let mut made = Vec::new();
        while made.len() < count && !values.is_empty() {
            let at =
                if self.temper.lean == Lean::Varied { self.draw.below(values.len()) } else { 0 };
            if unique {
                made.push(values.swap_remove(at));
            } else {
                made.extend(values.get(at).cloned());
            }
        }
        made
    }

    /// Items of a list of which there are only so many in the world of this seed: whoever looks again
    /// finds some of them again, and whoever looks long enough finds nothing new.
    fn of_pool(&mut self, items: &Value, name: &str, count: usize, depth: usize) -> Vec<Value> {
        let text = items.to_string();
        let mut world = Draw::of(self.temper.seed, &["world", &text]);
        let typical = self.temper.items.max(1.0);
        let size = (typical * (2.0 + 2.0 * world.unit())).round() as usize;
        let size = size.max(count);
        let mut left: Vec<usize> = (0..size).collect();
        let mut made = Vec::new();
        for _ in 0..count {
            let at = self.draw.below(left.len());
            let index = left.swap_remove(at);
            let number = index.to_string();
            let draw = Draw::of(self.temper.seed, &["item", &text, &number]);
            let own = std::mem::replace(&mut self.draw, draw);
            made.push(self.value(items, name, depth + 1));
            self.draw = own;
        }
        made
    }

    /// How long a list is.
    fn length(&mut self, least: usize, most: usize, depth: usize) -> usize {
        let most = most.max(least);
        match self.temper.lean {
            _ if depth >= DEPTH_FULL => least,
            Lean::Least => least,
            Lean::Most => ITEMS_MOST.clamp(least, most),
            // A list whose length is bounded on both sides was thought about: anything between.
            Lean::Varied if least > 0 && most <= least + 2 * ITEMS_MOST => {
                self.draw.between(least, most)
            }
            Lean::Varied => {
                let around = (2.0 * self.temper.items).round() as usize;
                self.draw.between(0, around).clamp(least, most)
            }
        }
    }

    fn truth(&mut self) -> bool {
        match self.temper.lean {
            Lean::Least => false,
            Lean::Most => true,
            Lean::Varied => self.draw.chance(self.temper.truth),
        }
    }

    fn integer(&mut self, map: &Map<String, Value>, name: &str) -> Value {
        let step = map.get("multipleOf").and_then(Value::as_f64).unwrap_or(1.0).max(1.0).round();
        let (low, high) = bounds(map, name, 1.0);
        let (low, high) = ((low / step).ceil(), (high / step).floor());
        let at = match self.temper.lean {
            Lean::Least => low,
            Lean::Most => high.max(low),
            Lean::Varied => low + (self.draw.unit() * (high - low + 1.0).max(1.0)).floor(),
        };
        Value::Number(Number::from((at.min(high.max(low)) * step) as i64))
    }

    fn number(&mut self, map: &Map<String, Value>, name: &str) -> Value {
        let (low, high) = bounds(map, name, 0.001);
        let at = match self.temper.lean {
            Lean::Least => low,
            Lean::Most => high.max(low),
            Lean::Varied => low + self.draw.unit() * (high - low).max(0.0),
        };
        // Two digits are what people and models write.
        let rounded = ((at * 100.0).round() / 100.0).clamp(low, high.max(low));
        Number::from_f64(rounded).map_or(Value::Null, Value::Number)
    }

    fn string(&mut self, map: &Map<String, Value>, name: &str) -> String {
        if let Some(format) = map.get("format").and_then(Value::as_str)
            && let Some(text) = self.formatted(format)
        {
            return text;
        }
        if let Some(pattern) = map.get("pattern").and_then(Value::as_str)
            && let Some(text) = pattern::matching(pattern, &mut self.draw)
        {
            return text;
        }
        let least = bound(map, "minLength").unwrap_or(0);
        let most = bound(map, "maxLength").unwrap_or(usize::MAX);
        let mut text = self.text(name);
        while text.chars().count() < least {
            text.push(' ');
            text.push_str(&words::phrase(&mut self.draw, 4));
        }
        text.chars().take(most).collect()
    }

    fn text(&mut self, name: &str) -> String {
        let name = name.to_ascii_lowercase();
        let is = |word: &str| name == word || name.ends_with(&format!("_{word}"));
        if is("path") || is("file") || name.ends_with("filename") || name.ends_with("filepath") {
            let known = self.draw.pick(self.paths).cloned();
            return known.unwrap_or_else(|| words::path(&mut self.draw));
        }
        if is("digest") || is("sha256") {
            return Digest::of(words::phrase(&mut self.draw, 2).as_bytes()).to_string();
        }
        let count = match self.temper.lean {
            Lean::Least => 1,
            Lean::Most => 8,
            Lean::Varied => self.draw.between(2, 6),
        };
        words::phrase(&mut self.draw, count)
    }

    fn formatted(&mut self, format: &str) -> Option<String> {
        let day = self.draw.between(1, 28);
        let word = words::phrase(&mut self.draw, 1);
        Some(match format {
            "date" => format!("2026-03-{day:02}"),
            "date-time" => format!("2026-03-{day:02}T12:00:00Z"),
            "time" => "12:00:00Z".into(),
            "duration" => format!("P{day}D"),
            "email" | "idn-email" => format!("{word}@example.org"),
            "hostname" | "idn-hostname" => format!("{word}.example.org"),
            "ipv4" => format!("192.0.2.{day}"),
            "ipv6" => format!("2001:db8::{day}"),
            "uri" | "iri" | "url" => format!("https://example.org/{word}"),
            "uri-reference" | "iri-reference" | "json-pointer" => format!("/{word}"),
            "uuid" => format!("00000000-0000-4000-8000-{day:012}"),
            "regex" => word,
            _ => return None,
        })
    }
}

/// Names of the two ends of a range.
const ENDS: [(&str, &str); 7] = [
    ("first", "last"),
    ("start", "end"),
    ("begin", "end"),
    ("from", "to"),
    ("min", "max"),
    ("start_line", "end_line"),
    ("startLine", "endLine"),
];

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

/// The numbers that a schema allows; `step` is what an exclusive bound is away from.
fn bounds(map: &Map<String, Value>, name: &str, step: f64) -> (f64, f64) {
    let of = |key: &str| map.get(key).and_then(Value::as_f64);
    let low = of("minimum").or_else(|| of("exclusiveMinimum").map(|low| low + step));
    let high = of("maximum").or_else(|| of("exclusiveMaximum").map(|high| high - step));
    let name = name.to_ascii_lowercase();
    let width = match name.as_str() {
        _ if name.contains("line") => LINES,
        "confidence" | "probability" | "likelihood" => 1.0,
        _ => SCALE,
    };
    // Lines are counted from one, which types for numbers do not say.
    let is_end =
        name.contains("line") || ENDS.iter().any(|(a, b)| [*a, *b].contains(&name.as_str()));
    let low = low.map(|low| if is_end && low == 0.0 && high.is_none() { 1.0 } else { low });
    match (low, high) {
        (Some(low), Some(high)) => (low, high),
        (Some(low), None) => (low, low.max(0.0) + width),
        (None, Some(high)) => (high.min(0.0), high),
        (None, None) if is_end => (1.0, width),
        (None, None) => (0.0, width),
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
