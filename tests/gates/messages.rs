//! Messages to workflows.

use serde_json::json;

use crate::support::{Place, end, gate, until};

#[test]
fn a_workflow_that_listens_waits_for_nothing_else() {
    let place = Place::new();
    place.ask(&json!(["message", "message"]), &[]).waits();
    let told = place.ended(&["send", "last", "one", "--json"]);
    assert_eq!((told.code, &told.shown["outcome"]), (0, &json!("kept")), "{told}");
    let run = place.project.last_run();
    place.ended(&["resume", &run, "--json"]).waits();
    place.ended(&["send", "last", "two", "--json"]);
    let done = place.ended(&["resume", &run, "--json"]);
    let texts: Vec<_> =
        done.output().as_array().unwrap().iter().map(|message| &message["text"]).collect();
    assert_eq!(texts, ["one", "two"]);
    assert!(done.output()[0]["sender"].as_str().is_some_and(|sender| !sender.is_empty()));
}

#[test]
fn a_message_wakes_a_workflow_that_another_process_drives() {
    let place = Place::new();
    let steps = json!([{ "race": ["message", { "sleep": 86_400_000 }] }, { "agent": "then" }]);
    let arguments = Place::asking(&steps);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = place.start(&arguments);
    until("it listens", || {
        place.project.output(&["ls", "--json"]).stdout != b""
            && !place.records("listening").is_empty()
    });
    let told = place.ended(&["send", "last", "stop sleeping", "--json"]);
    assert_eq!((told.code, &told.shown["outcome"]), (0, &json!("obeyed")), "{told}");
    let done = end(child);
    assert_eq!(done.output()[0]["value"]["text"], "stop sleeping");
    assert_eq!(done.output()[1], "did then");
}

#[test]
fn a_workflow_that_does_not_listen_goes_on_as_if_nothing_was_said() {
    let place = Place::new();
    place.ask(&json!([gate("Go on?")]), &[]).waits();
    place.ended(&["send", "last", "hello?", "--json"]);
    let done = place.ended(&["approve", "last", "--resume", "--json"]);
    assert_eq!(done.output()[0]["approved"], true);
    assert_eq!(place.records("messaged").len(), 1, "what was said is on record");
}
