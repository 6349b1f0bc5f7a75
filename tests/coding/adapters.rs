//! Claude Code and Codex through the adapters that speak the Agent Client Protocol for them.

use baton_test_llm::Reply;
use serde_json::json;

use crate::codex;
use crate::support::{KEY, Yard, steps, task};

#[test]
fn claude_works_over_the_agent_client_protocol() {
    let answers = vec![
        Reply::call("Read", json!({ "file_path": "README.md" })).usage(100, 10),
        Reply::call("Write", json!({ "file_path": "src/new.txt", "content": "made\n" })),
        Reply::call("Write", json!({ "file_path": "other.txt", "content": "no\n" })),
        Reply::text("The word is gnat."),
    ];
    let answer = steps("{\"title\":\"x\"}", answers);
    let Some(yard) = Yard::new("claude-agent-acp", answer) else { return };
    let url = yard.server.url();
    let yard = yard.with("ANTHROPIC_BASE_URL", &url).with("ANTHROPIC_API_KEY", KEY);
    let ran = yard.run("acp:claude-agent-acp", &task("Find the word."), &[]);
    assert_eq!(ran.shown["output"], "The word is gnat.", "{} {}", ran.shown, ran.told);
    assert_eq!(yard.project.read("root/src/new.txt"), "made\n", "{}", ran.log());
    assert_eq!(yard.project.read("root/other.txt"), "");
    let (input, output, cost) = ran.usage();
    assert!(input >= 100 && output >= 10 && cost > 0, "{input} {output} {cost}");
}

#[test]
fn codex_works_over_the_agent_client_protocol() {
    let answers = vec![
        Reply::call("exec_command", json!({ "cmd": "cat README.md" })).usage(100, 10),
        Reply::call("exec_command", json!({ "cmd": "echo no > other.txt" })),
        Reply::text("The word is gnat."),
    ];
    let Some(yard) = codex::yard("codex-acp", steps("x", answers)) else { return };
    let ran = yard.run("acp:codex-acp", &task("Find the word."), &[]);
    assert_eq!(ran.shown["output"], "The word is gnat.", "{} {}", ran.shown, ran.told);
    assert_eq!(yard.project.read("root/other.txt"), "");
    let (input, output, _) = ran.usage();
    assert!(input >= 100 && output >= 10, "{input} {output}");
}
