//! Errors of calls, and the error a guest ends with.

use std::fmt;

use serde_json::{Value, json};

use crate::failure::{Failure, FailureKind, Refusal, RefusalKind};
use crate::files::{FileError, FileErrorKind};

/// What a guest's functions return.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// Why a task brought nothing.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum TaskError {
    /// It was started and ended without a handoff.
    #[error(transparent)]
    Failed(#[from] Failure),
    /// The host turned the request down; nothing was started.
    #[error(transparent)]
    Refused(#[from] Refusal),
    /// Its output is JSON, but not of the type that was asked for.
    #[error("the output does not fit the expected type: {message}")]
    Output {
        /// Where and why it does not fit.
        message: String,
        /// The output as it came.
        output: String,
    },
    /// Its input could not be written as JSON; nothing was started.
    #[error("the input cannot be written as JSON: {message}")]
    Input {
        /// What is in the way.
        message: String,
    },
}

impl TaskError {
    /// Whether the same call may well succeed when it is made again: it failed, ran out of time,
    /// or the host was at fault. Refusals, cancellations, limits and doubtful effects are final.
    #[must_use]
    pub fn is_worth_retrying(&self) -> bool {
        match self {
            Self::Failed(failure) => matches!(
                failure.kind,
                FailureKind::Failed | FailureKind::TimedOut | FailureKind::Internal
            ),
            Self::Output { .. } => true,
            Self::Refused(_) | Self::Input { .. } => false,
        }
    }

    /// Whether the task was interrupted in the middle of an effect that must not happen twice:
    /// nobody knows whether it happened.
    #[must_use]
    pub fn is_in_doubt(&self) -> bool {
        self.failure().is_some_and(|failure| failure.kind == FailureKind::InDoubt)
    }

    /// The failure, if the task was started and failed.
    #[must_use]
    pub fn failure(&self) -> Option<&Failure> {
        match self {
            Self::Failed(failure) => Some(failure),
            _ => None,
        }
    }
}

/// What a guest ends with when it has no handoff. It becomes the `failure` of the WIT contract.
///
/// Every error of this crate turns into one with `?`, and so does a sentence:
///
/// ```
/// use baton_guest::{Error, Result};
///
/// fn first(words: &[String]) -> Result<&String> {
///     words.first().ok_or_else(|| Error::new("no-words", "there is no word"))
/// }
/// # assert_eq!(first(&[]).unwrap_err().failure().code, "no-words");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Error(Box<Failure>);

impl Error {
    /// An error of kind [`FailureKind::Failed`].
    #[must_use]
    pub fn new(code: impl Into<String>, message: impl Into<String>) -> Self {
        Failure::new(FailureKind::Failed, code, message).into()
    }

    /// The same of another kind.
    #[must_use]
    pub fn kind(mut self, kind: FailureKind) -> Self {
        self.0.kind = kind;
        self
    }

    /// The same with a fact for programs under `key` of its detail.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        if let Value::Object(detail) = &mut self.0.detail {
            detail.insert(key.into(), value.into());
        }
        self
    }

    /// What the host is told.
    #[must_use]
    pub fn failure(&self) -> &Failure {
        &self.0
    }

    /// What the host is told.
    #[must_use]
    pub fn into_failure(self) -> Failure {
        *self.0
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl std::error::Error for Error {}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        Self(Box::new(failure))
    }
}

impl From<Refusal> for Error {
    fn from(refusal: Refusal) -> Self {
        let kind = match refusal.kind {
            RefusalKind::Denied => FailureKind::Refused,
            RefusalKind::Limit | RefusalKind::Budget => FailureKind::Limit,
            RefusalKind::Invalid | RefusalKind::NotFound => FailureKind::Failed,
        };
        let hint = refusal.hint;
        let error = Self::from(Failure::new(kind, refusal.code, refusal.message));
        if hint.is_empty() { error } else { error.detail("hint", hint) }
    }
}

impl From<TaskError> for Error {
    fn from(error: TaskError) -> Self {
        let message = error.to_string();
        match error {
            TaskError::Failed(failure) => failure.into(),
            TaskError::Refused(refusal) => refusal.into(),
            TaskError::Output { .. } => {
                Self::new("bad-output", message).kind(FailureKind::InvalidOutput)
            }
            TaskError::Input { .. } => Self::new("bad-input", message),
        }
    }
}

impl From<FileError> for Error {
    fn from(error: FileError) -> Self {
        let kind = match error.kind {
            FileErrorKind::Denied => FailureKind::Refused,
            FileErrorKind::TooLarge => FailureKind::Limit,
            _ => FailureKind::Failed,
        };
        Self(Box::new(Failure {
            kind,
            code: error.code,
            message: error.message,
            detail: json!({}),
        }))
    }
}

impl From<serde_json::Error> for Error {
    fn from(error: serde_json::Error) -> Self {
        Self::new("json", error.to_string())
    }
}

impl From<String> for Error {
    fn from(message: String) -> Self {
        Self::new("failed", message)
    }
}

impl From<&str> for Error {
    fn from(message: &str) -> Self {
        Self::new("failed", message)
    }
}
