//! Checking a document against a JSON Schema.

use baton_guest::{Schema, ToolError};
use baton_tool_kit::Tree;
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::read::{Format, Source};

/// Most mistakes that are told.
const ERRORS_MAX: usize = 200;
/// Longest message, in characters.
const MESSAGE_CHARS_MAX: usize = 500;

/// Which document, and what it should be.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct ValidateInput {
    /// File, relative to the granted directory. Either this or `text`.
    pub path: Option<String>,
    /// The document itself.
    pub text: Option<String>,
    /// How it is written. Default: as the file's extension says; of a text: YAML, which JSON is part
    /// of.
    pub format: Option<Format>,
    /// A JSON Schema. Without this and `schema_path`, only the syntax is checked.
    pub schema: Option<Value>,
    /// File that holds the JSON Schema, in any of the formats.
    pub schema_path: Option<String>,
}

/// A mistake.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct Mistake {
    /// Where it is in the document, as a JSON Pointer.
    pub pointer: String,
    /// Line on which it is, from 1.
    pub line: usize,
    /// What is wrong.
    pub message: String,
    /// Which part of the schema says so, as a JSON Pointer; empty for a mistake of syntax.
    pub rule: String,
}

/// Whether a document is what it should be.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct ValidateOutput {
    /// Whether there are no mistakes.
    pub valid: bool,
    /// In the order of their lines.
    pub errors: Vec<Mistake>,
    /// Whether there are more.
    pub truncated: bool,
}

/// Checks. A document with mistakes is an answer and no error.
///
/// # Errors
/// When a file or the schema cannot be read. A reference of the schema to another document is one
/// that cannot be read.
pub fn validate(tree: &Tree, input: &ValidateInput) -> Result<ValidateOutput, ToolError> {
    let source =
        Source { path: input.path.as_deref(), text: input.text.as_deref(), format: input.format };
    let schema = match (&input.schema, &input.schema_path) {
        (Some(_), Some(_)) => {
            let message = "name the schema either in `schema` or in `schema_path`";
            return Err(ToolError::invalid_input("two-schemas", message));
        }
        (Some(schema), None) => Some(schema.clone()),
        (None, Some(path)) => {
            let file = Source { path: Some(path), text: None, format: None };
            Some(file.read(tree)?.value())
        }
        (None, None) => None,
    };
    let (text, format) = source.text(tree)?;
    let document = match format.read(&text) {
        Ok(document) => document,
        Err(error) => {
            let mistake = Mistake {
                pointer: String::new(),
                line: error.line,
                message: error.message,
                rule: String::new(),
            };
            return Ok(ValidateOutput { valid: false, errors: vec![mistake], truncated: false });
        }
    };
    let Some(schema) = schema else {
        return Ok(ValidateOutput { valid: true, errors: Vec::new(), truncated: false });
    };
    let validator =
        jsonschema::options().should_validate_formats(true).build(&schema).map_err(|error| {
            ToolError::invalid_input(
                "invalid-schema",
                format!("the schema cannot be used: {error}"),
            )
        })?;
    let value = document.value();
    let mut errors: Vec<Mistake> = validator
        .iter_errors(&value)
        .take(ERRORS_MAX + 1)
        .map(|error| {
            let pointer = error.instance_path().to_string();
            Mistake {
                line: document.line_at(&pointer),
                message: error.to_string().chars().take(MESSAGE_CHARS_MAX).collect(),
                rule: error.schema_path().to_string(),
                pointer,
            }
        })
        .collect();
    let truncated = errors.len() > ERRORS_MAX;
    errors.truncate(ERRORS_MAX);
    errors.sort_by(|left, right| (left.line, &left.pointer).cmp(&(right.line, &right.pointer)));
    Ok(ValidateOutput { valid: errors.is_empty(), errors, truncated })
}
