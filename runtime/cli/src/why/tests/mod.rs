#![allow(clippy::unwrap_used, reason = "tests")]

mod bounds;
mod past;
mod waits;

use baton_core::digest::Digest;
use baton_core::gate::{GateOptions, GateSpec};
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Body, Effect, Record, RunStarted, Start, Work};
use baton_core::spec::{AgentOptions, AgentSpec};

use super::show::WhyShape;
use super::story::Story;
use super::{Standing, explain};

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";

const OTHER: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG";

const BEGAN: Timestamp = Timestamp(1_700_000_000_000);

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn start() -> RunStarted {
    let program = serde_json::json!({ "name": "flow", "component": Digest::of(b"x") });
    let started = serde_json::json!({
        "format": 1, "run": RUN, "program": program, "input": null,
        "seed": Digest::of(b"seed"), "scope": {}, "by": "ada",
    });
    serde_json::from_value(started).unwrap()
}

fn agent(task: &str, label: &str) -> Body {
    let options = AgentOptions { label: Some(label.into()), ..AgentOptions::default() };
    let spec = AgentSpec { prompt: "secret prompt".into(), input: None, schema: None, options };
    spawned(task, Work::Agent { spec, backend: "command:./w".into(), effect: Effect::Repeatable })
}

fn spawned(task: &str, work: Work) -> Body {
    Body::Spawned { task: path(task), digest: Digest::of(b""), fuel: 0, work: Box::new(work) }
}

fn gate(task: &str, options: GateOptions, due: Option<Timestamp>) -> Body {
    let spec = GateSpec { question: "Ship it?".into(), options };
    spawned(task, Work::Gate { spec, due })
}

fn started(tasks: &[&str]) -> Body {
    let tasks = tasks.iter().map(|task| Start { task: path(task), attempt: 1 }).collect();
    Body::Started { tasks }
}

fn done(task: &str) -> Body {
    let outcome = Outcome::Done(Handoff { summary: "fine".into(), ..Handoff::default() });
    completed(task, outcome)
}

fn completed(task: &str, outcome: Outcome) -> Body {
    Body::Completed { task: path(task), outcome, usage: Usage::default(), reused_from: None }
}

fn failure(kind: FailureKind, code: &str) -> Failure {
    Failure::new(kind, code, "it did not\nwork")
}

/// What is said of a task of a run with these records, a second apart, when the last is a second old:
/// `code: text (records) → hint`.
fn said(about: &str, owned: bool, first: RunStarted, bodies: &[Body]) -> Vec<String> {
    said_after(about, owned, first, bodies, 1_000)
}

fn said_after(
    about: &str,
    owned: bool,
    first: RunStarted,
    bodies: &[Body],
    after: u64,
) -> Vec<String> {
    let bodies = std::iter::once(Body::RunStarted(Box::new(first))).chain(bodies.iter().cloned());
    let records: Vec<Record> = bodies
        .zip(1..)
        .map(|(body, seq)| Record { seq, at: BEGAN.plus_ms(seq * 1_000), body })
        .collect();
    let now = records.last().unwrap().at.plus_ms(after);
    let standing = Standing { run: RUN.parse().unwrap(), owned, now, places: 2 };
    let findings = explain(&Story::of(&records), &path(about), &standing);
    let shape =
        serde_json::to_value(WhyShape::new(&standing, &path(about), "x", &findings)).unwrap();
    let shown = |finding: &serde_json::Value| {
        let field = |name: &str| finding[name].as_str().unwrap_or_default().to_owned();
        let task = field("task").replace(RUN, "");
        let hint = field("hint");
        let hint = if hint.is_empty() { hint } else { format!(" → {hint}") };
        let records = &finding["records"];
        let line = format!("{}{task}: {} {records}{hint}", field("cause"), field("text"));
        line.replace(RUN, "RUN").replace(OTHER, "OTHER")
    };
    shape["findings"].as_array().unwrap().iter().map(shown).collect()
}

/// The only thing said that begins with `code`.
fn only(code: &str, said: &[String]) -> String {
    let lead = format!("{code}:");
    let found: Vec<&String> = said
        .iter()
        .filter(|line| line.starts_with(&lead) || line.starts_with(&format!("{code}/")))
        .collect();
    assert_eq!(found.len(), 1, "{code}: {said:#?}");
    found.into_iter().next().unwrap().clone()
}

/// Wall clocks depend on where the test runs.
fn without_clock(line: &str) -> String {
    let mut out = String::new();
    let mut rest = line;
    while let Some(found) = rest.find(|c: char| c.is_ascii_digit()) {
        let tail = rest.get(found..).unwrap();
        let is_clock = tail.len() >= 8
            && tail.bytes().take(8).enumerate().all(|(at, byte)| match at {
                2 | 5 => byte == b':',
                _ => byte.is_ascii_digit(),
            });
        let keep = if is_clock { 8 } else { 1 };
        out.push_str(rest.get(..found).unwrap());
        out.push_str(if is_clock { "CLOCK" } else { tail.get(..1).unwrap() });
        rest = tail.get(keep..).unwrap();
    }
    out + rest
}
