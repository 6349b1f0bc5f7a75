//! Why there is no response.

use std::fmt;

use crate::tool::{ToolError, ToolErrorKind};

/// What kind of thing went wrong. The list never grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ErrorKind {
    /// The request is malformed.
    Request,
    /// It was not granted; nothing was sent.
    Denied,
    /// The host was not found or did not answer.
    Unreachable,
    /// It took too long.
    Timeout,
    /// Something was larger than its limit.
    TooLarge,
    /// What came was no usable HTTP, or its encryption failed.
    Protocol,
    /// More redirects than were asked for, or one that leads nowhere.
    Redirect,
    /// A status other than one of success, where success was asked for.
    Status(u16),
    /// The body is not what was asked for.
    Body,
}

/// Why there is no response, or not the one that was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    /// The kind.
    pub kind: ErrorKind,
    /// A stable code in kebab-case, such as `connection-refused`.
    pub code: &'static str,
    /// One sentence for a person.
    pub message: String,
}

impl Error {
    pub(crate) fn new(kind: ErrorKind, code: &'static str, message: impl Into<String>) -> Self {
        Self { kind, code, message: message.into() }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for Error {}

impl From<Error> for ToolError {
    fn from(error: Error) -> Self {
        let kind = match error.kind {
            ErrorKind::Denied => ToolErrorKind::Denied,
            // Overloaded, or not there at the moment.
            ErrorKind::Unreachable
            | ErrorKind::Timeout
            | ErrorKind::Status(408 | 429 | 500 | 502 | 503 | 504) => ToolErrorKind::Unavailable,
            _ => ToolErrorKind::Failed,
        };
        let told = Self::new(kind, error.code, error.message);
        match error.kind {
            ErrorKind::Status(status) => told.detail("status", status),
            _ => told,
        }
    }
}
