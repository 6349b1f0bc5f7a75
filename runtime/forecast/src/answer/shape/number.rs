//! Numbers of a schema.

use serde_json::{Map, Number, Value};

use super::super::temper::Lean;
use super::Shaper;
use super::object::ENDS;

/// What is named where a number has no bounds: the scale of most scores.
const SCALE: f64 = 10.0;

/// Lines of a file that a place is cited in.
const LINES: f64 = 400.0;

impl Shaper<'_> {
    pub(super) fn integer(&mut self, map: &Map<String, Value>, name: &str) -> Value {
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

    pub(super) fn number(&mut self, map: &Map<String, Value>, name: &str) -> Value {
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
