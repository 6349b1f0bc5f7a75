//! Claims, what they rest on, and what becomes of them.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The questions that together answer the one that was asked.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Plan {
    /// Questions that can be answered by looking things up, each by itself, the most useful first.
    pub sub_questions: Vec<String>,
}

/// What one agent gathered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Gathered {
    /// Statements that answer the question, each with its sources.
    pub claims: Vec<Told>,
    /// Questions that stay open, which another look at other sources might answer.
    #[serde(default)]
    pub open: Vec<String>,
}

/// A statement as an agent tells it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Told {
    /// One fact, in one sentence that can be true or false by itself.
    pub statement: String,
    /// What says so.
    pub sources: Vec<Source>,
}

/// A place that says something.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Source {
    /// Path of a file in the root, or address of a page (`https://…`).
    pub place: String,
    /// The one to three lines or sentences that say it, copied exactly.
    pub quote: String,
    /// Line of a file, from 1. 0 if it is a page.
    #[serde(default)]
    pub line: u32,
}

impl Source {
    /// Whether it is a page.
    #[must_use]
    pub fn is_page(&self) -> bool {
        self.place.starts_with("https://") || self.place.starts_with("http://")
    }
}

/// What a check of claims against their sources came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Judgement {
    /// The sources say it.
    Supported,
    /// The sources, or others, say something else.
    Contradicted,
    /// The sources do not say it.
    Unsupported,
}

/// What one challenger says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Checked {
    /// One for each claim.
    pub verdicts: Vec<Opinion>,
}

/// What a challenger says of one claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Opinion {
    /// Number of the claim.
    pub claim: usize,
    /// What it comes to.
    pub judgement: Judgement,
    /// Why, in one or two sentences.
    pub reason: String,
}

/// A claim at least one of whose sources was found to say what is quoted.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Claim {
    /// Its number, from 1: what `[1]` in the answer means.
    pub number: usize,
    /// The statement.
    pub statement: String,
    /// What says so.
    pub sources: Vec<Source>,
    /// The sub-question it answers.
    pub question: String,
    /// Reasons of those who checked it and found it supported.
    pub supported: Vec<String>,
    /// Reasons of those who did not.
    pub refuted: Vec<String>,
}

impl Claim {
    /// Whether it may be used: not more challengers refuted it than found it supported.
    #[must_use]
    pub fn stands(&self) -> bool {
        self.refuted.len() <= self.supported.len()
    }
}

/// The answer as its writer hands it in.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Written {
    /// The answer in Markdown. Each statement that rests on a claim has its number in brackets after
    /// it, such as [3] or [1][4].
    pub answer: String,
    /// What the claims do not answer.
    pub open: Vec<String>,
}
