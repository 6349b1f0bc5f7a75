//! Languages, and how to tell them.

use baton_guest::Schema;
use baton_tool_kit::extension;
use serde::Serialize;

/// A language whose symbols are known.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Language {
    /// Rust.
    Rust,
    /// JavaScript.
    Javascript,
    /// TypeScript.
    Typescript,
    /// Python.
    Python,
    /// Go.
    Go,
    /// C and C++.
    C,
    /// Java.
    Java,
    /// Markdown, with its headings.
    Markdown,
}

impl Language {
    /// The language of a file, by its extension.
    #[must_use]
    pub fn of(path: &str) -> Option<Self> {
        Some(match extension(path).as_str() {
            "rs" => Self::Rust,
            "js" | "mjs" | "cjs" | "jsx" => Self::Javascript,
            "ts" | "mts" | "cts" | "tsx" => Self::Typescript,
            "py" | "pyi" => Self::Python,
            "go" => Self::Go,
            "c" | "h" | "cc" | "cpp" | "cxx" | "hh" | "hpp" | "hxx" => Self::C,
            "java" => Self::Java,
            "md" | "markdown" => Self::Markdown,
            _ => return None,
        })
    }
}
