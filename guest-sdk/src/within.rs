//! What a tool may touch at the most.

use serde_json::{Map, Value, json};

/// Narrows what tools may touch: of a capability that is named, nothing but what its patterns let
/// pass; of one that is not named, nothing changes. It never widens anything.
///
/// ```
/// use baton_guest::Within;
///
/// let docs = Within::new().read(["docs/**"]).write(["docs/generated/**"]).http::<&str>([]);
/// # let _ = docs;
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[must_use]
pub struct Within(Map<String, Value>);

impl Within {
    /// Nothing is narrowed.
    pub fn new() -> Self {
        Self::default()
    }

    /// Glob patterns of files to read.
    pub fn read<S: Into<String>>(self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.set("read", patterns)
    }

    /// Glob patterns of files to write.
    pub fn write<S: Into<String>>(self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.set("write", patterns)
    }

    /// Rules of requests, such as `GET https://example.org/docs/`.
    pub fn http<S: Into<String>>(self, rules: impl IntoIterator<Item = S>) -> Self {
        self.set("http", rules)
    }

    /// Names of environment variables.
    pub fn env<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        self.set("env", names)
    }

    /// Names of secrets.
    pub fn secrets<S: Into<String>>(self, names: impl IntoIterator<Item = S>) -> Self {
        self.set("secrets", names)
    }

    /// Patterns of commands, such as `cargo test **`.
    pub fn exec<S: Into<String>>(self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.set("exec", patterns)
    }

    /// Names of tools, such as `code/*`. Only where a child workflow is narrowed.
    pub fn tools<S: Into<String>>(self, patterns: impl IntoIterator<Item = S>) -> Self {
        self.set("tools", patterns)
    }

    fn set<S: Into<String>>(mut self, key: &str, patterns: impl IntoIterator<Item = S>) -> Self {
        let patterns: Vec<String> = patterns.into_iter().map(Into::into).collect();
        self.0.insert(key.into(), json!(patterns));
        self
    }
}

impl From<Within> for Value {
    fn from(within: Within) -> Self {
        Self::Object(within.0)
    }
}
