//! Codex.

use baton_test_llm::{Reply, Seen};
use serde_json::{Value, json};

use crate::support::{KEY, Yard, steps, task, task_with_schema};

/// What its adapter is told of the provider.
fn settings(url: &str) -> String {
    format!(
        "model = \"test-model\"\nmodel_provider = \"fake\"\n[model_providers.fake]\nname = \
         \"fake\"\nbase_url = \"{url}/v1\"\nenv_key = \"OPENAI_API_KEY\"\nwire_api = \
         \"responses\"\n"
    )
}

pub fn yard(
    program: &str,
    answer: impl Fn(&Seen) -> Reply + Send + Sync + 'static,
) -> Option<Yard> {
    let yard = Yard::new(program, answer)?;
    yard.project.write("person/.codex/config.toml", settings(&yard.server.url()));
    let url = format!("{}/v1", yard.server.url());
    Some(yard.with("OPENAI_API_KEY", KEY).with("OPENAI_BASE_URL", &url))
}

/// The tools that it offers depend on the model.
pub fn with_model(mut input: Value) -> Value {
    input["model"] = "test-model".into();
    input
}

fn run(command: &str) -> Reply {
    Reply::call("exec_command", json!({ "cmd": command })).usage(100, 10)
}

#[test]
fn it_works_within_its_scope_and_is_kept_from_what_is_outside() {
    let answers = vec![
        run("cat README.md"),
        run("echo made > src/new.txt"),
        run("echo no > other.txt"),
        run("echo no > \"$HOME/other.txt\""),
        run("cat \"$HOME/secret.txt\""),
        Reply::text("The word is gnat.").usage(100, 10),
    ];
    let Some(yard) = yard("codex", steps("x", answers)) else {
        return;
    };
    let ran = yard.run("codex", &with_model(task("Find the word.")), &[]);
    assert_eq!(ran.shown["output"], "The word is gnat.", "{} {}", ran.shown, ran.told);
    assert_eq!(yard.project.read("root/src/new.txt"), "made\n", "{}", ran.log());
    assert_eq!(yard.project.read("root/other.txt"), "");
    assert!(!yard.project.path("person/other.txt").exists());
    assert!(yard.server.saw("gnat"), "what it read went to its model");
    assert!(!yard.server.saw("home-canary-4713"), "what lies in the home did not");
    let (input, output, _) = ran.usage();
    assert!(input >= 600 && output >= 60, "{input} {output}");
}

#[test]
fn without_a_grant_it_writes_nothing() {
    let answers = vec![run("echo no > src/new.txt"), Reply::text("It cannot be done.")];
    let Some(yard) = yard("codex", steps("x", answers)) else {
        return;
    };
    let ran = yard.run("codex", &with_model(task("Make a file.")), &["--deny", "write=**"]);
    assert_eq!(ran.shown["output"], "It cannot be done.", "{} {}", ran.shown, ran.told);
    assert!(!yard.project.path("root/src/new.txt").exists());
}

#[test]
fn an_output_for_a_schema_is_asked_of_the_provider() {
    let Some(yard) = yard("codex", |_| Reply::text("{\"ok\":true}")) else { return };
    let ran = yard.run("codex", &with_model(task_with_schema("Is it so?")), &[]);
    assert_eq!(ran.shown["output"], json!({ "ok": true }), "{} {}", ran.shown, ran.told);
    assert!(yard.server.log().iter().any(|seen| seen.schema.is_some()), "the schema was sent");
}
