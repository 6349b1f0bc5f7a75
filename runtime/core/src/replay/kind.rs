//! Kinds of commands, and what they ask for in a few words.

use crate::files::FileRequest;
use crate::record::Work;
use crate::words::shorten;

/// Kind of a command that asks for an agent.
pub(crate) const SPAWN_AGENT: &str = "spawn-agent";
/// Kind of a command that asks for a workflow.
pub(crate) const SPAWN_WORKFLOW: &str = "spawn-workflow";
/// Kind of a command that calls a tool.
pub(crate) const SPAWN_TOOL: &str = "spawn-tool";
/// Kind of a command that starts a timer.
pub(crate) const SLEEP: &str = "sleep";
/// Kind of a command that asks a person.
pub(crate) const GATE: &str = "gate";
/// Kind of a command that takes messages.
pub(crate) const LISTEN: &str = "listen";
/// Kind of a recorded refusal: which of them was refused, only the digest says.
pub(crate) const REFUSED: &str = "spawn";
/// Kind of a cancellation.
pub(crate) const CANCEL: &str = "cancel";
/// Kind of a file request.
pub(crate) const FILES: &str = "files";
/// What stands for a command where a workflow returned.
pub(crate) const END: &str = "end";
/// What stands for a command where a workflow waits for something that cannot come before it.
pub(crate) const WAIT: &str = "wait";
/// Kind of a report.
pub(crate) const REPORT: &str = "report";

/// Whether a recorded kind is that of an attempt.
pub(crate) fn same_kind(recorded: &str, attempted: &str) -> bool {
    recorded == attempted
        || (recorded == REFUSED
            && [SPAWN_AGENT, SPAWN_WORKFLOW, SPAWN_TOOL, SLEEP, GATE].contains(&attempted))
}

/// Kind of the command that asked for this work.
pub(crate) fn kind_of_work(work: &Work) -> &'static str {
    match work {
        Work::Agent { .. } => SPAWN_AGENT,
        Work::Tool { .. } => SPAWN_TOOL,
        Work::Workflow { .. } => SPAWN_WORKFLOW,
        Work::Sleep { .. } => SLEEP,
        Work::Gate { .. } => GATE,
    }
}

/// Work in a few words.
pub(crate) fn summary_of_work(work: &Work) -> String {
    match work {
        Work::Agent { spec, .. } => {
            let text = spec.options.label.as_deref().unwrap_or(&spec.prompt);
            format!("agent `{}`", shorten(text))
        }
        Work::Tool { tool, .. } => format!("tool `{}`", shorten(tool)),
        Work::Workflow { spec, .. } => format!("workflow `{}`", shorten(&spec.name)),
        Work::Sleep { .. } => "timer".into(),
        Work::Gate { spec, .. } => format!("gate `{}`", shorten(&spec.question)),
    }
}

/// A file request in a few words.
pub(crate) fn summary_of_request(request: &FileRequest) -> String {
    match request {
        FileRequest::Read { path } => format!("read `{}`", shorten(path)),
        FileRequest::List { .. } => "list".into(),
        FileRequest::Search { pattern, .. } => format!("search `{}`", shorten(pattern)),
        FileRequest::Stat { path } => format!("stat `{}`", shorten(path)),
    }
}
