//! Claude Code.

use baton_test_llm::{Fault, Refusal, Reply, Seen};
use serde_json::{Value, json};

use crate::support::{KEY, Yard, steps, task, task_with_schema};

/// What it is told when it asks for a title.
const TITLE: &str = "{\"title\":\"x\"}";

fn yard(replies: Vec<Reply>) -> Option<Yard> {
    answered(steps(TITLE, replies))
}

/// The same with any answers.
pub fn answered(answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static) -> Option<Yard> {
    let yard = Yard::new("claude", answer)?;
    let url = yard.server.url();
    Some(yard.with("ANTHROPIC_BASE_URL", &url).with("ANTHROPIC_API_KEY", KEY))
}

fn call(name: &str, input: Value) -> Reply {
    Reply::call(name, input).usage(100, 10)
}

#[test]
fn it_works_within_its_scope_and_is_kept_from_what_is_outside() {
    let outside = std::env::temp_dir().join("baton-outside-claude.txt");
    let Some(yard) = yard(vec![
        call("Read", json!({ "file_path": "README.md" })),
        call("Write", json!({ "file_path": "src/new.txt", "content": "made\n" })),
        call("Write", json!({ "file_path": "other.txt", "content": "no\n" })),
        call("Write", json!({ "file_path": outside, "content": "no\n" })),
        call("Read", json!({ "file_path": "src/.env" })),
        call("Bash", json!({ "command": "touch src/bash.txt", "description": "x" })),
        Reply::text("The word is gnat.").usage(100, 10),
    ]) else {
        return;
    };
    let ran = yard.run("claude", &task("Find the word."), &["--grant", "exec=ls"]);
    assert_eq!(ran.shown["output"], "The word is gnat.", "{} {}", ran.shown, ran.told);
    assert_eq!(yard.project.read("root/src/new.txt"), "made\n", "{}", ran.log());
    assert_eq!(yard.project.read("root/other.txt"), "");
    assert!(!outside.exists() && !yard.project.path("root/src/bash.txt").exists());
    let denied = ran.denied().join("\n");
    for tried in ["other.txt", "baton-outside-claude.txt", "src/.env", "run touch"] {
        assert!(denied.contains(tried), "{tried} in {denied}");
    }
    assert!(yard.server.saw("gnat"), "what it read went to its model");
    let (input, output, cost) = ran.usage();
    assert!(input >= 700 && output >= 70 && cost > 0, "{input} {output} {cost}");
}

#[test]
fn an_output_for_a_schema_comes_through_its_own_tool() {
    let Some(yard) =
        yard(vec![call("StructuredOutput", json!({ "ok": true })), Reply::text("done")])
    else {
        return;
    };
    let ran = yard.run("claude", &task_with_schema("Is it so?"), &[]);
    assert_eq!(ran.shown["output"], json!({ "ok": true }), "{} {}", ran.shown, ran.told);
}

#[test]
fn a_key_that_is_refused_pauses_the_run() {
    let Some(yard) = yard(vec![Reply::fault(Fault::Refuses(Refusal::Auth))]) else { return };
    let ran = yard.run("claude", &task("Find the word."), &[]);
    assert_eq!(ran.shown["state"], "paused", "{} {}", ran.shown, ran.told);
    assert!(ran.log().contains("\"auth\""), "{}", ran.log());
}
