//! A workflow that attacks its host. Its input says how: `{"case":"…"}`; the case `list` answers
//! with the names of all others, so that the suite can tell when one is not expected by anybody.
//!
//! It does not use the guest SDK, which would not let it call the contract wrongly.

#![cfg(target_arch = "wasm32")]
#![allow(unsafe_code, reason = "breaking the contract is the purpose of this guest")]

mod agents;
mod arguments;
mod computing;
mod ending;
mod files;
mod memory;
mod output;
mod results;
mod spawning;
mod waiting;

use serde_json::{Value, json};

use bindings::baton::runtime::types::{Failure, FailureKind, Handoff, Refusal};

#[allow(missing_docs, clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "workflow" });

    export!(Hostile with_types_in self);
    use super::Hostile;
}

const MANIFEST_BYTES: &[u8] = include_bytes!("../manifest.json");

#[used]
#[unsafe(link_section = "baton:manifest")]
static MANIFEST: [u8; MANIFEST_BYTES.len()] = *include_bytes!("../manifest.json");

/// What `run` returns.
type End = Result<Handoff, Failure>;
/// One way to be hostile. Gets the whole input.
type Case = (&'static str, fn(&Value) -> End);

/// Every case, one list per file.
const ALL: &[&[Case]] = &[
    agents::CASES,
    arguments::CASES,
    computing::CASES,
    ending::CASES,
    files::CASES,
    memory::CASES,
    output::CASES,
    results::CASES,
    spawning::CASES,
    waiting::CASES,
];

struct Hostile;

impl bindings::Guest for Hostile {
    fn run(input: String) -> End {
        let input: Value = serde_json::from_str(&input).unwrap_or_default();
        let wanted = input["case"].as_str().unwrap_or_default();
        let cases = || ALL.iter().copied().flatten();
        if wanted == "list" {
            let names: Vec<&str> = cases().map(|(name, _)| *name).collect();
            return output(&json!(names));
        }
        match cases().find(|(name, _)| *name == wanted) {
            Some((_, act)) => act(&input),
            None => fail("no-such-case", wanted),
        }
    }
}

/// A good result.
fn output(value: &Value) -> End {
    Ok(handoff(value.to_string()))
}

/// A good result: what the host answered to an attack that it survived by an answer.
fn answer(text: impl AsRef<str>) -> End {
    output(&json!(text.as_ref()))
}

/// A result with this text as its output, whether it is JSON or not.
fn handoff(output: String) -> Handoff {
    Handoff {
        summary: String::new(),
        output,
        evidence: Vec::new(),
        artifacts: Vec::new(),
        follow_ups: Vec::new(),
    }
}

fn fail(code: &str, message: &str) -> End {
    Err(Failure {
        kind: FailureKind::Failed,
        code: code.into(),
        message: message.into(),
        detail: "{}".into(),
    })
}

/// `kind:code` of a refusal.
fn refused(refusal: &Refusal) -> String {
    format!("{}:{}", kebab(&format!("{:?}", refusal.kind)), refusal.code)
}

/// The name of a variant as the contract writes it, from generated debug output such as
/// `RefusalKind::NotFound`.
fn kebab(debug: &str) -> String {
    let mut name = String::new();
    for letter in debug.rsplit("::").next().unwrap_or_default().chars() {
        if letter.is_ascii_uppercase() && !name.is_empty() {
            name.push('-');
        }
        name.push(letter.to_ascii_lowercase());
    }
    name
}
