//! `baton show`.

use baton_core::handoff::{Evidence, Outcome};
use baton_core::ids::{TaskId, Timestamp};
use baton_core::record::{Program, RunStarted, Work};
use baton_core::tool::Denial;
use baton_journal::rows::{RunRow, TaskRow};

use super::record::{denied, effect_word};
use super::{state, usage};
use crate::consent::patterns;
use crate::output::{BOLD, DIM};
use crate::reuse::Decision;
use crate::shapes::moment;
use crate::text::{clean, duration, one_line, pad, paint};

/// Columns of the names on the left.
const NAME: usize = 10;

/// A run with what it began with and how it ended.
#[must_use]
pub fn run(row: &RunRow, started: &RunStarted, result: Option<&Outcome>, now: Timestamp) -> String {
    let (sign, word, style) = state(row.state, row.owned);
    let mut out = format!(
        "{} {} {}\n",
        paint(style, sign),
        paint(BOLD, row.run.as_str()),
        paint(style, word)
    );
    let until = if row.owned && !row.state.is_final() { now } else { row.updated };
    let mut fact = |name: &str, value: &str| out.push_str(&line(name, value));
    let Program { script, component, .. } = &started.program;
    let identity = script.as_ref().unwrap_or(component).short();
    fact("workflow", &format!("{} {identity}", one_line(&row.name)));
    fact("script", started.script.as_ref().map_or("", |script| script.path.as_str()));
    fact("started", &format!("{} by {}", moment(row.created), one_line(&started.by)));
    fact("took", &duration(until.since(row.created)));
    if let Some(reason) = &row.paused {
        fact("paused", &one_line(reason));
    }
    fact("root", started.root.as_deref().unwrap_or("none"));
    if let Some(read) = &started.scope.read {
        let layers: Vec<String> = read.layers.iter().map(patterns).collect();
        fact("reads", layers.first().map_or("", String::as_str));
    }
    let tools: Vec<&str> = started.tools.known.keys().map(String::as_str).collect();
    fact("tools", &tools.join(" "));
    fact("tasks", &format!("{}, {} failed", row.tasks, row.failed_tasks));
    fact("used", &usage(&row.usage));
    fact("records", &row.records.to_string());
    if let Some(reuse) = &started.reuse {
        let how = if reuse.stale { ", whatever the files are" } else { "" };
        fact("reuses", &format!("{}{how}", reuse.run));
    }
    if let Some((batch, number)) = &row.batch {
        fact("batch", &format!("{batch} line {number}"));
    }
    fact("input", started.input.as_str());
    out.push_str(&outcome(result));
    out
}

/// What records tell of a task beside its row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Story<'a> {
    /// What was asked.
    pub work: Option<&'a Work>,
    /// What became of it in a run that reuses another.
    pub decision: Option<&'a Decision>,
    /// What it tried and may not do.
    pub denials: &'a [Denial],
    /// How it ended.
    pub result: Option<&'a Outcome>,
}

/// A task with what was asked and how it ended.
#[must_use]
pub fn task(run: &RunRow, row: &TaskRow, story: &Story<'_>, now: Timestamp) -> String {
    let Story { work, decision, denials, result } = *story;
    let (sign, word, style) = state(row.state, run.owned);
    let id = TaskId { run: run.run.clone(), path: row.path.clone() };
    let mut out =
        format!("{} {} {}\n", paint(style, sign), paint(BOLD, &id.to_string()), paint(style, word));
    let mut fact = |name: &str, value: &str| out.push_str(&line(name, value));
    fact("kind", &row.kind);
    fact("label", row.label.as_deref().unwrap_or_default());
    fact("phase", row.phase.as_deref().unwrap_or_default());
    fact("backend", row.backend.as_deref().unwrap_or_default());
    match decision {
        Some(Decision::Reused(from)) => fact("reused", &format!("from {from}")),
        Some(Decision::Performed(miss)) => fact("not reused", &miss.to_string()),
        None => {}
    }
    if row.attempts > 0 {
        fact("attempts", &row.attempts.to_string());
    }
    fact("spawned", &moment(row.spawned));
    if let Some(started) = row.started {
        fact("took", &duration(row.ended.unwrap_or(now).since(started)));
    }
    fact("used", &usage(&row.usage));
    match work {
        Some(Work::Agent { spec, .. }) => {
            fact("prompt", &spec.prompt);
            fact("input", spec.input.as_ref().map_or("", |input| input.as_str()));
            fact("schema", spec.schema.as_ref().map_or("", |schema| schema.as_str()));
        }
        Some(Work::Tool { spec, authority, effect, .. }) => {
            fact("effect", effect_word(*effect));
            for may in crate::consent::words::authority(authority) {
                fact("may", &may);
            }
            fact("input", spec.input.as_str());
        }
        Some(Work::Workflow { spec, component, .. }) => {
            fact("component", &component.short());
            fact("input", spec.input.as_str());
        }
        Some(Work::Sleep { due }) => fact("due", &moment(*due)),
        None => {}
    }
    for denial in denials {
        fact("denied", &denied(denial));
    }
    out.push_str(&outcome(result));
    out
}

fn outcome(result: Option<&Outcome>) -> String {
    match result {
        None => String::new(),
        Some(Outcome::Failed(failure)) => {
            let text = format!("{}: {failure}", failure.kind.as_str());
            let mut out = line("failure", &one_line(&text));
            if !failure.detail.is_null() && failure.detail.as_str() != "{}" {
                out.push_str(&line("detail", failure.detail.as_str()));
            }
            out
        }
        Some(Outcome::Done(handoff)) => {
            let mut out = line("summary", &handoff.summary);
            for Evidence { path, lines, claim, .. } in &handoff.evidence {
                let place = lines
                    .map_or_else(String::new, |range| format!(":{}-{}", range.first, range.last));
                out.push_str(&line("evidence", &format!("{path}{place} {claim}")));
            }
            for artifact in &handoff.artifacts {
                let digest = artifact.digest.short();
                out.push_str(&line(
                    "artifact",
                    &format!("{} {} {digest}", artifact.name, artifact.media_type),
                ));
            }
            for follow_up in &handoff.follow_ups {
                out.push_str(&line("next", follow_up));
            }
            out.push_str(&line("output", handoff.output.as_str()));
            out
        }
    }
}

/// A name and a value, nothing if the value is empty. Further lines of a value are indented.
fn line(name: &str, value: &str) -> String {
    let value = clean(value);
    let mut lines = value.trim_end().lines();
    let Some(first) = lines.next() else { return String::new() };
    let mut out = format!("  {} {first}\n", paint(DIM, &pad(name, NAME)));
    for more in lines {
        out.push_str(&format!("  {} {more}\n", " ".repeat(NAME)));
    }
    out
}
