//! Reading documents.

mod json;
mod toml;
mod yaml;

use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Tree, extension};
use serde::{Deserialize, Serialize};

pub use yaml::plain;

use crate::node::{Node, Shape};

/// How a document is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Format {
    /// JSON (RFC 8259).
    Json,
    /// JSON Lines: one JSON value on each line. Read as a list of them.
    Jsonl,
    /// YAML 1.2. Several documents are read as a list of them; merge keys (`<<`) are plain names.
    Yaml,
    /// TOML 1.1. Dates and times are read as text.
    Toml,
}

/// A document: a file or a text.
#[derive(Clone, Copy, Debug)]
pub struct Source<'a> {
    /// File, relative to the granted directory.
    pub path: Option<&'a str>,
    /// The text itself.
    pub text: Option<&'a str>,
    /// How it is written; none: as the file's extension says.
    pub format: Option<Format>,
}

/// Why a text is no document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SyntaxError {
    /// Line, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
}

impl Format {
    fn of(path: &str) -> Option<Self> {
        Some(match extension(path).as_str() {
            "json" | "webmanifest" | "geojson" | "map" => Self::Json,
            "jsonl" | "ndjson" => Self::Jsonl,
            "yaml" | "yml" => Self::Yaml,
            "toml" => Self::Toml,
            _ => return None,
        })
    }

    /// Reads a text.
    ///
    /// # Errors
    /// Says where the text is not of this format.
    pub fn read(self, text: &str) -> Result<Node, SyntaxError> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match self {
            Self::Json => json::read(text, 1),
            Self::Jsonl => {
                let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
                let items: Result<Vec<Node>, SyntaxError> =
                    lines.map(|(index, line)| json::read(line, index + 1)).collect();
                Ok(Node { line: 1, shape: Shape::List(items?) })
            }
            Self::Yaml => yaml::read(text),
            Self::Toml => toml::read(text),
        }
    }
}

impl Source<'_> {
    /// The text and how it is written.
    ///
    /// # Errors
    /// When it is not named exactly once, cannot be read, or its format is not known.
    pub fn text(&self, tree: &Tree) -> Result<(String, Format), ToolError> {
        let (text, format) = match (self.path, self.text) {
            (Some(path), None) => (tree.read_text(path)?, self.format.or_else(|| Format::of(path))),
            // Every JSON text is YAML, too.
            (None, Some(text)) => (text.to_owned(), self.format.or(Some(Format::Yaml))),
            _ => {
                let message = "name either a file (`path`) or a text (`text`)";
                return Err(ToolError::invalid_input("no-source", message));
            }
        };
        let unknown = || {
            let message = "the file's extension tells no format: name it in `format`";
            ToolError::invalid_input("unknown-format", message)
        };
        Ok((text, format.ok_or_else(unknown)?))
    }

    /// The document.
    ///
    /// # Errors
    /// As [`Source::text`], and when the text is not of its format.
    pub fn read(&self, tree: &Tree) -> Result<Node, ToolError> {
        let (text, format) = self.text(tree)?;
        format.read(&text).map_err(|error| {
            let name = self.path.unwrap_or("the text");
            ToolError::failed("syntax", format!("{name}, line {}: {}", error.line, error.message))
        })
    }
}
