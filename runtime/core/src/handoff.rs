//! How a task ends: handoffs, failures and what was consumed.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::json::Json;

/// Lines of a text file, from 1, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LineRange {
    /// First line.
    pub first: u32,
    /// Last line, not before the first.
    pub last: u32,
}

/// What a statement rests on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// Path inside the granted root.
    pub path: String,
    /// The lines meant; none for the whole file.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub lines: Option<LineRange>,
    /// Digest of the file's bytes when they were read.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// What the cited place shows, in words.
    pub claim: String,
}

/// A file that a task produced, kept in the blob store.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Artifact {
    /// Name shown to people.
    pub name: String,
    /// Media type (RFC 6838).
    pub media_type: String,
    /// Digest of the content, its name in the blob store.
    pub digest: Digest,
    /// Size of the content in bytes.
    pub size: u64,
}

/// The structured result of a task.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Handoff {
    /// A few sentences for a person.
    #[serde(default)]
    pub summary: String,
    /// The result for programs.
    #[serde(default)]
    pub output: Json,
    /// What the result rests on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<Evidence>,
    /// Files the task produced.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub artifacts: Vec<Artifact>,
    /// What should be done next, in the worker's opinion.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub follow_ups: Vec<String>,
}

/// Why a task has no handoff. The WIT contract fixes this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FailureKind {
    /// The worker said that it failed, or ended without a result.
    Failed,
    /// Cancelled by its parent or by a person.
    Cancelled,
    /// Its time was over.
    TimedOut,
    /// It exceeded a limit; the code names it.
    Limit,
    /// It tried what it was not granted and could not go on.
    Refused,
    /// Its output did not fit its schema after all attempts.
    InvalidOutput,
    /// It was interrupted in the middle of an effect that must not happen twice.
    InDoubt,
    /// The host is at fault.
    Internal,
}

impl FailureKind {
    /// The kind as it is written in records and for guests.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
            Self::TimedOut => "timed-out",
            Self::Limit => "limit",
            Self::Refused => "refused",
            Self::InvalidOutput => "invalid-output",
            Self::InDoubt => "in-doubt",
            Self::Internal => "internal",
        }
    }
}

/// Why a task has no handoff, for programs and for people.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({})", self.code)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// A stable code in kebab-case, such as `fuel` or `exit-status`.
    pub code: String,
    /// One sentence for a person. Guest text in it is untrusted: strip it where it is shown.
    pub message: String,
    /// More for programs: a JSON object.
    #[serde(default = "empty_object", skip_serializing_if = "is_empty_object")]
    pub detail: Json,
}

fn empty_object() -> Json {
    serde_json::Value::Object(serde_json::Map::new()).into()
}

fn is_empty_object(json: &Json) -> bool {
    // Only what reads back as the same text may be left out: guests see this text.
    json.as_str() == "{}"
}

impl Failure {
    /// A failure with nothing to add.
    #[must_use]
    pub fn new(kind: FailureKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), detail: empty_object() }
    }

    /// The same with facts for programs.
    #[must_use]
    pub fn with_detail(mut self, detail: serde_json::Value) -> Self {
        self.detail = detail.into();
        self
    }

    /// What a cancelled task ends with.
    #[must_use]
    pub fn cancelled(by: &str) -> Self {
        Self::new(FailureKind::Cancelled, "cancelled", format!("cancelled by {by}"))
    }
}

/// How a task ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Outcome {
    /// With a result.
    Done(Handoff),
    /// Without one.
    Failed(Failure),
}

impl Outcome {
    /// The handoff, if there is one.
    #[must_use]
    pub fn handoff(&self) -> Option<&Handoff> {
        match self {
            Self::Done(handoff) => Some(handoff),
            Self::Failed(_) => None,
        }
    }

    /// The failure, if there is one.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Done(_) => None,
            Self::Failed(failure) => Some(failure),
        }
    }
}

impl From<Result<Handoff, Failure>> for Outcome {
    fn from(result: Result<Handoff, Failure>) -> Self {
        match result {
            Ok(handoff) => Self::Done(handoff),
            Err(failure) => Self::Failed(failure),
        }
    }
}

/// What was consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Usage {
    /// Agents that were started.
    #[serde(skip_serializing_if = "is_zero")]
    pub agents: u64,
    /// Tokens sent to models, cached ones included.
    #[serde(skip_serializing_if = "is_zero")]
    pub input_tokens: u64,
    /// Tokens received from models.
    #[serde(skip_serializing_if = "is_zero")]
    pub output_tokens: u64,
    /// Input tokens that the provider served from its cache.
    #[serde(skip_serializing_if = "is_zero")]
    pub cached_tokens: u64,
    /// Cost in millionths of a US dollar.
    #[serde(skip_serializing_if = "is_zero")]
    pub cost_micro_usd: u64,
    /// Calls of models that were charged by estimate: the provider did not say, or nobody was there to
    /// hear it.
    #[serde(skip_serializing_if = "is_zero")]
    pub estimated_calls: u64,
    /// Fuel burnt by guests.
    #[serde(skip_serializing_if = "is_zero")]
    pub fuel: u64,
    /// Wall time in milliseconds. Of several tasks: the sum of theirs.
    #[serde(skip_serializing_if = "is_zero")]
    pub wall_ms: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes fields by reference")]
fn is_zero(number: &u64) -> bool {
    *number == 0
}

impl Usage {
    /// Adds `other`, holding at the largest number instead of wrapping.
    pub fn add(&mut self, other: &Self) {
        self.change(other, u64::saturating_add);
    }

    /// Takes `other` away again, holding at zero.
    pub fn remove(&mut self, other: &Self) {
        self.change(other, u64::saturating_sub);
    }

    fn change(&mut self, other: &Self, by: impl Fn(u64, u64) -> u64) {
        let Self {
            agents,
            input_tokens,
            output_tokens,
            cached_tokens,
            cost_micro_usd,
            estimated_calls,
            fuel,
            wall_ms,
        } = other;
        for (mine, more) in [
            (&mut self.agents, agents),
            (&mut self.input_tokens, input_tokens),
            (&mut self.output_tokens, output_tokens),
            (&mut self.cached_tokens, cached_tokens),
            (&mut self.cost_micro_usd, cost_micro_usd),
            (&mut self.estimated_calls, estimated_calls),
            (&mut self.fuel, fuel),
            (&mut self.wall_ms, wall_ms),
        ] {
            *mine = by(*mine, *more);
        }
    }

    /// Input and output tokens together, the number budgets and caps count.
    #[must_use]
    pub fn tokens(&self) -> u64 {
        self.input_tokens.saturating_add(self.output_tokens)
    }
}
