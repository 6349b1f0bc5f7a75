//! World `tool`: what tools end with, and what the expansion of `#[baton_guest::tools]` uses.

use std::fmt;

use serde::Serialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::{Map, Value};

use crate::schema::{Part, Schema};

/// Largest manifest that a host reads, in bytes.
const MANIFEST_BYTES_MAX: usize = 256 << 10;

/// Why a tool has no result, in one word. The list never grows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ToolErrorKind {
    /// The input says something that the tool cannot do.
    InvalidInput,
    /// Something that it needs was not granted.
    Denied,
    /// Something outside did not answer, or was overloaded: another attempt may succeed.
    Unavailable,
    /// It failed.
    Failed,
}

/// Why a tool has no result. Errors of the standard library, of JSON and of HTTP turn into one
/// with `?`, and so does a sentence.
///
/// ```
/// use baton_guest::ToolError;
///
/// fn first_line(path: &str) -> Result<String, ToolError> {
///     let text = std::fs::read_to_string(path)?;
///     let empty = || ToolError::failed("empty", format!("`{path}` is empty")).detail("path", path);
///     text.lines().next().map(str::to_owned).ok_or_else(empty)
/// }
/// # assert_eq!(first_line("no such file").unwrap_err().code, "not-found");
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct ToolError {
    /// The kind.
    pub kind: ToolErrorKind,
    /// A stable code in kebab-case, such as `not-found`.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
    /// More for programs.
    pub detail: Map<String, Value>,
}

impl ToolError {
    /// An error with nothing to add.
    #[must_use]
    pub fn new(kind: ToolErrorKind, code: impl Into<String>, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into(), detail: Map::new() }
    }

    /// The input says something that the tool cannot do.
    #[must_use]
    pub fn invalid_input(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ToolErrorKind::InvalidInput, code, message)
    }

    /// Something that it needs was not granted.
    #[must_use]
    pub fn denied(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ToolErrorKind::Denied, code, message)
    }

    /// Something outside did not answer, or was overloaded: another attempt may succeed.
    #[must_use]
    pub fn unavailable(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ToolErrorKind::Unavailable, code, message)
    }

    /// It failed.
    #[must_use]
    pub fn failed(code: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(ToolErrorKind::Failed, code, message)
    }

    /// The same with a fact for programs under `key` of its detail.
    #[must_use]
    pub fn detail(mut self, key: &str, value: impl Into<Value>) -> Self {
        self.detail.insert(key.into(), value.into());
        self
    }
}

impl fmt::Display for ToolError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.code)
    }
}

impl std::error::Error for ToolError {}

impl From<std::io::Error> for ToolError {
    fn from(error: std::io::Error) -> Self {
        use std::io::ErrorKind;
        let (kind, code) = match error.kind() {
            ErrorKind::NotFound => (ToolErrorKind::Failed, "not-found"),
            ErrorKind::AlreadyExists => (ToolErrorKind::Failed, "already-exists"),
            ErrorKind::InvalidData => (ToolErrorKind::Failed, "invalid-data"),
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => {
                (ToolErrorKind::Denied, "permission-denied")
            }
            _ => (ToolErrorKind::Failed, "io"),
        };
        Self::new(kind, code, error.to_string())
    }
}

impl From<serde_json::Error> for ToolError {
    fn from(error: serde_json::Error) -> Self {
        Self::failed("json", error.to_string())
    }
}

impl From<std::env::VarError> for ToolError {
    fn from(error: std::env::VarError) -> Self {
        match error {
            std::env::VarError::NotPresent => Self::denied("env", error.to_string()),
            std::env::VarError::NotUnicode(_) => Self::failed("env", error.to_string()),
        }
    }
}

impl From<std::string::FromUtf8Error> for ToolError {
    fn from(error: std::string::FromUtf8Error) -> Self {
        Self::failed("not-utf8", error.to_string())
    }
}

impl From<String> for ToolError {
    fn from(message: String) -> Self {
        Self::failed("failed", message)
    }
}

impl From<&str> for ToolError {
    fn from(message: &str) -> Self {
        Self::failed("failed", message)
    }
}

/// The stand-in for a secret that the tool was granted. In a header of a request to a host that
/// the secret is bound to, Baton puts the secret in its place; no tool ever holds a secret.
///
/// # Errors
/// When the secret is not granted.
///
/// ```
/// use baton_guest::ToolError;
/// use baton_guest::http::{Request, Response};
///
/// fn user() -> Result<Response, ToolError> {
///     let token = baton_guest::secret("github")?;
///     Ok(Request::get("https://api.github.com/user")
///         .header("authorization", format!("Bearer {token}"))
///         .send()?)
/// }
/// # assert_eq!(user().unwrap_err().code, "secret-not-granted");
/// ```
pub fn secret(name: &str) -> Result<String, ToolError> {
    let variable = format!("BATON_SECRET_{}", name.to_uppercase().replace('-', "_"));
    std::env::var(variable).map_err(|_| {
        ToolError::denied("secret-not-granted", format!("the secret `{name}` is not granted"))
    })
}

/// Input of a tool that takes none.
#[derive(Debug)]
pub struct Nothing;

impl<'de> serde::Deserialize<'de> for Nothing {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        IgnoredAny::deserialize(deserializer).map(|_| Self)
    }
}

impl Schema for Nothing {
    const BODY: &'static [Part] = &[Part::Text(r#""type":"object""#)];
}

/// One call: JSON in, JSON out.
///
/// # Errors
/// What the tool ends with, or that its input or output does not fit its type.
pub fn call<I, O, E>(input: &str, tool: impl FnOnce(I) -> Result<O, E>) -> Result<String, ToolError>
where
    I: DeserializeOwned,
    O: Serialize,
    E: Into<ToolError>,
{
    let input = serde_json::from_str(input).map_err(|error| {
        ToolError::invalid_input("bad-input", format!("the input does not fit: {error}"))
    })?;
    let output = tool(input).map_err(Into::into)?;
    serde_json::to_string(&output).map_err(|error| {
        ToolError::failed("bad-output", format!("the output cannot be written as JSON: {error}"))
    })
}

/// The answer to a name that the manifest does not have.
#[must_use]
pub fn unknown(name: &str) -> ToolError {
    ToolError::invalid_input("unknown-tool", format!("there is no tool `{name}` here"))
}

/// The schema of a tool's input, its braces left out.
pub const fn input<I: Schema, O, E>(_: fn(I) -> Result<O, E>) -> [Part; 2] {
    [Part::Text(I::ABOUT), Part::Parts(I::BODY)]
}

/// The schema of a tool's output, its braces left out.
pub const fn output<I, O: Schema, E>(_: fn(I) -> Result<O, E>) -> [Part; 2] {
    [Part::Text(O::ABOUT), Part::Parts(O::BODY)]
}

/// The same of a tool without input.
pub const fn output_alone<O: Schema, E>(_: fn() -> Result<O, E>) -> [Part; 2] {
    [Part::Text(O::ABOUT), Part::Parts(O::BODY)]
}

/// The length of a manifest.
///
/// # Panics
/// When it is longer than what a host reads, which ends the compilation.
#[must_use]
pub const fn manifest_length(parts: &[Part]) -> usize {
    let length = crate::schema::length(parts);
    assert!(length <= MANIFEST_BYTES_MAX, "the manifest is larger than 256 KiB");
    length
}

#[cfg(test)]
mod tests;
