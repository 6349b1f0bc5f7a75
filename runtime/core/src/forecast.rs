//! What a run is expected to consume, as it was told before it began.

use serde::{Deserialize, Serialize};

/// A number that is not known yet.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Range {
    /// It is hardly less.
    pub low: u64,
    /// The best guess.
    pub likely: u64,
    /// It is hardly more.
    pub high: u64,
}

impl Range {
    /// Whether a number lies inside, both ends included.
    #[must_use]
    pub fn contains(&self, number: u64) -> bool {
        (self.low..=self.high).contains(&number)
    }
}

/// What is expected of a run, or of one of its phases.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Figures {
    /// Agents that are started.
    pub agents: Range,
    /// Tokens sent to models.
    pub input_tokens: Range,
    /// Tokens received from models.
    pub output_tokens: Range,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: Range,
    /// From the first start to the last end, in milliseconds.
    pub wall_ms: Range,
}

/// The same of one phase.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseForecast {
    /// Its title; none: what belongs to no phase.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub title: Option<String>,
    /// What is expected.
    #[serde(flatten)]
    pub figures: Figures,
}

/// What a forecast rests on.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Basis {
    /// Dry runs that were made.
    pub seeds: u32,
    /// Earlier runs of the workflow that were blended in.
    pub runs: u32,
    /// What counted the tokens of prompts.
    pub tokenizer: String,
}

/// What a run is expected to consume.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Forecast {
    /// The whole run.
    pub total: Figures,
    /// Its phases, in the order in which they begin.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub phases: Vec<PhaseForecast>,
    /// What it rests on.
    pub basis: Basis,
    /// Whether the dry runs show what the run would do: none was stopped, and at least half of those that
    /// are no extremes came to an end.
    pub complete: bool,
    /// What to know about it, one sentence each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}
