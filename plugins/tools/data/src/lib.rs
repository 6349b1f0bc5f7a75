//! The tools of provider `data`: documents in JSON, JSON Lines, YAML and TOML.

mod convert;
mod node;
mod query;
mod read;
mod validate;
mod write;

pub use convert::{ConvertInput, ConvertOutput, convert};
pub use query::{QueryInput, QueryMatch, QueryOutput, query};
pub use read::Format;
pub use validate::{Mistake, ValidateInput, ValidateOutput, validate};

/// The tools.
#[baton_guest::tools(
    name = "data",
    description = "Asks, checks and converts documents in JSON, JSON Lines, YAML and TOML.",
    read("**")
)]
pub mod tools {
    use baton_guest::ToolError;
    use baton_tool_kit::Tree;

    use crate::{
        ConvertInput, ConvertOutput, QueryInput, QueryOutput, ValidateInput, ValidateOutput,
    };

    /// Picks values out of a JSON, JSON Lines, YAML or TOML document (a file, or text given in the
    /// input) by JSONPath or JSON Pointer. Returns each value with its JSON Pointer and its line.
    pub fn query(input: QueryInput) -> Result<QueryOutput, ToolError> {
        crate::query(&Tree::granted(), &input)
    }

    /// Checks a JSON, JSON Lines, YAML or TOML document against a JSON Schema, or its syntax alone.
    /// Returns whether it is valid, and each mistake with its JSON Pointer, its line and what is
    /// wrong. A document with mistakes is a result, not an error.
    pub fn validate(input: ValidateInput) -> Result<ValidateOutput, ToolError> {
        crate::validate(&Tree::granted(), &input)
    }

    /// Writes a document, or a part of it, in another of the formats JSON, JSON Lines, YAML and
    /// TOML. Returns the text; writes no file.
    pub fn convert(input: ConvertInput) -> Result<ConvertOutput, ToolError> {
        crate::convert(&Tree::granted(), &input)
    }
}

#[cfg(test)]
mod tests;
