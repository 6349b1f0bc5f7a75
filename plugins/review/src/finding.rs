//! What reviewers bring, and what becomes of it.

use baton_guest::patterns::{Ruling, Verification};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much a finding matters, the gravest first.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Severity {
    /// Wrong results, lost data, a hole, or a crash in ordinary use.
    High,
    /// Wrong in cases that occur, or a trap for whoever uses it.
    Medium,
    /// Worth mending, and harmless until then.
    Low,
}

impl Severity {
    /// The word.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::High => "high",
            Self::Medium => "medium",
            Self::Low => "low",
        }
    }
}

/// What one reviewer answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Reviewed {
    /// Defects, the gravest first. Empty if there are none.
    pub findings: Vec<Raw>,
}

/// A defect as a reviewer describes it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Raw {
    /// What is wrong, in at most twelve words.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// Path of the file, as the patch names it.
    pub path: String,
    /// Number of the first line that is meant, after the change.
    pub line: u32,
    /// The one to five lines that show it, copied exactly from the patch or the file, without the
    /// marks `+` and `-` at their beginnings.
    pub quote: String,
    /// Why it is wrong: which input or situation leads to which wrong effect.
    pub why: String,
    /// What to do about it.
    pub fix: String,
}

/// Lines of a file, from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, JsonSchema)]
pub struct Lines {
    /// First line.
    pub first: u32,
    /// Last line.
    pub last: u32,
}

/// What one challenger said.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Challenge {
    /// Whether it refutes the finding.
    pub refuted: bool,
    /// Why.
    pub reason: String,
}

/// A finding whose quote stands where it says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Finding {
    /// What is wrong.
    pub title: String,
    /// How much it matters.
    pub severity: Severity,
    /// The file.
    pub path: String,
    /// Lines after the change; of a removed place, before it.
    pub lines: Lines,
    /// The lines were removed by the change.
    pub removed: bool,
    /// What stands there.
    pub quote: String,
    /// Why it is wrong.
    pub why: String,
    /// What to do about it.
    pub fix: String,
    /// Concerns under which it was found.
    pub concerns: Vec<String>,
    /// What the challengers came to; none: nobody challenged it.
    pub ruling: Option<Ruling>,
    /// What they said.
    pub challenges: Vec<Challenge>,
}

impl Finding {
    /// Whether another one says the same of the same place.
    #[must_use]
    pub fn repeats(&self, other: &Self) -> bool {
        let overlap = self.lines.first <= other.lines.last && other.lines.first <= self.lines.last;
        self.path == other.path
            && self.removed == other.removed
            && overlap
            && alike(&self.title, &other.title)
    }

    /// Takes another one in that says the same.
    pub fn absorb(&mut self, other: Self) {
        self.severity = self.severity.min(other.severity);
        for concern in other.concerns {
            if !self.concerns.contains(&concern) {
                self.concerns.push(concern);
            }
        }
    }

    /// Writes down what the challengers came to.
    pub fn judge(&mut self, verification: &Verification) {
        if verification.verdicts.is_empty() {
            return;
        }
        self.ruling = Some(verification.ruling());
        let said = verification.verdicts.iter().flatten();
        self.challenges = said
            .map(|verdict| Challenge { refuted: verdict.refuted, reason: verdict.reason.clone() })
            .collect();
    }
}

/// Whether two titles share at least half of the words of the shorter one.
fn alike(one: &str, other: &str) -> bool {
    let words = |title: &str| {
        let mut words: Vec<String> = title
            .split(|c: char| !c.is_alphanumeric())
            .filter(|word| word.len() > 3)
            .map(str::to_lowercase)
            .collect();
        words.sort();
        words.dedup();
        words
    };
    let (one, other) = (words(one), words(other));
    let shared = one.iter().filter(|word| other.contains(word)).count();
    shared * 2 >= one.len().min(other.len())
}
