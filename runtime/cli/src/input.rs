//! The input of a run: read, parsed, and checked against the workflow's schema.

mod schema;

use std::io::Read;
use std::path::Path;

use baton_core::json::{Json, JsonError};
use baton_core::limits::RunLimits;
use baton_core::manifest::Manifest;

use crate::codes::Code;
use crate::error::{CliError, Result};

use self::schema::Schema;

/// Checks inputs of one workflow. Compiles its schema once.
pub struct InputCheck {
    schema: Option<Schema>,
    limits: RunLimits,
}

impl InputCheck {
    /// A check for inputs of this workflow.
    ///
    /// # Errors
    /// When the schema in the manifest is none.
    pub fn new(manifest: &Manifest, limits: RunLimits) -> Result<Self> {
        let schema = manifest.input.as_ref().map(Schema::compile).transpose().map_err(|why| {
            let message = format!("the manifest of `{}` has an unusable schema", manifest.name);
            with_causes(CliError::new(Code::Component, message), vec![why])
        })?;
        Ok(Self { schema, limits })
    }

    /// A check that only limits sizes.
    #[must_use]
    pub fn any(limits: RunLimits) -> Self {
        Self { schema: None, limits }
    }

    /// A text as an input, or what is wrong with it.
    pub fn parse(&self, text: &str) -> std::result::Result<Json, Vec<String>> {
        let json = Json::parse(text, self.limits.json_bytes, self.limits.json_depth)
            .map_err(|error: JsonError| vec![error.to_string()])?;
        let violations =
            self.schema.as_ref().map(|schema| schema.violations(&json)).unwrap_or_default();
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
}

/// An input as it stands on the command line. `-` names standard input, `@FILE` a file.
#[derive(Clone, Copy, Debug)]
pub enum Given<'a> {
    /// JSON.
    Json(&'a str),
    /// A plain string, whatever it looks like.
    Text(&'a str),
}

impl<'a> Given<'a> {
    /// What the flags `--input` and `--args` say, of which at most one is given.
    #[must_use]
    pub fn of(json: Option<&'a str>, text: Option<&'a str>) -> Option<Self> {
        json.map(Self::Json).or(text.map(Self::Text))
    }

    /// The input.
    ///
    /// # Errors
    /// When it cannot be read or does not fit.
    pub fn read(self, check: &InputCheck) -> Result<Json> {
        let (flag, argument) = match self {
            Self::Json(argument) => ("--input", argument),
            Self::Text(argument) => ("--args", argument),
        };
        let (text, place) = source(flag, argument, &check.limits)?;
        let json = match self {
            Self::Json(_) => text,
            Self::Text(_) => serde_json::Value::String(text).to_string(),
        };
        check.parse(&json).map_err(|violations| {
            failed(format!("the input from {place} does not fit"), violations)
                .hint("`baton check WORKFLOW` shows the schema of the input")
        })
    }
}

/// The text that a flag names, and where it comes from.
fn source(flag: &str, argument: &str, limits: &RunLimits) -> Result<(String, String)> {
    if argument == "-" {
        let name = "standard input";
        return Ok((read(std::io::stdin(), Path::new(name), limits)?, name.into()));
    }
    let Some(path) = argument.strip_prefix('@') else {
        return Ok((argument.to_owned(), flag.into()));
    };
    let path = Path::new(path);
    let file = std::fs::File::open(path).map_err(|error| CliError::file("read", path, &error))?;
    Ok((read(file, path, limits)?, path.display().to_string()))
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
    with_causes(CliError::new(Code::Input, message), violations)
}

fn with_causes(mut error: CliError, causes: Vec<String>) -> CliError {
    if let CliError::Coded(coded) = &mut error {
        coded.causes = causes;
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

    /// D94, D95.
    #[test]
    fn a_plain_string_stays_one_and_json_stays_what_it_is() {
        let check = check(json!(true));
        for (given, value) in [
            (Given::Text("[1]"), json!("[1]")),
            (Given::Text("null"), json!("null")),
            (Given::Text(" \"x\"\n"), json!(" \"x\"\n")),
            (Given::Json("\"[1]\""), json!("[1]")),
            (Given::Json("[1, {\"a\": null}]"), json!([1, { "a": null }])),
            (Given::Json("-1.5"), json!(-1.5)),
            (Given::Json("null"), json!(null)),
        ] {
            assert_eq!(given.read(&check).unwrap().value(), value, "{given:?}");
        }
        let temp = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(temp.path(), "{}\n").unwrap();
        let named = format!("@{}", temp.path().display());
        assert_eq!(Given::Text(&named).read(&check).unwrap().value(), json!("{}\n"));
        assert_eq!(Given::Json(&named).read(&check).unwrap().value(), json!({}));
        assert!(Given::Text("@/none").read(&check).is_err());
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
