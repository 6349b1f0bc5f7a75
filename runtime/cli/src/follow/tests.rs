#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::digest::Digest;
use baton_core::handoff::{Evidence, Failure, FailureKind, Handoff, Outcome};
use baton_core::scope::{GlobLayer, PathScope};
use serde_json::{Value, json};

use super::*;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
const OTHER: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG";

fn started(name: &str, input: Value, follows: Option<&str>) -> RunStarted {
    let program = json!({ "name": name, "component": Digest::of(b"x") });
    let started = json!({
        "format": 1, "run": RUN, "program": program, "input": input,
        "seed": Digest::of(b"seed"), "scope": {}, "follows": follows,
    });
    serde_json::from_value(started).unwrap()
}

fn done(output: Value) -> Outcome {
    Outcome::Done(Handoff {
        summary: "one finding".into(),
        output: output.into(),
        evidence: vec![Evidence {
            path: "a.md".into(),
            lines: None,
            digest: None,
            claim: "says so".into(),
        }],
        ..Handoff::default()
    })
}

fn value(context: &Context) -> Value {
    serde_json::from_str(&context.to_json()).unwrap()
}

#[test]
fn a_follow_up_knows_the_input_and_the_result() {
    let context =
        Context::of(&started("audit", json!({ "a": 1 }), None), &done(json!([1])), "why?");
    let value = value(&context);
    assert_eq!(value["message"], "why?");
    assert_eq!((&value["run"], &value["workflow"]), (&json!(RUN), &json!("audit")));
    assert_eq!(value["input"], json!({ "a": 1 }));
    assert_eq!(value["handoff"]["output"], json!([1]));
    assert_eq!(value["handoff"]["evidence"][0]["path"], "a.md");
    assert_eq!((&value["failure"], &value["left_out"]), (&Value::Null, &json!([])));
}

#[test]
fn a_run_that_failed_has_a_failure_instead() {
    let failed = Outcome::Failed(Failure::new(FailureKind::Limit, "fuel", "used up"));
    let value = value(&Context::of(&started("audit", Value::Null, None), &failed, "why?"));
    assert_eq!((&value["handoff"], &value["failure"]), (&Value::Null, &json!("used up (fuel)")));
}

#[test]
fn what_is_too_large_is_cut_and_said_to_be() {
    let large = "é".repeat(200 << 10);
    let value = value(&Context::of(&started("a", json!(large), None), &done(json!(large)), "m"));
    assert!(value.to_string().len() < 200 << 10);
    let left_out = value["left_out"].as_array().unwrap();
    assert_eq!(left_out.len(), 2);
    assert!(left_out[1].as_str().unwrap().ends_with("of its output"));
}

#[test]
fn messages_to_a_follow_up_carry_those_before() {
    let first = Context::of(&started("audit", json!(1), None), &done(json!(2)), "one?");
    let mut context = first;
    for number in 0..20 {
        let run = started(WORKFLOW, value(&context), Some(OTHER));
        context =
            Context::of(&run, &done(json!(format!("answer {number}"))), &format!("m{number}"));
    }
    let value = value(&context);
    let earlier = value["earlier"].as_array().unwrap();
    assert_eq!(earlier.len(), 16, "the last ones");
    assert_eq!(earlier[15], json!({ "message": "m18", "answer": "answer 19" }));
    assert_eq!((&value["message"], &value["workflow"]), (&json!("m19"), &json!("audit")));
    assert_eq!(value["handoff"]["output"], 2, "the result of the first run stays");
    // Whoever is called like it and follows nobody is a run like any other.
    let alike = started(WORKFLOW, json!({ "message": "x", "run": "y", "workflow": "z" }), None);
    assert_eq!(
        Context::of(&alike, &done(json!(1)), "m").to_json().matches("earlier\":[]").count(),
        1
    );
}

#[test]
fn a_follow_up_reads_no_more_than_the_finished_run() {
    let layer = |pattern: &str| GlobLayer { include: vec![pattern.into()], ..GlobLayer::default() };
    let reads = |pattern: &str| Some(PathScope { layers: vec![layer(pattern)] });
    let shown = |scope: &Option<PathScope>| {
        let layers = scope.iter().flat_map(|scope| &scope.layers);
        layers.map(|layer| layer.include.join(" ")).collect::<Vec<_>>().join(" and ")
    };
    let own = Scope { read: reads("**"), agents: true, ..Scope::default() };
    let docs = Scope { read: reads("docs/**"), ..Scope::default() };
    let narrow = narrowed(&own, &docs);
    assert!(narrow.agents);
    assert_eq!(shown(&narrow.read), "** and docs/**");
    assert_eq!(narrowed(&own, &Scope::default()).read, None);

    let grants = Authority { read: reads("**"), write: reads("**"), ..Authority::default() };
    let run = RunStarted { scope: docs, ..started("audit", Value::Null, None) };
    let may = within(&grants, &run);
    assert!(may.write.is_none());
    assert_eq!(shown(&may.read), "** and docs/**");
    let wrote = Authority { write: reads("out/**"), ..Authority::default() };
    let may = within(&grants, &RunStarted { workers: wrote, ..run });
    assert!(may.read.is_none());
    assert_eq!(shown(&may.write), "** and out/**");
}
