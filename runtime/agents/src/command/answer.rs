//! What a program answers.

use baton_core::handoff::{Evidence, Failure, FailureKind, Handoff, Usage};
use baton_core::json::{Json, JsonError};
use baton_core::limits::RunLimits;
use baton_core::record::Outage;
use baton_core::spec::micro_usd;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{STDOUT_BYTES_MAX, exit_failure};
use crate::backend::{Answer, BackendError, Job};
use crate::process::Remains;

/// Characters quoted of an answer that does not parse.
const QUOTE_CHARS: usize = 200;

/// Bytes of standard error quoted in a message; the detail has all that was kept.
const STDERR_QUOTE_BYTES: usize = 512;

/// Levels an answer has above its output.
const ENVELOPE_LEVELS: u64 = 1;

/// The object on standard output. Further fields are ignored.
#[derive(Deserialize)]
struct Reply<'a> {
    #[serde(default, borrow, deserialize_with = "present")]
    output: Option<&'a RawValue>,
    #[serde(default)]
    summary: Option<String>,
    #[serde(default)]
    evidence: Option<Vec<Evidence>>,
    #[serde(default)]
    usage: Option<Claimed>,
    #[serde(default)]
    error: Option<Refused>,
    #[serde(default)]
    session: Option<String>,
}

/// `"output": null` is an output; a missing one is not.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

/// What the program says it consumed.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Claimed {
    input_tokens: u64,
    output_tokens: u64,
    cached_tokens: u64,
    cost_usd: f64,
}

impl From<Claimed> for Usage {
    fn from(claimed: Claimed) -> Self {
        Self {
            input_tokens: claimed.input_tokens,
            output_tokens: claimed.output_tokens,
            cached_tokens: claimed.cached_tokens,
            cost_micro_usd: micro_usd(claimed.cost_usd),
            ..Self::default()
        }
    }
}

#[derive(Deserialize)]
struct Refused {
    kind: RefusedKind,
    message: String,
    #[serde(default)]
    retry_after_ms: Option<u64>,
}

#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum RefusedKind {
    Retryable,
    Permanent,
    Quota,
}

/// Makes an answer of what a program left. Its own word about an error counts more than its exit
/// status; its word about success counts only with status 0.
///
/// The other part of what is given back is the session that it named, whatever became of the task.
pub(super) fn judge(job: &Job, remains: &Remains) -> (Answer, Option<String>) {
    let mut reply = parse(&remains.stdout.first, &job.limits.run);
    let session = reply.as_mut().ok().and_then(|reply| reply.session.take());
    let exit = exit_failure(remains);
    let (result, usage) = match (reply, exit) {
        (Ok(Reply { error: Some(error), output: None, usage, .. }), _) => {
            (Err(refused(error, &job.limits.run)), usage)
        }
        (Ok(Reply { usage, .. }), Some(failure)) => (Err(failure), usage),
        (Err(_), Some(failure)) => (Err(failure), None),
        (Err(why), None) => (Err(BackendError::Permanent(bad_answer(&why, remains))), None),
        (Ok(mut reply), None) => {
            let usage = reply.usage.take();
            (handoff(job, reply, remains).map_err(BackendError::Permanent), usage)
        }
    };
    (Answer { result, usage: usage.map(Usage::from).unwrap_or_default() }, session)
}

fn parse<'a>(stdout: &'a [u8], limits: &RunLimits) -> Result<Reply<'a>, String> {
    let text = std::str::from_utf8(stdout).map_err(|error| error.to_string())?;
    if text.trim().is_empty() {
        return Err("standard output is empty".into());
    }
    let depth_max = limits.json_depth.saturating_add(ENVELOPE_LEVELS);
    Json::parse(text, STDOUT_BYTES_MAX as u64, depth_max).map_err(|error| error.to_string())?;
    serde_json::from_str(text).map_err(|error| error.to_string())
}

fn handoff(job: &Job, reply: Reply<'_>, remains: &Remains) -> Result<Handoff, Failure> {
    let limits = &job.limits.run;
    let output = match (reply.output, reply.error) {
        (Some(output), None) => output.get(),
        (Some(_), Some(_)) => {
            return Err(bad_answer("it has both `output` and `error`", remains));
        }
        (None, _) => return Err(bad_answer("it has neither `output` nor `error`", remains)),
    };
    if job.spec.schema.is_none() && !output.starts_with('"') {
        return Err(Failure::new(
            FailureKind::InvalidOutput,
            "output-not-text",
            "`output` must be a string where the task has no schema",
        ));
    }
    let output = Json::parse(output, limits.result_bytes, limits.json_depth).map_err(|error| {
        let code = match error {
            JsonError::Size { .. } => "result-bytes",
            JsonError::Depth { .. } => "json-depth",
            JsonError::Syntax(_) => return bad_answer(&error.to_string(), remains),
        };
        Failure::new(FailureKind::Limit, code, format!("the output: {error}"))
    })?;
    let evidence = reply.evidence.unwrap_or_default();
    evidence_fits(&evidence, limits, remains)?;
    let summary = cut(reply.summary.unwrap_or_default(), limits.text_bytes);
    Ok(Handoff { summary, output, evidence, ..Handoff::default() })
}

fn evidence_fits(
    evidence: &[Evidence],
    limits: &RunLimits,
    remains: &Remains,
) -> Result<(), Failure> {
    if evidence.len() as u64 > limits.list_items {
        let message =
            format!("{} entries of evidence; the limit is {}", evidence.len(), limits.list_items);
        return Err(Failure::new(FailureKind::Limit, "list-items", message));
    }
    for entry in evidence {
        if [&entry.path, &entry.claim].iter().any(|text| text.len() as u64 > limits.text_bytes) {
            let message = format!("a text of evidence exceeds {} bytes", limits.text_bytes);
            return Err(Failure::new(FailureKind::Limit, "text-bytes", message));
        }
        if entry.lines.is_some_and(|lines| lines.first == 0 || lines.last < lines.first) {
            return Err(bad_answer("evidence has lines that end before they begin", remains));
        }
    }
    Ok(())
}

fn refused(error: Refused, limits: &RunLimits) -> BackendError {
    let message = cut(error.message, limits.text_bytes);
    let after_ms = error.retry_after_ms;
    let failure = |code: &str| Failure::new(FailureKind::Failed, code, message);
    match error.kind {
        RefusedKind::Retryable => {
            BackendError::Retryable { failure: failure("agent-error"), after_ms }
        }
        RefusedKind::Permanent => BackendError::Permanent(failure("agent-error")),
        RefusedKind::Quota => {
            let failure = failure("quota");
            BackendError::Unavailable { outage: Outage::Quota, failure, after_ms }
        }
    }
}

fn bad_answer(why: &str, remains: &Remains) -> Failure {
    let text = String::from_utf8_lossy(&remains.stdout.first);
    let quote: String = text.trim().chars().take(QUOTE_CHARS).collect();
    failure_with_stderr(
        "bad-answer",
        format!("the program's answer is not what was asked for: {why}"),
        serde_json::json!({ "stdout": quote }),
        &remains.stderr.last,
    )
}

/// A failure that quotes the end of standard error: a few lines in the message, all that was kept
/// in the detail.
pub(super) fn failure_with_stderr(
    code: &str,
    mut message: String,
    mut detail: serde_json::Value,
    stderr: &[u8],
) -> Failure {
    let text = String::from_utf8_lossy(stderr);
    let text = text.trim();
    if let Some(stdout) = detail.get("stdout").and_then(serde_json::Value::as_str)
        && !stdout.is_empty()
    {
        message.push_str(&format!("; it wrote `{stdout}`"));
    }
    if !text.is_empty() {
        let from = text.ceil_char_boundary(text.len().saturating_sub(STDERR_QUOTE_BYTES));
        message.push_str("; standard error ends: ");
        message.push_str(text.get(from..).unwrap_or_default());
    }
    if let Some(detail) = detail.as_object_mut() {
        detail.insert("stderr".into(), text.into());
    }
    Failure::new(FailureKind::Failed, code, message).with_detail(detail)
}

/// The text, cut to so many bytes between two characters.
fn cut(mut text: String, bytes_max: u64) -> String {
    let max = usize::try_from(bytes_max).unwrap_or(usize::MAX);
    text.truncate(text.floor_char_boundary(max));
    text
}
