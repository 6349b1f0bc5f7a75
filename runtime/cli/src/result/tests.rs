#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_core::digest::Digest;
use baton_core::ids::TaskPath;
use baton_core::record::{Outage, Pause};
use baton_core::replay::{Attempt, Divergence};
use baton_journal::error::JournalError;
use serde_json::json;

use super::*;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";

fn report(state: State, outcome: Option<Outcome>, pause: Option<Pause>) -> RunReport {
    let run = RUN.parse().unwrap();
    let usage = Usage::default();
    RunReport { run, state, outcome, pause, usage, failed_tasks: 0, reused: 0, error: None }
}

fn failure(kind: FailureKind) -> Option<Outcome> {
    Some(Outcome::Failed(Failure::new(kind, "code", "what happened")))
}

fn done() -> Option<Outcome> {
    Some(Outcome::Done(Handoff::default()))
}

#[test]
fn every_end_has_its_exit_code() {
    let cap = Some(Pause::Cap { cap: "cost".into(), short: None });
    let provider = Some(Pause::Provider {
        provider: "p".into(),
        outage: Outage::Quota,
        until: None,
        message: String::new(),
    });
    let person = Some(Pause::Person { by: "ada".into() });
    for (state, outcome, pause, exit) in [
        (State::Done, done(), None, Exit::Done),
        (State::Failed, failure(FailureKind::Failed), None, Exit::Failed),
        (State::Failed, failure(FailureKind::InvalidOutput), None, Exit::Failed),
        (State::Failed, failure(FailureKind::Internal), None, Exit::Failed),
        (State::Failed, failure(FailureKind::Refused), None, Exit::Refused),
        (State::Failed, failure(FailureKind::Limit), None, Exit::Limit),
        (State::Cancelled, failure(FailureKind::Cancelled), None, Exit::Failed),
        (State::Paused, None, cap, Exit::Limit),
        (State::Paused, None, provider, Exit::Limit),
        (State::Paused, None, person, Exit::Waiting),
        (State::Waiting, None, None, Exit::Waiting),
        (State::Paused, None, Some(Pause::Interrupted), Exit::Interrupted),
        (State::Running, None, None, Exit::Interrupted),
    ] {
        let shown = format!("{state:?} {outcome:?} {pause:?}");
        let error = verdict(&mut report(state, outcome, pause));
        assert_eq!(error.map_or(Exit::Done, |error| error.exit()), exit, "{shown}");
    }
}

#[test]
fn an_error_of_the_engine_wins_over_the_state() {
    let run: RunId = RUN.parse().unwrap();
    let side = |kind| Attempt { kind, summary: "x".into(), digest: Digest::of(b""), fuel: 1 };
    let diverged = Divergence {
        workflow: TaskPath::root(),
        position: 1,
        seq: Some(2),
        recorded: side("spawn-agent"),
        attempted: side("sleep"),
    };
    for (error, code) in [
        (EngineError::from(Box::new(diverged)), Code::Diverged),
        (JournalError::Fenced { run: run.clone(), held: 1 }.into(), Code::Fenced),
        (JournalError::Owned { run: run.clone(), owner: "pid 1".into() }.into(), Code::Owned),
        (JournalError::Poisoned("disk full".into()).into(), Code::Journal),
        (EngineError::Ended(run), Code::Ended),
        (EngineError::Stopping, Code::Interrupted),
        (EngineError::Internal("x".into()), Code::Internal),
    ] {
        let mut report = report(State::Paused, None, None);
        report.error = Some(error);
        match verdict(&mut report) {
            Some(CliError::Coded(coded)) => assert_eq!(coded.code, code),
            other => panic!("{other:?}"),
        }
    }
}

#[test]
fn the_json_object_has_the_promised_shape() {
    let handoff = Handoff {
        summary: "two findings".into(),
        output: json!({ "findings": 2 }).into(),
        ..Handoff::default()
    };
    let mut done = report(State::Done, Some(Outcome::Done(handoff)), None);
    done.usage = Usage { agents: 2, cost_micro_usd: 1_500, wall_ms: 40, ..Usage::default() };
    let text = shapes::line(&shape(&done, None, None)).unwrap();
    insta::assert_snapshot!(text, @r#"{"run":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF","state":"done","output":{"findings":2},"summary":"two findings","evidence":[],"artifacts":[],"follow_ups":[],"usage":{"agents":2,"input_tokens":0,"output_tokens":0,"cached_tokens":0,"cost_usd":0.0015,"estimated_calls":0,"fuel":0,"wall_ms":40},"reused":0,"failed_tasks":0}"#);

    let mut failed = report(State::Failed, failure(FailureKind::Limit), None);
    let error = verdict(&mut failed);
    let text = shapes::line(&shape(&failed, error.as_ref(), Some(7))).unwrap();
    insta::assert_snapshot!(text, @r#"{"line":7,"run":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF","state":"failed","output":null,"summary":"","evidence":[],"artifacts":[],"follow_ups":[],"usage":{"agents":0,"input_tokens":0,"output_tokens":0,"cached_tokens":0,"cost_usd":0.0,"estimated_calls":0,"fuel":0,"wall_ms":0},"reused":0,"failed_tasks":0,"error":{"code":"B0027","message":"run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF failed: what happened (code)","hint":"`baton doctor` lists the limits; --limit NAME=VALUE sets one in a new run","failure":{"kind":"limit","code":"code","detail":{}}}}"#);
}

#[test]
fn a_paused_run_says_why_as_json() {
    let pause = Some(Pause::Person { by: "ada".into() });
    let mut paused = report(State::Paused, None, pause);
    let error = verdict(&mut paused);
    let shown = serde_json::to_value(shape(&paused, error.as_ref(), None)).unwrap();
    assert_eq!(shown["pause"], json!({ "reason": "person", "by": "ada" }));
    assert_eq!(shown["error"]["code"], "B0016");
    let done = serde_json::to_value(shape(&report(State::Done, done(), None), None, None)).unwrap();
    assert_eq!(done.get("pause"), None);
}

#[test]
fn what_ladders_saved_is_told_where_there_were_any() {
    let report = report(State::Done, done(), None);
    let mut totals = Totals::default();
    let said = |totals: &Totals| {
        let usage = shape(&report, None, None).usage.saved(Some(&totals.ladders));
        (footer(&report, totals), serde_json::to_value(usage).unwrap().get("saved_usd").cloned())
    };
    assert_eq!(said(&totals), (format!("{RUN} · 0.0s"), None));
    totals.ladders.passed.insert((1, "p:m".into()), 2);
    totals.ladders.saved_micro_usd = -1_250_000;
    let footer = format!("{RUN} · 0.0s · -$1.25 saved");
    assert_eq!(said(&totals), (footer, Some(json!(-1.25))));
}

#[test]
fn an_output_is_written_as_asked() {
    let handoff = |output: serde_json::Value| Handoff {
        summary: "sum".into(),
        output: output.into(),
        ..Handoff::default()
    };
    for (output, format, text) in [
        (json!("plain \u{1b}[31mred"), Format::Text, "plain [31mred\n"),
        (json!("a\nb\n"), Format::Md, "a\nb\n"),
        (json!("quoted"), Format::Json, "\"quoted\"\n"),
        (json!(null), Format::Text, "sum\n"),
        (json!(null), Format::Json, "null\n"),
        (json!([1]), Format::Text, "[\n  1\n]\n"),
        (json!([1]), Format::Md, "```json\n[\n  1\n]\n```\n"),
    ] {
        assert_eq!(body(&handoff(output.clone()), format), text, "{output} {format:?}");
    }
}
