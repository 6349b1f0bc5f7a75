#![allow(clippy::unwrap_used, reason = "tests")]

use baton_guest::testing::{Event, Script};
use serde_json::json;

use super::run;

fn kind(event: &Event) -> &'static str {
    match event {
        Event::Sleep { milliseconds: 7, .. } => "sleep",
        Event::Agent(_) => "agent",
        Event::Log(_, _) => "log",
        Event::Wait(_) => "wait",
        _ => "other",
    }
}

#[test]
fn takes_every_kind_of_step_one_after_the_other() {
    for (step, wanted) in [
        ("sleep", vec!["sleep", "wait", "sleep", "wait"]),
        ("agent", vec!["agent", "wait", "agent", "wait"]),
        ("log", vec!["log", "log"]),
        ("clock", vec![]),
    ] {
        let script = Script::new().agents(|_| json!("done"));
        let input = json!({ "step": step, "ms": 7, "times": 2 });
        let handoff = script.run_json(&input, run).unwrap();
        assert_eq!(handoff.output, json!({ "steps": 2 }), "{step}");
        assert_eq!(script.events().iter().map(kind).collect::<Vec<_>>(), wanted, "{step}");
    }
}

#[test]
fn without_input_it_sleeps_once_and_what_it_does_not_know_it_refuses() {
    let handoff = Script::new().run_json(&json!(null), run).unwrap();
    assert_eq!(handoff.output, json!({ "steps": 1 }));
    for input in [json!({ "step": "jump" }), json!({ "naps": 2 })] {
        assert_eq!(Script::new().run_json(&input, run).unwrap_err().code, "bad-input", "{input}");
    }
}
