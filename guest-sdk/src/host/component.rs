//! The seam over the imports of the component.

use std::rc::Rc;

use bindings::baton::runtime::{budget, files, gates, report, tasks, toolbox, tools, types};

use super::{
    BudgetHost, Delivery, FileHost, GateHost, RawAgent, RawGate, RawSelection, RawTool,
    RawWorkflow, ReportHost, TaskHost, ToolHost, ToolboxHost, WaitError,
};
use crate::budget::Amounts;
use crate::call::ToolInfo;
use crate::error::TaskError;
use crate::failure::{Failure, FailureKind, Refusal, RefusalKind};
use crate::files::{Content, Entry, EntryKind, FileError, FileErrorKind, Found, Listing, Matches};
use crate::handoff::{Artifact, Evidence, Handoff, LineRange, Usage};
use crate::message::Message;
use crate::report::Level;
use crate::task::{Task, TaskOptions};
use crate::tool::{ToolError, ToolErrorKind};

/// Imports of both worlds. What a guest does not use is not linked, so an agent imports no
/// `tasks`; the exports are generated in the guest's own crate, because a world's description is
/// linked with the crate that generated it.
#[allow(
    unsafe_code,
    missing_docs,
    clippy::all,
    clippy::allow_attributes_without_reason,
    reason = "generated from wit/"
)]
pub mod bindings {
    wit_bindgen::generate!({
        path: "../wit",
        inline: "
            package baton:guest;
            world imports {
                import baton:runtime/types@0.1.2;
                import baton:runtime/tasks@0.1.2;
                import baton:runtime/files@0.1.2;
                import baton:runtime/report@0.1.2;
                import baton:runtime/budget@0.1.2;
                import baton:runtime/tools@0.1.2;
                import baton:runtime/gates@0.1.2;
                import baton:runtime/toolbox@0.1.2;
            }
        ",
        generate_unused_types: true,
        generate_all,
    });
}

/// The host of a component.
pub(crate) struct Component;

impl Component {
    pub(crate) fn new() -> Rc<Self> {
        Rc::new(Self)
    }
}

impl TaskHost for Component {
    fn spawn_agent(&self, spec: &RawAgent) -> Result<u64, Refusal> {
        let spec = tasks::AgentSpec {
            prompt: spec.prompt.clone(),
            input: spec.input.clone(),
            schema: spec.schema.clone(),
            options: spec.options.clone(),
        };
        tasks::spawn_agent(&spec).map_err(refusal)
    }

    fn spawn_workflow(&self, spec: &RawWorkflow) -> Result<u64, Refusal> {
        let spec = tasks::WorkflowSpec {
            name: spec.name.clone(),
            input: spec.input.clone(),
            options: spec.options.clone(),
        };
        tasks::spawn_workflow(&spec).map_err(refusal)
    }

    fn sleep(&self, milliseconds: u64) -> Result<u64, Refusal> {
        tasks::sleep(milliseconds).map_err(refusal)
    }

    fn wait_any(&self, list: Option<&[u64]>) -> Result<Delivery, WaitError> {
        match tasks::wait_any(list) {
            Ok(tasks::Delivery::Completion(completion)) => Ok(Delivery::Completion {
                task: completion.task,
                outcome: completion.outcome.map(handoff).map_err(failure),
                usage: usage(completion.usage),
            }),
            Ok(tasks::Delivery::Message(message)) => {
                Ok(Delivery::Message(Message { sender: message.sender, text: message.text }))
            }
            Err(tasks::WaitError::NothingToWaitFor) => Err(WaitError::NothingToWaitFor),
            Err(tasks::WaitError::UnknownTask) => Err(WaitError::UnknownTask),
        }
    }

    fn cancel(&self, task: u64) {
        tasks::cancel(task);
    }
}

impl ToolHost for Component {
    fn spawn_tool(&self, spec: &RawTool) -> Result<u64, Refusal> {
        tools::spawn_tool(&raw_tool(spec)).map_err(refusal)
    }

    fn available(&self) -> Vec<ToolInfo> {
        tools::available().into_iter().map(tool_info).collect()
    }
}

impl GateHost for Component {
    fn ask(&self, spec: &RawGate) -> Result<u64, Refusal> {
        gates::ask(&spec.question, &spec.options).map_err(refusal)
    }

    fn listen(&self) {
        gates::listen();
    }
}

impl ToolboxHost for Component {
    fn call(&self, spec: &RawTool) -> Result<String, TaskError> {
        toolbox::call(&raw_tool(spec)).map_err(|error| match error {
            toolbox::CallError::Refused(raw) => TaskError::Refused(refusal(raw)),
            toolbox::CallError::Failed(raw) => TaskError::Failed(failure(raw)),
        })
    }

    fn offered(&self) -> Vec<ToolInfo> {
        toolbox::available().into_iter().map(tool_info).collect()
    }
}

impl BudgetHost for Component {
    fn granted(&self) -> Amounts {
        amounts(budget::granted())
    }

    fn spent(&self) -> Amounts {
        amounts(budget::spent())
    }

    fn left(&self) -> Amounts {
        amounts(budget::left())
    }
}

impl FileHost for Component {
    fn read(&self, path: &str) -> Result<Content, FileError> {
        files::read(path)
            .map(|content| Content { bytes: content.bytes, digest: content.digest })
            .map_err(file_error)
    }

    fn list(&self, selection: &RawSelection) -> Result<Listing, FileError> {
        let listing = files::list(&raw_selection(selection)).map_err(file_error)?;
        let entries = listing.entries.into_iter().map(entry).collect();
        Ok(Listing { entries, truncated: listing.truncated })
    }

    fn search(&self, pattern: &str, selection: &RawSelection) -> Result<Matches, FileError> {
        let found = files::search(pattern, &raw_selection(selection)).map_err(file_error)?;
        let one = |found: files::Found| Found {
            path: found.path,
            line: found.line,
            column: found.column,
            text: found.text,
        };
        Ok(Matches {
            matches: found.matches.into_iter().map(one).collect(),
            truncated: found.truncated,
        })
    }

    fn stat(&self, path: &str) -> Result<Entry, FileError> {
        files::stat(path).map(entry).map_err(file_error)
    }
}

impl ReportHost for Component {
    fn phase(&self, title: &str) {
        report::phase(title);
    }

    fn log(&self, level: Level, text: &str) {
        let level = match level {
            Level::Debug => report::Level::Debug,
            Level::Info => report::Level::Info,
            Level::Warn => report::Level::Warn,
            Level::Error => report::Level::Error,
        };
        report::log(level, text);
    }

    fn progress(&self, done: u64, total: Option<u64>) {
        report::progress(done, total);
    }

    fn artifact(&self, name: &str, media_type: &str, bytes: &[u8]) -> Result<String, String> {
        report::artifact(name, media_type, bytes)
    }
}

fn raw_tool(spec: &RawTool) -> tools::ToolSpec {
    tools::ToolSpec {
        name: spec.name.clone(),
        input: spec.input.clone(),
        options: spec.options.clone(),
    }
}

fn tool_info(raw: tools::ToolInfo) -> ToolInfo {
    let schema = |text: Option<String>| text.and_then(|text| serde_json::from_str(&text).ok());
    ToolInfo {
        name: raw.name,
        description: raw.description,
        input: schema(raw.input),
        output: schema(raw.output),
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

fn amounts(raw: budget::Amounts) -> Amounts {
    Amounts { agents: raw.agents, tokens: raw.tokens, cost_micro_usd: raw.cost_micro_usd }
}

fn usage(raw: tasks::Usage) -> Usage {
    Usage {
        agents: raw.agents,
        input_tokens: raw.input_tokens,
        output_tokens: raw.output_tokens,
        cached_tokens: raw.cached_tokens,
        cost_micro_usd: raw.cost_micro_usd,
    }
}

fn raw_selection(selection: &RawSelection) -> files::Selection {
    files::Selection {
        include: selection.include.clone(),
        exclude: selection.exclude.clone(),
        options: selection.options.clone(),
    }
}

fn entry(raw: files::Entry) -> Entry {
    let kind = match raw.kind {
        files::EntryKind::File => EntryKind::File,
        files::EntryKind::Directory => EntryKind::Directory,
    };
    Entry { path: raw.path, kind, size: raw.size }
}

fn file_error(raw: files::FileError) -> FileError {
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

fn refusal(raw: types::Refusal) -> Refusal {
    let kind = match raw.kind {
        types::RefusalKind::Invalid => RefusalKind::Invalid,
        types::RefusalKind::Denied => RefusalKind::Denied,
        types::RefusalKind::Limit => RefusalKind::Limit,
        types::RefusalKind::Budget => RefusalKind::Budget,
        types::RefusalKind::NotFound => RefusalKind::NotFound,
    };
    Refusal { kind, code: raw.code, message: raw.message, hint: raw.hint }
}

fn handoff(raw: types::Handoff) -> Handoff<String> {
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

fn failure(raw: types::Failure) -> Failure {
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

/// The way back: what the guest returns.
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
