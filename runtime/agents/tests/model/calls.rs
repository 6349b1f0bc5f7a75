//! Calls of tools: those of the run, several at once, and those that were not offered.

use baton_agents::backend::Activity;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::refusal::{Refusal, RefusalKind};
use baton_core::scope::Capability;
use baton_host::port::CallError;
use serde_json::json;

use crate::world::{World, call, calls, submits};

#[tokio::test]
async fn a_tool_that_was_not_offered_is_refused_and_told() {
    let mut world = World::new(&[("a", "A")]);
    world.script([
        calls([
            call("write_file", json!({ "path": "a", "text": "B" })),
            call("exec", json!({ "argv": ["rm", "a"] })),
            call(&"long".repeat(100), json!({})),
            call("read_file", json!({ "path": "a" })),
        ]),
        submits(json!("x")),
    ]);
    world.perform().await.unwrap();
    let results = world.results();
    let failed: Vec<bool> = results.iter().map(|result| result.failed).collect();
    assert_eq!(failed, [true, true, true, false]);
    let there_are = "there are: read_file, list_files, search, submit";
    assert!(results[0].content.ends_with(there_are), "{}", results[0].content);
    let denied = world.denied();
    let tried: Vec<&str> = denied.iter().map(|denial| denial.tried.as_str()).collect();
    assert_eq!(tried, ["call write_file", "call exec", &format!("call {}", "long".repeat(16))]);
    assert!(denied.iter().all(|denial| denial.capability == Capability::Tools));
    assert!(denied.iter().all(|denial| denial.code == "tool-not-granted"));
    assert_eq!(world.read("a"), "A");
}

#[tokio::test]
async fn tools_of_the_run() {
    let mut world = World::new(&[]);
    let refusal = Refusal::new(RefusalKind::Invalid, "bad-input", "it does not fit", "look again");
    let failure = Failure::new(FailureKind::Failed, "exit-status", "it ended with 1")
        .with_detail(json!({ "status": 1 }));
    world.tools(&[
        ("git/log", Ok(json!({ "commits": 2 }))),
        ("say", Ok(json!("just a text"))),
        ("net/refuses", Err(CallError::Refused(refusal))),
        ("net/fails", Err(CallError::Failed(failure))),
    ]);
    world.script([
        calls([
            call("git__log", json!({ "n": 2 })),
            call("say", json!({})),
            call("net__refuses", json!({})),
            call("net__fails", json!({})),
        ]),
        submits(json!("x")),
    ]);
    world.perform().await.unwrap();
    let told: Vec<(bool, String)> =
        world.results().into_iter().map(|result| (result.failed, result.content)).collect();
    assert_eq!(
        told,
        [
            (false, r#"{"commits":2}"#.to_owned()),
            (false, "just a text".to_owned()),
            (true, "refused: it does not fit (bad-input); look again".to_owned()),
            (true, "failed: it ended with 1 (exit-status)\n{\"status\":1}".to_owned()),
        ]
    );
    let tools = world.tools.as_ref().unwrap();
    assert_eq!(tools.called.lock().unwrap()[0], ("git/log".to_owned(), json!({ "n": 2 })));
    assert_eq!(world.complete(), Some(false), "what tools looked at is not known");
    assert!(world.activities().contains(&Activity::Tool("git/log".into())));
}

#[tokio::test]
async fn names_fit_every_provider_and_stay_apart() {
    let long = format!("server/{}", "x".repeat(80));
    let longer = format!("{long}y");
    let names =
        ["a/b", "a__b", "read_file", "submit", "skill", "mcp/say hello.now", &long, &longer];
    let mut world = World::new(&[]);
    world.tools(&names.map(|name| (name, Ok(json!(format!("from {name}"))))));
    world.script([submits(json!("x"))]);
    world.perform().await.unwrap();
    let offered: Vec<String> =
        world.asked()[0].tools.iter().map(|tool| tool.name.clone()).collect();
    let mut unique = offered.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), offered.len(), "{offered:?}");
    let fits = |c: char| c.is_ascii_alphanumeric() || c == '_' || c == '-';
    assert!(offered.iter().all(|name| name.len() <= 64 && name.chars().all(fits)), "{offered:?}");
    assert!(offered.contains(&"mcp__say_hello_now".to_owned()), "{offered:?}");

    let given: Vec<String> = offered.into_iter().skip(3).filter(|name| name != "submit").collect();
    assert_eq!(given.len(), names.len());
    world.meter = baton_agents::model::FreeMeter::new();
    let all: Vec<_> = given.iter().map(|name| call(name, json!({}))).collect();
    world.script([calls(all), submits(json!("x"))]);
    world.perform().await.unwrap();
    let mut told: Vec<String> = world.results().into_iter().map(|result| result.content).collect();
    told.sort();
    let mut expected = names.map(|name| format!("from {name}"));
    expected.sort();
    assert_eq!(told, expected);
}

#[tokio::test]
async fn results_come_in_the_order_of_the_calls() {
    let files: Vec<(String, String)> =
        (0..30).map(|number| (format!("f{number}"), format!("text {number}"))).collect();
    let files: Vec<(&str, &str)> = files.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    let mut world = World::new(&files);
    world.writable();
    let read = |path: &str| call("read_file", json!({ "path": path }));
    let mut parts: Vec<_> = files.iter().map(|(path, _)| read(path)).collect();
    parts.push(call("write_file", json!({ "path": "f0", "text": "new" })));
    parts.push(read("f0"));
    parts.push(call("edit_file", json!({ "path": "f0", "old": "new", "new": "newer" })));
    parts.push(read("f0"));
    world.script([calls(parts), submits(json!("x"))]);
    world.perform().await.unwrap();
    let told: Vec<String> = world.results().into_iter().map(|result| result.content).collect();
    for (number, content) in told.iter().take(30).enumerate() {
        assert_eq!(content, &format!("     1\ttext {number}\n"));
    }
    assert_eq!(told[31], "     1\tnew\n", "what follows a change sees it");
    assert_eq!(told[33], "     1\tnewer\n");
}

#[tokio::test]
async fn skills_are_read_when_they_are_called_for() {
    let mut world = World::new(&[]);
    world.skill("deploy", "Push the button.");
    world.script([
        calls([call("skill", json!({ "name": "deploy" })), call("skill", json!({ "name": "no" }))]),
        submits(json!("x")),
    ]);
    world.perform().await.unwrap();
    let results = world.results();
    assert_eq!((results[0].failed, results[0].content.as_str()), (false, "Push the button."));
    assert!(results[1].failed && results[1].content.contains("deploy"), "{results:?}");
}
