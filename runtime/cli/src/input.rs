//! The input of a run: read, parsed, and checked against the workflow's schema.

use std::io::Read;
use std::path::Path;

use baton_core::json::{Json, JsonError};
use baton_core::limits::RunLimits;
use baton_core::manifest::Manifest;

use crate::codes::Code;
use crate::error::{CliError, Result};

/// How many violations of a schema an error names.
const VIOLATIONS_MAX: usize = 5;

/// Checks inputs of one workflow. Compiles its schema once.
pub struct InputCheck {
    validator: Option<jsonschema::Validator>,
    limits: RunLimits,
}

impl InputCheck {
    /// A check for inputs of this workflow.
    ///
    /// # Errors
    /// When the schema in the manifest is none.
    pub fn new(manifest: &Manifest, limits: RunLimits) -> Result<Self> {
        let validator = manifest.input.as_ref().map(|schema| {
            jsonschema::validator_for(&schema.value()).map_err(|error| {
                let message = format!("the manifest of `{}` has an unusable schema", manifest.name);
                CliError::new(Code::Component, message).because(&error)
            })
        });
        Ok(Self { validator: validator.transpose()?, limits })
    }

    /// A text as an input, or what is wrong with it.
    pub fn parse(&self, text: &str) -> std::result::Result<Json, Vec<String>> {
        let json = Json::parse(text, self.limits.json_bytes, self.limits.json_depth)
            .map_err(|error: JsonError| vec![error.to_string()])?;
        let violations = self.violations(&json.value());
        if violations.is_empty() { Ok(json) } else { Err(violations) }
    }

    /// The input where none was given: an empty object or null, whichever fits.
    ///
    /// # Errors
    /// When neither does: the workflow needs an input.
    pub fn absent(&self) -> Result<Json> {
        self.parse("{}").or_else(|violations| self.parse("null").map_err(|_| violations)).map_err(
            |violations| {
                failed("the workflow needs an input".into(), violations)
                    .hint("give it with --input JSON or --input @FILE")
            },
        )
    }

    fn violations(&self, value: &serde_json::Value) -> Vec<String> {
        let Some(validator) = &self.validator else { return Vec::new() };
        validator
            .iter_errors(value)
            .take(VIOLATIONS_MAX)
            .map(|error| {
                let place = error.instance_path().to_string();
                if place.is_empty() { error.to_string() } else { format!("{place}: {error}") }
            })
            .collect()
    }
}

/// The input that `--input` names.
///
/// # Errors
/// When it cannot be read or does not fit.
pub fn given(argument: Option<&str>, check: &InputCheck) -> Result<Json> {
    let (text, place) = match argument {
        None => return check.absent(),
        Some("-") => (
            read(std::io::stdin(), Path::new("standard input"), &check.limits)?,
            "standard input".into(),
        ),
        Some(text) => match text.strip_prefix('@') {
            Some(path) => {
                let path = Path::new(path);
                let file = std::fs::File::open(path)
                    .map_err(|error| CliError::file("read", path, &error))?;
                (read(file, path, &check.limits)?, path.display().to_string())
            }
            None => (text.to_owned(), "--input".into()),
        },
    };
    check.parse(&text).map_err(|violations| {
        failed(format!("the input from {place} does not fit"), violations)
            .hint("`baton check WORKFLOW` shows the schema of the input")
    })
}

/// Reads a text that is at most as large as an input may be.
fn read(source: impl Read, path: &Path, limits: &RunLimits) -> Result<String> {
    let mut text = String::new();
    source
        .take(limits.json_bytes.saturating_add(1))
        .read_to_string(&mut text)
        .map_err(|error| CliError::file("read", path, &error))?;
    Ok(text)
}

fn failed(message: String, violations: Vec<String>) -> CliError {
    let mut error = CliError::new(Code::Input, message);
    if let CliError::Coded(coded) = &mut error {
        coded.causes = violations;
    }
    error
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use serde_json::json;

    use super::*;

    fn check(schema: serde_json::Value) -> InputCheck {
        let manifest = json!({ "name": "x", "world": "workflow", "input": schema });
        let manifest = Manifest::parse(manifest.to_string().as_bytes()).unwrap();
        InputCheck::new(&manifest, RunLimits::default()).unwrap()
    }

    #[test]
    fn inputs_are_checked_against_the_schema() {
        let check = check(json!({
            "type": "object",
            "properties": { "n": { "type": "integer" } },
            "required": ["n"],
        }));
        assert_eq!(check.parse("{\"n\": 1}").unwrap().as_str(), "{\"n\": 1}");
        for text in ["{\"n\": \"1\"}", "{}", "[]", "{", "nope"] {
            assert!(check.parse(text).is_err(), "{text}");
        }
        assert!(check.absent().is_err());
    }

    #[test]
    fn the_absent_input_is_what_fits() {
        for (schema, input) in [
            (json!({ "type": "object" }), "{}"),
            (json!({ "type": "null" }), "null"),
            (json!(true), "{}"),
        ] {
            assert_eq!(check(schema).absent().unwrap().as_str(), input);
        }
    }

    #[test]
    fn limits_hold_before_anything_parses() {
        let check = check(json!(true));
        let deep = "[".repeat(100) + &"]".repeat(100);
        assert!(check.parse(&deep).is_err());
        let large = format!("\"{}\"", "x".repeat(1 << 20));
        assert!(check.parse(&large).is_err());
    }
}
