//! The structured result of a task.

use serde::{Deserialize, Serialize};

use crate::error::Error;

/// Lines of a text file, counted from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct LineRange {
    /// First line, at least 1.
    pub first: u32,
    /// Last line, not before `first`.
    pub last: u32,
}

/// What a statement rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Evidence {
    /// Path inside the granted root, with `/` between its parts.
    pub path: String,
    /// The lines meant, or none for the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineRange>,
    /// `sha256:` and the hexadecimal digest of the file's bytes when they were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// What the cited place shows, in words.
    pub claim: String,
}

impl Evidence {
    /// A whole file.
    #[must_use]
    pub fn file(path: impl Into<String>, claim: impl Into<String>) -> Self {
        Self { path: path.into(), lines: None, digest: None, claim: claim.into() }
    }

    /// Lines `first` to `last` of a file, counted from 1, both included.
    #[must_use]
    pub fn lines(path: impl Into<String>, first: u32, last: u32, claim: impl Into<String>) -> Self {
        Self { lines: Some(LineRange { first, last }), ..Self::file(path, claim) }
    }

    /// The same with the digest that [`Content::digest`](crate::Content) gave.
    #[must_use]
    pub fn digest(mut self, digest: impl Into<String>) -> Self {
        self.digest = Some(digest.into());
        self
    }
}

/// A file that a task produced, kept in the blob store. Made by
/// [`Report::artifact`](crate::Report::artifact).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, schemars::JsonSchema)]
pub struct Artifact {
    /// Name shown to people. No path separators.
    pub name: String,
    /// Media type (RFC 6838).
    pub media_type: String,
    /// `sha256:` and the hexadecimal digest of the content.
    pub digest: String,
    /// Size of the content in bytes.
    pub size: u64,
}

/// What a finished task consumed, its own children included.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Usage {
    /// Agents that were started.
    pub agents: u32,
    /// Tokens sent to models, cached ones included.
    pub input_tokens: u64,
    /// Tokens received from models.
    pub output_tokens: u64,
    /// Input tokens the provider served from its cache.
    pub cached_tokens: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: u64,
}

/// The structured result of a task: what a guest returns, and what a call brings.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Handoff<T> {
    /// A few sentences for a person: at most 16 KiB.
    pub summary: String,
    /// The result for programs.
    pub output: T,
    /// What the result rests on: at most 4,096 entries.
    pub evidence: Vec<Evidence>,
    /// Files the task produced: at most 4,096 entries.
    pub artifacts: Vec<Artifact>,
    /// What should be done next, in the worker's opinion: at most 4,096 entries.
    pub follow_ups: Vec<String>,
    /// What the task consumed, as the host counted it. Not looked at in a handoff that a guest
    /// returns.
    pub usage: Usage,
}

impl<T> Handoff<T> {
    /// A handoff with an output alone.
    #[must_use]
    pub fn new(output: T) -> Self {
        Self {
            summary: String::new(),
            output,
            evidence: Vec::new(),
            artifacts: Vec::new(),
            follow_ups: Vec::new(),
            usage: Usage::default(),
        }
    }

    /// Says the result in a few sentences.
    #[must_use]
    pub fn summary(mut self, summary: impl Into<String>) -> Self {
        self.summary = summary.into();
        self
    }

    /// Adds what the result rests on.
    #[must_use]
    pub fn evidence(mut self, evidence: impl IntoIterator<Item = Evidence>) -> Self {
        self.evidence.extend(evidence);
        self
    }

    /// Adds a file the task produced.
    #[must_use]
    pub fn artifact(mut self, artifact: Artifact) -> Self {
        self.artifacts.push(artifact);
        self
    }

    /// Adds what should be done next.
    #[must_use]
    pub fn follow_up(mut self, follow_up: impl Into<String>) -> Self {
        self.follow_ups.push(follow_up.into());
        self
    }

    /// The same with another output.
    #[must_use]
    pub fn map<U>(self, change: impl FnOnce(T) -> U) -> Handoff<U> {
        Handoff {
            summary: self.summary,
            output: change(self.output),
            evidence: self.evidence,
            artifacts: self.artifacts,
            follow_ups: self.follow_ups,
            usage: self.usage,
        }
    }
}

/// What a guest may return: a [`Handoff`], or any serializable value as the output of one.
pub trait IntoHandoff {
    /// The handoff with its output as JSON text.
    ///
    /// # Errors
    /// When the output cannot be written as JSON (a map with keys that are not strings).
    fn into_handoff(self) -> Result<Handoff<String>, Error>;
}

impl<T: Serialize> IntoHandoff for T {
    fn into_handoff(self) -> Result<Handoff<String>, Error> {
        Handoff::new(self).into_handoff()
    }
}

impl<T: Serialize> IntoHandoff for Handoff<T> {
    fn into_handoff(self) -> Result<Handoff<String>, Error> {
        let output = serde_json::to_string(&self.output)
            .map_err(|error| Error::new("bad-output", error.to_string()))?;
        Ok(self.map(|_| output))
    }
}
