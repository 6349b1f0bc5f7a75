//! An agent that attacks its host. Its prompt says how; the prompt `list` answers with the names of
//! all cases.

#![cfg(target_arch = "wasm32")]
#![allow(unsafe_code, reason = "breaking the contract is the purpose of this guest")]

use std::hint::black_box;
use std::time::Duration;

use bindings::baton::runtime::files;
use bindings::baton::runtime::report::{self, Level};
use bindings::baton::runtime::types::{AgentTask, Failure, FailureKind, Handoff};

#[allow(missing_docs, clippy::all, clippy::allow_attributes_without_reason, reason = "generated")]
mod bindings {
    wit_bindgen::generate!({ path: "../../../wit", world: "agent" });

    export!(Hostile with_types_in self);
    use super::Hostile;
}

const MANIFEST_BYTES: &[u8] = include_bytes!("../manifest.json");

#[used]
#[unsafe(link_section = "baton:manifest")]
static MANIFEST: [u8; MANIFEST_BYTES.len()] = *include_bytes!("../manifest.json");

type End = Result<Handoff, Failure>;

const CASES: &[(&str, fn() -> End)] = &[
    ("good", || output("\"good\"")),
    ("empty-loop", empty_loop),
    ("memory-bomb", memory_bomb),
    ("recursion", || output(&down(0).to_string())),
    ("panic", || panic!("on purpose")),
    ("exit-zero", || std::process::exit(0)),
    ("log-flood", log_flood),
    ("stdout-flood", stdout_flood),
    ("artifact-flood", artifact_flood),
    ("result-no-json", || output("{\"half\":")),
    ("result-large", || output(&format!("\"{}\"", "r".repeat(9 << 20)))),
    ("wrong-shape", || output("{\"number\":\"none\"}")),
    ("sleep-on-a-clock", sleep_on_a_clock),
    ("claims-an-internal-error", claims_an_internal_error),
    ("reads-outside", reads_outside),
];

struct Hostile;

impl bindings::Guest for Hostile {
    fn perform(task: AgentTask) -> End {
        if task.prompt == "list" {
            let names: Vec<String> = CASES.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            return output(&format!("[{}]", names.join(",")));
        }
        match CASES.iter().find(|(name, _)| *name == task.prompt) {
            Some((_, act)) => act(),
            None => fail(FailureKind::Failed, "no-such-case"),
        }
    }
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

fn fail(kind: FailureKind, code: &str) -> End {
    Err(Failure { kind, code: code.into(), message: "m".into(), detail: "{}".into() })
}

fn empty_loop() -> End {
    let mut round = 0_u64;
    loop {
        round = black_box(round).wrapping_add(1);
    }
}

fn memory_bomb() -> End {
    let mut held: Vec<Vec<u8>> = Vec::new();
    loop {
        held.push(vec![1; 1 << 20]);
        black_box(&held);
    }
}

#[inline(never)]
fn down(depth: u64) -> u64 {
    if black_box(depth) == u64::MAX { 0 } else { down(depth + 1).rotate_left(1) ^ depth }
}

fn log_flood() -> End {
    let line = "l".repeat(8 << 10);
    loop {
        report::log(Level::Error, &line);
    }
}

fn stdout_flood() -> End {
    loop {
        println!("{}", "o".repeat(64));
    }
}

fn artifact_flood() -> End {
    let mut bytes = vec![b'a'; 1 << 20];
    for round in 0_u8.. {
        bytes[0] = round;
        if report::artifact("a.bin", "application/octet-stream", &bytes).is_err() {
            return output("\"refused\"");
        }
    }
    output("\"the host took it\"")
}

fn sleep_on_a_clock() -> End {
    std::thread::sleep(Duration::from_secs(3_600));
    output("\"slept\"")
}

fn claims_an_internal_error() -> End {
    fail(FailureKind::Internal, "not-my-fault")
}

fn reads_outside() -> End {
    let paths = ["/etc/passwd", "../secret.txt", "out/secret.txt", "/proc/self/environ", ".env"];
    let read = paths.iter().filter(|path| files::read(path).is_ok()).count();
    output(&format!("\"{read} read\""))
}
