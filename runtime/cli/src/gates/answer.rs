//! Answers to gates: read, and checked before they are sent.

use baton_agents::schema::Schema;
use baton_core::gate::{GateAnswer, GateSpec, Verdict};
use baton_core::handoff::Failure;
use baton_core::json::Json;
use baton_core::limits::RunLimits;

use crate::codes::Code;
use crate::control::text_of;
use crate::error::{CliError, Result};
use crate::text::one_line;

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
/// What does not fit, and what would; or that it takes too long to tell.
pub async fn check(spec: &GateSpec, answer: &GateAnswer) -> Result<()> {
    spec.check(answer).map_err(|error| {
        let message = "the answer does not fit the gate";
        let coded = CliError::new(Code::Answer, message).because(&error);
        coded.hint(how(spec))
    })?;
    let (Some(schema), Some(data)) = (&spec.options.schema, &answer.data) else { return Ok(()) };
    let endless = |failure: Failure| CliError::new(Code::Answer, one_line(&failure.message));
    let schema = Schema::compile(schema).await.map_err(endless)?;
    let violations = schema.errors(data).await.map_err(endless)?;
    if violations.is_empty() {
        return Ok(());
    }
    let mut error = CliError::new(Code::Answer, "the data does not fit the gate's schema");
    if let CliError::Coded(coded) = &mut error {
        coded.causes = violations.iter().map(|violation| one_line(violation)).collect();
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
