//! Outputs against the JSON Schema of their task.

mod guard;

use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind};
use baton_core::json::Json;
use jsonschema::{PatternOptions, ValidationError, Validator};
use serde_json::Value;

/// Errors that are told of one output. A worker that mends ten things has enough to do.
const ERRORS_MAX: usize = 10;

/// Characters of one error: an error may quote the value it is about.
const ERROR_CHARS_MAX: usize = 500;

/// Keywords that refer to another schema.
const REFERENCES: &[&str] = &["$ref", "$dynamicRef", "$recursiveRef"];

/// A compiled JSON Schema. Draft 2020-12 unless its `$schema` names another. References lead into
/// the schema itself only; nothing is ever fetched. Regular expressions take linear time, so look
/// around and back references are not accepted. `format` is an annotation.
pub struct Schema {
    validator: Arc<Validator>,
    /// Whether the time a validation takes cannot be told from the sizes alone.
    recursive: bool,
    /// Size of the schema's text in bytes.
    size: usize,
}

impl Schema {
    /// Compiles a schema.
    ///
    /// # Errors
    /// A failure that says what is wrong with it.
    pub async fn compile(schema: &Json) -> Result<Self, Failure> {
        let size = schema.as_str().len();
        let value = schema.value();
        let recursive = refers(&value);
        let compiled = guard::run(size, recursive, move || compile(&value)).await;
        match compiled {
            Some(Ok(validator)) => Ok(Self { validator: Arc::new(validator), recursive, size }),
            Some(Err(why)) => Err(bad_schema(&format!("the schema does not compile: {why}"))),
            None => Err(bad_schema("the schema takes too long to compile")),
        }
    }

    /// What is wrong with an output, at most ten things: where, and what. Empty: it fits.
    ///
    /// # Errors
    /// A failure, if the validation takes too long.
    pub async fn errors(&self, output: &Json) -> Result<Vec<String>, Failure> {
        let work = self.size.saturating_mul(output.as_str().len());
        let validator = Arc::clone(&self.validator);
        let value = output.value();
        let errors = guard::run(work, self.recursive, move || {
            validator.iter_errors(&value).take(ERRORS_MAX).map(|error| describe(&error)).collect()
        });
        errors.await.ok_or_else(|| {
            let message = "the output takes too long to be held against its schema";
            Failure::new(FailureKind::Limit, "schema-time", message)
        })
    }
}

fn compile(schema: &Value) -> Result<Validator, String> {
    jsonschema::options()
        .with_pattern_options(PatternOptions::regex())
        .offline()
        .build(schema)
        .map_err(|error| describe(&error))
}

/// Whether a schema refers to any other. Without that, validation applies each of its parts to each
/// part of the output at most once.
#[must_use]
pub fn refers(schema: &Value) -> bool {
    match schema {
        Value::Object(object) => {
            object.iter().any(|(key, value)| REFERENCES.contains(&key.as_str()) || refers(value))
        }
        Value::Array(items) => items.iter().any(refers),
        _ => false,
    }
}

fn describe(error: &ValidationError<'_>) -> String {
    let path = error.instance_path().to_string();
    let place = if path.is_empty() { "/" } else { &path };
    let mut text: String =
        format!("at {place}: {error}").chars().take(ERROR_CHARS_MAX + 1).collect();
    if text.chars().count() > ERROR_CHARS_MAX {
        text.pop();
        text.push('…');
    }
    text
}

fn bad_schema(message: &str) -> Failure {
    Failure::new(FailureKind::Failed, "bad-schema", message)
}

#[cfg(test)]
mod tests;
