//! Requests that are turned down at once.

use serde::{Deserialize, Serialize};

use crate::scope::Capability;

/// Why a request was turned down. The WIT contract fixes this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefusalKind {
    /// The request is malformed.
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
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({code})")]
pub struct Refusal {
    /// The kind.
    pub kind: RefusalKind,
    /// A stable code in kebab-case, or the name of the limit.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// What to do about it.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub hint: String,
    /// The capability that was not granted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub capability: Option<Capability>,
}

impl Refusal {
    /// A refusal of any kind.
    #[must_use]
    pub fn new(kind: RefusalKind, code: &str, message: impl Into<String>, hint: &str) -> Self {
        Self {
            kind,
            code: code.into(),
            message: message.into(),
            hint: hint.into(),
            capability: None,
        }
    }

    /// The request is malformed.
    #[must_use]
    pub fn invalid(code: &str, message: impl Into<String>) -> Self {
        Self::new(RefusalKind::Invalid, code, message, "")
    }

    /// The capability was not granted.
    #[must_use]
    pub fn denied(
        capability: Capability,
        code: &str,
        message: impl Into<String>,
        hint: &str,
    ) -> Self {
        let refusal = Self::new(RefusalKind::Denied, code, message, hint);
        Self { capability: Some(capability), ..refusal }
    }

    /// A limit is reached.
    #[must_use]
    pub fn limit(name: &str, message: impl Into<String>, hint: &str) -> Self {
        Self::new(RefusalKind::Limit, name, message, hint)
    }
}
