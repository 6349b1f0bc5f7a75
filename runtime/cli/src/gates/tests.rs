#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_core::gate::{GateAnswer, GateOptions};
use baton_core::json::Json;
use serde_json::{Value, json};

use super::*;

fn spec(options: Value) -> GateSpec {
    let options: GateOptions = serde_json::from_value(options).unwrap();
    GateSpec { question: "Ship\n it?".into(), options }
}

fn gate(options: Value, due: Option<u64>) -> OpenGate {
    OpenGate {
        run: "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF".parse().unwrap(),
        name: "release".into(),
        task: "3".parse().unwrap(),
        spec: spec(options),
        since: Timestamp(1_000),
        due: due.map(Timestamp),
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

#[tokio::test]
async fn answers_are_checked_before_they_are_sent() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } }, "required": ["n"] });
    let yes = GateAnswer::approved;
    let chosen = |choice: &str| GateAnswer { choice: Some(choice.into()), ..yes() };
    let with = |data: Value| GateAnswer { data: Some(Json::from(data)), ..yes() };
    for (options, answer, fits) in [
        (json!({}), yes(), true),
        (json!({}), GateAnswer::rejected(), true),
        (json!({}), chosen("a"), false),
        (json!({}), with(json!(1)), false),
        (json!({ "choices": ["a", "b"] }), chosen("b"), true),
        (json!({ "choices": ["a", "b"] }), chosen("c"), false),
        (json!({ "choices": ["a", "b"] }), yes(), false),
        (json!({ "choices": ["a", "b"] }), GateAnswer::rejected(), true),
        (json!({ "schema": schema }), with(json!({ "n": 1 })), true),
        (json!({ "schema": schema }), with(json!({ "n": "1" })), false),
        (json!({ "schema": schema }), with(json!({})), false),
        (json!({ "schema": schema }), yes(), false),
        (json!({ "schema": schema }), GateAnswer::rejected(), true),
    ] {
        let checked = check(&spec(options.clone()), &answer).await;
        assert_eq!(checked.is_ok(), fits, "{options} {answer:?}: {checked:?}");
        if let Err(error) = checked {
            assert_eq!(error.code(), Some(Code::Answer));
        }
    }
}

#[tokio::test]
async fn a_violation_is_named_with_its_place_and_what_would_fit() {
    let schema = json!({ "type": "object", "properties": { "n": { "type": "integer" } } });
    let answer =
        GateAnswer { data: Some(Json::from(json!({ "n": "x" }))), ..GateAnswer::approved() };
    let error = check(&spec(json!({ "schema": schema })), &answer).await.unwrap_err();
    let CliError::Coded(coded) = error else { panic!("not coded") };
    assert_eq!(coded.causes, ["at /n: \"x\" is not of type \"integer\""]);
    assert!(coded.hint.unwrap().starts_with("--data fits {"));
}

#[tokio::test]
async fn a_schema_that_keeps_one_busy_for_ever_is_given_up() {
    // Each level of the data is looked at twice as often as the one above.
    let schema = json!({
        "$ref": "#/$defs/x",
        "$defs": {"x": {"anyOf": [
            {"type": "array", "items": {"$ref": "#/$defs/x"}},
            {"minItems": 1, "items": {"$ref": "#/$defs/x"}, "type": "array"},
        ]}},
    });
    let deep = (0..60).fold(json!(1), |inner, _| json!([inner]));
    let answer = GateAnswer { data: Some(Json::from(deep)), ..GateAnswer::approved() };
    let error = check(&spec(json!({ "schema": schema })), &answer).await.unwrap_err();
    assert_eq!(error.code(), Some(Code::Answer));
    assert!(error.sentence().contains("takes too long"), "{}", error.sentence());
}

#[test]
fn a_gate_says_how_it_is_answered() {
    for (options, command) in [
        (json!({}), "baton approve run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3"),
        (
            json!({ "choices": ["a b", "c"] }),
            "baton approve run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 --choice 'a b'",
        ),
        (json!({ "schema": {} }), "baton approve run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 --data JSON"),
    ] {
        assert_eq!(gate(options, None).command(), command);
    }
}

#[test]
fn a_gate_is_a_block_of_lines() {
    let options = json!({
        "label": "release", "phase": "Deploy", "details": "Two\u{1b}[2J tests\nfailed.",
        "choices": ["staging", "production"], "deadline_ms": 60_000, "default": false,
    });
    let shown = plain(&words::block(&gate(options, None), None, Timestamp(64_000), 80));
    insta::assert_snapshot!(shown, @r"
    ? Ship it?
        run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 · release · release · Deploy · asked 1m03s ago
        Two[2J tests
        failed.
        choices: staging, production
        baton approve run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/3 --choice staging
    ");
    let answered = Some("approved by ada at 12:00:00");
    let shown = plain(&words::block(&gate(json!({}), None), answered, Timestamp(64_000), 80));
    let end = "    approved by ada at 12:00:00, and not delivered yet\n    \
               baton resume run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF\n";
    assert!(shown.ends_with(end), "{shown}");
    let due = gate(json!({ "deadline_ms": 60_000, "default": false }), Some(61_000));
    let lines = words::more(&due, Timestamp(2_000), 80);
    assert!(lines[0].starts_with("at ") && lines[0].ends_with(" the answer is no"), "{lines:?}");
    let lines = words::more(&due, Timestamp(61_000), 80);
    let passed = lines[0].starts_with("the deadline passed at ");
    assert!(passed && lines[0].ends_with(": the answer is no"), "{lines:?}");
    let strict = gate(json!({ "deadline_ms": 60_000 }), Some(61_000));
    let lines = words::more(&strict, Timestamp(2_000), 80);
    assert!(lines[0].ends_with(" it is too late: the gate fails then"), "{lines:?}");
    let lines = words::more(&strict, Timestamp(90_000), 80);
    assert!(lines[0].ends_with(": the gate fails"), "{lines:?}");
}
