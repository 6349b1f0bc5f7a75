//! `baton journal`.

use baton_core::files::{FileRequest, Observation};
use baton_core::handoff::Outcome;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Effect, Record, Snapshot, Work};
use baton_core::report::{Level, Report};
use baton_core::tool::Denial;

use super::{detailed, usage};
use crate::output::{BOLD, DIM};
use crate::pause::{clock, words as pause};
use crate::text::{bytes, fit, one_line, pad, paint, plural, signed_dollars};

/// A record on one line: number, time since the run began, kind, and what it says.
#[must_use]
pub fn record(record: &Record, began: Timestamp, columns: usize) -> String {
    let (kind, facts) = words(&record.body, record.at);
    let ms = record.at.since(began);
    let time = format!("+{}.{:03}s", ms / 1_000, ms % 1_000);
    let lead = format!("{:>6}  {:>11}  ", record.seq, time);
    let kind = pad(kind, 12);
    let room = columns.saturating_sub(lead.len() + kind.len() + 1);
    let line =
        format!("{}{} {}", paint(DIM, &lead), paint(BOLD, &kind), fit(&one_line(&facts), room));
    line.trim_end().to_owned()
}

fn words(body: &Body, made: Timestamp) -> (&'static str, String) {
    match body {
        Body::RunStarted(started) => (
            "run started",
            format!(
                "{} {} input {}",
                started.name(),
                started.program.component.short(),
                started.input
            ),
        ),
        Body::Spawned { task, work, .. } => {
            ("spawned", format!("{} {}", at(task), work_words(work)))
        }
        Body::Refused { workflow, refusal, .. } => {
            ("refused", format!("{} {refusal}", at(workflow)))
        }
        Body::CancelRequested { workflow, task, .. } => ("cancel", at(&workflow.child(*task))),
        Body::Observed { request, observation, .. } => {
            ("read", format!("{} {}", request_words(request), observation_words(observation)))
        }
        Body::Reported { report, .. } => report_words(report),
        Body::AgentReported { task, report } => {
            let (kind, facts) = report_words(report);
            (kind, format!("{} {facts}", at(task)))
        }
        Body::Called { task, work } => ("called", format!("{} {}", at(task), work_words(work))),
        Body::Denied { task, denial } => ("denied", format!("{} {}", at(task), denied(denial))),
        Body::Started { tasks } => {
            let all: Vec<String> =
                tasks.iter().map(|start| attempt(&start.task, start.attempt)).collect();
            ("started", all.join(" "))
        }
        Body::Process { task, attempt: number, pid, .. } => {
            ("process", format!("{} pid {pid}", attempt(task, *number)))
        }
        Body::AttemptFailed { task, attempt: number, failure, .. } => {
            ("attempt", format!("{} failed: {failure}", attempt(task, *number)))
        }
        Body::Asked { task, call, provider, model, reserve } => {
            let most = detailed(reserve);
            ("asked", format!("{} call {call} of {provider}:{model}, up to {most}", at(task)))
        }
        Body::Turned { task, call, content, usage: consumed, estimated } => {
            let failed = if content.is_none() { " failed" } else { "" };
            let guess = if *estimated { "estimated" } else { "" };
            let facts = joined(&[guess.into(), detailed(consumed)]);
            ("turned", format!("{} call {call}{failed} {facts}", at(task)))
        }
        Body::Deferred { task, attempt: number, provider, outage, failure, until, .. } => {
            let until = until.map(|until| format!(" until {}", clock(until, made)));
            let out = format!("{provider}: {}{}", outage.as_str(), until.unwrap_or_default());
            ("deferred", format!("{} {out}: {failure}", attempt(task, *number)))
        }
        Body::Passed { task, rung, rungs, backend, saved_micro_usd } => {
            let saved = signed_dollars(*saved_micro_usd);
            let step = u64::from(*rung) + 1;
            ("passed", format!("{} step {step} of {rungs}, {backend}, saved {saved}", at(task)))
        }
        Body::AgentRead { task, reads, complete } => {
            let more = if *complete { "" } else { " and more" };
            ("read", format!("{} {} requests{more}", at(task), reads.len()))
        }
        Body::Snapshot(snapshot) => ("snapshot", snapshot_words(snapshot)),
        Body::NotReused { task, reason } => ("not reused", format!("{}: {reason}", at(task))),
        Body::Completed { task, outcome, usage: consumed, reused_from } => {
            let from =
                reused_from.as_ref().map_or_else(String::new, |from| format!("reused from {from}"));
            let facts = [from, outcome_words(outcome), usage(consumed)];
            ("completed", format!("{} {}", at(task), joined(&facts)))
        }
        Body::CancelOrdered { task, by } => ("cancel", format!("{} by {by}", at(task))),
        Body::Messaged { sender, text, task, urgent } => {
            let to = task.as_ref().map(|task| format!(" to {}", at(task))).unwrap_or_default();
            let urgent = if *urgent { ", urgent" } else { "" };
            ("message", format!("from {sender}{to}{urgent}: {text}"))
        }
        Body::Heard { task, upto } => ("heard", format!("{} up to record {upto}", at(task))),
        Body::Session { task, session, .. } => ("session", format!("{} {}", at(task), session.id)),
        Body::Listening { workflow, .. } => ("listening", at(workflow)),
        Body::PauseOrdered { by, lifted: true, .. } => ("pause", format!("taken back by {by}")),
        Body::PauseOrdered { by, now, .. } => {
            ("pause", format!("by {by}{}", if *now { ", at once" } else { "" }))
        }
        Body::DenialsAdded { by, denials } => {
            ("denied now", format!("by {by}: {}", denials.words().join(", ")))
        }
        Body::RestartOrdered { task, by, note } => {
            let note = note.as_ref().map(|note| format!(": {note}")).unwrap_or_default();
            ("restart", format!("{} by {by}{note}", at(task)))
        }
        Body::Paused { reason } => ("paused", pause(reason, made)),
        Body::Resumed { by, epoch, programs, .. } => {
            let other =
                programs.iter().map(|(there, here)| format!(", {here} in place of {there}"));
            ("resumed", format!("by {by}, epoch {epoch}{}", other.collect::<String>()))
        }
        Body::Finished { outcome, usage: consumed } => {
            ("finished", joined(&[outcome_words(outcome), usage(consumed)]))
        }
    }
}

fn snapshot_words(snapshot: &Snapshot) -> String {
    let Some(digest) = &snapshot.digest else {
        return format!("not taken: {}", snapshot.problem.as_deref().unwrap_or_default());
    };
    let files = plural(snapshot.files, "file");
    format!("{files}, {}, {}", bytes(snapshot.bytes), digest.short())
}

fn joined(facts: &[String]) -> String {
    facts.iter().filter(|fact| !fact.is_empty()).cloned().collect::<Vec<_>>().join(" · ")
}

fn at(task: &TaskPath) -> String {
    format!("/{task}")
}

fn attempt(task: &TaskPath, number: u32) -> String {
    if number > 1 { format!("/{task} (attempt {number})") } else { at(task) }
}

fn work_words(work: &Work) -> String {
    match work {
        Work::Agent { spec, backend, .. } => {
            let label = spec.options.label.as_deref().unwrap_or("agent");
            format!("{label} by {backend}: {}", spec.prompt)
        }
        Work::Tool { spec, tool, effect, .. } => {
            format!("tool {tool} ({}) {}", effect_word(*effect), spec.input)
        }
        Work::Workflow { spec, component, .. } => {
            format!("workflow {} {}", spec.name, component.short())
        }
        Work::Sleep { due } => format!("timer until {}", crate::shapes::moment(*due)),
        Work::Gate { spec, .. } => format!("gate: {}", spec.question),
    }
}

/// The word for what a repeat would do outside.
#[must_use]
pub fn effect_word(effect: Effect) -> &'static str {
    match effect {
        Effect::Read => "read",
        Effect::Repeatable => "repeatable",
        Effect::Once => "once",
    }
}

/// Something that was tried and is not granted, in words, with what to do about it.
#[must_use]
pub fn denied(denial: &Denial) -> String {
    let Denial { capability, code, tried, hint } = denial;
    let capability = capability.as_str();
    let hint = if hint.is_empty() { String::new() } else { format!("; {hint}") };
    format!("{capability}: {tried} ({code}){hint}")
}

fn request_words(request: &FileRequest) -> String {
    match request {
        FileRequest::Read { path } => path.clone(),
        FileRequest::Stat { path } => format!("stat {path}"),
        FileRequest::List { selection } => format!("list {}", selection.include.join(" ")),
        FileRequest::Search { pattern, selection } => {
            format!("search {pattern:?} in {}", selection.include.join(" "))
        }
    }
}

fn observation_words(observation: &Observation) -> String {
    match observation {
        Observation::Content { digest, size } => format!("{} {}", bytes(*size), digest.short()),
        Observation::Listing { entries, .. } => plural(entries.len() as u64, "path"),
        Observation::Matches { matches, .. } => format!("{} lines match", matches.len()),
        Observation::Entry(entry) => {
            format!("{:?} {}", entry.kind, bytes(entry.size)).to_lowercase()
        }
        Observation::Failed(error) => format!("failed: {error}"),
    }
}

fn report_words(report: &Report) -> (&'static str, String) {
    match report {
        Report::Phase { title } => ("phase", title.clone()),
        Report::Log { level, text } => ("log", format!("{}: {text}", level_word(*level))),
        Report::Progress { done, total: Some(total) } => ("progress", format!("{done} of {total}")),
        Report::Progress { done, total: None } => ("progress", done.to_string()),
        Report::Artifact(artifact) => (
            "artifact",
            format!("{} {} {}", artifact.name, artifact.media_type, bytes(artifact.size)),
        ),
    }
}

/// The word for how much a line matters.
#[must_use]
pub fn level_word(level: Level) -> &'static str {
    match level {
        Level::Debug => "debug",
        Level::Info => "info",
        Level::Warn => "warning",
        Level::Error => "error",
    }
}

/// How something ended, in words.
#[must_use]
pub fn outcome_words(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Done(handoff) if handoff.summary.is_empty() => "done".into(),
        Outcome::Done(handoff) => format!("done: {}", handoff.summary),
        Outcome::Failed(failure) => format!("{}: {failure}", failure.kind.as_str()),
    }
}
