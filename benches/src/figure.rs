//! One line of JSON per figure, on standard output.

use std::io::Write;

use serde_json::{Value, json};

use crate::disk::Rates;

/// A figure: what was measured and what stands beside it.
#[derive(Debug)]
pub struct Figure {
    value: Value,
}

impl Figure {
    /// `name` is that of the bench and the figure, with `/` between them.
    #[must_use]
    pub fn new(name: &str, value: f64, unit: &str) -> Self {
        Self { value: json!({ "figure": name, "value": rounded(value), "unit": unit }) }
    }

    /// The same work without Baton, in the same unit, and the ratio of the two.
    #[must_use]
    pub fn beside(mut self, neighbour: &str, value: f64) -> Self {
        let ours = self.value["value"].as_f64().unwrap_or(f64::NAN);
        self.value["neighbour"] = json!(neighbour);
        self.value["neighbour_value"] = rounded(value);
        self.value["ratio"] = rounded(ours / value);
        self
    }

    /// What the disk did alone, before and after.
    #[must_use]
    pub fn on_disk(mut self, before: Rates, after: Rates) -> Self {
        for (name, before, after) in [
            ("fdatasync_per_s", before.fdatasync, after.fdatasync),
            ("fsync_per_s", before.fsync, after.fsync),
        ] {
            self.value[name] = json!([rounded(before), rounded(after)]);
        }
        self
    }

    /// Another fact worth keeping.
    #[must_use]
    pub fn with(mut self, key: &str, value: f64) -> Self {
        self.value[key] = rounded(value);
        self
    }

    /// Prints the line.
    pub fn print(self) {
        // Whoever closed the pipe does not want the line.
        let _ = writeln!(std::io::stdout().lock(), "{}", self.value);
    }
}

/// Four significant digits: more would be noise. Not a number becomes null.
fn rounded(value: f64) -> Value {
    if value == 0.0 || !value.is_finite() {
        return json!(value);
    }
    let scale = 10_f64.powf(3.0 - value.abs().log10().floor());
    json!((value * scale).round() / scale)
}
