//! Where a run stands when a command lets go of it: result, error and exit code.

use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::RunId;
use baton_core::json::Json;
use baton_engine::{EngineError, RunReport};
use baton_journal::rows::State;

use serde::Deserialize;

use crate::args::{Format, ResultArgs};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::failure::of_script;
use crate::forecast;
use crate::output::{BAD, DIM, GOOD, note, stdout};
use crate::pause::{self, PauseShape};
use crate::shapes::{self, ErrorShape, ResultShape};
use crate::text::{clean, one_line, paint, plural, signed_dollars};
use crate::totals::Totals;

impl From<EngineError> for CliError {
    fn from(error: EngineError) -> Self {
        let error = match error {
            EngineError::Journal(error) => return error.into(),
            error => error,
        };
        let (code, hint) = match &error {
            EngineError::Journal(_) => (Code::Journal, "`baton doctor` checks the journal"),
            EngineError::Diverged(_) => {
                (Code::Diverged, "nothing new was started; leave out --workflow if it was given")
            }
            EngineError::Records { .. } => {
                (Code::Damaged, "`baton journal --verify` checks everything")
            }
            EngineError::Component { .. } | EngineError::MissingPart(_) => {
                (Code::Component, "`baton check FILE` says what is wrong with it")
            }
            EngineError::Root { .. } => (Code::File, "--root takes a directory that you may read"),
            EngineError::Ended(_) => (Code::Ended, "`baton show RUN` shows its result"),
            EngineError::Stopping => (Code::Interrupted, "`baton resume RUN` goes on"),
            EngineError::Internal(_) => (Code::Internal, "`baton resume RUN` goes on where it was"),
        };
        let coded = Self::new(code, error.to_string()).hint(hint);
        match std::error::Error::source(&error) {
            Some(source) => coded.because(source),
            None => coded,
        }
    }
}

/// Why a run has no result, as an error; none if it is done.
#[must_use]
pub fn verdict(report: &mut RunReport) -> Option<CliError> {
    if let Some(error) = report.error.take() {
        return Some(error.into());
    }
    let run = report.run.clone();
    let goes_on = format!("`baton resume {run}` goes on");
    let (code, message, hint) = match (report.state, &report.outcome, &report.pause) {
        (State::Done, ..) => return None,
        (State::Cancelled, ..) => {
            (Code::RunCancelled, format!("{run} was cancelled"), "a new run starts over".into())
        }
        (_, Some(Outcome::Failed(failure)), _) => {
            if let Some(error) = script_failed(failure, &run) {
                return Some(error);
            }
            let (code, hint) = failed(failure, &run);
            (code, format!("{run} failed: {failure}"), hint)
        }
        (_, _, Some(reason)) => return Some(pause::error(&run, reason, pause::now())),
        (State::Waiting, ..) => (Code::Paused, format!("{run} waits for a person"), goes_on),
        _ => (Code::Interrupted, format!("{run} was interrupted"), goes_on),
    };
    Some(CliError::new(code, message).hint(hint))
}

/// The error for a script that failed.
fn script_failed(failure: &Failure, run: &RunId) -> Option<CliError> {
    let told = of_script(failure)?;
    // On one line: a script must not write lines that look like hints of ours.
    let message = format!("{run} failed: {}", one_line(&failure.to_string()));
    let hint = match told.code {
        Code::ScriptStuck => "every promise that is awaited must be settled by something".into(),
        Code::ScriptResult => "return text, numbers, lists and plain objects".into(),
        Code::ScriptRefused => "`baton check` shows everything that is wrong with a script".into(),
        _ => format!("`baton tree {run}` shows what led to it"),
    };
    Some(CliError::new(told.code, message).frame(told.frame).hint(hint))
}

fn failed(failure: &Failure, run: &RunId) -> (Code, String) {
    let (code, hint) = by_kind(failure.kind, run);
    // A guest hands codes on and could make them up, so the words are Baton's own.
    let hint = match failure.code.as_str() {
        "no-backend" => {
            "choose who does the work: --agent command:PROGRAM or component:NAME".into()
        }
        "read-not-granted" => "--root DIR grants a directory to read".into(),
        _ => hint,
    };
    (code, hint)
}

fn by_kind(kind: FailureKind, run: &RunId) -> (Code, String) {
    match kind {
        FailureKind::Limit => (
            Code::LimitReached,
            "`baton doctor` lists the limits; --limit NAME=VALUE sets one in a new run".into(),
        ),
        FailureKind::Refused => {
            (Code::RunRefused, "`baton check WORKFLOW` shows what it asks for".into())
        }
        FailureKind::Internal => {
            (Code::Internal, format!("`baton journal {run}` shows what led to it"))
        }
        FailureKind::Failed
        | FailureKind::Cancelled
        | FailureKind::TimedOut
        | FailureKind::InvalidOutput
        | FailureKind::InDoubt => {
            (Code::RunFailed, format!("`baton tree {run}` shows what led to it"))
        }
    }
}

/// Shows where a run stands: the result on standard output, everything else on standard error.
///
/// # Errors
/// Why the run has no result.
pub fn show(mut report: RunReport, totals: &Totals, how: &ResultArgs) -> Result<Exit> {
    let error = match (&report.error, &report.outcome, &report.pause) {
        // The records, which were seen here, say what a gate asks.
        (None, None, Some(reason)) if totals.asked(reason).is_some() => {
            let asked = totals.asked(reason);
            Some(pause::error_at(&report.run, reason, asked, pause::now()))
        }
        _ => verdict(&mut report),
    };
    if how.json {
        let mut shape = shape(&report, error.as_ref(), None);
        shape.pause = report
            .pause
            .as_ref()
            .map(|reason| PauseShape::new(&report.run, reason, totals.asked(reason)));
        shape.usage = shape.usage.saved(Some(&totals.ladders));
        shape.forked_from = totals.forked_from.as_ref();
        shape.forecast = totals.forecast.as_deref().map(Into::into);
        let shown = stdout(&shapes::line(&shape)?);
        // Nobody reads any more: the exit code still says how the run ended.
        if !matches!(shown, Err(CliError::BrokenPipe)) {
            shown?;
        }
    } else if let Some(Outcome::Done(handoff)) = &report.outcome {
        stdout(&body(handoff, how.format))?;
        tell_done(&report, totals, handoff);
    } else {
        note(&paint(DIM, &footer(&report, totals)));
    }
    match error {
        Some(error) => Err(error),
        None if how.strict && report.failed_tasks > 0 => Ok(Exit::Degraded),
        None => Ok(Exit::Done),
    }
}

/// The JSON object of a command that failed before there was a run.
///
/// # Errors
/// When standard output cannot be written.
pub fn show_failed_start(error: &CliError) -> Result<()> {
    let shape = ResultShape {
        line: None,
        run: None,
        state: State::Failed,
        output: &Json::null(),
        summary: "",
        evidence: &[],
        artifacts: &[],
        follow_ups: &[],
        usage: (&Usage::default()).into(),
        reused: 0,
        forked_from: None,
        forecast: None,
        failed_tasks: 0,
        degraded: false,
        pause: None,
        error: ErrorShape::new(error, None),
    };
    stdout(&shapes::line(&shape)?)
}

/// The JSON shape of where a run stands.
#[must_use]
pub fn shape<'a>(
    report: &'a RunReport,
    error: Option<&CliError>,
    line: Option<u64>,
) -> ResultShape<'a> {
    static NOTHING: std::sync::OnceLock<Handoff> = std::sync::OnceLock::new();
    let handoff = report
        .outcome
        .as_ref()
        .and_then(Outcome::handoff)
        .unwrap_or_else(|| NOTHING.get_or_init(Handoff::default));
    ResultShape {
        line,
        run: Some(&report.run),
        state: report.state,
        output: &handoff.output,
        summary: &handoff.summary,
        evidence: &handoff.evidence,
        artifacts: &handoff.artifacts,
        follow_ups: &handoff.follow_ups,
        usage: (&report.usage).into(),
        reused: report.reused,
        forked_from: None,
        forecast: None,
        failed_tasks: report.failed_tasks,
        degraded: report.state == State::Done && report.failed_tasks > 0,
        pause: report.pause.as_ref().map(|reason| PauseShape::new(&report.run, reason, None)),
        error: error.and_then(|error| ErrorShape::new(error, report.outcome.as_ref())),
    }
}

/// The output of a workflow in a format, with a line feed at its end.
fn body(handoff: &Handoff, format: Format) -> String {
    let value = handoff.output.value();
    let text = match format {
        Format::Json => pretty(&value),
        Format::Text | Format::Md => audit(&value, format).unwrap_or_else(|| match &value {
            serde_json::Value::String(text) => clean(text).into_owned(),
            serde_json::Value::Null => clean(&handoff.summary).into_owned(),
            other if format == Format::Md => format!("```json\n{}\n```", pretty(other)),
            other => pretty(other),
        }),
    };
    if text.is_empty() || text.ends_with('\n') { text } else { format!("{text}\n") }
}

/// The report of an audit for people, if the output is one.
fn audit(value: &serde_json::Value, format: Format) -> Option<String> {
    let report = docs_audit_analysis::Report::deserialize(value).ok()?;
    let text = match format {
        Format::Md => docs_audit_analysis::render_markdown(&report),
        Format::Text | Format::Json => docs_audit_analysis::render_text(&report),
    };
    Some(clean(&text).into_owned())
}

fn pretty(value: &serde_json::Value) -> String {
    // JSON escapes control characters below U+0020 only; the rest is cleaned as text.
    let text = serde_json::to_string_pretty(value).unwrap_or_default();
    clean(&text).into_owned()
}

fn tell_done(report: &RunReport, totals: &Totals, handoff: &Handoff) {
    if !handoff.summary.is_empty() && !handoff.output.is_null() {
        note(&format!("{} {}", paint(GOOD, "✓"), one_line(&handoff.summary)));
    }
    if report.failed_tasks > 0 {
        let failed = plural(report.failed_tasks, "task");
        note(&format!(
            "{} {failed} failed: `baton tree {}` shows which",
            paint(BAD, "!"),
            report.run
        ));
    }
    for follow_up in &handoff.follow_ups {
        note(&format!("  next: {}", one_line(follow_up)));
    }
    note(&paint(DIM, &footer(report, totals)));
}

fn footer(report: &RunReport, totals: &Totals) -> String {
    let mut parts = vec![report.run.to_string()];
    parts.extend(forecast::footer(&report.usage, totals.forecast.as_deref()));
    if !totals.ladders.passed.is_empty() {
        parts.push(format!("{} saved", signed_dollars(totals.ladders.saved_micro_usd)));
    }
    if report.reused > 0 {
        parts.push(format!("{} reused", report.reused));
    }
    parts.join(" · ")
}

#[cfg(test)]
mod tests;
