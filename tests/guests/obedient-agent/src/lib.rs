//! An agent that does what the first word of its prompt says, for tests of workflows. A prompt that
//! begins with no such word is answered with itself.

#![cfg(target_arch = "wasm32")]
#![allow(unsafe_code, reason = "the exports and the manifest section are written by hand")]

use std::hint::black_box;

use bindings::baton::runtime::files;
use bindings::baton::runtime::types::{AgentTask, Failure, FailureKind, Handoff};
use serde_json::{Value, json};

#[allow(missing_docs, clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "agent" });

    export!(Obedient with_types_in self);
    use super::Obedient;
}

const MANIFEST_BYTES: &[u8] = include_bytes!("../manifest.json");

#[used]
#[unsafe(link_section = "baton:manifest")]
static MANIFEST: [u8; MANIFEST_BYTES.len()] = *include_bytes!("../manifest.json");

type End = Result<Handoff, Failure>;

struct Obedient;

impl bindings::Guest for Obedient {
    fn perform(task: AgentTask) -> End {
        let (verb, rest) = task.prompt.split_once(' ').unwrap_or((&task.prompt, ""));
        match verb {
            // The rest of the prompt, as a text.
            "say" => text(rest),
            // The rest of the prompt, which is JSON.
            "json" => output(rest),
            // One of several JSON texts by the number of the attempt; the last one from then on.
            "tries" => {
                let all: Vec<&str> = rest.split(" | ").collect();
                let at = usize::try_from(task.attempt).unwrap_or(1).clamp(1, all.len()) - 1;
                output(all.get(at).copied().unwrap_or_default())
            }
            // Everything it was told: as text, or as an object if there is a schema.
            "facts" => facts(&task),
            "empty" => text(""),
            // So many bytes.
            "big" => text(&"b".repeat(rest.parse().unwrap_or_default())),
            "read" => match files::read(rest) {
                Ok(content) => text(&String::from_utf8_lossy(&content.bytes)),
                Err(error) => fail(FailureKind::Failed, &error.code, &error.message),
            },
            "fail" => fail(FailureKind::Failed, rest, "the words of a provider's error"),
            "late" => fail(FailureKind::TimedOut, "wall-time", "too late"),
            "spin" => spin(),
            _ => text(&task.prompt),
        }
    }
}

fn facts(task: &AgentTask) -> End {
    let parsed = |text: &str| serde_json::from_str::<Value>(text).unwrap_or_default();
    let facts = json!({
        "attempt": task.attempt,
        "input": parsed(&task.input),
        "schema": task.schema.as_deref().map(parsed),
        "corrections": task.corrections,
        "options": parsed(&task.options),
    });
    if task.schema.is_some() { output(&facts.to_string()) } else { text(&facts.to_string()) }
}

fn spin() -> End {
    let mut round = 0_u64;
    loop {
        round = black_box(round).wrapping_add(1);
    }
}

fn text(text: &str) -> End {
    output(&Value::from(text).to_string())
}

fn output(json: &str) -> End {
    Ok(Handoff {
        summary: String::new(),
        output: json.into(),
        evidence: Vec::new(),
        artifacts: Vec::new(),
        follow_ups: Vec::new(),
    })
}

fn fail(kind: FailureKind, code: &str, message: &str) -> End {
    Err(Failure { kind, code: code.into(), message: message.into(), detail: "{}".into() })
}
