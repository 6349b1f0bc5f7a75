#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_guest::testing::{AgentRequest, Event, Reply, Script};
use serde_json::json;

use super::*;

fn input(more: Value) -> Input {
    let mut input = json!({ "message": "Why 8080?", "run": "run_X", "workflow": "audit" });
    input.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    serde_json::from_value(input).unwrap()
}

fn asked(script: &Script) -> AgentRequest {
    let agent = |event| match event {
        Event::Agent(request) => Some(request),
        _ => None,
    };
    let mut all: Vec<AgentRequest> = script.events().into_iter().filter_map(agent).collect();
    assert_eq!(all.len(), 1, "one agent answers");
    all.pop().unwrap()
}

#[test]
fn the_answer_of_the_agent_is_the_result() {
    let script = Script::new().agents(|_| Reply::from(json!("Because of the proxy.")));
    let given = input(json!({
        "input": { "files": ["a.md"] },
        "handoff": { "summary": "one finding", "output": [{ "path": "a.md" }] },
        "left_out": ["evidence"],
        "earlier": [{ "message": "And before?", "answer": "It was 80." }, { "message": "Hm." }],
    }));
    let handoff = script.run(|cx| run(cx, given)).unwrap().unwrap();
    assert_eq!(handoff.output, json!("Because of the proxy."));
    let prompt = asked(&script).prompt;
    for part in [
        "`audit` has ended (run_X)",
        "\"one finding\"",
        "Too large to stand here: evidence.",
        "<earlier-message>\nAnd before?\n</earlier-message>",
        "<earlier-answer>\nIt was 80.\n</earlier-answer>",
    ] {
        assert!(prompt.contains(part), "{part}: {prompt}");
    }
    assert!(prompt.ends_with("The message: Why 8080?"));
    assert!(!prompt.contains("<failure>"));
}

#[test]
fn a_run_without_a_result_is_asked_about_its_failure() {
    let script = Script::new().agents(|_| Reply::from(json!("A typo.")));
    let given = input(json!({ "failure": "used up its fuel (fuel)" }));
    script.run(|cx| run(cx, given)).unwrap().unwrap();
    let prompt = asked(&script).prompt;
    assert!(prompt.contains("<failure>\nused up its fuel (fuel)\n</failure>"));
    assert!(!prompt.contains("<result>") && !prompt.contains("<input>"));
}

#[test]
fn an_empty_message_is_none() {
    let given = Input { message: " ".into(), ..input(json!({})) };
    let error = Script::new().run(|cx| run(cx, given)).unwrap().unwrap_err();
    assert_eq!(error.failure().code, "input");
}
