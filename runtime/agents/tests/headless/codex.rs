//! Codex.

use std::sync::Arc;

use baton_agents::backend::Activity;
use baton_agents::{Backend, BackendError, CodingKind};
use baton_core::handoff::Usage;
use baton_core::record::Outage;
use serde_json::{Value, json};

use crate::world::{Came, World, http, layer};
use crate::{backend, left, output, say, strict, with_schema, world};

const BEGIN: &str = "printf '%s\\n' \"$@\" > src/gen/args; cat > src/gen/task
echo '{\"type\":\"thread.started\",\"thread_id\":\"t1\"}'
echo '{\"type\":\"turn.started\"}'
";

fn item(kind: &str, fields: Value) -> String {
    let mut item = json!({ "id": "i1", "type": kind });
    for (key, value) in fields.as_object().unwrap() {
        item[key] = value.clone();
    }
    say(&json!({ "type": "item.completed", "item": item }))
}

fn completed(input: u64) -> String {
    let usage = json!({ "input_tokens": input, "cached_input_tokens": 4, "output_tokens": 9 });
    say(&json!({ "type": "turn.completed", "usage": usage }))
}

fn message(text: &str) -> String {
    item("agent_message", json!({ "text": text }))
}

async fn came(script: &str) -> (World, Came) {
    let mut world = world(&format!("{BEGIN}{script}"));
    world.authority().read = Some(layer(&["src/**"]));
    let came = world.perform_with(&backend(CodingKind::Codex)).await;
    (world, came)
}

#[tokio::test]
async fn the_last_message_of_a_turn_that_ends_is_the_result() {
    let command = json!({ "command": "ls", "status": "in_progress" });
    let mut started = json!({ "type": "item.started", "item": { "id": "i1" } });
    started["item"]["type"] = "command_execution".into();
    started["item"]["command"] = command["command"].clone();
    let script = [
        say(&json!({ "type": "item.completed", "item": { "type": "error", "message": "odd" } })),
        "echo 'a word to people'\n".into(),
        say(&json!({ "type": "of_tomorrow" })),
        say(&json!({ "type": "error", "message": "Reconnecting... 1/5" })),
        item("reasoning", json!({ "text": "hm" })),
        message("I look"),
        say(&started),
        item("command_execution", json!({ "command": "ls", "status": "completed" })),
        item("command_execution", json!({ "command": "rm x", "status": "declined" })),
        message("done"),
        completed(20),
    ]
    .concat();
    let (world, came) = came(&script).await;
    assert_eq!(came.text(), "done");
    assert_eq!(
        came.answer.usage,
        Usage { input_tokens: 20, output_tokens: 9, cached_tokens: 4, ..Usage::default() }
    );
    assert!(came.activities.contains(&Activity::Tool("ls".into())));
    assert!(came.activities.contains(&Activity::Thinking("hm".into())));
    assert_eq!(came.tried(), ["run rm x"]);
    assert_eq!(left(&world, "task"), "do it\n", "over standard input, to its end");
}

#[tokio::test]
async fn its_sandbox_is_as_wide_as_what_was_granted() {
    let script = format!("{BEGIN}{}{}", message("x"), completed(1));
    let mut world = world(&script);
    let run = async |world: &World| {
        world.perform_with(&backend(CodingKind::Codex)).await;
        left(world, "args")
    };
    let args = run(&world).await;
    for word in [
        "default_permissions=\"baton\"",
        "permissions.baton.network.enabled=false",
        "web_search=\"disabled\"",
        "approval_policy=\"never\"",
        "--ignore-user-config",
        "--ignore-rules",
        "hooks",
        "-",
    ] {
        assert!(args.lines().any(|line| line == word), "{word} in {args}");
    }
    let rules = args.lines().find_map(|line| line.strip_prefix("permissions.baton.filesystem="));
    let rules = rules.unwrap();
    let root = world.root.path().canonicalize().unwrap();
    let rule = |path: &str, access: &str| format!("\"{}\"=\"{access}\"", root.join(path).display());
    assert!(rules.contains(&rule("src", "read")), "{rules}");
    assert!(rules.contains(&rule("src/gen", "write")), "{rules}");
    assert!(rules.contains("\":minimal\"=\"read\""), "{rules}");
    assert!(!rules.contains("docs") && !rules.contains(".codex"), "{rules}");
    assert!(!args.contains("resume") && !args.contains("--model"), "{args}");
    world.authority().http = Some(http(&["https://example.org"]));
    let options = &mut Arc::make_mut(&mut world.job.spec).options;
    options.model = Some("gpt-x".into());
    options.effort = Some("high".into());
    let args = run(&world).await;
    for word in [
        "permissions.baton.network.enabled=true",
        "--model=gpt-x",
        "model_reasoning_effort=\"high\"",
    ] {
        assert!(args.lines().any(|line| line == word), "{word} in {args}");
    }
}

#[tokio::test]
async fn schemas_that_its_vendor_takes_are_handed_over_and_others_told() {
    let script = format!(
        "{BEGIN}for word in \"$@\"; do case $word in --output-schema=*) cat \"${{word#*=}}\" > src/gen/schema;; esac; done\n{}{}",
        message("{\"ok\":true}"),
        completed(1)
    );
    let loose = json!({ "type": "object", "properties": { "ok": { "type": "boolean" } } });
    let nested = json!({ "type": "object", "required": ["ok"], "additionalProperties": false,
                         "properties": { "ok": { "type": "array", "items": loose } } });
    for (schema, is_native) in [(strict(), true), (loose.clone(), false), (nested, false)] {
        let mut world = world(&script);
        with_schema(&mut world, &schema);
        let came = world.perform_with(&backend(CodingKind::Codex)).await;
        assert_eq!(output(&came), "{\"ok\":true}");
        assert_eq!(left(&world, "args").contains("--output-schema="), is_native, "{schema}");
        assert_eq!(left(&world, "task").contains("```json"), !is_native, "{schema}");
        if is_native {
            let given: Value = serde_json::from_str(&left(&world, "schema")).unwrap();
            assert_eq!(given, schema);
        }
    }
}

#[tokio::test]
async fn errors_and_outages_are_told_apart() {
    let failed = |text: &str| say(&json!({ "type": "turn.failed", "error": { "message": text } }));
    for (script, expected) in [
        (failed("You've hit your usage limit. Try again in 5 minutes."), Ok(Outage::Quota)),
        (failed("unexpected status 401 Unauthorized"), Ok(Outage::Auth)),
        (failed("Quota exceeded. Check your plan and billing details."), Ok(Outage::Billing)),
        (failed("unexpected status 503 Service Unavailable"), Ok(Outage::Overload)),
        (
            say(&json!({ "type": "error", "message": "error sending request for url" })),
            Ok(Outage::Unreachable),
        ),
        (failed("it broke"), Err("agent-error")),
        (message("half"), Err("agent-ended")),
        ("printf '{\"type\":\"turn.completed\"'; exit 3".into(), Err("agent-ended")),
    ] {
        let (_, came) = came(&script).await;
        match (&came.answer.result, expected) {
            (Err(BackendError::Unavailable { outage, .. }), Ok(expected)) => {
                assert_eq!(*outage, expected, "{script}");
            }
            (Err(BackendError::Retryable { failure, .. }), Err(expected)) => {
                assert_eq!(failure.code, expected, "{script}");
            }
            (other, _) => panic!("{script}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn a_retry_resumes_the_session_and_counts_only_what_is_new() {
    let mut world = world(&format!("{BEGIN}{}{}", message("one"), completed(20)));
    let backend = backend(CodingKind::Codex);
    let first = world.perform_with(&backend).await;
    assert_eq!(first.answer.usage.input_tokens, 20);
    world.job.attempt = 2;
    world.job.corrections = vec!["ok is missing".into()];
    crate::rewrite(&world, &format!("{BEGIN}{}{}", message("two"), completed(50)));
    let second = world.perform_with(&backend).await;
    assert_eq!(second.text(), "two");
    assert_eq!(second.answer.usage.input_tokens, 30);
    let args = left(&world, "args");
    let words: Vec<&str> = args.lines().collect();
    assert_eq!(words.get(..2), Some(&["exec", "resume"][..]));
    assert_eq!(words.get(words.len() - 3..), Some(&["--", "t1", "-"][..]));
    assert!(left(&world, "task").contains("ok is missing"));
    assert_eq!((backend.name(), backend.provider()), ("codex", "openai"));
}
