#![allow(clippy::unwrap_used, reason = "tests")]

use baton_guest::testing::{Event, Script};
use serde_json::json;

use super::run;

#[test]
fn greets_everybody_in_order() {
    let script = Script::new()
        .file("notes/a.txt", "one\ntwo\n")
        .agents(|request| json!(request.prompt))
        .order(|tasks| tasks.last().copied().unwrap_or_default());
    let input = json!({ "names": ["Ada", "Bob"], "file": "notes/a.txt" });
    let handoff = script.run_json(&input, run).unwrap();
    let wanted = json!({ "greetings": ["Say hello to Ada.", "Say hello to Bob."], "lines": 2 });
    assert_eq!(handoff.output, wanted);
    assert_eq!(handoff.summary, "Greeted Ada, Bob.");
    assert_eq!(handoff.evidence.first().unwrap().path, "notes/a.txt");
    assert!(script.events().contains(&Event::Phase("Greet".into())));
}

#[test]
fn a_run_without_input_greets_nobody() {
    let handoff = Script::new().run_json(&json!(null), run).unwrap();
    assert_eq!(handoff.output, json!({ "greetings": [], "lines": null }));
}

#[test]
fn what_does_not_fit_or_is_not_there_is_a_failure() {
    let rows = [
        (json!({ "names": 7 }), "bad-input"),
        (json!({ "file": "absent" }), "not-found"),
        (json!({ "names": ["Ada"] }), "denied"),
    ];
    for (input, code) in rows {
        assert_eq!(Script::new().run_json(&input, run).unwrap_err().code, code, "{input}");
    }
}
