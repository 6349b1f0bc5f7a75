//! What is expected of every case of the hostile guests. A case of a guest that is not listed here
//! fails the suite.

use serde_json::{Value, json};

/// One case and how it must go.
#[derive(Clone, Copy, Debug)]
pub struct Case {
    /// Its name in the guest.
    pub name: &'static str,
    /// Limits beside those of every case.
    pub limits: &'static [&'static str],
    /// Who performs agent tasks.
    pub agent: Option<&'static str>,
    /// `ends KIND:CODE` of the failure, or `answers TEXT` where the guest was answered and lived to
    /// tell.
    pub expected: &'static str,
}

/// The agent that attacks.
pub const AGENT: Option<&str> = Some("component:./hostile-agent.wasm");

const fn case(name: &'static str, expected: &'static str) -> Case {
    Case { name, limits: &[], agent: AGENT, expected }
}

const fn limited(
    name: &'static str,
    limits: &'static [&'static str],
    expected: &'static str,
) -> Case {
    Case { name, limits, agent: AGENT, expected }
}

const fn alone(name: &'static str, expected: &'static str) -> Case {
    Case { name, limits: &[], agent: None, expected }
}

pub const COMPUTING: &[Case] = &[
    case("empty-loop", "ends limit:fuel"),
    limited(
        "empty-loop",
        &["workflow.fuel=1000000000000000", "workflow.wall_ms=100"],
        "ends timed-out:wall-time",
    ),
    case("mutual-recursion", "ends limit:stack"),
    case("million-frames", "ends limit:stack"),
    case("large-frames", "ends failed:guest-trap"),
    case("backtracking", "ends limit:fuel"),
    case("host-call-flood", "ends limit:host-calls"),
    case("not-a-number", "answers 7ff8000000000000"),
];

pub const MEMORY: &[Case] = &[
    case("memory-bomb", "ends limit:memory"),
    limited("memory-bomb", &["workflow.memory_bytes=8000000"], "ends limit:memory"),
    limited("good", &["workflow.memory_bytes=60000"], "ends limit:memory"),
    case("one-large-allocation", "ends limit:memory"),
    case("touch-every-page", "ends limit:memory"),
    case("grow-beyond-everything", "ends limit:memory"),
];

pub const ARGUMENTS: &[Case] = &[
    case("lying-string", "ends failed:bad-argument"),
    case("string-past-the-end", "ends failed:bad-argument"),
    case("no-text", "ends failed:bad-argument"),
    case("no-level", "ends failed:bad-argument"),
    case("lying-list", "ends failed:bad-argument"),
    case("misaligned-list", "ends failed:bad-argument"),
    case("no-option", "ends failed:bad-argument"),
    case("answer-to-nowhere", "ends failed:bad-argument"),
    case("large-string", "ends limit:host-call-bytes"),
    case("long-list", "ends limit:list-items"),
];

pub const ENDING: &[Case] = &[
    case("good", "answers good"),
    case("panic", "ends failed:guest-panic"),
    case("panic-in-colour", "ends failed:guest-panic"),
    case("abort", "ends failed:guest-panic"),
    case("exit-zero", "ends failed:no-result"),
    case("exit-one", "ends failed:no-result"),
    case("read-nowhere", "ends failed:guest-trap"),
    case("divide-by-zero", "ends failed:guest-panic"),
    case("sleep-on-a-clock", "ends refused:clock-wait"),
    case("no-such-case", "ends failed:no-such-case"),
];

pub const OUTPUT: &[Case] = &[
    case("stdout-flood", "ends limit:host-calls"),
    case("stderr-flood", "ends limit:host-calls"),
    limited("stdout-flood", &["workflow.host_calls=1000000000"], "ends limit:fuel"),
    case("log-flood", "ends limit:host-calls"),
    case("progress-flood", "ends limit:host-calls"),
    limited("progress-flood", &["run.records=500"], "ends limit:run.records"),
    case("phase-flood", "ends limit:host-calls"),
    case("artifact-flood", "answers refused in words"),
    case("artifact-with-a-path", "answers 0 taken"),
    case("long-line", "answers said"),
    case("escape-sequences", "ends failed:told-to-fail"),
];

pub const RESULTS: &[Case] = &[
    case("result-no-json", "ends failed:invalid-result"),
    case("result-empty", "ends failed:invalid-result"),
    case("result-two-values", "ends failed:invalid-result"),
    case("result-lone-surrogate", "ends failed:invalid-result"),
    case("result-infinite-number", "ends failed:invalid-result"),
    case("result-deep", "ends failed:invalid-result"),
    case("result-large", "ends failed:invalid-result"),
    case("result-beyond-a-call", "ends limit:host-call-bytes"),
    case("result-long-summary", "ends failed:invalid-result"),
    case("result-many-follow-ups", "ends failed:invalid-result"),
    case("result-million-follow-ups", "ends limit:host-call-bytes"),
    case("result-much-evidence", "ends failed:invalid-result"),
    case("result-backwards-lines", "ends failed:invalid-result"),
    case("result-forged-digest", "ends failed:invalid-result"),
    case("failure-bad-code", "ends failed:invalid-result"),
    case("failure-bad-detail", "ends failed:invalid-result"),
    case("failure-detail-no-json", "ends failed:invalid-result"),
    // Only people and parents cancel. Other kinds are what a guest says of itself.
    case("claims-to-be-cancelled", "ends failed:mine"),
    case("claims-in-doubt", "ends in-doubt:mine"),
    case("claims-an-internal-error", "ends internal:mine"),
];

pub const SPAWNING: &[Case] = &[
    case("spawn-itself", "answers limit:run.depth"),
    case("spawn-in-a-circle", "answers limit:run.depth"),
    case("spawn-in-a-circle-back", "answers limit:run.depth"),
    case("fork-bomb", "answers limit:run.depth"),
    limited("fork-bomb", &["run.tasks=20"], "answers limit:run.tasks"),
    case("agent-bomb", "answers limit:run.agents"),
    case("timer-bomb", "answers limit:run.tasks"),
    case("workflow-bomb", "answers limit:run.tasks"),
    case("leave-children-behind", "answers left"),
    case("panic-over-children", "ends failed:guest-panic"),
    case("unknown-workflow", "answers not-found:unknown-workflow"),
    alone("ungranted-command", "answers denied:backend-not-granted"),
    alone("ungranted-component", "answers denied:backend-not-granted"),
    alone("agent-bomb", "answers not-found:no-backend"),
    case("unknown-agent-type", "answers not-found:unknown-agent-type"),
    case("unknown-option", "answers invalid:unknown-option"),
    case("options-no-object", "answers invalid:bad-option"),
    case("options-no-json", "answers invalid:bad-json"),
    case("negative-timeout", "answers invalid:bad-option"),
    case("endless-attempts", "answers invalid:schema-attempts"),
    case("long-label", "answers limit:run.text_bytes"),
    case("many-patterns", "answers limit:run.list_items"),
    case("long-prompt", "answers limit:run.prompt_bytes"),
    case("large-input", "answers limit:run.json_bytes"),
    case("deep-input", "answers limit:run.json_depth"),
    case("input-no-json", "answers invalid:bad-json"),
    case("schema-no-json", "answers invalid:bad-json"),
    case("endless-sleep", "answers limit:run.sleep_ms"),
    case("no-sleep", "answers null"),
];

pub const WAITING: &[Case] = &[
    case("wait-for-nothing", "answers nothing-to-wait-for"),
    case("wait-for-an-empty-list", "answers nothing-to-wait-for"),
    case("wait-for-a-forged-task", "answers unknown-task"),
    case("wait-for-task-zero", "answers unknown-task"),
    case("wait-for-the-last-number", "answers unknown-task"),
    case("wait-for-one-of-a-forged-list", "answers unknown-task"),
    case("wait-twice", "answers unknown-task"),
    case("cancel-forged-tasks", "answers nothing happened"),
    case("cancel-twice", "answers cancelled, nothing-to-wait-for"),
];

/// Cases that other tests drive, because they need more than a name.
pub const ELSEWHERE: &[&str] = &["agent", "paths", "sweep", "sleep-forever"];

/// Every list above.
pub const ALL: &[&[Case]] =
    &[COMPUTING, MEMORY, ARGUMENTS, ENDING, OUTPUT, RESULTS, SPAWNING, WAITING];

/// Prompts of the hostile agent, and what its workflow gets.
pub const AGENTS: &[(&str, &str)] = &[
    ("good", "answers good"),
    ("empty-loop", "answers limit:fuel"),
    ("memory-bomb", "answers limit:memory"),
    ("recursion", "answers limit:stack"),
    ("panic", "answers failed:guest-panic"),
    ("exit-zero", "answers failed:no-result"),
    ("log-flood", "answers limit:host-calls"),
    ("stdout-flood", "answers limit:host-calls"),
    ("artifact-flood", "answers refused"),
    ("result-no-json", "answers failed:invalid-result"),
    ("result-large", "answers failed:invalid-result"),
    ("wrong-shape", "answers invalid-output:schema"),
    ("sleep-on-a-clock", "answers timed-out:timeout"),
    ("claims-an-internal-error", "answers internal:not-my-fault"),
    ("reads-outside", "answers 0 read"),
];

/// The input that hands a prompt to the hostile agent.
pub fn hand_over(prompt: &str) -> Value {
    json!({
        "case": "agent",
        "prompt": prompt,
        "schema": match prompt {
            "wrong-shape" => json!({ "properties": { "number": { "type": "integer" } } }),
            _ => Value::Null,
        },
        "options": match prompt {
            "sleep-on-a-clock" => json!({ "timeout_ms": 300 }),
            _ => json!({}),
        },
    })
}
