//! How a result is handed in.

use std::collections::BTreeSet;

use baton_agents::{Backend, BackendError, Notice};
use baton_core::digest::Digest;
use baton_core::handoff::{FailureKind, LineRange, Usage};
use baton_core::record::Effect;
use baton_core::report::Report;
use baton_models::{Message, Stop};
use serde_json::{Value, json};

use crate::world::Step;
use crate::world::{PRICE, USAGE, World, call, calls, failure, reply, says, submits, text};

fn count() -> Value {
    json!({ "type": "object", "properties": { "count": { "type": "integer" } }, "required": ["count"] })
}

#[tokio::test]
async fn a_task_with_tools_and_a_schema() {
    let mut world = World::new(&[("src/a.rs", "fn a() {}\nfn b() {}\n")]);
    world.schema(count());
    world.spec(|spec| spec.input = Some(json!({ "of": "functions" }).into()));
    let evidence =
        json!([{ "path": "src/a.rs", "lines": { "first": 1, "last": 2 }, "claim": "two" }]);
    let submission = json!({
        "output": { "count": 2 }, "summary": "Two functions.", "evidence": evidence,
        "artifacts": [{ "name": "r.md", "media_type": "text/markdown", "text": "# Two" }],
        "follow_ups": ["Count the tests."]
    });
    world.script([
        calls([text("I look."), call("read_file", json!({ "path": "src/a.rs" }))]),
        calls([call("submit", submission)]),
    ]);
    let handoff = world.perform().await.unwrap();
    assert_eq!(handoff.output.value(), json!({ "count": 2 }));
    assert_eq!(handoff.summary, "Two functions.");
    let cited = &handoff.evidence[0];
    assert_eq!(
        (cited.path.as_str(), cited.lines),
        ("src/a.rs", Some(LineRange { first: 1, last: 2 }))
    );
    assert_eq!(cited.digest, Some(Digest::of(b"fn a() {}\nfn b() {}\n")));
    assert_eq!(handoff.follow_ups, ["Count the tests."]);
    assert_eq!(handoff.artifacts[0].digest, Digest::of(b"# Two"));
    let artifacts: Vec<_> = world
        .notices
        .iter()
        .filter(|notice| {
            matches!(notice, Notice::Artifact(_) | Notice::Report(Report::Artifact(_)))
        })
        .collect();
    assert_eq!(artifacts.len(), 2, "{artifacts:?}");
    assert_eq!(world.complete(), Some(true));

    let asked = world.asked();
    assert_eq!(asked.len(), 2);
    let Message::User(task) = &asked[0].messages[0] else { panic!("{:?}", asked[0].messages) };
    assert!(task.starts_with("Do it.") && task.contains(r#"{"of":"functions"}"#), "{task}");
    assert_eq!(asked[1].messages.len(), 3);
    assert_eq!(world.results()[0].content, "     1\tfn a() {}\n     2\tfn b() {}\n");
    assert_eq!(asked[1].model, "large-1");
    assert_eq!(asked[1].output_tokens_max, 8_192, "as many as the model returns at once");
}

#[tokio::test]
async fn what_is_told_of_it() {
    let mut world = World::new(&[]);
    world.script([submits(json!("Done."))]);
    let answer = world.work().await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"Done.\"");
    let wall_ms = answer.usage.wall_ms;
    assert_eq!(answer.usage, Usage { wall_ms, ..Usage::default() }, "settled call by call");
    let settled = world.meter.settled();
    assert_eq!(settled.len(), 1);
    assert_eq!((settled[0].usage, settled[0].estimated), (PRICE.usage(&USAGE), false));
    assert!(settled[0].answered);
    let asked = world.meter.asked();
    assert_eq!((asked[0].provider.as_str(), asked[0].model.as_str()), ("acme", "large-1"));
    assert_eq!(asked[0].reserve.output_tokens, 8_192);
    assert!(asked[0].reserve.input_tokens > 100);
    let most = asked[0].reserve.input_tokens * 5 / 4 + 81_920;
    assert!(asked[0].reserve.cost_micro_usd.abs_diff(most) <= 1, "{:?}", asked[0].reserve);
    let backend = world.backend();
    assert_eq!((backend.name(), backend.provider()), ("acme:large-1", "acme"));
    assert_eq!(backend.effect(), Effect::Repeatable);
    assert!(backend.continues() && backend.can_write());
}

#[tokio::test]
async fn a_text_is_the_result_where_no_schema_asks_for_more() {
    let mut world = World::new(&[]);
    world.script([says("It is done.")]);
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"It is done.\"");
}

#[tokio::test]
async fn a_text_may_be_the_output_itself() {
    for words in [
        r#"{"count": 3}"#,
        " {\"count\":3}\n",
        "Here it is:\n```json\n{\"count\": 3}\n```\nThat is all.",
        "```\n{\"count\": 3}\n```",
    ] {
        let mut world = World::new(&[]);
        world.schema(count());
        world.script([says(words)]);
        assert_eq!(world.perform().await.unwrap().output.value(), json!({ "count": 3 }), "{words}");
    }
}

#[tokio::test]
async fn a_submission_may_be_the_output_itself() {
    let mut world = World::new(&[]);
    world.schema(count());
    world.script([calls([call("submit", json!({ "count": 4 }))])]);
    assert_eq!(world.perform().await.unwrap().output.value(), json!({ "count": 4 }));
}

#[tokio::test]
async fn a_model_that_ends_without_handing_in_is_asked_to_twice() {
    let mut world = World::new(&[]);
    world.schema(count());
    world.script([says("I am done."), says("Really."), submits(json!({ "count": 1 }))]);
    assert_eq!(world.perform().await.unwrap().output.value(), json!({ "count": 1 }));
    let must: Vec<bool> = world.asked().iter().map(|request| request.must_call).collect();
    assert_eq!(must, [false, true, true]);

    let mut world = World::new(&[]);
    world.schema(count());
    world.script([says("a"), says("b"), says("c")]);
    let failure = failure(world.perform().await);
    assert_eq!(
        (failure.kind, failure.code.as_str()),
        (FailureKind::InvalidOutput, "not-submitted")
    );
    let mut world = World::new(&[]);
    world.script([says(" "), says(""), says("\n")]);
    let failure = crate::world::failure(world.perform().await);
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Failed, "empty-output"));
}

#[tokio::test]
async fn errors_of_the_schema_are_fed_back_as_often_as_the_task_says() {
    for (asked, tries) in [(None, 3), (Some(1), 1), (Some(5), 5)] {
        let mut world = World::new(&[]);
        world.schema(count());
        world.spec(|spec| spec.options.schema_attempts = asked);
        world.script((0..10).map(|number| submits(json!({ "count": format!("no {number}") }))));
        let answer = world.work().await;
        assert_eq!(world.asked().len(), tries, "{asked:?}");
        let failure = failure(answer.result);
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::InvalidOutput, "schema"));
        let last = format!("no {}", tries - 1);
        assert!(failure.message.contains(&last), "{failure}");
        assert!(failure.detail.as_str().contains("integer"), "{}", failure.detail);
        let attempts = world.notices.iter().filter(|n| matches!(n, Notice::AttemptFailed { .. }));
        assert_eq!(attempts.count(), 0, "one conversation is one attempt");
    }
    let mut world = World::new(&[]);
    world.schema(count());
    world.spec(|spec| spec.options.schema_attempts = Some(2));
    world.script([submits(json!({})), submits(json!({ "count": 7 }))]);
    assert_eq!(world.work().await.result.unwrap().output.value(), json!({ "count": 7 }));
    let refused = &world.results()[0];
    assert!(refused.failed && refused.content.contains("count"), "{refused:?}");
}

#[tokio::test]
async fn what_is_cited_must_be_there_and_in_scope() {
    let lines = |first: u32, last: u32| json!({ "first": first, "last": last });
    for (entry, says) in [
        (json!({ "path": "a.md", "lines": lines(2, 3), "claim": "c" }), "2 lines"),
        (json!({ "path": "a.md", "lines": lines(0, 1), "claim": "c" }), "no lines 0 to 1"),
        (json!({ "path": "a.md", "lines": lines(2, 1), "claim": "c" }), "no lines 2 to 1"),
        (json!({ "path": "b.md", "claim": "c" }), "not-found"),
        (json!({ "path": "private/k.md", "claim": "c" }), "out-of-scope"),
        (json!({ "path": "../root/a.md", "claim": "c" }), "parent-part"),
        (json!({ "path": "/etc/passwd", "claim": "c" }), "absolute-path"),
        (json!({ "path": "a.md" }), "claim"),
    ] {
        let mut world = World::new(&[("a.md", "one\ntwo"), ("private/k.md", "secret")]);
        let submission = json!({ "output": "x", "evidence": [entry] });
        let whole = json!({ "output": "x", "evidence": [{ "path": "./a.md", "claim": "c" }] });
        world.script([calls([call("submit", submission)]), calls([call("submit", whole)])]);
        let handoff = world.perform().await.unwrap();
        let told = &world.results()[0];
        assert!(told.failed && told.content.contains(says), "{says}: {}", told.content);
        assert_eq!(handoff.evidence[0].path, "a.md");
        assert_eq!(handoff.evidence[0].digest, Some(Digest::of(b"one\ntwo")));
    }
    let mut world = World::new(&[]);
    let submission = json!({ "output": "x", "evidence": [{ "path": "no", "claim": "c" }] });
    world.script((0..3).map(|_| calls([call("submit", submission.clone())])));
    assert_eq!(failure(world.work().await.result).code, "submission");
}

#[tokio::test]
async fn what_is_handed_in_is_bounded() {
    let (long, many) = ("x".repeat(17 << 10), vec![json!("y"); 4_097]);
    let artifact = |text: &str| json!({ "name": "n", "media_type": "text/plain", "text": text });
    for (submission, says) in [
        (json!({ "output": "x", "summary": long }), "summary"),
        (json!({ "output": "x", "follow_ups": many }), "follow_ups"),
        (json!({ "output": "x", "follow_ups": [long] }), "follow_ups"),
        (json!({ "output": "x", "artifacts": [artifact(&"z".repeat(2_000))] }), "artifacts"),
        (json!({ "output": "x".repeat(1_001) }), "output"),
        (json!({ "output": 1 }), "text"),
        (json!({ "output": "" }), "empty"),
        (json!({ "output": "x", "more": 1 }), "more"),
        (json!(["x"]), "object"),
    ] {
        let mut world = World::new(&[]);
        let mut limits = *world.job.limits;
        limits.run.artifact_bytes = 1_000;
        limits.run.result_bytes = 1_000;
        world.job.limits = limits.into();
        world.script([calls([call("submit", submission)]), submits(json!("fits"))]);
        assert_eq!(world.perform().await.unwrap().output.as_str(), "\"fits\"");
        let told = &world.results()[0];
        assert!(told.failed && told.content.contains(says), "{says}: {}", told.content);
    }
    let mut world = World::new(&[]);
    let mut limits = *world.job.limits;
    limits.run.result_bytes = 10;
    world.job.limits = limits.into();
    world.script([says("more than ten bytes")]);
    let failure = failure(world.perform().await);
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Limit, "result-bytes"));
}

#[tokio::test]
async fn handing_in_comes_after_the_other_calls_of_an_answer() {
    let mut world = World::new(&[]);
    world.writable();
    let submit = |output: &str| call("submit", json!({ "output": output }));
    let write = call("write_file", json!({ "path": "a", "text": "A" }));
    world.script([calls([submit("first"), write, submit("second")])]);
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"first\"");
    assert_eq!(world.read("a"), "A");
}

#[tokio::test]
async fn nothing_is_handed_in_beside_a_call_that_failed() {
    let edit = |old: &str| call("edit_file", json!({ "path": "a", "old": old, "new": "B" }));
    let submit = || call("submit", json!({ "output": "I edited it" }));
    let mut world = World::new(&[("a", "A")]);
    world.writable();
    world.spec(|spec| spec.options.schema_attempts = Some(1));
    world.script([
        calls([edit("not there"), submit()]),
        calls([submit(), call("exec", json!({}))]),
        calls([edit("A"), submit()]),
    ]);
    assert!(world.perform().await.is_ok());
    assert_eq!(world.asked().len(), 3, "and it is no try at the schema");
    let results = world.results();
    assert!(results[0].failed && results[0].content.contains("not taken"), "{results:?}");
    assert_eq!(world.read("a"), "B");

    // Whether the edit was made is not known after a crash.
    let turns = world.meter.settled();
    let mut world = World::new(&[("a", "A")]).after_crash(turns);
    world.writable();
    world.script([calls([edit("A"), submit()])]);
    assert!(world.perform().await.is_ok());
    let results = world.results();
    assert!(results[0].content.contains("interrupted"), "{results:?}");
    assert!(results[1].content.contains("not taken"), "{results:?}");
    assert_eq!(world.read("a"), "B");
}

#[tokio::test]
async fn references_of_a_schema_hold_where_the_model_sees_it() {
    let schema = json!({
        "$defs": { "n": { "type": "integer" } },
        "type": "object",
        "properties": { "a": { "$ref": "#/$defs/n" }, "all": { "$ref": "#" } },
        "default": { "$ref": "#/x" }
    });
    let mut world = World::new(&[]);
    world.schema(schema);
    world.script([submits(json!({ "a": 1 }))]);
    world.perform().await.unwrap();
    let asked = world.asked();
    let submit = asked[0].tools.iter().find(|tool| tool.name == "submit").unwrap();
    let output = &submit.input.value()["properties"]["output"];
    assert_eq!(output["properties"]["a"]["$ref"], "#/properties/output/$defs/n");
    assert_eq!(output["properties"]["all"]["$ref"], "#/properties/output");
    assert_eq!(output["default"]["$ref"], "#/x", "that is data");
    let names: BTreeSet<&str> = asked[0].tools.iter().map(|tool| tool.name.as_str()).collect();
    assert_eq!(names, ["list_files", "read_file", "search", "submit"].into());
}

#[tokio::test]
async fn ends_that_are_no_results() {
    for (step, code) in [
        (Step::Answers(reply(vec![text("no")], Stop::Refused)), "model-refused"),
        (Step::Answers(reply(vec![text("x")], Stop::Other("recitation".into()))), "model-stopped"),
    ] {
        let mut world = World::new(&[]);
        world.script([step]);
        let failure = failure(world.perform().await);
        assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Failed, code));
    }
    let mut world = World::new(&[]);
    world.schema(json!({ "type": 1 }));
    let Err(BackendError::Permanent(failure)) = world.perform().await else { panic!("no failure") };
    assert_eq!(failure.code, "bad-schema");
    assert!(world.asked().is_empty());
}
