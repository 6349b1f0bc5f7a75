//! What becomes a result, and what does not.

use baton_core::handoff::{Failure, FailureKind, Handoff};
use baton_core::json::Json;
use baton_core::report::Report;
use baton_models::{Message, Stop, ToolResult};
use serde_json::json;

use super::conversation::{Heard, SUBMIT};
use super::prompt::REMINDER;
use super::session::Session;
use super::submit::{self, Submitted};
use super::tools::Call;
use super::transcript::text_of;
use crate::backend::{BackendError, Notice};
use crate::retry::schema_attempts;

/// How often a model that ended without handing in is asked to.
const REMINDERS_MAX: usize = 2;

/// Said of a result that was handed in beside calls that failed.
const NOT_TAKEN: &str = "This was not taken, because another call of the same answer failed. Look at what \
it says, and submit again.";

/// What was wrong with a result.
pub(super) struct Wrong {
    code: &'static str,
    errors: Vec<String>,
}

impl Session<'_> {
    /// Reads what was handed in, and holds it against the schema.
    pub(super) async fn read(
        &self,
        input: &Json,
    ) -> Result<Result<Submitted, Wrong>, BackendError> {
        let (bench, given) = (self.bench.clone(), input.clone());
        let limits = self.line.job.limits.run;
        let read =
            tokio::task::spawn_blocking(move || submit::read(&given, &bench.files, &limits)).await;
        let submitted = match read {
            Ok(Ok(submitted)) => submitted,
            Ok(Err(errors)) => {
                // Some models hand in the output itself.
                if let Some(submitted) = self.bare(input).await? {
                    return Ok(Ok(submitted));
                }
                return Ok(Err(Wrong { code: "submission", errors }));
            }
            Err(_) => {
                let errors = vec!["the submission could not be read".to_owned()];
                return Ok(Err(Wrong { code: "submission", errors }));
            }
        };
        let errors = self.misfit(&submitted.handoff.output).await?;
        Ok(if errors.is_empty() { Ok(submitted) } else { Err(Wrong { code: "schema", errors }) })
    }

    /// A submission that is the output itself, without anything around it.
    async fn bare(&self, input: &Json) -> Result<Option<Submitted>, BackendError> {
        if self.schema.is_none() || input.value().get("output").is_some() {
            return Ok(None);
        }
        if !self.misfit(input).await?.is_empty() {
            return Ok(None);
        }
        let handoff = Handoff { output: input.clone(), ..Handoff::default() };
        Ok(Some(Submitted { handoff, artifacts: Vec::new() }))
    }

    /// What is wrong with an output.
    async fn misfit(&self, output: &Json) -> Result<Vec<String>, BackendError> {
        match &self.schema {
            Some(schema) => schema.errors(output).await.map_err(BackendError::Permanent),
            None => Ok(match output.value() {
                serde_json::Value::String(text) if !text.trim().is_empty() => Vec::new(),
                _ => vec!["`output` must be a text that is not empty".to_owned()],
            }),
        }
    }

    /// An answer without calls: the result itself, or what should have been one.
    pub(super) async fn ended(&mut self, heard: &Heard) -> Result<Option<Handoff>, BackendError> {
        if let Stop::Other(word) = &heard.stop {
            let message = format!("the model stopped for another reason than its end: {word}");
            return Err(failed("model-stopped", message));
        }
        let text = format!("{}{}", self.conversation.cut_text, text_of(&heard.parts));
        let output = match &self.schema {
            None => (!text.trim().is_empty()).then(|| Json::of(&text).unwrap_or_default()),
            Some(_) => self.within(&text).await?,
        };
        if let Some(output) = output {
            let limits = &self.line.job.limits.run;
            let output = Json::parse(output.as_str(), limits.result_bytes, limits.json_depth)
                .map_err(|error| {
                    let message = format!("the output: {error}");
                    BackendError::Permanent(Failure::new(
                        FailureKind::Limit,
                        "result-bytes",
                        message,
                    ))
                })?;
            return Ok(Some(Handoff { output, ..Handoff::default() }));
        }
        let reminded =
            |message: &&Message| matches!(message, Message::User(text) if text == REMINDER);
        if self.conversation.messages.iter().filter(reminded).count() < REMINDERS_MAX {
            self.say(REMINDER);
            return Ok(None);
        }
        if self.schema.is_none() {
            return Err(failed("empty-output", "the model ended without a word".to_owned()));
        }
        let message = "the model ended without handing in, however often it was asked to";
        Err(BackendError::Permanent(Failure::new(
            FailureKind::InvalidOutput,
            "not-submitted",
            message,
        )))
    }

    /// The output in a text that should have been handed in: all of the text, or its only block of
    /// code, if that fits the schema.
    async fn within(&self, text: &str) -> Result<Option<Json>, BackendError> {
        let limits = &self.line.job.limits.run;
        let mut fences = text.split("```");
        let block = match (fences.next(), fences.next(), fences.next(), fences.next()) {
            (Some(_), Some(block), Some(_), None) => block.strip_prefix("json").unwrap_or(block),
            _ => text,
        };
        let Ok(output) = Json::parse(block.trim(), limits.result_bytes, limits.json_depth) else {
            return Ok(None);
        };
        Ok(self.misfit(&output).await?.is_empty().then_some(output))
    }

    /// Whether a result may be handed in once more after one that was refused.
    pub(super) fn try_again(
        &self,
        wrong: Wrong,
        results: &[ToolResult],
    ) -> Result<(), BackendError> {
        let earlier = self.conversation.messages.iter().filter_map(|message| match message {
            Message::Tools(results) => Some(refusals(results)),
            Message::User(_) | Message::Assistant(_) => None,
        });
        let refused = earlier.sum::<usize>() + refusals(results);
        if refused < schema_attempts(&self.line.job.spec.options) as usize {
            return Ok(());
        }
        let message = format!("the result does not pass: {}", wrong.errors.join("; "));
        Err(BackendError::Permanent(
            Failure::new(FailureKind::InvalidOutput, wrong.code, message)
                .with_detail(json!({ "errors": wrong.errors })),
        ))
    }

    pub(super) fn hand_in(&self, submitted: Submitted) -> Handoff {
        for bytes in submitted.artifacts {
            self.tell(Notice::Artifact(bytes));
        }
        for artifact in &submitted.handoff.artifacts {
            self.tell(Notice::Report(Report::Artifact(artifact.clone())));
        }
        submitted.handoff
    }
}

/// What a call that handed in is told.
pub(super) fn refusal(call: &Call, wrong: &Wrong) -> ToolResult {
    let lines: Vec<String> = wrong.errors.iter().map(|error| format!("- {error}")).collect();
    ToolResult {
        id: call.id.clone(),
        name: call.name.clone(),
        content: format!("This does not pass. Mend it, and submit again:\n{}", lines.join("\n")),
        failed: true,
    }
}

/// What a call that handed in is told beside calls that failed. It is no try at the schema.
pub(super) fn not_taken(call: &Call) -> ToolResult {
    ToolResult {
        id: call.id.clone(),
        name: call.name.clone(),
        content: NOT_TAKEN.to_owned(),
        failed: true,
    }
}

fn refusals(results: &[ToolResult]) -> usize {
    let refused = |result: &&ToolResult| {
        result.name == SUBMIT && result.failed && result.content != NOT_TAKEN
    };
    results.iter().filter(refused).count()
}

/// A failure of the model.
pub(super) fn failed(code: &str, message: String) -> BackendError {
    BackendError::Permanent(Failure::new(FailureKind::Failed, code, message))
}
