//! What the host says, as guests see it.

use super::bindings::baton::runtime::{budget, files, tasks, tools, types};
use crate::budget::Amounts;
use crate::call::ToolInfo;
use crate::failure::{Failure, FailureKind, Refusal, RefusalKind};
use crate::files::{Entry, EntryKind, FileError, FileErrorKind};
use crate::handoff::{Artifact, Evidence, Handoff, LineRange, Usage};
use crate::task::{Task, TaskOptions};

pub(super) fn tool_info(raw: tools::ToolInfo) -> ToolInfo {
    let schema = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    ToolInfo {
        name: raw.name,
        description: raw.description,
        input: schema(raw.input),
        output: schema(raw.output),
    }
}

pub(super) fn amounts(raw: budget::Amounts) -> Amounts {
    Amounts { agents: raw.agents, tokens: raw.tokens, cost_micro_usd: raw.cost_micro_usd }
}

pub(super) fn usage(raw: tasks::Usage) -> Usage {
    Usage {
        agents: raw.agents,
        input_tokens: raw.input_tokens,
        output_tokens: raw.output_tokens,
        cached_tokens: raw.cached_tokens,
        cost_micro_usd: raw.cost_micro_usd,
    }
}

pub(super) fn entry(raw: files::Entry) -> Entry {
    let kind = match raw.kind {
        files::EntryKind::File => EntryKind::File,
        files::EntryKind::Directory => EntryKind::Directory,
    };
    Entry { path: raw.path, kind, size: raw.size }
}

pub(super) fn file_error(raw: files::FileError) -> FileError {
    let kind = match raw.kind {
        files::FileErrorKind::InvalidPath => FileErrorKind::InvalidPath,
        files::FileErrorKind::Denied => FileErrorKind::Denied,
        files::FileErrorKind::NotFound => FileErrorKind::NotFound,
        files::FileErrorKind::WrongKind => FileErrorKind::WrongKind,
        files::FileErrorKind::NotRegular => FileErrorKind::NotRegular,
        files::FileErrorKind::TooLarge => FileErrorKind::TooLarge,
        files::FileErrorKind::InvalidQuery => FileErrorKind::InvalidQuery,
        files::FileErrorKind::Io => FileErrorKind::Io,
    };
    FileError { kind, code: raw.code, message: raw.message }
}

pub(super) fn refusal(raw: types::Refusal) -> Refusal {
    let kind = match raw.kind {
        types::RefusalKind::Invalid => RefusalKind::Invalid,
        types::RefusalKind::Denied => RefusalKind::Denied,
        types::RefusalKind::Limit => RefusalKind::Limit,
        types::RefusalKind::Budget => RefusalKind::Budget,
        types::RefusalKind::NotFound => RefusalKind::NotFound,
    };
    Refusal { kind, code: raw.code, message: raw.message, hint: raw.hint }
}

pub(super) fn handoff(raw: types::Handoff) -> Handoff<String> {
    let evidence = |raw: types::Evidence| Evidence {
        path: raw.path,
        lines: raw.lines.map(|lines| LineRange { first: lines.first, last: lines.last }),
        digest: raw.digest,
        claim: raw.claim,
    };
    let artifact = |raw: types::Artifact| Artifact {
        name: raw.name,
        media_type: raw.media_type,
        digest: raw.digest,
        size: raw.size,
    };
    Handoff {
        summary: raw.summary,
        output: raw.output,
        evidence: raw.evidence.into_iter().map(evidence).collect(),
        artifacts: raw.artifacts.into_iter().map(artifact).collect(),
        follow_ups: raw.follow_ups,
        usage: Usage::default(),
    }
}

pub(super) fn failure(raw: types::Failure) -> Failure {
    let kind = match raw.kind {
        types::FailureKind::Failed => FailureKind::Failed,
        types::FailureKind::Cancelled => FailureKind::Cancelled,
        types::FailureKind::TimedOut => FailureKind::TimedOut,
        types::FailureKind::Limit => FailureKind::Limit,
        types::FailureKind::Refused => FailureKind::Refused,
        types::FailureKind::InvalidOutput => FailureKind::InvalidOutput,
        types::FailureKind::InDoubt => FailureKind::InDoubt,
        types::FailureKind::Internal => FailureKind::Internal,
    };
    let detail = serde_json::from_str(&raw.detail).unwrap_or_default();
    Failure { kind, code: raw.code, message: raw.message, detail }
}

/// The task as the agent sees it, its input still JSON text.
pub(crate) fn task(raw: types::AgentTask) -> Task<String> {
    Task {
        id: raw.id,
        attempt: raw.attempt,
        prompt: raw.prompt,
        input: raw.input,
        schema: raw.schema.and_then(|schema| serde_json::from_str(&schema).ok()),
        corrections: raw.corrections,
        options: serde_json::from_str::<TaskOptions>(&raw.options).unwrap_or_default(),
    }
}
