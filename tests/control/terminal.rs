//! A person at a terminal: asked in the middle of a run, who may as well be answered elsewhere.

use baton_test_support::Terminal;
use serde_json::Value;

use crate::support::Place;

/// A command on a terminal of its own.
fn on_terminal(place: &Place, arguments: &[&str]) -> Terminal {
    Terminal::start(&place.command(arguments), (100, 24))
}

/// Arguments that run the script that asks.
const ASK: [&str; 4] = ["run", "ask.js", "--extensions", "--yes"];

#[test]
fn a_person_at_the_terminal_answers_right_there() {
    let place = Place::new();
    for plain in [&[][..], &["--plain"]] {
        let mut terminal = on_terminal(&place, &[&ASK[..], plain].concat());
        terminal.writes("y yes · n no", 1);
        terminal.enters("maybe");
        terminal.writes("`maybe` is no answer to that", 1);
        terminal.enters("y: go ahead");
        let (code, text) = terminal.says();
        assert_eq!(code, 0, "{text}");
        assert!(text.contains("Ship it?") && text.contains("go ahead"), "{text}");
    }
    assert!(place.waiting().is_empty());
}

#[test]
fn a_choice_and_its_data_are_asked_for() {
    let place = Place::new();
    let options = r#"{"choices":["staging","production"],"schema":{"type":"integer"}}"#;
    let arguments = [&ASK[..], &["--args-json", options, "--format", "json"]].concat();
    let mut terminal = on_terminal(&place, &arguments);
    terminal.writes("1 staging · 2 production · n no", 1);
    terminal.enters("2");
    terminal.writes("data as JSON", 1);
    terminal.enters("\"x\"");
    terminal.writes("does not fit the gate's schema", 1);
    terminal.enters("7");
    let (code, text) = terminal.says();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("\"choice\": \"production\"") && text.contains("\"data\": 7"), "{text}");
}

#[test]
fn an_answer_from_elsewhere_goes_on_as_well() {
    let place = Place::new();
    let terminal = on_terminal(&place, &ASK);
    terminal.writes("y yes · n no", 1);
    let (told, code) = place.object(&["reject", "last", "--note", "from afar", "--json"]);
    assert_eq!((code, &told["outcome"]), (0, &Value::from("obeyed")), "{told}");
    let (code, text) = terminal.says();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("rejected by tester") && text.contains("from afar"), "{text}");
}

#[test]
fn a_question_can_be_put_off_and_asked_again() {
    let place = Place::new();
    let mut terminal = on_terminal(&place, &ASK);
    terminal.writes("y yes · n no", 1);
    terminal.enters("");
    terminal.writes("not now: `baton approve run_", 1);
    terminal.enters("");
    terminal.writes("y yes · n no", 2);
    terminal.enters("n");
    let (code, text) = terminal.says();
    assert_eq!(code, 0, "{text}");
}

#[test]
fn a_process_that_is_told_not_to_wait_leaves_also_on_a_terminal() {
    let place = Place::new();
    let terminal = on_terminal(&place, &[&ASK[..], &["--no-wait"]].concat());
    let (code, text) = terminal.says();
    assert_eq!(code, 5, "{text}");
    assert!(text.contains("waits for an answer: Ship it?"), "{text}");
}

#[test]
fn who_is_attached_is_asked_too() {
    let place = Place::new();
    let (begun, code) = place.object(&[&ASK[..], &["--detach", "--json"]].concat());
    assert_eq!(code, 0, "{begun}");
    let run = begun["run"].as_str().unwrap();
    let mut terminal = on_terminal(&place, &["attach", run]);
    terminal.writes("y yes · n no", 1);
    terminal.enters("yes");
    let (code, text) = terminal.says();
    assert_eq!(code, 0, "{text}");
    assert!(text.contains("approved"), "{text}");
}

/// A yes to the question before a run is one to the hooks of the project as well.
#[test]
fn whoever_says_yes_to_a_project_says_yes_to_its_hooks() {
    let place = Place::new();
    place.program("listener.sh", "#!/bin/sh\ncat >> \"$(dirname \"$0\")/told\"\n");
    place.project.write("baton.toml", "[notify]\ncommand = [\"./listener.sh\"]\n");
    let run = ["run", "ask.js", "--extensions", "--no-wait"];
    let mut terminal = on_terminal(&place, &run);
    terminal.writes("runs `./listener.sh` on gate, paused, failed", 1);
    terminal.writes("Grant this and start?", 1);
    // A slip is no answer.
    terminal.enters("q");
    terminal.writes("Grant this and start?", 2);
    terminal.enters("y");
    let (code, text) = terminal.says();
    assert_eq!(code, 5, "{text}");
    assert_eq!(place.project.read("told").lines().count(), 1);
    // From now on without a question, until it changes.
    let (code, _, said) = place.said(&[&run[..], &["--yes"]].concat());
    assert_eq!((code, place.project.read("told").lines().count()), (5, 2), "{said}");
    place.project.write("baton.toml", "[notify]\ncommand = [\"./listener.sh\", \"x\"]\n");
    let (code, _, said) = place.said(&[&run[..], &["--yes"]].concat());
    assert_eq!((code, place.project.read("told").lines().count()), (5, 2), "{said}");
    assert!(said.contains("nobody looked at that"), "{said}");
}
