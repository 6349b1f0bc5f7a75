//! Numbers about a journal, as Prometheus reads them.
//!
//! <https://prometheus.io/docs/instrumenting/exposition_formats/>

use std::collections::BTreeMap;
use std::fmt::Write as _;

use baton_core::handoff::Usage;
use serde_json::{Value, json};

/// Name, type and meaning of every number, in the order they are written.
const ALL: [(&str, &str, &str); 9] = [
    ("baton_runs", "gauge", "Runs by state."),
    ("baton_runs_paused", "gauge", "Runs that are paused, by reason."),
    ("baton_tasks", "gauge", "Tasks by kind and state."),
    ("baton_failures_total", "counter", "Tasks that ended without a result, by code."),
    ("baton_attempts_total", "counter", "Attempts at tasks, by kind."),
    ("baton_model_calls_total", "counter", "Calls of models, by how they ended."),
    ("baton_model_calls_estimated_total", "counter", "Calls of models charged by estimate."),
    ("baton_tokens_total", "counter", "Tokens by kind; cached ones are part of input."),
    ("baton_cost_micro_usd_total", "counter", "Cost in millionths of a US dollar."),
];

/// What was counted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Numbers(BTreeMap<Series, u64>);

/// Which number: its place among the kinds, and its labels.
type Series = (usize, Vec<(&'static str, String)>);

impl Numbers {
    fn add(&mut self, name: &str, labels: &[(&'static str, &str)], value: u64) {
        let place = ALL.iter().position(|(known, ..)| *known == name).unwrap_or(ALL.len());
        let labels = labels.iter().map(|(name, value)| (*name, (*value).to_owned())).collect();
        let sum = self.0.entry((place, labels)).or_default();
        *sum = sum.saturating_add(value);
    }

    /// Counts a run.
    pub fn run(&mut self, state: &str) {
        self.add("baton_runs", &[("state", state)], 1);
    }

    /// Counts a run that is paused.
    pub fn paused(&mut self, reason: &str) {
        self.add("baton_runs_paused", &[("reason", reason)], 1);
    }

    /// Counts a task and the attempts at it.
    pub fn task(&mut self, kind: &str, state: &str, attempts: u32, failure: Option<&str>) {
        self.add("baton_tasks", &[("kind", kind), ("state", state)], 1);
        if attempts > 0 {
            self.add("baton_attempts_total", &[("kind", kind)], u64::from(attempts));
        }
        if let Some(code) = failure {
            self.add("baton_failures_total", &[("code", code), ("kind", kind)], 1);
        }
    }

    /// Counts a call of a model that ended.
    pub fn call(
        &mut self,
        provider: &str,
        model: &str,
        answered: bool,
        estimated: bool,
        usage: &Usage,
    ) {
        let of = [("model", model), ("provider", provider)];
        let outcome = if answered { "answered" } else { "failed" };
        self.add("baton_model_calls_total", &[of[0], ("outcome", outcome), of[1]], 1);
        if estimated {
            self.add("baton_model_calls_estimated_total", &of, 1);
        }
        self.usage(provider, model, usage);
    }

    /// Counts what something consumed that was not metered call by call.
    pub fn usage(&mut self, provider: &str, model: &str, usage: &Usage) {
        for (kind, tokens) in [
            ("input", usage.input_tokens),
            ("output", usage.output_tokens),
            ("cached", usage.cached_tokens),
        ] {
            if tokens > 0 {
                let labels = [("model", model), ("provider", provider), ("type", kind)];
                self.add("baton_tokens_total", &labels, tokens);
            }
        }
        if usage.cost_micro_usd > 0 {
            let labels = [("model", model), ("provider", provider)];
            self.add("baton_cost_micro_usd_total", &labels, usage.cost_micro_usd);
        }
    }

    /// The numbers as text, version 0.0.4 of the format.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut last = None;
        for ((place, labels), value) in &self.0 {
            let Some((name, kind, help)) = ALL.get(*place) else { continue };
            // Writing to a string cannot fail.
            if last.replace(place) != Some(place) {
                let _ = writeln!(text, "# HELP {name} {help}\n# TYPE {name} {kind}");
            }
            let labels: Vec<_> = labels
                .iter()
                .map(|(name, value)| format!("{name}=\"{}\"", escaped(value)))
                .collect();
            let _ = writeln!(text, "{name}{{{}}} {value}", labels.join(","));
        }
        text
    }

    /// The same as a JSON array of `{name, labels, value}`.
    #[must_use]
    pub fn json(&self) -> Value {
        let all = self.0.iter().filter_map(|((place, labels), value)| {
            let (name, ..) = ALL.get(*place)?;
            let labels: BTreeMap<_, _> = labels.iter().cloned().collect();
            Some(json!({"name": name, "labels": labels, "value": value}))
        });
        all.collect()
    }
}

fn escaped(value: &str) -> String {
    value.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_and_json_of_the_same_numbers() {
        let mut numbers = Numbers::default();
        numbers.run("paused");
        numbers.run("done");
        numbers.run("done");
        numbers.paused("quota");
        numbers.task("agent", "failed", 3, Some("odd\"\\\ncode"));
        let usage =
            Usage { input_tokens: 9, cached_tokens: 4, cost_micro_usd: 7, ..Usage::default() };
        numbers.call("acme", "large:1", true, true, &usage);
        numbers.call("acme", "large:1", false, false, &Usage::default());
        let expected = "\
# HELP baton_runs Runs by state.
# TYPE baton_runs gauge
baton_runs{state=\"done\"} 2
baton_runs{state=\"paused\"} 1
# HELP baton_runs_paused Runs that are paused, by reason.
# TYPE baton_runs_paused gauge
baton_runs_paused{reason=\"quota\"} 1
# HELP baton_tasks Tasks by kind and state.
# TYPE baton_tasks gauge
baton_tasks{kind=\"agent\",state=\"failed\"} 1
# HELP baton_failures_total Tasks that ended without a result, by code.
# TYPE baton_failures_total counter
baton_failures_total{code=\"odd\\\"\\\\\\ncode\",kind=\"agent\"} 1
# HELP baton_attempts_total Attempts at tasks, by kind.
# TYPE baton_attempts_total counter
baton_attempts_total{kind=\"agent\"} 3
# HELP baton_model_calls_total Calls of models, by how they ended.
# TYPE baton_model_calls_total counter
baton_model_calls_total{model=\"large:1\",outcome=\"answered\",provider=\"acme\"} 1
baton_model_calls_total{model=\"large:1\",outcome=\"failed\",provider=\"acme\"} 1
# HELP baton_model_calls_estimated_total Calls of models charged by estimate.
# TYPE baton_model_calls_estimated_total counter
baton_model_calls_estimated_total{model=\"large:1\",provider=\"acme\"} 1
# HELP baton_tokens_total Tokens by kind; cached ones are part of input.
# TYPE baton_tokens_total counter
baton_tokens_total{model=\"large:1\",provider=\"acme\",type=\"cached\"} 4
baton_tokens_total{model=\"large:1\",provider=\"acme\",type=\"input\"} 9
# HELP baton_cost_micro_usd_total Cost in millionths of a US dollar.
# TYPE baton_cost_micro_usd_total counter
baton_cost_micro_usd_total{model=\"large:1\",provider=\"acme\"} 7
";
        assert_eq!(numbers.text(), expected);
        let json = numbers.json();
        assert_eq!(json[0], json!({"name": "baton_runs", "labels": {"state": "done"}, "value": 2}));
        assert_eq!(json.as_array().map(Vec::len), Some(12));
    }
}
