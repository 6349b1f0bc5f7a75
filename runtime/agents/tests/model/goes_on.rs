//! Conversations that go on: after a crash, a retry, a correction; what is on record of them.

use baton_agents::Notice;
use baton_agents::backend::{Redact, Turn};
use baton_agents::model::transcript::{TURN_VERSION, TurnContent, answers};
use baton_models::{Message, Part, Stop, Trouble};
use serde_json::json;

use crate::world::{Step, World, call, calls, error, failure, reply, says, submits, text};

/// A task of four answers, with a tool of every kind.
fn script() -> Vec<Step> {
    let thinking = Part::Thinking { text: "hm".into(), signature: Some("sig".into()) };
    vec![
        calls([thinking, text("I look."), call("read_file", json!({ "path": "a" }))]),
        calls([call("write_file", json!({ "path": "b", "text": "B" }))]),
        calls([call("submit", json!({ "output": 1 }))]),
        submits(json!({ "ok": true })),
    ]
}

fn world() -> World {
    let mut world = World::new(&[("a", "A\n")]);
    world.writable();
    world.schema(json!({ "type": "object" }));
    world
}

#[tokio::test]
async fn it_goes_on_after_a_crash_at_every_turn() {
    let mut whole = world();
    whole.script(script());
    let expected = whole.work().await.result.unwrap();
    let (turns, asked) = (whole.meter.settled(), whole.asked());
    assert_eq!(turns.len(), 4);
    for count in 0..=turns.len() {
        let mut world = world().after_crash(turns[..count].to_vec());
        world.script(script().into_iter().skip(count));
        assert_eq!(world.work().await.result.unwrap(), expected, "after {count} turns");
        assert_eq!(world.asked(), asked[count..], "the same is said, and nothing twice");
        if count <= 2 {
            assert_eq!(world.read("b"), "B");
        }
        let contents: Vec<TurnContent> = world.turns();
        assert_eq!(contents.len(), 4);
        for (turn, before) in contents.iter().zip(whole.turns()) {
            assert_eq!(turn.said, before.said);
            assert_eq!(turn.answer, before.answer);
            assert_eq!(turn.opening, before.opening, "only in the first turn");
        }
    }
    assert_eq!(answers(&whole.turns().iter().map(TurnContent::to_bytes).collect::<Vec<_>>()), 4);
}

#[tokio::test]
async fn every_turn_holds_what_was_new() {
    let mut world = world();
    world.script(script());
    world.perform().await.unwrap();
    let turns = world.turns();
    let first = &turns[0];
    let opening = first.opening.as_ref().unwrap();
    assert!(opening.system.contains("`submit`") && opening.tools.len() == 6);
    assert_eq!(first.said, [Message::User("Do it.".into())]);
    assert_eq!(first.text(), "I look.");
    assert_eq!((first.v, first.attempt, first.rung), (TURN_VERSION, 1, 0));
    assert_eq!(
        (first.backend.as_str(), first.request_id.as_deref()),
        ("acme:large-1", Some("req-1"))
    );
    assert_eq!(first.cost_micro_usd, 164, "60 plain, 40 cached, 10 out");
    assert!(turns[1..].iter().all(|turn| turn.opening.is_none() && turn.said.len() == 1));
    assert_eq!(turns[2].stop, Some(Stop::ToolCalls));
    let bytes = first.to_bytes();
    assert_eq!(TurnContent::parse(&bytes).unwrap(), *first);
}

#[tokio::test]
async fn what_cannot_be_read_ends_the_task_and_not_the_process() {
    let later = br#"{"v":99,"backend":"a:b","attempt":1,"usage":{},"ms":0}"#;
    for content in [&b"{}"[..], &b"\xff"[..], &later[..]] {
        let turn = Turn { content: Some(content.into()), ..settled() };
        let mut world = world().after_crash(vec![turn]);
        assert_eq!(failure(world.perform().await).code, "transcript");
    }
}

fn settled() -> Turn {
    Turn {
        usage: baton_core::handoff::Usage::default(),
        estimated: false,
        answered: true,
        content: None,
    }
}

#[tokio::test]
async fn calls_that_may_have_been_made_are_made_again_only_where_that_does_no_harm() {
    for once in [false, true] {
        let mut first = World::new(&[("a", "one"), ("b", "two")]);
        first.writable();
        first.tools(&[("run/it", Ok(json!("ran")))]);
        let answer = || {
            calls([
                call("edit_file", json!({ "path": "a", "old": "one", "new": "one one" })),
                call("write_file", json!({ "path": "c", "text": "C" })),
                call("run__it", json!({})),
                call("read_file", json!({ "path": "b" })),
            ])
        };
        first.script([answer(), submits(json!("x"))]);
        first.perform().await.unwrap();
        assert!(first.results().iter().all(|result| !result.failed));
        let turns = first.meter.settled();
        let mut world = first.after_crash(turns[..1].to_vec());
        world.tools(&[("run/it", Ok(json!("ran")))]);
        if let Some(tools) = world.tools.take().and_then(std::sync::Arc::into_inner) {
            world.tools = Some(crate::world::Given { once, ..tools }.into());
        }
        world.script([submits(json!("x"))]);
        world.perform().await.unwrap();
        let results = world.results();
        assert!(results[0].failed && results[0].content.contains("interrupted"), "{results:?}");
        assert_eq!(world.read("a"), "one one", "once");
        assert!(!results[1].failed, "the same text once more");
        assert_eq!(results[2].failed, once, "{results:?}");
        let called = world.tools.as_ref().unwrap().called.lock().unwrap().len();
        assert_eq!(called, usize::from(!once));
        assert!(!results[3].failed);
    }
}

#[tokio::test(start_paused = true)]
async fn a_call_that_failed_is_repeated_and_its_tools_are_not() {
    let mut world = World::new(&[]);
    world.tools(&[("run/it", Ok(json!("ran")))]);
    world.script([
        calls([call("run__it", json!({}))]),
        Step::Fails(error(Trouble::Retryable, "reset")),
        Step::Fails(error(Trouble::Overload, "overloaded")),
        submits(json!("x")),
    ]);
    world.work().await.result.unwrap();
    let asked = world.asked();
    assert_eq!(asked.len(), 4);
    assert!(asked[1] == asked[2] && asked[2] == asked[3], "the same request");
    assert_eq!(world.tools.as_ref().unwrap().called.lock().unwrap().len(), 1);
    let turns = world.turns();
    let attempts: Vec<u32> = turns.iter().map(|turn| turn.attempt).collect();
    assert_eq!(attempts, [1, 1, 2, 3]);
    assert_eq!(turns[1].failed.as_ref().unwrap().code, "reset");
    assert_eq!(turns[1].said.len(), 1, "what it was told is on record");
    assert!(turns[2].said.is_empty() && turns[3].said.is_empty());
    let failed: Vec<&str> = world
        .notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::AttemptFailed { failure, .. } => Some(failure.code.as_str()),
            _ => None,
        })
        .collect();
    assert_eq!(failed, ["reset", "overloaded"]);

    // The same in another process, before the second of them.
    let turns = world.meter.settled();
    let mut world = World::new(&[]).after_crash(turns[..2].to_vec());
    world.tools(&[("run/it", Ok(json!("ran")))]);
    world.script([submits(json!("x"))]);
    world.perform().await.unwrap();
    assert_eq!(world.asked(), asked[3..]);
    assert!(world.tools.as_ref().unwrap().called.lock().unwrap().is_empty());
}

#[tokio::test]
async fn corrections_are_said_once() {
    let mut world = World::new(&[]);
    world.script([submits(json!("x"))]);
    world.perform().await.unwrap();
    let turns = world.meter.settled();
    let mut world = World::new(&[]).after_crash(turns);
    world.job.corrections = vec!["at /: wrong".into()];
    world.script([Step::Fails(error(Trouble::Permanent, "bad-request"))]);
    failure(world.perform().await);
    let messages = world.asked()[0].messages.clone();
    let Some(Message::User(said)) = messages.last() else { panic!("{messages:?}") };
    assert!(said.contains("at /: wrong"), "{said}");
    world.script([submits(json!("y"))]);
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"y\"");
    assert_eq!(world.asked()[1].messages, messages);
}

#[tokio::test]
async fn each_step_of_a_ladder_has_a_conversation_of_its_own() {
    let mut world = World::new(&[]);
    world.script([submits(json!("x"))]);
    world.perform().await.unwrap();
    world.job.rung = 1;
    world.script([submits(json!("y"))]);
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"y\"");
    assert_eq!(world.asked()[1].messages.len(), 1);
    let turns = world.turns();
    assert_eq!((turns[1].rung, turns[1].opening.is_some()), (1, true));
    // The first is over: what it said is its result still.
    world.job.rung = 0;
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"x\"");
    assert_eq!(world.asked().len(), 2);
}

#[tokio::test]
async fn an_answer_that_was_cut_is_continued_once() {
    let cut = |words: &str| Step::Answers(reply(vec![text(words)], Stop::Length));
    let mut world = World::new(&[]);
    world.script([cut("It is "), says("done.")]);
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"It is done.\"");
    let messages = &world.asked()[1].messages;
    assert_eq!(messages.len(), 3, "{messages:?}");

    let turns = world.meter.settled();
    let mut world = World::new(&[]).after_crash(turns);
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"It is done.\"");

    let mut world = World::new(&[]);
    world.script([cut("a"), cut("b")]);
    let failure = failure(world.perform().await);
    assert_eq!(failure.code, "output-length");

    let mut world = World::new(&[]);
    world.writable();
    let write = call("write_file", json!({ "path": "a", "text": "A" }));
    let half = reply(vec![text("I write."), write.clone()], Stop::Length);
    world.script([Step::Answers(half), calls([write]), cut("x"), submits(json!("y"))]);
    assert_eq!(world.perform().await.unwrap().output.as_str(), "\"y\"");
    let said = &world.asked()[1].messages[1];
    assert_eq!(*said, Message::Assistant(vec![text("I write.")]), "what was cut was not called");
    assert_eq!(world.read("a"), "A");
}

#[tokio::test]
async fn secrets_of_the_run_are_said_to_nobody() {
    let mut world = World::new(&[("a", "the key is hunter2 indeed")]);
    world.spec(|spec| {
        spec.prompt = "Use hunter2.".into();
        spec.options.system = Some("You know hunter2.".into());
    });
    let thinking = Part::Thinking { text: "hunter2!".into(), signature: Some("s".into()) };
    world.redact = Redact::new(|text| text.replace("hunter2", "[secret]"));
    let mut broken = error(Trouble::Permanent, "bad-request");
    broken.partial = "so hunter2".into();
    broken.message = "no hunter2".into();
    let read = call("read_file", json!({ "path": "a" }));
    world.script([calls([thinking, text("hunter2?"), read]), Step::Fails(broken)]);
    let failure = failure(world.perform().await);
    let asked = serde_json::to_string(&world.asked()).unwrap();
    assert!(asked.contains("[secret]") && !asked.contains("hunter2"), "{asked}");
    assert!(!format!("{:?} {failure:?}", world.turns()).contains("hunter2"));

    let mut named = reply(vec![call("hunter2", json!({}))], Stop::ToolCalls);
    named.request_id = Some("req-hunter2".into());
    let odd = reply(vec![text("x"), call("hunter2", json!({}))], Stop::Other("hunter2".into()));
    let output = submits(json!({ "hunter2": ["hunter2"] }));
    world.script([Step::Answers(named), Step::Answers(odd), output]);
    world.schema(json!({ "type": "object" }));
    let handoff = world.perform().await.unwrap();
    assert_eq!(handoff.output.value(), json!({ "[secret]": ["[secret]"] }));
    assert_eq!(world.denied().len(), 2);
    assert!(!format!("{:?}", world.notices).contains("hunter2"));
    assert!(!format!("{:?}", world.turns()).contains("hunter2"));
}
