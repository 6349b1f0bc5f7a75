//! Asking for parts of a document.

use baton_guest::{Schema, ToolError};
use baton_tool_kit::Tree;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json_path::JsonPath;

use crate::read::{Format, Source};

/// Most values, and how many where nobody says.
const MATCHES_MAX: usize = 10_000;
const MATCHES: usize = 500;
/// Most bytes of values in one answer.
const VALUE_BYTES_MAX: usize = 500 << 10;
/// Longest question.
const QUERY_BYTES_MAX: usize = 4 << 10;

/// Of which document, and what.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct QueryInput {
    /// File, relative to the granted directory. Either this or `text`.
    pub path: Option<String>,
    /// The document itself.
    pub text: Option<String>,
    /// How it is written. Default: as the file's extension says; of a text: YAML, which JSON is part
    /// of.
    pub format: Option<Format>,
    /// A JSONPath (RFC 9535), such as `$.jobs.*.steps[?@.uses].uses`, or a JSON Pointer (RFC 6901),
    /// such as `/package/version`. Empty: the whole document.
    pub query: String,
    /// Most values to return, at most 10000. Default: 500.
    pub limit: Option<usize>,
}

/// A value that was asked for.
#[derive(Clone, Debug, PartialEq, Serialize, Schema)]
pub struct QueryMatch {
    /// Where it is in the document, as a JSON Pointer.
    pub pointer: String,
    /// Line on which it stands, from 1: of its key where it has one.
    pub line: usize,
    /// The value.
    pub value: Value,
}

/// What was asked for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Schema)]
pub struct QueryOutput {
    /// In the order of the query; empty when nothing is there.
    pub matches: Vec<QueryMatch>,
    /// Whether a limit cut the answer.
    pub truncated: bool,
}

/// Asks.
///
/// # Errors
/// When the document or the query cannot be read.
pub fn query(tree: &Tree, input: &QueryInput) -> Result<QueryOutput, ToolError> {
    if input.query.len() > QUERY_BYTES_MAX {
        let message = format!("the query is longer than {QUERY_BYTES_MAX} bytes");
        return Err(ToolError::invalid_input("invalid-query", message));
    }
    let source =
        Source { path: input.path.as_deref(), text: input.text.as_deref(), format: input.format };
    let document = source.read(tree)?;
    let value = document.value();
    let pointers: Vec<String> = if input.query.is_empty() || input.query.starts_with('/') {
        value.pointer(&input.query).map(|_| input.query.clone()).into_iter().collect()
    } else {
        let path = JsonPath::parse(&input.query).map_err(|error| {
            ToolError::invalid_input("invalid-query", format!("the query cannot be read: {error}"))
        })?;
        path.query_located(&value).locations().map(|place| place.to_json_pointer()).collect()
    };
    let limit = input.limit.unwrap_or(MATCHES).clamp(1, MATCHES_MAX);
    let mut output = QueryOutput { truncated: pointers.len() > limit, ..QueryOutput::default() };
    let mut bytes = 0;
    for pointer in pointers.into_iter().take(limit) {
        let Some(value) = value.pointer(&pointer) else { continue };
        bytes += value.to_string().len() + pointer.len();
        if bytes > VALUE_BYTES_MAX {
            if output.matches.is_empty() {
                let message =
                    format!("the value at `{pointer}` is larger than {VALUE_BYTES_MAX} bytes");
                return Err(ToolError::failed("too-large", message));
            }
            output.truncated = true;
            break;
        }
        let line = document.line_at(&pointer);
        output.matches.push(QueryMatch { line, value: value.clone(), pointer });
    }
    Ok(output)
}
