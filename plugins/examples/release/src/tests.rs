#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_guest::GateAnswer;
use baton_guest::testing::{Event, GateRequest, Script};
use serde_json::{Value, json};

use super::*;

fn chosen(choice: &str, note: &str) -> GateAnswer {
    let (choice, note) = (Some(choice.to_owned()), Some(note.to_owned()));
    GateAnswer { choice, note, ..GateAnswer::approved() }
}

fn script(answer: impl Fn(&GateRequest) -> GateAnswer + 'static) -> Script {
    Script::new().agents(|request| json!(format!("notes {}", request.task))).gates(answer)
}

fn input() -> Value {
    json!({ "version": "1.2", "changes": ["faster", "smaller"], "drafts": 2 })
}

#[test]
fn a_person_sees_every_draft_and_decides() {
    let script = script(|request| match request.task {
        2 => chosen(REVISE, "shorter"),
        _ => chosen(PUBLISH, "good"),
    });
    let done = script.run_json(&input(), run).unwrap();
    assert_eq!(done.output, json!({ "notes": "notes 3", "decided": "test: good" }));
    let prompts: Vec<String> = script
        .events()
        .into_iter()
        .filter_map(|event| match event {
            Event::Agent(request) => Some(request.prompt),
            Event::Gate(request) => Some(request.options["details"].to_string()),
            _ => None,
        })
        .collect();
    assert!(prompts[0].contains("- faster\n- smaller"));
    assert_eq!(prompts[1], "\"notes 1\"");
    assert!(prompts[2].contains("notes 1") && prompts[2].contains("Because: shorter"));
}

#[test]
fn a_no_publishes_nothing_and_is_no_failure() {
    let no = script(|_| GateAnswer { note: Some("never".into()), ..GateAnswer::rejected() });
    let done = no.run_json(&input(), run).unwrap();
    assert_eq!(done.output, json!({ "notes": null, "decided": "test: never" }));
}

#[test]
fn drafts_come_to_an_end() {
    let never = script(|_| chosen(REVISE, "no"));
    assert_eq!(never.run_json(&input(), run).unwrap_err().code, "no-draft");
}
