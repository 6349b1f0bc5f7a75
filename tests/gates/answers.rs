//! What people may answer, and what the workflow gets.

use serde_json::{Value, json};

use crate::support::{Place, answer, end, gate};

fn approved(note: Option<&str>) -> Value {
    json!({ "approved": true, "choice": null, "data": null, "note": note, "defaulted": false })
}

#[test]
fn yes_and_no_are_both_answers() {
    let place = Place::new();
    place.ask(&json!([gate("Deploy?")]), &[]).waits();
    let done = place.ended(&["approve", "last", "--note", "go", "--resume", "--json"]);
    assert_eq!(answer(&done.output()[0]), approved(Some("go")));

    place.ask(&json!([gate("Deploy?")]), &[]).waits();
    let done = place.ended(&["reject", "last", "--note", "not today", "--resume", "--json"]);
    let no = json!({ "approved": false, "choice": null, "data": null, "note": "not today",
                     "defaulted": false });
    assert_eq!(answer(&done.output()[0]), no);
    assert_eq!(done.shown["failed_tasks"], 0, "a rejection is no failure: {done}");
}

#[test]
fn a_choice_is_one_of_those_offered() {
    let place = Place::new();
    let ask = json!([{ "gate": { "question": "Where?", "choices": ["here", "there"] } }]);
    place.ask(&ask, &[]).waits();
    for wrong in
        [&["approve", "last", "--json"][..], &["approve", "last", "--choice", "nowhere", "--json"]]
    {
        let refused = place.ended(wrong);
        assert_ne!(refused.code, 0, "{refused}");
        assert!(refused.told.contains("here, there"), "{refused}");
    }
    let done = place.ended(&["approve", "last", "--choice", "there", "--resume", "--json"]);
    assert_eq!(done.output()[0]["choice"], "there");
}

#[test]
fn data_fits_the_schema() {
    let place = Place::new();
    let schema = json!({ "type": "object", "required": ["hour"],
                         "properties": { "hour": { "type": "integer", "maximum": 23 } } });
    place.ask(&json!([{ "gate": { "question": "When?", "schema": schema } }]), &[]).waits();
    for wrong in ["{}", "{\"hour\":24}", "7"] {
        let refused = place.ended(&["approve", "last", "--data", wrong, "--json"]);
        assert_ne!(refused.code, 0, "{wrong}: {refused}");
    }
    let done = place.ended(&["approve", "last", "--data", "{\"hour\":7}", "--resume", "--json"]);
    assert_eq!(done.output()[0]["data"], json!({ "hour": 7 }));
}

#[test]
fn a_malformed_question_is_refused() {
    let place = Place::new();
    let asks = [
        (json!({ "question": " " }), "without a question"),
        (json!({ "question": "x", "choices": ["a", "a"] }), "choice 2 is twice"),
        (json!({ "question": "x", "default": true }), "deadline_ms"),
        (json!({ "question": "x", "deadline_ms": 1, "choices": ["a"], "default": "b" }), "`b`"),
        (
            json!({ "question": "x", "deadline_ms": 1, "schema": { "type": "integer" },
                    "default": { "data": "x" } }),
            "default",
        ),
        (json!({ "question": "x", "schema": { "type": 7 } }), "schema"),
    ];
    let steps: Vec<Value> = asks.iter().map(|(ask, _)| json!({ "gate": ask })).collect();
    let done = place.ask(&json!(steps), &[]);
    for ((ask, words), output) in asks.iter().zip(done.output().as_array().unwrap()) {
        let refused = output["refused"].as_str().unwrap_or_default();
        assert!(refused.contains(words), "{ask}: {output}");
    }
}

#[test]
fn at_the_deadline_the_default_is_the_answer() {
    let place = Place::new();
    let late = |default: Value| json!({ "gate": { "question": "Now?", "deadline_ms": 30, "default": default } });
    let steps = json!([
        late(json!(false)),
        late(json!({ "approved": true, "note": "nobody minds" })),
        { "gate": { "question": "Which?", "deadline_ms": 30, "choices": ["a", "b"], "default": "b" } },
        { "gate": { "question": "Now?", "deadline_ms": 30 } },
    ]);
    let done = place.ask(&steps, &["--wait"]);
    let output = done.output();
    let no =
        json!({ "approved": false, "choice": null, "data": null, "note": null, "defaulted": true });
    assert_eq!(answer(&output[0]), no);
    assert_eq!(output[1]["note"], "nobody minds");
    assert_eq!((&output[2]["choice"], &output[2]["defaulted"]), (&json!("b"), &json!(true)));
    assert_eq!(output[3], json!({ "failed": "gate-deadline" }));
}

#[test]
fn several_questions_are_answered_in_any_order() {
    let place = Place::new();
    place.ask(&json!([{ "all": [gate("one"), gate("two"), gate("three")] }]), &[]).waits();
    let questions = place.questions(3);
    assert_eq!(questions.len(), 3);
    let which = place.ended(&["approve", "last", "--json"]);
    assert_ne!(which.code, 0, "which of them is not clear: {which}");
    place.ended(&["approve", "last/3", "--note", "3", "--resume", "--json"]).waits();
    place.ended(&["reject", "last/1", "--note", "1", "--resume", "--json"]).waits();
    let done = place.ended(&["approve", "last/2", "--note", "2", "--resume", "--json"]);
    let notes: Vec<&Value> =
        done.output()[0].as_array().unwrap().iter().map(|answer| &answer["note"]).collect();
    assert_eq!(notes, ["1", "2", "3"]);
    let again = place.ended(&["approve", "last/2", "--json"]);
    assert_ne!(again.code, 0, "it is answered: {again}");
}

#[test]
fn agents_work_while_a_person_thinks() {
    let place = Place::new();
    let steps = json!([{ "all": [gate("Meanwhile?"), { "agent": "one" }, { "agent": "two" }] }]);
    place.ask(&steps, &[]).waits();
    assert_eq!(place.worked().len(), 2, "both are done before the run is let go");
    let done = place.ended(&["approve", "last", "--resume", "--json"]);
    assert_eq!(done.output()[0][1], "did one");
    assert_eq!(done.output()[0][2], "did two");
    assert_eq!(place.worked().len(), 2, "nothing is done twice");
}

#[test]
fn the_first_of_a_race_ends_the_others() {
    let place = Place::new();
    let done = place.ask(&json!([{ "race": [gate("Quick?"), { "agent": "quick" }] }]), &[]);
    assert_eq!(done.output()[0], json!({ "first": 1, "value": "did quick" }));
    assert_eq!(place.project.output(&["ls", "--waiting", "--json"]).stdout, b"", "it is withdrawn");

    let steps = json!([{ "race": [gate("Sooner?"), { "sleep": 86_400_000 }] }]);
    let arguments = Place::asking(&steps);
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = place.start(&arguments);
    place.questions(1);
    let told = place.ended(&["approve", "last", "--json"]);
    assert_eq!((told.code, &told.shown["outcome"]), (0, &json!("obeyed")), "{told}");
    assert_eq!(end(child).output()[0]["first"], 0);
}

#[test]
fn a_question_is_withdrawn_by_cancelling_it() {
    let place = Place::new();
    place.ask(&json!([gate("Really?")]), &[]).waits();
    place.ended(&["cancel", "last/1", "--json"]);
    let run = place.project.last_run();
    let done = place.ended(&["resume", &run, "--json"]);
    assert_eq!(done.output()[0], json!({ "failed": "cancelled" }));
}

#[test]
fn a_nested_workflow_asks_like_any_other() {
    let place = Place::new();
    let inner = json!({ "steps": [gate("Inside?")] });
    place.ask(&json!([{ "child": inner }]), &[]).waits();
    let done = place.ended(&["approve", "last/1/1", "--note", "inside", "--resume", "--json"]);
    assert_eq!(answer(&done.output()[0][0]), approved(Some("inside")));
}
