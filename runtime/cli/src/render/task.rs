//! `baton show`.

use baton_core::budget::{Cap, Caps};
use baton_core::gate::GateSpec;
use baton_core::handoff::{Evidence, Outcome, Usage};
use baton_core::ids::{RunId, TaskId, Timestamp};
use baton_core::record::{BackendChoice, Pause, Program, RunStarted, Work};
use baton_core::tool::Denial;
use baton_journal::rows::{RunRow, TaskRow};

use super::record::{denied, effect_word};
use super::{detailed, state, totals, usage};
use crate::consent::patterns;
use crate::error::CliError;
use crate::forecast;
use crate::output::{BOLD, DIM};
use crate::pause;
use crate::reuse::Decision;
use crate::shapes::moment;
use crate::text::{clean, count, dollars, duration, one_line, pad, paint, plural};
use crate::totals::Totals;

/// Columns of the names on the left.
const NAME: usize = 10;

/// What is known of a run.
#[derive(Clone, Copy, Debug)]
pub struct Run<'a> {
    /// Its row.
    pub row: &'a RunRow,
    /// What it began with.
    pub started: &'a RunStarted,
    /// Why it is paused, if it is.
    pub pause: Option<&'a Pause>,
    /// How it ended, if it did.
    pub result: Option<&'a Outcome>,
}

/// A run with what it began with, what it consumed and how it ended.
#[must_use]
pub fn run(run: Run<'_>, totals: &Totals, now: Timestamp) -> String {
    let Run { row, started, pause, result } = run;
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
    if let Some(reason) = pause {
        for (name, words) in paused(&row.run, reason, totals.asked(reason), now) {
            fact(name, &words);
        }
    }
    fact("root", started.root.as_deref().unwrap_or("none"));
    if let Some(read) = &started.scope.read {
        let layers: Vec<String> = read.layers.iter().map(patterns).collect();
        fact("reads", layers.first().map_or("", String::as_str));
    }
    let tools: Vec<&str> = started.tools.known.keys().map(String::as_str).collect();
    fact("tools", &tools.join(" "));
    fact("agents", &performers(started).join("\n"));
    for (there, here) in &totals.programs {
        fact("programs", &format!("{here} in place of {there}"));
    }
    fact("tasks", &format!("{}, {} failed", row.tasks, row.failed_tasks));
    match &started.forecast {
        Some(made) => fact("used", &forecast::against(&row.usage, made).join(" · ")),
        None => fact("used", &usage(&row.usage)),
    }
    if let Some(caps) = totals.caps.as_ref().map(caps).filter(|caps| !caps.is_empty()) {
        fact("caps", &caps);
    }
    out.push_str(&totals::totals(totals));
    let mut fact = |name: &str, value: &str| out.push_str(&line(name, value));
    fact("records", &row.records.to_string());
    if let Some(run) = &started.follows {
        fact("follows", run.as_str());
    }
    if let Some(fork) = &started.fork {
        let edit = fork.edit.as_deref().map(|edit| format!("; edited: {}", one_line(edit)));
        let (run, at, records) = (&fork.run, fork.at, plural(fork.records, "record"));
        let edit = edit.unwrap_or_default();
        fact("forked", &format!("from {run} at record {at}; {records} shared{edit}"));
    }
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

/// Who performs the agents of a run, as it began: by type, and whatever else there is.
fn performers(started: &RunStarted) -> Vec<String> {
    let BackendChoice { all, by_type, default } = &started.backends;
    if !started.scope.agents && !started.scope.workflows {
        return Vec::new();
    }
    if let Some(all) = all {
        return vec![format!("every agent: {}", one_line(all))];
    }
    let types = &started.program.agent_types;
    let own = types.iter().filter(|(name, _)| !by_type.contains_key(*name));
    let own = own.filter_map(|(name, of_type)| Some((name, of_type.backend.as_ref()?)));
    let named = by_type.iter().chain(own);
    let named = named.map(|(name, backend)| format!("{}: {}", one_line(name), one_line(backend)));
    let rest =
        default.iter().map(|backend| format!("every agent not named below: {}", one_line(backend)));
    rest.chain(named).collect()
}

/// What records tell of a task beside its row.
#[derive(Clone, Copy, Debug, Default)]
pub struct Story<'a> {
    /// What was asked.
    pub work: Option<&'a Work>,
    /// What became of it in a run that reuses another.
    pub decision: Option<&'a Decision>,
    /// What it tried and may not do, where `told` does not say it.
    pub denials: &'a [Denial],
    /// What was said and done in it, as lines.
    pub told: &'a str,
    /// How it ended.
    pub result: Option<&'a Outcome>,
}

/// A task with what was asked and how it ended.
#[must_use]
pub fn task(run: &RunRow, row: &TaskRow, story: &Story<'_>, now: Timestamp) -> String {
    let Story { work, decision, denials, told, result } = *story;
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
        let until = if run.owned { now } else { run.updated };
        fact("took", &duration(row.ended.unwrap_or(until).since(started)));
    }
    fact("used", &consumed(row));
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
        Some(Work::Gate { spec, due }) => {
            fact("question", &spec.question);
            if let Some(details) = &spec.options.details {
                fact("details", details);
            }
            if !spec.options.choices.is_empty() {
                fact("choices", &spec.options.choices.join(", "));
            }
            if let Some(schema) = &spec.options.schema {
                fact("schema", schema.as_str());
            }
            if let Some(due) = due {
                fact("deadline", &moment(*due));
            }
        }
        None => {}
    }
    for denial in denials {
        fact("denied", &denied(denial));
    }
    out.push_str(told);
    out.push_str(&outcome(result));
    out
}

/// What a task consumed, and may consume in the call that is under way.
fn consumed(row: &TaskRow) -> String {
    let agents = usage(&Usage { agents: row.usage.agents, ..Usage::default() });
    let held = match detailed(&row.reserved) {
        held if held.is_empty() || row.state.is_final() => String::new(),
        held => format!("the call under way takes up to {held}"),
    };
    let parts = [agents, detailed(&row.usage), held].into_iter().filter(|part| !part.is_empty());
    parts.collect::<Vec<_>>().join(" · ")
}

/// Why a run is paused, and what to do about it.
fn paused(
    run: &RunId,
    reason: &Pause,
    asked: Option<&GateSpec>,
    now: Timestamp,
) -> Vec<(&'static str, String)> {
    let CliError::Coded(coded) = pause::error_at(run, reason, asked, now) else {
        return Vec::new();
    };
    // The run stands above.
    let message = coded.message.strip_prefix(run.as_str()).unwrap_or(&coded.message).trim_start();
    let message = message.strip_prefix("is paused").unwrap_or(message);
    let message = one_line(message.trim_start_matches([':', ' ']));
    let hint = coded.hint.unwrap_or_default();
    vec![("paused", message), ("", one_line(&hint))]
}

/// What a run may consume, in words; empty: whatever it likes.
fn caps(caps: &Caps) -> String {
    let Caps { run, phases, task } = caps;
    let phases = phases.iter().map(|(title, cap)| (format!("phase {}", one_line(title)), cap));
    let rows = [(String::new(), run)].into_iter().chain(phases).chain([("each task".into(), task)]);
    let rows = rows.filter(|(_, cap)| !cap.is_none()).map(|(whose, cap)| {
        let whose = if whose.is_empty() { whose } else { format!("{whose}: ") };
        format!("{whose}{}", cap_words(cap))
    });
    rows.collect::<Vec<_>>().join("\n")
}

fn cap_words(cap: &Cap) -> String {
    let tokens = |number: Option<u64>, what: &str| {
        number.map(|number| format!("{} {what}tokens", count(number)))
    };
    let parts = [
        cap.agents.map(|number| plural(number, "agent")),
        tokens(cap.tokens, ""),
        tokens(cap.input_tokens, "input "),
        tokens(cap.output_tokens, "output "),
        tokens(cap.cached_tokens, "cached "),
        cap.cost_micro_usd.map(dollars),
        cap.wall_ms.map(duration),
    ];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" · ")
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
pub(super) fn line(name: &str, value: &str) -> String {
    let value = clean(value);
    let mut lines = value.trim_end().lines();
    let Some(first) = lines.next() else { return String::new() };
    let mut out = format!("  {} {first}\n", paint(DIM, &pad(name, NAME)));
    for more in lines {
        out.push_str(&format!("  {} {more}\n", " ".repeat(NAME)));
    }
    out
}
