//! Writing a document in another format.

use baton_guest::{Schema, ToolError};
use baton_tool_kit::Tree;
use serde::{Deserialize, Serialize};

use crate::read::{Format, Source};
use crate::write::write;

/// Largest text that is returned.
const TEXT_BYTES_MAX: usize = 500 << 10;

/// Which document, and what to write it in.
#[derive(Clone, Debug, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct ConvertInput {
    /// File, relative to the granted directory. Either this or `text`.
    #[serde(default)]
    pub path: Option<String>,
    /// The document itself.
    #[serde(default)]
    pub text: Option<String>,
    /// How it is written. Default: as the file's extension says; of a text: YAML, which JSON is part
    /// of.
    #[serde(default)]
    pub format: Option<Format>,
    /// The format to write it in.
    pub to: Format,
    /// The part to write, as a JSON Pointer. Default: the whole document.
    #[serde(default)]
    pub pointer: String,
}

/// A document in another format.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct ConvertOutput {
    /// The text. The order of names is kept; comments are lost.
    pub text: String,
}

/// Converts.
///
/// # Errors
/// When the document cannot be read, the part is not there, or the format has no words for it.
pub fn convert(tree: &Tree, input: &ConvertInput) -> Result<ConvertOutput, ToolError> {
    let source =
        Source { path: input.path.as_deref(), text: input.text.as_deref(), format: input.format };
    let document = source.read(tree)?;
    let begins = input.pointer.is_empty() || input.pointer.starts_with('/');
    let part = document.at(&input.pointer).filter(|_| begins).ok_or_else(|| {
        let message = format!("there is nothing at `{}`", input.pointer);
        ToolError::invalid_input("not-found", message)
    })?;
    let text = write(part, input.to)?;
    if text.len() > TEXT_BYTES_MAX {
        let message = format!("the text is larger than {TEXT_BYTES_MAX} bytes");
        return Err(ToolError::failed("too-large", message));
    }
    Ok(ConvertOutput { text })
}
