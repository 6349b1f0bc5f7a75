#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::{Value, json};

use super::{GateAnswer, GateSpec, RawGateSpec, Verdict};
use crate::json::Json;
use crate::limits::RunLimits;
use crate::refusal::Refusal;

fn parsed(question: &str, options: &Value) -> Result<GateSpec, Refusal> {
    let (question, options) = (question.to_owned(), options.to_string());
    GateSpec::parse(RawGateSpec { question, options, problem: None }, &RunLimits::default())
}

fn gate(options: &Value) -> GateSpec {
    parsed("go on?", options).unwrap()
}

#[test]
fn what_is_malformed_is_refused_by_name() {
    let cases = [
        ("", json!({}), "empty-question", "without a question"),
        ("  ", json!({}), "empty-question", "without a question"),
        ("q", json!({"colour": 1}), "unknown-option", "colour"),
        ("q", json!({"choices": ["a", "a"]}), "choices", "choice 2 is twice"),
        ("q", json!({"choices": [" "]}), "choices", "choice 1 is empty"),
        ("q", json!({"choices": vec!["x"; 65]}), "choices", "65 choices"),
        ("q", json!({"default": true}), "default-without-deadline", "deadline_ms"),
        ("q", json!({"default": "c", "deadline_ms": 1}), "default", "has no choices"),
        ("q", json!({"default": "c", "deadline_ms": 1, "choices": ["a"]}), "default", "none of: a"),
        ("q", json!({"default": 3, "deadline_ms": 1}), "default", "must be true, false"),
        ("q", json!({"default": {"ok": 1}, "deadline_ms": 1}), "default", "no key `ok`"),
        ("q", json!({"default": {"approved": 1}, "deadline_ms": 1}), "default", "true or false"),
        ("q", json!({"default": {"note": 1}, "deadline_ms": 1}), "default", "must be a string"),
        ("q", json!({"deadline_ms": u64::MAX}), "run.sleep_ms", "deadline"),
        (&"q".repeat(20_000), json!({}), "run.text_bytes", "20000"),
        ("q", json!({"details": "d".repeat(20_000)}), "run.text_bytes", "20000"),
    ];
    for (question, options, code, words) in cases {
        let refusal = parsed(question, &options).unwrap_err();
        assert_eq!(refusal.code, code, "{options}");
        assert!(refusal.message.contains(words), "{options}: {}", refusal.message);
    }
}

#[test]
fn what_the_host_found_is_refused_too() {
    let raw = RawGateSpec {
        question: "q".into(),
        options: r#"{"deadline_ms": 1, "default": true}"#.into(),
        problem: Some("at /n: not a number".into()),
    };
    let refusal = GateSpec::parse(raw, &RunLimits::default()).unwrap_err();
    assert_eq!(
        (refusal.code.as_str(), refusal.message.contains("not a number")),
        ("bad-schema", true)
    );
}

#[test]
fn a_default_is_a_whole_answer() {
    let choices = json!(["a", "b"]);
    let cases = [
        (json!(null), None),
        (json!(false), Some(GateAnswer::rejected())),
        (json!("b"), Some(GateAnswer { choice: Some("b".into()), ..GateAnswer::approved() })),
        (
            json!({"choice": "a", "note": "n"}),
            Some(GateAnswer {
                choice: Some("a".into()),
                note: Some("n".into()),
                ..GateAnswer::approved()
            }),
        ),
        (json!({"approved": false, "data": null}), Some(GateAnswer::rejected())),
    ];
    for (default, expected) in cases {
        let mut options = json!({"deadline_ms": 5, "choices": choices});
        if !default.is_null() {
            options["default"] = default;
        }
        assert_eq!(gate(&options).default_answer().unwrap(), expected);
    }
}

#[test]
fn an_answer_must_fit() {
    let plain = gate(&json!({}));
    let choices = gate(&json!({"choices": ["a", "b"]}));
    let data = gate(&json!({"schema": {"type": "number"}}));
    let yes = GateAnswer::approved;
    let chosen = |choice: &str| GateAnswer { choice: Some(choice.into()), ..yes() };
    let carrying = || GateAnswer { data: Some(Json::from(json!(1))), ..yes() };
    let cases = [
        (&plain, yes(), None),
        (&plain, GateAnswer::rejected(), None),
        (&plain, chosen("a"), Some("has no choices")),
        (&plain, carrying(), Some("has no schema")),
        (&choices, chosen("a"), None),
        (&choices, chosen("c"), Some("none of: a, b")),
        (&choices, yes(), Some("must choose")),
        (&choices, GateAnswer::rejected(), None),
        (&data, carrying(), None),
        (&data, yes(), Some("must carry data")),
        (&data, GateAnswer::rejected(), None),
    ];
    for (gate, answer, problem) in cases {
        let found = gate.check(&answer).err().map(|error| error.to_string());
        match (problem, &found) {
            (None, None) => {}
            (Some(words), Some(text)) => assert!(text.contains(words), "{text}"),
            _ => assert_eq!(found.as_deref(), problem, "{answer:?}"),
        }
    }
}

#[test]
fn a_rejection_is_a_handoff_like_an_approval() {
    let no = GateAnswer { note: Some("not today".into()), ..GateAnswer::rejected() };
    let output = no.handoff("ann", false).output.value();
    let expected = json!({
        "approved": false, "choice": null, "data": null, "note": "not today",
        "by": "ann", "defaulted": false,
    });
    assert_eq!(output, expected);
    assert_eq!(no.verdict, Verdict::Rejected);
    assert_eq!(no.handoff("ann", false).summary, "rejected by ann");
    let defaulted = GateAnswer::approved().handoff("default", true);
    assert_eq!(defaulted.summary, "approved by the default at the deadline");
}
