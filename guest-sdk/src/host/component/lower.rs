//! What guests say, as the host takes it.

use super::bindings::baton::runtime::{files, tools, types};
use crate::failure::{Failure, FailureKind};
use crate::handoff::{Artifact, Evidence, Handoff};
use crate::host::{RawSelection, RawTool};
use crate::tool::{ToolError, ToolErrorKind};

pub(super) fn raw_tool(spec: &RawTool) -> tools::ToolSpec {
    tools::ToolSpec {
        name: spec.name.clone(),
        input: spec.input.clone(),
        options: spec.options.clone(),
    }
}

pub(super) fn raw_selection(selection: &RawSelection) -> files::Selection {
    files::Selection {
        include: selection.include.clone(),
        exclude: selection.exclude.clone(),
        options: selection.options.clone(),
    }
}

/// What a workflow or an agent returns.
pub(crate) fn raw_end(end: Result<Handoff<String>, Failure>) -> RawEnd {
    end.map(raw_handoff).map_err(raw_failure)
}

/// What both worlds' exports return.
pub(crate) type RawEnd = Result<types::Handoff, types::Failure>;

fn raw_handoff(handoff: Handoff<String>) -> types::Handoff {
    let evidence = |evidence: Evidence| types::Evidence {
        path: evidence.path,
        lines: evidence
            .lines
            .map(|lines| types::LineRange { first: lines.first, last: lines.last }),
        digest: evidence.digest,
        claim: evidence.claim,
    };
    let artifact = |artifact: Artifact| types::Artifact {
        name: artifact.name,
        media_type: artifact.media_type,
        digest: artifact.digest,
        size: artifact.size,
    };
    types::Handoff {
        summary: handoff.summary,
        output: handoff.output,
        evidence: handoff.evidence.into_iter().map(evidence).collect(),
        artifacts: handoff.artifacts.into_iter().map(artifact).collect(),
        follow_ups: handoff.follow_ups,
    }
}

fn raw_failure(failure: Failure) -> types::Failure {
    let kind = match failure.kind {
        FailureKind::Failed => types::FailureKind::Failed,
        FailureKind::Cancelled => types::FailureKind::Cancelled,
        FailureKind::TimedOut => types::FailureKind::TimedOut,
        FailureKind::Limit => types::FailureKind::Limit,
        FailureKind::Refused => types::FailureKind::Refused,
        FailureKind::InvalidOutput => types::FailureKind::InvalidOutput,
        FailureKind::InDoubt => types::FailureKind::InDoubt,
        FailureKind::Internal => types::FailureKind::Internal,
    };
    types::Failure {
        kind,
        code: failure.code,
        message: failure.message,
        detail: failure.detail.to_string(),
    }
}

/// What a call of a tool component returns.
pub fn tool_end(end: Result<String, ToolError>) -> Result<String, types::ToolError> {
    end.map_err(|error| types::ToolError {
        kind: match error.kind {
            ToolErrorKind::InvalidInput => types::ToolErrorKind::InvalidInput,
            ToolErrorKind::Denied => types::ToolErrorKind::Denied,
            ToolErrorKind::Unavailable => types::ToolErrorKind::Unavailable,
            ToolErrorKind::Failed => types::ToolErrorKind::Failed,
        },
        code: error.code,
        message: error.message,
        detail: serde_json::Value::Object(error.detail).to_string(),
    })
}
