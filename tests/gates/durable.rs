//! Questions outlive the process that asked them.

use baton_test_support::kill_9;
use serde_json::json;

use crate::support::{Place, answer, end, gate};

#[test]
fn a_question_outlives_kill_9_and_its_answer_too() {
    let place = Place::new();
    let steps = json!([{ "agent": "before" }, gate("Go on?"), { "agent": "after" }]);
    let arguments = Place::asking(&steps);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = place.start(&arguments);
    place.questions(1);
    kill_9(child);

    // It is there still, and answered with nobody to hear it.
    place.questions(1);
    let told = place.ended(&["approve", "last", "--note", "yes", "--json"]);
    assert_eq!((told.code, &told.shown["outcome"]), (0, &json!("kept")), "{told}");
    let run = place.project.last_run();
    let done = place.ended(&["resume", &run, "--json"]);
    assert_eq!(done.output()[1]["note"], "yes");
    let prompts: Vec<String> =
        place.worked().iter().map(|task| task["prompt"].as_str().unwrap().to_owned()).collect();
    assert_eq!(prompts, ["before", "after"], "nothing is done twice");
}

#[test]
fn a_run_repeats_what_was_answered_and_asks_nothing_twice() {
    let place = Place::new();
    let steps =
        json!([gate("one"), { "agent": "between" }, { "all": [gate("two"), gate("three")] }]);
    place.ask(&steps, &[]).waits();
    place.ended(&["approve", "last", "--note", "1", "--resume", "--json"]).waits();
    place.ended(&["approve", "last/4", "--note", "3", "--resume", "--json"]).waits();
    let run = place.project.last_run();
    place.ended(&["resume", &run, "--json"]).waits();
    let done = place.ended(&["approve", "last/3", "--note", "2", "--resume", "--json"]);
    let output = done.output();
    assert_eq!((&output[0]["note"], &output[2][1]["note"]), (&json!("1"), &json!("3")));
    let gates = place
        .records("spawned")
        .into_iter()
        .filter(|record| record["body"]["work"].get("gate").is_some())
        .count();
    assert_eq!(gates, 3);
    assert_eq!(place.worked().len(), 1);
    let output = place.project.output(&["journal", "--verify"]);
    assert!(output.status.success());
}

#[test]
fn an_answer_reaches_a_run_that_another_process_drives() {
    let place = Place::new();
    let arguments = Place::asking(&json!([gate("one"), gate("two")]));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = place.start(&arguments);
    for task in ["last/1", "last/2"] {
        let what = format!("/{}", task.trim_start_matches("last/"));
        crate::support::until("the question", || place.questions(1)[0].to_string().contains(&what));
        let told = place.ended(&["approve", task, "--json"]);
        assert_eq!((told.code, &told.shown["outcome"]), (0, &json!("obeyed")), "{told}");
    }
    let done = end(child);
    assert_eq!(answer(&done.output()[1])["approved"], true);
}

#[test]
fn a_deadline_passes_while_nobody_owns_the_run() {
    let place = Place::new();
    let steps = json!([{ "gate": { "question": "Now?", "deadline_ms": 3_000, "default": false } }]);
    place.ask(&steps, &[]).waits();
    crate::support::until("the deadline passes", || {
        let output = place.project.output(&["ls", "--waiting"]);
        String::from_utf8_lossy(&output.stdout).contains("the deadline passed at")
    });
    let run = place.project.last_run();
    let done = place.ended(&["resume", &run, "--json"]);
    assert_eq!(done.output()[0]["defaulted"], true);
}
