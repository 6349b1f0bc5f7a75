//! Gemini CLI, over the Agent Client Protocol.

use baton_test_llm::Reply;
use serde_json::{Value, json};

use crate::support::{KEY, Yard, steps, task, task_with_schema};

const SETTINGS: &str = "{\"security\":{\"auth\":{\"selectedType\":\"gemini-api-key\"}},\
                        \"general\":{\"enableAutoUpdate\":false}}";

/// What it is told when it asks which model is to be used.
const ROUTE: &str = "{\"reasoning\":\"x\",\"model_choice\":\"flash\"}";

fn yard(answers: Vec<Reply>) -> Option<Yard> {
    let yard = Yard::new("gemini", steps(ROUTE, answers))?;
    yard.project.write("person/.gemini/settings.json", SETTINGS);
    let url = yard.server.url();
    Some(yard.with("GOOGLE_GEMINI_BASE_URL", &url).with("GEMINI_API_KEY", KEY))
}

fn call(name: &str, input: Value) -> Reply {
    Reply::call(name, input).usage(100, 10)
}

#[test]
fn it_works_within_its_scope_and_is_kept_from_what_is_outside() {
    let answers = vec![
        call("read_file", json!({ "file_path": "README.md" })),
        call("write_file", json!({ "file_path": "src/new.txt", "content": "made\n" })),
        call("write_file", json!({ "file_path": "other.txt", "content": "no\n" })),
        Reply::text("The word is gnat.").usage(100, 10),
    ];
    let Some(yard) = yard(answers) else {
        return;
    };
    let ran = yard.run("gemini-cli", &task("Find the word."), &[]);
    assert_eq!(ran.shown["output"], "The word is gnat.", "{} {}", ran.shown, ran.told);
    assert_eq!(yard.project.read("root/src/new.txt"), "made\n", "{}", ran.log());
    assert_eq!(yard.project.read("root/other.txt"), "");
    assert!(ran.denied().iter().any(|tried| tried.ends_with("other.txt")), "{:?}", ran.denied());
    assert!(yard.server.saw("gnat"), "what it read went to its model");
    let (input, output, _) = ran.usage();
    assert!(input >= 100 && output >= 10, "{input} {output}");
}

#[test]
fn commands_need_a_grant() {
    let answers = vec![
        call("run_shell_command", json!({ "command": "touch src/granted.txt" })),
        call("run_shell_command", json!({ "command": "touch src/other.txt" })),
        Reply::text("{\"ok\":true}"),
    ];
    let Some(yard) = yard(answers) else {
        return;
    };
    let grant = ["--grant", "exec=touch src/granted.txt"];
    let ran = yard.run("gemini-cli", &task_with_schema("Make a file."), &grant);
    assert_eq!(ran.shown["output"], json!({ "ok": true }), "{} {}", ran.shown, ran.told);
    assert!(yard.project.path("root/src/granted.txt").exists(), "{}", yard.said());
    assert!(!yard.project.path("root/src/other.txt").exists());
    assert!(ran.denied().iter().any(|tried| tried.contains("other.txt")), "{:?}", ran.denied());
}
