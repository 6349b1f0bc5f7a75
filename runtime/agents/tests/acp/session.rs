//! Sessions: what an agent is told, what it says, how a retry goes on.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::backend::{Activity, Guidance, Inbox, Message, Skill};
use baton_agents::{Backend, BackendError, Notice, Session, Sessions, work};
use baton_core::json::Json;
use baton_core::manifest::AgentType;
use baton_core::report::Report;
use serde_json::json;

use crate::common::context;
use crate::world::{World, backend};

fn schema() -> Json {
    json!({ "type": "object", "required": ["ok"], "properties": { "ok": { "type": "boolean" } } })
        .into()
}

#[tokio::test]
async fn the_last_message_is_the_result_and_the_rest_is_seen() {
    let world = World::new(
        "! think hm
! say first I look
! tool {\"sessionUpdate\":\"tool_call\",\"toolCallId\":\"1\",\"title\":\"Look\",\"kind\":\"read\"}
! tool {\"sessionUpdate\":\"tool_call_update\",\"toolCallId\":\"1\",\"status\":\"completed\"}
! update {\"sessionUpdate\":\"plan\",\"entries\":[]}
! update {\"sessionUpdate\":\"of_tomorrow\"}
! say it
! say  works",
    );
    let came = world.perform("").await;
    assert_eq!(came.text(), "it works");
    assert_eq!(came.answer.result.as_ref().unwrap().summary, "it works");
    assert_eq!(
        came.activities,
        [
            Activity::Waiting,
            Activity::Thinking("hm".into()),
            Activity::Text("first I look".into()),
            Activity::Tool("Look".into()),
            Activity::Text("it".into()),
            Activity::Text(" works".into()),
        ]
    );
    assert_eq!(came.logs, ["test-agent 1.2.3"]);
}

#[tokio::test]
async fn an_agent_is_told_everything_that_belongs_to_its_task() {
    let mut world = World::new("! tell");
    let spec = Arc::make_mut(&mut world.job.spec);
    spec.input = Some(json!({ "number": 7 }).into());
    spec.options.system = Some("You are careful.".into());
    world.job.corrections = vec!["ok is missing".into()];
    let skill = Skill { description: "x".into(), text: "how to do it".into() };
    world.job.guidance = Arc::new(Guidance {
        instructions: vec![("AGENTS.md".into(), "it reads these itself".into())],
        skills: BTreeMap::from([("way".into(), skill)]),
    });
    world.job.definition =
        Some(Arc::new(AgentType { skills: vec!["way".into()], ..AgentType::default() }));
    let text = world.perform("").await.text();
    for part in ["You are careful.", "how to do it", "{\"number\":7}", "- ok is missing"] {
        assert!(text.contains(part), "{part} in {text}");
    }
    assert!(!text.contains("it reads these itself"), "{text}");
    assert!(!text.contains("```json"), "no schema, no block: {text}");
    Arc::make_mut(&mut world.job.spec).schema = Some(schema());
    let came = world.perform("").await;
    let output = came.answer.result.unwrap().output;
    assert!(output.as_str().contains("```json") && output.as_str().contains("boolean"));
}

#[tokio::test]
async fn json_is_found_in_the_last_message() {
    for (said, expected) in [
        ("{\"ok\":true}", "{\"ok\":true}"),
        ("Done.\\n\\n```json\\n{\"ok\": true}\\n```", "{\"ok\": true}"),
        ("```\\n{\"ok\":false}\\n```\\nand\\n```json\\n{\"ok\":true}\\n```\\n", "{\"ok\":true}"),
        ("```json\\n{\"code\":\"```rust```\"}\\n```", "{\"code\":\"```rust```\"}"),
        // It does not fit, and the agent is told so.
        ("no json", "\"no json\""),
        ("```json\\n{broken\\n```", "\"```json\\n{broken\\n```\""),
    ] {
        let mut world = World::new(&format!("! say {said}"));
        Arc::make_mut(&mut world.job.spec).schema = Some(schema());
        let handoff = world.perform("").await.answer.result.unwrap();
        assert_eq!(handoff.output.as_str(), expected, "{said}");
        if said.starts_with("Done") {
            assert_eq!(handoff.summary, "Done.", "the words before it");
        }
    }
}

#[tokio::test]
async fn a_correction_goes_on_with_the_session_where_it_can_be_loaded() {
    for (arguments, session) in [
        ("--load STORE", "[\"loaded\"] Your last result was not accepted"),
        ("--resume STORE", "[\"resumed\"] Your last result was not accepted"),
        ("", "[] ! tell"),
    ] {
        let world = World::new("");
        let store = world.root.path().join("src/gen");
        std::fs::create_dir_all(&store).unwrap();
        let mut world = world;
        world.prompt("! tell");
        let backend = backend(&arguments.replace("STORE", store.to_str().unwrap()));
        let first = world.perform_with(&backend).await;
        assert!(first.text().starts_with("[] ! tell"), "{}", first.text());
        world.job.attempt = 2;
        // The agent does what the task says; a correction is the task of this one.
        world.job.corrections = vec!["x\n! tell".into()];
        let second = world.perform_with(&backend).await.text();
        assert!(second.starts_with(session), "{arguments}: {second}");
        assert!(!second.contains("earlier turn"), "{second}");
    }
}

#[tokio::test]
async fn a_session_that_is_gone_is_begun_anew() {
    let mut world = World::new("! tell");
    let store = world.root.path().join("src/gen");
    std::fs::create_dir_all(&store).unwrap();
    let backend = backend(&format!("--load {}", store.display()));
    world.perform_with(&backend).await;
    std::fs::remove_file(store.join("session-1")).unwrap();
    world.job.attempt = 2;
    let text = world.perform_with(&backend).await.text();
    assert!(text.starts_with("[] ! tell"), "{text}");
}

#[tokio::test]
async fn a_session_on_record_is_taken_up_by_another_process_or_begun_anew() {
    for (arguments, log, begins) in [
        ("--resume STORE", "goes on with its session session-1", "[\"resumed\"] The work was"),
        ("", "the agent does not know its session any more: it begins anew", "[] ! tell"),
    ] {
        let mut world = World::new("! tell");
        let store = world.root.path().join("src/gen");
        let directory = world.root();
        let session = Session { id: "session-1".into(), directory, ..Session::default() };
        world.sessions = Sessions::new([(0, session)].into());
        world.job.attempt = 2;
        // Whatever goes on in a session is told no orders: a message has one.
        let message =
            Message { seq: 3, sender: "ada".into(), text: "! tell".into(), urgent: false };
        let (mut context, _cancel, mut noticed) = context();
        context.sessions = world.sessions.clone();
        context.inbox = Inbox::new(tokio::sync::watch::channel(Arc::from([message])).1);
        let backend = backend(&arguments.replace("STORE", store.to_str().unwrap()));
        let answer = backend.perform(&world.job, &context).await;
        let text: String = serde_json::from_str(answer.result.unwrap().output.as_str()).unwrap();
        assert!(text.starts_with(begins), "{arguments}: {text}");
        let mut logs = Vec::new();
        while let Ok(notice) = noticed.try_recv() {
            if let Notice::Report(Report::Log { text, .. }) = notice {
                logs.push(text);
            }
        }
        assert!(logs.iter().any(|text| text == log), "{arguments}: {logs:?}");
    }
}

#[tokio::test]
async fn an_output_that_does_not_fit_is_corrected_until_it_does() {
    let mut world = World::new("! say wrong\n! tell");
    Arc::make_mut(&mut world.job.spec).schema = Some(schema());
    let (context, _cancel, _noticed) = context();
    let answer = work(&backend(""), world.job.clone(), &context).await;
    let Err(BackendError::Permanent(failure)) = answer.result else {
        panic!("{answer:?}");
    };
    assert_eq!(failure.code, "schema");
}

#[tokio::test]
async fn a_mode_that_asks_and_the_model_are_set() {
    let mut world = World::new("! tell");
    assert!(world.perform("--modes").await.text().starts_with("[\"mode=default\"]"));
    let options = &mut Arc::make_mut(&mut world.job.spec).options;
    options.model = Some("large".into());
    options.effort = Some("high".into());
    let text = world.perform("--models").await.text();
    assert!(text.starts_with("[\"depth=high\", \"brain=large\"]"), "{text}");

    Arc::make_mut(&mut world.job.spec).options.effort = Some("extreme".into());
    let came = world.perform("--models").await;
    assert!(came.text().starts_with("[\"brain=large\"]"));
    assert!(came.logs.iter().any(|log| log.contains("no effort `extreme`")), "{:?}", came.logs);

    Arc::make_mut(&mut world.job.spec).options.model = Some("huge".into());
    let came = world.perform("--models").await;
    assert_eq!(came.failure().code, "unknown-model");
    assert!(came.failure().message.contains("small, large"), "{}", came.failure().message);
    let came = world.perform("").await;
    assert_eq!(came.failure().code, "unknown-model");
}

#[tokio::test]
async fn the_environment_is_the_stated_list() {
    let mut world = World::new("! env");
    world.job.traceparent = Some("00-1-2-01".into());
    let text = world.perform("").await.text();
    let expected = ["BATON_ATTEMPT", "BATON_RUN", "BATON_TASK", "TMPDIR", "TRACEPARENT", "PATH"];
    for name in expected {
        assert!(text.split(' ').any(|own| own == name), "{name} in {text}");
    }
    let known = |name: &str| {
        expected.contains(&name)
            || ["HOME", "LANG", "TZ"].contains(&name)
            || name.starts_with("LC_")
    };
    let others: Vec<&str> = text.split(' ').filter(|name| !known(name)).collect();
    assert_eq!(others, [""; 0], "cargo's own variables are not for agents");
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there was something to leave out");

    world.authority().env = Some(baton_core::scope::NameScope::of(&["CARGO_MANIFEST_DIR".into()]));
    let text = world.perform("").await.text();
    assert!(text.contains("CARGO_MANIFEST_DIR"), "{text}");
}

#[test]
fn names_and_providers() {
    let agent = |text: &str| baton_agents::AcpBackend::new(text, crate::common::supervisor());
    let acp = agent("some-agent --acp").unwrap();
    assert_eq!((acp.name(), acp.provider()), ("acp:some-agent --acp", "acp:some-agent --acp"));
    assert_eq!(agent("claude-agent-acp").unwrap().provider(), "anthropic");
    assert_eq!(agent("codex-acp -v").unwrap().provider(), "openai");
    // A name is no proof: what is named by a path is nobody in particular.
    assert_eq!(agent("/x/codex-acp").unwrap().provider(), "acp:/x/codex-acp");
    for text in ["", " ", "''"] {
        assert!(agent(text).is_err(), "{text:?}");
    }
    let error = agent("x 'y").err().unwrap().to_string();
    assert!(error.contains("quote"), "{error}");
}
