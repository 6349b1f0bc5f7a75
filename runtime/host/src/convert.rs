//! Between the types of the contract and those of core.
//!
//! What goes to a guest is converted as it is. What comes from one is untrusted: sizes, JSON and
//! digests are checked, and a result that does not hold becomes a failure with code
//! `invalid-result`.

use baton_core::budget;
use baton_core::command;
use baton_core::digest::Digest;
use baton_core::files as core_files;
use baton_core::handoff::{
    Artifact, Evidence, Failure, FailureKind, Handoff, LineRange, Outcome, Usage,
};
use baton_core::json::Json;
use baton_core::limits::RunLimits;
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::report::Level;
use baton_core::spec::{RawAgentSpec, RawWorkflowSpec};
use baton_core::tool::RawToolSpec;

use crate::bindings::v0_1::agent::baton::runtime::toolbox;
use crate::bindings::v0_1::workflow::baton::runtime::{
    budget as wit_budget, files, report, tasks, tools, types,
};
use crate::end::AgentTask;
use crate::port::{CallError, ToolOffer};

/// Bytes of a failure's code.
const CODE_BYTES_MAX: usize = 64;

pub(crate) fn agent_spec(spec: tasks::AgentSpec) -> RawAgentSpec {
    let tasks::AgentSpec { prompt, input, schema, options } = spec;
    RawAgentSpec { prompt, input, schema, options }
}

pub(crate) fn workflow_spec(spec: tasks::WorkflowSpec) -> RawWorkflowSpec {
    let tasks::WorkflowSpec { name, input, options } = spec;
    RawWorkflowSpec { name, input, options }
}

pub(crate) fn tool_spec(spec: tools::ToolSpec) -> RawToolSpec {
    let tools::ToolSpec { name, input, options } = spec;
    RawToolSpec { name, input, options }
}

pub(crate) fn tool_info(offer: ToolOffer) -> tools::ToolInfo {
    let ToolOffer { name, description, input, output } = offer;
    let text = |schema: Option<Json>| schema.map(|schema| schema.to_string());
    tools::ToolInfo { name, description, input: text(input), output: text(output) }
}

pub(crate) fn call_error(error: CallError) -> toolbox::CallError {
    match error {
        CallError::Refused(refused) => toolbox::CallError::Refused(refusal(refused)),
        CallError::Failed(failed) => toolbox::CallError::Failed(failure_out(failed)),
    }
}

pub(crate) fn agent_task(task: AgentTask) -> types::AgentTask {
    let AgentTask { id, attempt, prompt, input, schema, corrections, options } = task;
    types::AgentTask {
        id,
        attempt,
        prompt,
        input: input.to_string(),
        schema: schema.map(|schema| schema.to_string()),
        corrections,
        options: options.to_string(),
    }
}

pub(crate) fn refusal(refusal: Refusal) -> types::Refusal {
    let Refusal { kind, code, message, hint, capability: _ } = refusal;
    let kind = match kind {
        RefusalKind::Invalid => types::RefusalKind::Invalid,
        RefusalKind::Denied => types::RefusalKind::Denied,
        RefusalKind::Limit => types::RefusalKind::Limit,
        RefusalKind::Budget => types::RefusalKind::Budget,
        RefusalKind::NotFound => types::RefusalKind::NotFound,
    };
    types::Refusal { kind, code, message, hint }
}

pub(crate) fn wait_error(error: command::WaitError) -> tasks::WaitError {
    match error {
        command::WaitError::NothingToWaitFor => tasks::WaitError::NothingToWaitFor,
        command::WaitError::UnknownTask => tasks::WaitError::UnknownTask,
    }
}

pub(crate) fn delivery(delivery: command::Delivery) -> tasks::Delivery {
    match delivery {
        command::Delivery::Completion { task, outcome, usage } => {
            let outcome = match outcome {
                Outcome::Done(done) => Ok(handoff_out(done)),
                Outcome::Failed(failed) => Err(failure_out(failed)),
            };
            let usage = tasks::Usage {
                agents: u32::try_from(usage.agents).unwrap_or(u32::MAX),
                input_tokens: usage.input_tokens,
                output_tokens: usage.output_tokens,
                cached_tokens: usage.cached_tokens,
                cost_micro_usd: usage.cost_micro_usd,
            };
            tasks::Delivery::Completion(tasks::Completion { task, outcome, usage })
        }
        command::Delivery::Message { sender, text } => {
            tasks::Delivery::Message(tasks::Message { sender, text })
        }
    }
}

pub(crate) fn amounts(amounts: budget::Amounts) -> wit_budget::Amounts {
    // The record of the contract cannot grow; scripts are told of output tokens in their input.
    let budget::Amounts { agents, tokens, output_tokens: _, cost_micro_usd } = amounts;
    wit_budget::Amounts { agents, tokens, cost_micro_usd }
}

pub(crate) fn spent(usage: &Usage) -> wit_budget::Amounts {
    wit_budget::Amounts {
        agents: Some(usage.agents),
        tokens: Some(usage.tokens()),
        cost_micro_usd: Some(usage.cost_micro_usd),
    }
}

pub(crate) fn level(level: report::Level) -> Level {
    match level {
        report::Level::Debug => Level::Debug,
        report::Level::Info => Level::Info,
        report::Level::Warn => Level::Warn,
        report::Level::Error => Level::Error,
    }
}

pub(crate) fn content(answer: core_files::FileAnswer) -> Option<files::Content> {
    match answer {
        core_files::FileAnswer::Content { bytes, digest } => {
            Some(files::Content { bytes, digest: digest.to_string() })
        }
        _ => None,
    }
}

pub(crate) fn listing(answer: core_files::FileAnswer) -> Option<files::Listing> {
    match answer {
        core_files::FileAnswer::Listing { entries, truncated } => {
            Some(files::Listing { entries: entries.into_iter().map(entry).collect(), truncated })
        }
        _ => None,
    }
}

pub(crate) fn matches(answer: core_files::FileAnswer) -> Option<files::Matches> {
    match answer {
        core_files::FileAnswer::Matches { matches, truncated } => {
            let matches = matches.into_iter().map(found).collect();
            Some(files::Matches { matches, truncated })
        }
        _ => None,
    }
}

pub(crate) fn entry_answer(answer: core_files::FileAnswer) -> Option<files::Entry> {
    match answer {
        core_files::FileAnswer::Entry(what) => Some(entry(what)),
        _ => None,
    }
}

fn entry(entry: core_files::Entry) -> files::Entry {
    let core_files::Entry { path, kind, size } = entry;
    let kind = match kind {
        core_files::EntryKind::File => files::EntryKind::File,
        core_files::EntryKind::Directory => files::EntryKind::Directory,
    };
    files::Entry { path, kind, size }
}

fn found(found: core_files::Match) -> files::Found {
    let core_files::Match { path, line, column, text } = found;
    files::Found { path, line, column, text }
}

pub(crate) fn file_error(error: core_files::FileError) -> files::FileError {
    use core_files::FileErrorKind as Kind;
    let core_files::FileError { kind, code, message } = error;
    let kind = match kind {
        Kind::InvalidPath => files::FileErrorKind::InvalidPath,
        Kind::Denied => files::FileErrorKind::Denied,
        Kind::NotFound => files::FileErrorKind::NotFound,
        Kind::WrongKind => files::FileErrorKind::WrongKind,
        Kind::NotRegular => files::FileErrorKind::NotRegular,
        Kind::TooLarge => files::FileErrorKind::TooLarge,
        Kind::InvalidQuery => files::FileErrorKind::InvalidQuery,
        Kind::Io => files::FileErrorKind::Io,
    };
    files::FileError { kind, code, message }
}

fn handoff_out(handoff: Handoff) -> types::Handoff {
    let Handoff { summary, output, evidence, artifacts, follow_ups } = handoff;
    types::Handoff {
        summary,
        output: output.to_string(),
        evidence: evidence
            .into_iter()
            .map(|Evidence { path, lines, digest, claim }| types::Evidence {
                path,
                lines: lines.map(|LineRange { first, last }| types::LineRange { first, last }),
                digest: digest.map(|digest| digest.to_string()),
                claim,
            })
            .collect(),
        artifacts: artifacts
            .into_iter()
            .map(|Artifact { name, media_type, digest, size }| types::Artifact {
                name,
                media_type,
                digest: digest.to_string(),
                size,
            })
            .collect(),
        follow_ups,
    }
}

fn failure_out(failure: Failure) -> types::Failure {
    let Failure { kind, code, message, detail } = failure;
    let kind = match kind {
        FailureKind::Failed => types::FailureKind::Failed,
        FailureKind::Cancelled => types::FailureKind::Cancelled,
        FailureKind::TimedOut => types::FailureKind::TimedOut,
        FailureKind::Limit => types::FailureKind::Limit,
        FailureKind::Refused => types::FailureKind::Refused,
        FailureKind::InvalidOutput => types::FailureKind::InvalidOutput,
        FailureKind::InDoubt => types::FailureKind::InDoubt,
        FailureKind::Internal => types::FailureKind::Internal,
    };
    types::Failure { kind, code, message, detail: detail.to_string() }
}

/// A guest's own result.
pub(crate) fn result(
    result: Result<types::Handoff, types::Failure>,
    limits: &RunLimits,
) -> Outcome {
    let checked = match result {
        Ok(handoff) => handoff_in(handoff, limits).map(Outcome::Done),
        Err(failure) => failure_in(failure, limits).map(Outcome::Failed),
    };
    checked.unwrap_or_else(|what| Outcome::Failed(unusable(&what)))
}

/// The failure of a guest whose result does not hold.
pub(crate) fn unusable(what: &str) -> Failure {
    let message = format!("the guest's result is not usable: {what}");
    Failure::new(FailureKind::Failed, "invalid-result", message)
}

fn handoff_in(handoff: types::Handoff, limits: &RunLimits) -> Result<Handoff, String> {
    let types::Handoff { summary, output, evidence, artifacts, follow_ups } = handoff;
    text_fits("summary", &summary, limits)?;
    for (what, items) in [
        ("evidence", evidence.len()),
        ("artifacts", artifacts.len()),
        ("follow-ups", follow_ups.len()),
    ] {
        if items as u64 > limits.list_items {
            return Err(format!("{items} {what}; the limit is {}", limits.list_items));
        }
    }
    for follow_up in &follow_ups {
        text_fits("a follow-up", follow_up, limits)?;
    }
    Ok(Handoff {
        summary,
        output: output_json(&output, limits)?,
        evidence: evidence
            .into_iter()
            .map(|evidence| evidence_in(evidence, limits))
            .collect::<Result<_, _>>()?,
        artifacts: artifacts
            .into_iter()
            .map(|artifact| artifact_in(artifact, limits))
            .collect::<Result<_, _>>()?,
        follow_ups,
    })
}

fn evidence_in(evidence: types::Evidence, limits: &RunLimits) -> Result<Evidence, String> {
    let types::Evidence { path, lines, digest, claim } = evidence;
    text_fits("a path of evidence", &path, limits)?;
    text_fits("a claim of evidence", &claim, limits)?;
    let lines = match lines {
        None => None,
        Some(types::LineRange { first, last }) if first >= 1 && first <= last => {
            Some(LineRange { first, last })
        }
        Some(types::LineRange { first, last }) => {
            return Err(format!("lines {first} to {last} of evidence are no range"));
        }
    };
    let digest = digest.map(|digest| parse_digest(&digest)).transpose()?;
    Ok(Evidence { path, lines, digest, claim })
}

fn artifact_in(artifact: types::Artifact, limits: &RunLimits) -> Result<Artifact, String> {
    let types::Artifact { name, media_type, digest, size } = artifact;
    text_fits("a name of an artifact", &name, limits)?;
    text_fits("a media type of an artifact", &media_type, limits)?;
    Ok(Artifact { name, media_type, digest: parse_digest(&digest)?, size })
}

fn failure_in(failure: types::Failure, limits: &RunLimits) -> Result<Failure, String> {
    let types::Failure { kind, code, message, detail } = failure;
    let kind = match kind {
        types::FailureKind::Failed => FailureKind::Failed,
        types::FailureKind::Cancelled => FailureKind::Cancelled,
        types::FailureKind::TimedOut => FailureKind::TimedOut,
        types::FailureKind::Limit => FailureKind::Limit,
        types::FailureKind::Refused => FailureKind::Refused,
        types::FailureKind::InvalidOutput => FailureKind::InvalidOutput,
        types::FailureKind::InDoubt => FailureKind::InDoubt,
        types::FailureKind::Internal => FailureKind::Internal,
    };
    told(kind, code, message, &detail, limits)
}

/// A failure as a guest tells it.
pub(crate) fn told(
    kind: FailureKind,
    code: String,
    message: String,
    detail: &str,
    limits: &RunLimits,
) -> Result<Failure, String> {
    let fits =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-._".contains(&byte);
    if code.is_empty() || code.len() > CODE_BYTES_MAX || !code.bytes().all(fits) {
        return Err(format!(
            "a code of a failure is a few lower case words with `-`, at most {CODE_BYTES_MAX} bytes"
        ));
    }
    text_fits("a message of a failure", &message, limits)?;
    let mut failure = Failure::new(kind, code, message);
    if !detail.trim().is_empty() {
        let parsed = json("detail of a failure", detail, limits)?;
        if !parsed.as_str().trim_start().starts_with('{') {
            return Err("the detail of a failure is not a JSON object".into());
        }
        failure.detail = parsed;
    }
    Ok(failure)
}

fn json(what: &str, text: &str, limits: &RunLimits) -> Result<Json, String> {
    Json::parse(text, limits.json_bytes, limits.json_depth)
        .map_err(|error| format!("{what}: {error}"))
}

/// The output of a task, which may be larger than other values.
pub(crate) fn output_json(text: &str, limits: &RunLimits) -> Result<Json, String> {
    Json::parse(text, limits.result_bytes, limits.json_depth)
        .map_err(|error| format!("output: {error}"))
}

fn text_fits(what: &str, text: &str, limits: &RunLimits) -> Result<(), String> {
    if text.len() as u64 <= limits.text_bytes {
        return Ok(());
    }
    Err(format!("{what} has {} bytes; the limit is {}", text.len(), limits.text_bytes))
}

fn parse_digest(text: &str) -> Result<Digest, String> {
    text.parse().map_err(|_| "a digest is `sha256:` and 64 hexadecimal digits".to_owned())
}
