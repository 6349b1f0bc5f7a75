//! Several people say something to a run that nobody drives.

use serde_json::json;

use crate::support::{MODEL, Place, signal, until};

#[test]
fn who_answers_second_is_told_who_was_first() {
    let place = Place::new();
    let (begun, _) = place.ask(&json!({ "choices": ["a", "b"] }), &["--no-wait"]);
    let run = begun["run"].as_str().unwrap();
    until("nobody owns it", || place.row(run)["owned"] == false);
    let gate = place.waiting()[0]["gate"].as_str().unwrap().to_owned();
    let (told, code) = place.object(&["reject", &gate, "--note", "no", "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("kept")), "{told}");

    let waiting = place.waiting();
    let answered = waiting[0]["answered"].as_str().unwrap();
    assert!(answered.starts_with("rejected by tester at "), "{waiting:?}");
    let (_, shown, _) = place.said(&["ls", "--waiting"]);
    assert!(shown.contains(answered) && shown.contains("not delivered yet"), "{shown}");

    for second in [&["approve", &gate, "--choice", "a"][..], &["reject", &gate]] {
        let (code, shown, told) = place.said(&[second, &["--json"]].concat());
        assert_eq!(code, 1, "{told}");
        let shown: serde_json::Value = serde_json::from_str(&shown).unwrap();
        assert_eq!(shown["outcome"], "refused", "{shown}");
        let words = "it has an answer already, rejected by tester at ";
        assert!(told.contains(words) && told.contains("error[B0053]"), "{told}");
    }

    let (result, code) = place.object(&["resume", run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
    assert_eq!(result["output"]["approved"], false, "the first one counts: {result}");
    assert_eq!(result["output"]["note"], "no");
}

#[test]
fn a_pause_that_nobody_was_there_to_obey_is_told_and_can_be_passed_over() {
    let place = Place::new();
    let arguments = ["run", "many.js", "--args-json", "3", "--agent", MODEL, "--yes"];
    let (begun, _) = place.object(&[&arguments[..], &["--detach", "--json"]].concat());
    let run = begun["run"].as_str().unwrap();
    place.asked(3);
    signal("-9", begun["pid"].as_u64().unwrap());
    until("nobody owns it", || place.row(run)["owned"] == false);
    place.hold.release();
    let (told, code) = place.object(&["pause", run, "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("kept")), "{told}");

    // Another person asks for the same.
    let (told, code) = place.object(&["pause", run, "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &json!("already")), "{told}");
    let said = told["message"].as_str().unwrap();
    assert!(said.contains("asked by tester at "), "{told}");
    assert!(told["hint"].as_str().unwrap().contains("--anyway"), "{told}");

    let (code, shown, told) = place.said(&["resume", run, "--json"]);
    assert_eq!(code, 5, "{shown} {told}");
    assert!(told.contains("tester at ") && told.contains("so it pauses now"), "{told}");
    assert_eq!(place.server.requests(), 3, "nothing started");

    let (told, _) = place.object(&["pause", run, "--json"]);
    assert_eq!(told["outcome"], "already", "it is paused: {told}");
    let (result, code) = place.object(&["resume", run, "--json"]);
    assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
}

#[test]
fn who_resumes_anyway_goes_on_at_once_and_that_is_on_record() {
    let place = Place::new();
    let arguments = ["run", "many.js", "--args-json", "2", "--agent", MODEL, "--yes"];
    let (begun, _) = place.object(&[&arguments[..], &["--detach", "--json"]].concat());
    let run = begun["run"].as_str().unwrap();
    place.asked(2);
    signal("-9", begun["pid"].as_u64().unwrap());
    until("nobody owns it", || place.row(run)["owned"] == false);
    place.hold.release();
    place.object(&["pause", run, "--json"]);
    let (code, shown, told) = place.said(&["resume", run, "--anyway", "--json"]);
    assert_eq!(code, 0, "{shown} {told}");
    assert!(told.contains("it goes on all the same"), "{told}");
    let journal = place.project.journal(run);
    let orders: Vec<_> = journal
        .iter()
        .filter(|record| record["kind"] == "pause-ordered")
        .map(|record| record["body"]["lifted"] == true)
        .collect();
    assert_eq!(orders, [false, true]);
}

#[test]
fn an_answer_counts_if_it_was_given_before_the_deadline() {
    let place = Place::new();
    let asks = || {
        let (begun, _) =
            place.ask(&json!({ "deadlineMs": 6_000, "default": false }), &["--no-wait"]);
        let run = begun["run"].as_str().unwrap().to_owned();
        until("nobody owns it", || place.row(&run)["owned"] == false);
        run
    };
    let (early, late) = (asks(), asks());
    let (told, _) = place.object(&["approve", &early, "--json"]);
    assert_eq!(told["outcome"], "kept", "{told}");
    until("both deadlines pass", || {
        place.said(&["ls", "--waiting"]).1.matches("the deadline passed at").count() == 2
    });
    let (code, _, told) = place.said(&["approve", &late]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("error[B0054]") && told.contains("took answers until"), "{told}");
    for (run, approved) in [(early, true), (late, false)] {
        let (result, code) = place.object(&["resume", &run, "--json"]);
        assert_eq!((code, &result["state"]), (0, &json!("done")), "{result}");
        assert_eq!(result["output"]["approved"], approved, "{result}");
        assert_eq!(result["output"]["defaulted"], !approved, "{result}");
    }
}
