//! Lists of a schema.

use serde_json::{Map, Value, json};

use super::super::draw::Draw;
use super::super::ground;
use super::super::temper::Lean;
use super::{DEPTH_FULL, Shaper, bound};

/// Items of a list where the lean is towards much.
const ITEMS_MOST: usize = 8;

/// How often a list is empty of which it is said that it may be: who looks for faults often finds none.
const EMPTY: f64 = 0.4;

impl Shaper<'_> {
    pub(super) fn array(&mut self, map: &Map<String, Value>, name: &str, depth: usize) -> Value {
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
        let told = map.get("description").and_then(Value::as_str).unwrap_or_default();
        let is_empty = least == 0
            && self.temper.lean == Lean::Varied
            && told.to_ascii_lowercase().contains("empty")
            && self.draw.chance(EMPTY);
        let mut usual = self.usual();
        if ground::quotes(self.resolved(items)) {
            usual = usual.min(self.sources.quotes_max());
        }
        let count = if is_empty { 0 } else { self.length_of(least, most, depth, usual) };
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

    /// How long lists are at the most where nothing is said about them.
    fn usual(&self) -> usize {
        (2.0 * self.temper.items).round() as usize
    }

    /// How long a list is.
    pub(super) fn length(&mut self, least: usize, most: usize, depth: usize) -> usize {
        self.length_of(least, most, depth, self.usual())
    }

    /// How long a list is, of which nobody expects more than `usual` where its schema says nothing.
    fn length_of(&mut self, least: usize, most: usize, depth: usize, usual: usize) -> usize {
        let most = most.max(least);
        match self.temper.lean {
            _ if depth >= DEPTH_FULL => least,
            Lean::Least => least,
            Lean::Most => ITEMS_MOST.clamp(least, most),
            // A list whose length is bounded on both sides was thought about: anything between.
            Lean::Varied if least > 0 && most <= least + 2 * ITEMS_MOST => {
                self.draw.between(least, most)
            }
            Lean::Varied => self.draw.between(0, usual).clamp(least, most),
        }
    }
}
