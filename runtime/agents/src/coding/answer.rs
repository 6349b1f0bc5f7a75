//! From an agent's last words to a handoff.

use baton_core::handoff::{Failure, FailureKind, Handoff};
use baton_core::json::{Json, JsonError};

use crate::backend::{Answer, BackendError, Job, JobContext};

/// What begins and ends a block.
const FENCE: &str = "```";

/// Makes a handoff of a last message. With a schema the output is the JSON in it, or, where there is
/// none, the text itself: that does not fit, and the agent is told so.
///
/// # Errors
/// When a limit of the run is exceeded.
pub(crate) fn from_text(job: &Job, context: &JobContext, text: &str) -> Result<Handoff, Failure> {
    let text = context.redact.text(text.trim());
    let text = text.as_str();
    if job.spec.schema.is_none() {
        let output = parse(job, &serde_json::Value::from(text).to_string())?;
        return Ok(Handoff { summary: summary(job, text), output, ..Handoff::default() });
    }
    match find(text) {
        Some((json, words)) => Ok(Handoff {
            summary: summary(job, words),
            output: parse(job, json)?,
            ..Handoff::default()
        }),
        None => {
            let output = parse(job, &serde_json::Value::from(text).to_string())?;
            Ok(Handoff { output, ..Handoff::default() })
        }
    }
}

/// Makes a handoff of a text of JSON.
///
/// # Errors
/// When a limit of the run is exceeded.
pub(crate) fn from_json(job: &Job, context: &JobContext, json: &str) -> Result<Handoff, Failure> {
    Ok(Handoff { output: parse(job, &context.redact.text(json))?, ..Handoff::default() })
}

fn parse(job: &Job, json: &str) -> Result<Json, Failure> {
    let limits = &job.limits.run;
    Json::parse(json, limits.result_bytes, limits.json_depth).map_err(|error| {
        let code = match error {
            JsonError::Size { .. } => "result-bytes",
            JsonError::Depth { .. } => "json-depth",
            JsonError::Syntax(_) => "bad-answer",
        };
        Failure::new(FailureKind::Limit, code, format!("the output: {error}"))
    })
}

/// The JSON of a message, and the words before it: all of it, or its last block that is JSON.
fn find(text: &str) -> Option<(&str, &str)> {
    let is_json = |text: &str| serde_json::from_str::<serde::de::IgnoredAny>(text).is_ok();
    if is_json(text) {
        return Some((text, ""));
    }
    // Contents of JSON may hold a fence, so the end of a block is looked for from the last one.
    let ends: Vec<usize> = text.rmatch_indices(FENCE).map(|(at, _)| at).take(8).collect();
    for (begin, _) in text.rmatch_indices(FENCE).take(8) {
        let inside = begin + FENCE.len();
        let (label, _) = text.get(inside..)?.split_once('\n').unwrap_or_default();
        if !matches!(label.trim(), "" | "json" | "JSON") {
            continue;
        }
        let inside = inside + label.len();
        for end in ends.iter().filter(|end| **end >= inside) {
            let block = text.get(inside..*end).unwrap_or_default().trim();
            if is_json(block) {
                return Some((block, text.get(..begin).unwrap_or_default()));
            }
        }
    }
    None
}

/// The first paragraph of some words.
fn summary(job: &Job, words: &str) -> String {
    let first = words.trim().split("\n\n").next().unwrap_or_default().trim();
    cut(first, job.limits.run.text_bytes).to_owned()
}

/// The text, cut to so many bytes between two characters.
pub(crate) fn cut(text: &str, bytes_max: u64) -> &str {
    let max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    text.get(..text.floor_char_boundary(max)).unwrap_or_default()
}

/// The answer with the run's secrets taken out of what it says went wrong.
pub(crate) fn clean(mut answer: Answer, context: &JobContext) -> Answer {
    if let Err(
        BackendError::Retryable { failure, .. }
        | BackendError::Permanent(failure)
        | BackendError::Unavailable { failure, .. },
    ) = &mut answer.result
    {
        failure.message = context.redact.text(&failure.message);
    }
    answer
}
