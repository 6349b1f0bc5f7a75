//! Messages to agents: at their next step, or at once, and each once.

use std::process::{Child, Stdio};

use baton_test_llm::{Hold, Reply, Seen};
use baton_test_support::kill_9;
use serde_json::{Value, json};

use crate::llm::{self, MODEL};
use crate::support::{Ended, Place, end, until};

/// Waits for ever, unless it is told something.
const PATIENT: &str = r#"task=$(cat)
printf '%s\n' "$task" >> worked.txt
case $task in *'"messages":[]'*) sleep 600 ;; esac
printf '{"output":"done"}'
"#;

#[test]
fn an_urgent_message_interrupts_a_command_and_begins_it_again() {
    let place = Place::new();
    place.project.write("root/worker.sh", PATIENT);
    let arguments = Place::asking(&json!([{ "agent": "wait" }]));
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let child = place.start(&arguments);
    until("it works", || place.worked().len() == 1);
    let told = place.ended(&["send", "last/1", "stop waiting", "--urgent", "--json"]);
    assert_eq!((told.code, &told.shown["outcome"]), (0, &json!("obeyed")), "{told}");
    let done = end(child);
    assert_eq!(done.output()[0], "done");
    let worked = place.worked();
    assert_eq!(worked.len(), 2);
    assert_eq!((&worked[0]["attempt"], &worked[1]["attempt"]), (&json!(1), &json!(2)));
    let messages = worked[1]["messages"].as_array().unwrap();
    assert_eq!((messages.len(), &messages[0]["text"]), (1, &json!("stop waiting")));
    let earlier = worked[1]["earlier"].to_string();
    assert!(earlier.contains("attempt 1"), "the second knows of the first: {earlier}");
    assert_eq!(done.shown["usage"]["agents"], 1, "one agent, told once: {done}");
    assert_eq!(place.records("heard").len(), 1);
}

#[test]
fn a_message_to_a_phase_reaches_its_agents() {
    let place = Place::new();
    place.project.write("root/worker.sh", PATIENT);
    place.project.write(
        "phase.js",
        "export const meta = { name: 'p', description: 'x' }
phase('Wait')
return await parallel([() => agent('one'), () => agent('two')])",
    );
    let child = place.start(&[
        "run",
        "phase.js",
        "--root",
        "root",
        "--agent",
        "command:/bin/sh worker.sh",
        "--yes",
        "--json",
    ]);
    until("both work", || place.worked().len() == 2);
    let told = place.ended(&["send", "last@Wait", "go on", "--urgent", "--json"]);
    assert_eq!(told.code, 0, "{told}");
    assert_eq!(end(child).output(), &json!(["done", "done"]));
    assert_eq!(place.worked().len(), 4);
}

/// How often something was said in a request.
fn count(seen: &Seen, words: &str) -> usize {
    seen.said.iter().map(|said| said.text.matches(words).count()).sum()
}

fn start(place: &llm::Place) -> Child {
    let arguments = ["run", "many.js", "--args-json", "1", "--agent", MODEL, "--root", "root"];
    let mut command = place.command(&arguments);
    command.args(["--yes", "--json"]).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
}

fn send(place: &llm::Place, more: &[&str]) {
    let arguments: Vec<&str> = ["send", "last/1"].iter().chain(more).copied().collect();
    let output = place.output(&arguments);
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}

fn kinds(place: &llm::Place, kind: &str) -> Vec<Value> {
    let journal = place.project.journal(&place.project.last_run());
    journal.into_iter().filter(|record| record["kind"] == kind).collect()
}

/// A model that reads a file first. Its answers number `held` from 1 wait.
fn model(hold: &Hold, held: usize) -> llm::Place {
    let hold = hold.clone();
    let place = llm::Place::new(move |seen: &Seen| {
        let reply = match seen.turns {
            0 => Reply::call("read_file", json!({ "path": "a.txt" })),
            _ => Reply::text("done"),
        };
        if seen.number == held { reply.held(&hold) } else { reply }
    });
    place.project.write("root/a.txt", "words");
    place
}

#[test]
fn a_model_is_told_with_its_next_call_and_once() {
    let hold = Hold::default();
    let place = model(&hold, 1);
    let child = start(&place);
    until("it is asked", || place.server.requests() == 1);
    send(&place, &["be brief"]);
    hold.release();
    let done: Ended = end(child);
    assert_eq!(done.output(), &json!(["done"]));
    let counts: Vec<usize> =
        place.server.log().iter().map(|seen| count(seen, "be brief")).collect();
    assert_eq!(counts, [0, 1]);
    let (sent, heard) = (kinds(&place, "messaged"), kinds(&place, "heard"));
    assert_eq!((sent.len(), heard.len()), (1, 1));
    assert_eq!(heard[0]["body"]["upto"], sent[0]["seq"]);
}

#[test]
fn an_urgent_message_drops_the_call_on_its_way() {
    let hold = Hold::default();
    let place = model(&hold, 1);
    let child = start(&place);
    until("it is asked", || place.server.requests() == 1);
    send(&place, &["--urgent", "stop"]);
    // The first answer is still held.
    let done = end(child);
    hold.release();
    assert_eq!(done.output(), &json!(["done"]));
    let counts: Vec<usize> = place.server.log().iter().map(|seen| count(seen, "stop")).collect();
    assert_eq!(counts, [0, 1, 1], "it is told at once, and goes on from there");
    assert_eq!(done.shown["usage"]["estimated_calls"], 1, "the dropped call is charged: {done}");
}

#[test]
fn a_message_is_said_once_whenever_the_process_dies() {
    // It dies before the model is told, and while it is being told.
    for (held, before) in [(1, true), (2, false)] {
        let hold = Hold::default();
        let place = model(&hold, held);
        let child = start(&place);
        if before {
            until("it is asked", || place.server.requests() == 1);
            send(&place, &["be brief"]);
        } else {
            // Told with the second call: sent before it, while nothing is at work yet is too early.
            until("it is asked", || place.server.requests() >= 1);
            send(&place, &["be brief"]);
            until("it is asked again", || place.server.requests() == 2);
        }
        kill_9(child);
        hold.release();
        let run = place.project.last_run();
        let (result, code) = place.object(&["resume", &run, "--json"]);
        assert_eq!((&result["state"], code), (&json!("done"), 0), "{result}");
        let log = place.server.log();
        let last = log.last().unwrap();
        assert_eq!(count(last, "be brief"), 1, "{:?}", last.said);
        assert_eq!(kinds(&place, "messaged").len(), 1);
    }
}
