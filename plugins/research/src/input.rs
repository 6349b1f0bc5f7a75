//! What is to be found out.

use serde::Deserialize;

/// Sub-questions of a round where the input does not say, and at the most.
const SUB_QUESTIONS: (usize, usize) = (5, 20);
/// Rounds where the input does not say, and at the most.
const ROUNDS: (u32, u32) = (2, 5);
/// Challengers where the input does not say, and at the most.
const CHALLENGERS: (usize, usize) = (1, 3);

/// Input of the workflow.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Input {
    /// What is to be found out.
    pub question: String,
    /// What whoever asks knows already.
    #[serde(default)]
    pub context: String,
    /// Glob patterns of files that may be sources.
    #[serde(default)]
    pub files: Vec<String>,
    /// Whether pages may be sources.
    #[serde(default)]
    pub web: Option<bool>,
    /// Addresses to begin with.
    #[serde(default)]
    pub pages: Vec<String>,
    /// Sub-questions of a round at the most.
    #[serde(default)]
    pub sub_questions: Option<usize>,
    /// Rounds of gathering.
    #[serde(default)]
    pub rounds: Option<u32>,
    /// Challengers per group of claims.
    #[serde(default)]
    pub challengers: Option<usize>,
}

impl Input {
    /// Sub-questions of a round at the most.
    #[must_use]
    pub fn sub_questions(&self) -> usize {
        self.sub_questions.unwrap_or(SUB_QUESTIONS.0).clamp(1, SUB_QUESTIONS.1)
    }

    /// Rounds of gathering.
    #[must_use]
    pub fn rounds(&self) -> u32 {
        self.rounds.unwrap_or(ROUNDS.0).clamp(1, ROUNDS.1)
    }

    /// Challengers per group of claims.
    #[must_use]
    pub fn challengers(&self) -> usize {
        self.challengers.unwrap_or(CHALLENGERS.0).min(CHALLENGERS.1)
    }
}
