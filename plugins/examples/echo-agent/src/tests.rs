#![allow(clippy::unwrap_used, reason = "tests")]

use baton_guest::Task;
use baton_guest::testing::Script;
use serde_json::{Value, json};

use super::perform;

#[test]
fn echoes_what_it_was_asked() {
    let rows = [
        (json!(null), json!("say")),
        (json!({ "work": 1_000 }), json!("say")),
        (json!({ "output": [1] }), json!([1])),
        (json!({ "a": 1, "work": 2 }), json!({ "prompt": "say", "input": { "a": 1 } })),
    ];
    for (input, output) in rows {
        let task = Task::<Value>::new("say", input.clone());
        let handoff = Script::new().perform_json(task, perform).unwrap();
        assert_eq!(handoff.output, output, "{input}");
    }
}

#[test]
fn fails_when_told_to() {
    let task = Task::<Value>::new("say", json!({ "fail": "because" }));
    let failure = Script::new().perform_json(task, perform).unwrap_err();
    assert_eq!((failure.code.as_str(), failure.message.as_str()), ("told-to-fail", "because"));
}
