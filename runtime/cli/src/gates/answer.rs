//! Answers to gates: read, and checked before they are sent.

use baton_core::gate::{GateAnswer, GateSpec, Verdict};
use baton_core::json::Json;
use baton_core::limits::RunLimits;

use crate::codes::Code;
use crate::control::text_of;
use crate::error::{CliError, Result};
use crate::text::one_line;

/// How many violations of a schema an error names.
const VIOLATIONS_MAX: usize = 5;

/// An answer as it stands on the command line.
#[derive(Clone, Copy, Debug, Default)]
pub struct Given<'a> {
    /// Which of the choices.
    pub choice: Option<&'a str>,
    /// JSON, `@FILE` or `-`.
    pub data: Option<&'a str>,
    /// In words.
    pub note: Option<&'a str>,
}

impl Given<'_> {
    /// The answer.
    ///
    /// # Errors
    /// When its data cannot be read or is not JSON, or a text is too long.
    pub fn read(self, verdict: Verdict, limits: &RunLimits) -> Result<GateAnswer> {
        let data = self.data.map(|argument| data(&text_of(argument)?, limits)).transpose()?;
        let note = self.note.map(text_of_note).transpose()?;
        Ok(GateAnswer { verdict, choice: self.choice.map(ToOwned::to_owned), data, note })
    }
}

/// Data of an answer from its text.
///
/// # Errors
/// When it is not JSON, or exceeds a limit.
pub fn data(text: &str, limits: &RunLimits) -> Result<Json> {
    Json::parse(text.trim(), limits.json_bytes, limits.json_depth).map_err(|error| {
        CliError::new(Code::Answer, "the data is not JSON")
            .because(&error)
            .hint("a text is written with its quotes: --data '\"text\"'")
    })
}

/// A note, which is no name of a file: a person may begin it with `@`.
fn text_of_note(note: &str) -> Result<String> {
    if note.len() as u64 > crate::control::TEXT_BYTES_MAX {
        return Err(CliError::new(Code::Answer, "the note has more than 64 KiB"));
    }
    Ok(note.to_owned())
}

/// Whether an answer fits its gate: the choice, and the data by the gate's schema.
///
/// # Errors
/// What does not fit, and what would.
pub fn check(spec: &GateSpec, answer: &GateAnswer) -> Result<()> {
    spec.check(answer).map_err(|error| {
        let message = "the answer does not fit the gate";
        let coded = CliError::new(Code::Answer, message).because(&error);
        coded.hint(how(spec))
    })?;
    let (Some(schema), Some(data)) = (&spec.options.schema, &answer.data) else { return Ok(()) };
    // Checked when the gate was asked; a gate whose schema is none takes what it is given.
    let Ok(validator) = jsonschema::validator_for(&schema.value()) else { return Ok(()) };
    let value = data.value();
    let violations: Vec<String> = validator
        .iter_errors(&value)
        .take(VIOLATIONS_MAX)
        .map(|error| {
            let place = error.instance_path().to_string();
            let text =
                if place.is_empty() { error.to_string() } else { format!("{place}: {error}") };
            one_line(&text)
        })
        .collect();
    if violations.is_empty() {
        return Ok(());
    }
    let mut error = CliError::new(Code::Answer, "the data does not fit the gate's schema");
    if let CliError::Coded(coded) = &mut error {
        coded.causes = violations;
    }
    Err(error.hint(how(spec)))
}

/// What an answer of this gate is made of.
fn how(spec: &GateSpec) -> String {
    let mut parts = Vec::new();
    if !spec.options.choices.is_empty() {
        parts.push(format!("--choice is one of: {}", one_line(&spec.options.choices.join(", "))));
    }
    if let Some(schema) = &spec.options.schema {
        parts.push(format!("--data fits {}", one_line(schema.as_str())));
    }
    if parts.is_empty() {
        parts.push("it is yes or no: `baton approve` or `baton reject`, with --note TEXT".into());
    }
    parts.join("; ")
}
