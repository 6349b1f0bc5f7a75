//! Why something brought no result, as the host says it.

use std::fmt;

use serde_json::Value;

/// Why a task has no handoff. The list never grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The worker said that it failed, or ended without a result.
    Failed,
    /// Cancelled by its parent or by a person.
    Cancelled,
    /// Its time was over.
    TimedOut,
    /// It exceeded one of its limits; the code names the limit.
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

/// Why a task has no handoff, for programs and for people.
#[derive(Clone, Debug, PartialEq)]
pub struct Failure {
    /// The kind.
    pub kind: FailureKind,
    /// A stable code in kebab-case, such as `fuel` or `exit-status`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// More for programs: a JSON object.
    pub detail: Value,
}

impl Failure {
    /// A failure with nothing to add.
    #[must_use]
    pub fn new(kind: FailureKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            detail: Value::Object(serde_json::Map::new()),
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Failure {}

/// Why a request was turned down. The list never grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum RefusalKind {
    /// The request is malformed: bad JSON, an unknown option, a schema that contradicts itself.
    Invalid,
    /// The capability was not granted.
    Denied,
    /// A limit is reached; the code names it.
    Limit,
    /// The workflow's own budget is used up.
    Budget,
    /// What the request names does not exist.
    NotFound,
}

/// Why a request was turned down. Nothing was started.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind.
    pub kind: RefusalKind,
    /// A stable code in kebab-case, such as `unknown-option`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// What to do about it. May be empty.
    pub hint: String,
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)?;
        if !self.hint.is_empty() {
            write!(f, "; {}", self.hint)?;
        }
        Ok(())
    }
}

impl std::error::Error for Refusal {}
