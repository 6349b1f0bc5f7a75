//! What stands still or has no result, and what makes it go on.

use baton_agents::NARROWED;
use baton_core::gate::GateSpec;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::ids::Timestamp;
use baton_core::record::Pause;

use super::phrases::{short, told};
use super::words::Telling;
use crate::error::CliError;
use crate::gates::approve;
use crate::pause::{self, clock};
use crate::text::clean;

/// Why something has no result, and what makes it have one.
pub(super) fn failed(failure: &Failure, of: Telling<'_>) -> (String, Option<String>) {
    let told = told(failure);
    let again = format!("`baton retry {}` does it again, with everything else reused", of.id());
    let (words, hint) = match failure.kind {
        FailureKind::Failed => (format!("it failed: {told}"), again),
        FailureKind::Cancelled => (format!("it was {}", short(&failure.message)), String::new()),
        FailureKind::TimedOut => (format!("its time was over: {told}"), again),
        FailureKind::Limit => (
            format!("it exceeded a limit: {told}"),
            "`baton doctor` lists the limits; --limit NAME=VALUE of `baton run` sets one".into(),
        ),
        FailureKind::Refused if failure.code == NARROWED => (
            format!("it was ended in the middle of what must not be done twice: {told}"),
            "look at what it did outside before you do it again".into(),
        ),
        FailureKind::Refused => (
            format!("it tried what it may not do and could not go on: {told}"),
            "--grant of `baton run` grants it, if you want that and no [deny] takes it away".into(),
        ),
        FailureKind::InvalidOutput => {
            (format!("its output did not fit its schema, however often it tried: {told}"), again)
        }
        FailureKind::InDoubt => (
            format!("nobody knows whether it was done, and it must not be done twice: {told}"),
            "look at what it did outside before you do it again".into(),
        ),
        FailureKind::Internal => (
            format!("Baton itself is at fault: {told}"),
            format!("`baton journal {}` shows what led to it", of.run),
        ),
    };
    let hint = match (of.task.is_root(), failure.kind) {
        // A run as a whole is no task that could be done again.
        (true, FailureKind::Failed | FailureKind::TimedOut | FailureKind::InvalidOutput) => {
            format!("`baton run … --reuse {}` does again only what failed or changed", of.run)
        }
        _ => hint,
    };
    (words, Some(hint).filter(|hint| !hint.is_empty()))
}

/// Why a run is paused, and what makes it go on.
pub(super) fn paused(
    reason: &Pause,
    asked: Option<&GateSpec>,
    of: Telling<'_>,
) -> (String, Option<String>) {
    let CliError::Coded(coded) = pause::error_at(of.run, reason, asked, of.now) else {
        return (pause::words(reason, of.now), None);
    };
    // The run stands above.
    let run = of.run.as_str();
    let message = coded.message.strip_prefix(run).unwrap_or(&coded.message);
    (format!("it {}", clean(message.trim_start())), coded.hint)
}

pub(super) fn gate(
    spec: &GateSpec,
    due: Option<Timestamp>,
    of: Telling<'_>,
) -> (String, Option<String>) {
    let id = of.id();
    let mut text = format!("it waits for a person: \u{201c}{}\u{201d}", short(&spec.question));
    let options = &spec.options;
    if !options.choices.is_empty() {
        let choices: Vec<String> = options.choices.iter().map(|choice| short(choice)).collect();
        text.push_str(&format!("; choices: {}", choices.join(", ")));
    }
    if let Some(due) = due {
        let then = if options.default.is_some() { "the default is taken" } else { "it fails" };
        text.push_str(&format!("; {then} {}", clock(due, of.now)));
    }
    // Where nobody drives it, an answer alone waits for whoever does next.
    let resume = if of.owned { "" } else { " --resume" };
    let approve = approve(&id, spec);
    (text, Some(format!("`{approve}{resume}` or `baton reject {id}{resume}`")))
}
