//! Spawning without end, beyond what was granted, and with specifications that are none.

use serde_json::{Value, json};

use crate::bindings::baton::runtime::tasks::{self, AgentSpec, Delivery, WorkflowSpec};
use crate::bindings::baton::runtime::types::Refusal;
use crate::{Case, End, answer, refused};

pub(crate) const CASES: &[Case] = &[
    ("spawn-itself", |_| nested("hostile", "spawn-itself")),
    ("spawn-in-a-circle", |_| nested("hostile-twin", "spawn-in-a-circle-back")),
    ("spawn-in-a-circle-back", |_| nested("hostile", "spawn-in-a-circle")),
    ("fork-bomb", fork_bomb),
    ("agent-bomb", |_| until_refused(|| tasks::spawn_agent(&agent("good", "{}")))),
    ("timer-bomb", |_| until_refused(|| tasks::sleep(1_000_000))),
    ("workflow-bomb", |_| until_refused(|| tasks::spawn_workflow(&workflow("hostile", "good")))),
    ("leave-children-behind", leave_children_behind),
    ("panic-over-children", panic_over_children),
    ("unknown-workflow", |_| told(tasks::spawn_workflow(&workflow("../../bin/sh", "good")))),
    ("ungranted-command", |_| backend("command:/bin/sh -c 'touch owned'")),
    ("ungranted-component", |_| backend("component:docs-auditor")),
    ("unknown-agent-type", |_| told(tasks::spawn_agent(&agent("good", r#"{"agent_type":"x"}"#)))),
    ("unknown-option", |_| told(tasks::spawn_agent(&agent("good", r#"{"sudo":true}"#)))),
    ("options-no-object", |_| told(tasks::spawn_agent(&agent("good", r#"["label"]"#)))),
    ("options-no-json", |_| told(tasks::spawn_agent(&agent("good", "{label:1}")))),
    ("negative-timeout", |_| told(tasks::spawn_agent(&agent("good", r#"{"timeout_ms":-1}"#)))),
    ("endless-attempts", |_| {
        told(tasks::spawn_agent(&agent("good", r#"{"schema_attempts":4294967295}"#)))
    }),
    ("long-label", long_label),
    ("many-patterns", many_patterns),
    ("long-prompt", |_| told(tasks::spawn_agent(&agent(&"p".repeat((1 << 20) + 1), "{}")))),
    ("large-input", |_| with_input(format!("\"{}\"", "i".repeat(2 << 20)))),
    ("deep-input", |_| with_input("[".repeat(100_000) + &"]".repeat(100_000))),
    ("input-no-json", |_| with_input("nothing".into())),
    ("schema-no-json", |_| with_schema("{")),
    ("endless-sleep", |_| told(tasks::sleep(u64::MAX))),
    ("no-sleep", no_sleep),
];

pub(crate) fn agent(prompt: &str, options: &str) -> AgentSpec {
    AgentSpec { prompt: prompt.into(), input: None, schema: None, options: options.into() }
}

fn workflow(name: &str, case: &str) -> WorkflowSpec {
    let input = json!({ "case": case }).to_string();
    WorkflowSpec { name: name.into(), input, options: "{}".into() }
}

fn told(result: Result<u64, Refusal>) -> End {
    match result {
        Ok(number) => answer(format!("task {number}")),
        Err(refusal) => answer(refused(&refusal)),
    }
}

/// Spawns a child that does the same, and answers what the deepest was told.
fn nested(name: &str, case: &str) -> End {
    match tasks::spawn_workflow(&workflow(name, case)) {
        Err(refusal) => answer(refused(&refusal)),
        Ok(number) => match tasks::wait_any(Some(&[number])) {
            Ok(Delivery::Completion(completion)) => completion.outcome,
            other => answer(format!("{}", other.is_ok())),
        },
    }
}

/// Two children each, until the run has all tasks it may have.
fn fork_bomb(_: &Value) -> End {
    let mut last = String::from("never refused");
    for _ in 0..2 {
        if let Err(refusal) = tasks::spawn_workflow(&workflow("hostile", "fork-bomb")) {
            last = refused(&refusal);
        }
    }
    while let Ok(Delivery::Completion(completion)) = tasks::wait_any(None) {
        if let Ok(done) = completion.outcome {
            last = serde_json::from_str(&done.output).unwrap_or_default();
        }
    }
    answer(last)
}

fn until_refused(spawn: impl Fn() -> Result<u64, Refusal>) -> End {
    loop {
        if let Err(refusal) = spawn() {
            return answer(refused(&refusal));
        }
    }
}

fn abandon() {
    let mut sleeper = workflow("hostile", "sleep-forever");
    sleeper.options = r#"{"label":"left behind"}"#.into();
    for _ in 0..3 {
        let _ = tasks::spawn_workflow(&sleeper);
        let _ = tasks::sleep(3_600_000);
    }
    // Until a timer of its own has ended, so that the children have begun.
    if let Ok(number) = tasks::sleep(50) {
        let _ = tasks::wait_any(Some(&[number]));
    }
}

fn leave_children_behind(_: &Value) -> End {
    abandon();
    answer("left")
}

fn panic_over_children(_: &Value) -> End {
    abandon();
    panic!("on purpose");
}

fn backend(name: &str) -> End {
    told(tasks::spawn_agent(&agent("good", &json!({ "backend": name }).to_string())))
}

fn long_label(_: &Value) -> End {
    let options = json!({ "label": "l".repeat(100_000) }).to_string();
    told(tasks::spawn_agent(&agent("good", &options)))
}

fn many_patterns(_: &Value) -> End {
    let options = json!({ "read": vec!["*"; 5_000] }).to_string();
    told(tasks::spawn_agent(&agent("good", &options)))
}

fn with_input(input: String) -> End {
    told(tasks::spawn_agent(&AgentSpec { input: Some(input), ..agent("good", "{}") }))
}

fn with_schema(schema: &str) -> End {
    told(tasks::spawn_agent(&AgentSpec { schema: Some(schema.into()), ..agent("good", "{}") }))
}

fn no_sleep(_: &Value) -> End {
    let Ok(number) = tasks::sleep(0) else { return answer("refused") };
    match tasks::wait_any(Some(&[number])) {
        Ok(Delivery::Completion(completion)) => completion.outcome,
        _ => answer("nothing came"),
    }
}
