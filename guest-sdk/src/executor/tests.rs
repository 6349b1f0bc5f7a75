#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use serde_json::{Value, json};

use crate::failure::{Failure, FailureKind, Refusal, RefusalKind};
use crate::handoff::{Handoff, Usage};
use crate::message::Message;
use crate::patterns::{join_all, race, try_join_all};
use crate::testing::{AgentRequest, Event, Reply, Script};
use crate::{Cx, TaskError};

fn echo(request: &AgentRequest) -> Value {
    json!(request.prompt)
}

fn waits(script: &Script) -> Vec<Option<Vec<u64>>> {
    let wait = |event| match event {
        Event::Wait(list) => Some(list),
        _ => None,
    };
    script.events().into_iter().filter_map(wait).collect()
}

fn cancels(script: &Script) -> Vec<u64> {
    let cancel = |event| match event {
        Event::Cancel(task) => Some(task),
        _ => None,
    };
    script.events().into_iter().filter_map(cancel).collect()
}

fn spawned(script: &Script) -> Vec<String> {
    let agent = |event| match event {
        Event::Agent(request) => Some(request.prompt),
        _ => None,
    };
    script.events().into_iter().filter_map(agent).collect()
}

#[test]
fn waits_for_exactly_the_open_tasks_in_their_order() {
    let script = Script::new().agents(echo).order(|tasks| tasks.last().copied().unwrap());
    let end = script.run(|cx| join_all(["a", "b", "c"].map(|prompt| cx.agent(prompt)))).unwrap();
    assert_eq!(end.into_iter().collect::<Result<Vec<_>, _>>().unwrap(), ["a", "b", "c"]);
    assert_eq!(waits(&script), [Some(vec![1, 2, 3]), Some(vec![1, 2]), Some(vec![1])]);
}

#[test]
fn a_call_that_is_never_awaited_is_never_made() {
    let script = Script::new().agents(echo);
    script
        .run(|cx| async move {
            drop(cx.agent("never").handoff());
            cx.agent("once").await.unwrap()
        })
        .unwrap();
    assert_eq!(spawned(&script), ["once"]);
    assert_eq!(cancels(&script), Vec::<u64>::new());
}

#[test]
fn dropping_a_started_call_cancels_it_and_leaves_the_wait_list() {
    let script = Script::new().agents(echo).order(|tasks| tasks.last().copied().unwrap());
    let end = script.run(|cx| async move {
        let first = race([cx.agent("slow"), cx.agent("fast")]).await.unwrap();
        cx.agent("next").await.unwrap();
        first
    });
    assert_eq!(end.unwrap(), (1, Ok("fast".to_owned())));
    assert_eq!(cancels(&script), [1]);
    assert_eq!(waits(&script), [Some(vec![1, 2]), Some(vec![3])]);
}

#[test]
fn a_finished_call_is_not_cancelled_when_dropped() {
    let script = Script::new().agents(echo);
    script.run(|cx| join_all(["a", "b"].map(|prompt| cx.agent(prompt)))).unwrap();
    assert_eq!(cancels(&script), Vec::<u64>::new());
}

#[test]
fn the_end_of_a_cancelled_task_is_passed_over() {
    // A wait for messages is a wait for everything, the cancelled task's end included.
    let script = Script::new().agents(echo);
    let end = script.run(|cx| async move {
        let first = race([cx.agent("a"), cx.agent("b")]).await.unwrap().0;
        let both = crate::patterns::race([later(&cx, true), later(&cx, false)]).await.unwrap();
        (first, both)
    });
    assert_eq!(end.unwrap(), (0, (1, "c".to_owned())));
    assert_eq!(cancels(&script), [2]);
    assert_eq!(waits(&script), [Some(vec![1, 2]), None, None]);
}

async fn later(cx: &Cx, message: bool) -> String {
    if message { cx.message().await.text } else { cx.agent("c").await.unwrap() }
}

#[test]
fn messages_are_asked_for_only_while_somebody_listens() {
    let script = Script::new().agents(echo).message("ada", "go on").message("bob", "stop");
    let end = script.run(|cx| async move {
        cx.agent("before").await.unwrap();
        let first = cx.message().await;
        cx.agent("between").await.unwrap();
        (first, cx.message().await)
    });
    let message = |sender: &str, text: &str| Message { sender: sender.into(), text: text.into() };
    assert_eq!(end.unwrap(), (message("ada", "go on"), message("bob", "stop")));
    assert_eq!(waits(&script), [Some(vec![1]), None, Some(vec![2]), None]);
}

#[test]
fn the_host_is_told_once_that_messages_are_taken() {
    let script = Script::new().message("ada", "one").message("bob", "two");
    let end = script.run(|cx| async move {
        let mut messages = cx.messages();
        let first = messages.next().await.text;
        (first, cx.message().await.text, messages.next().await.sender)
    });
    // The third is waited for, and a script has no more.
    assert_eq!(end.unwrap_err().code, "nothing-to-wait-for");
    let waits = || Event::Wait(None);
    assert_eq!(script.events(), [Event::Listen, waits(), waits(), waits()]);
}

#[test]
fn a_message_that_came_for_another_is_kept() {
    let script = Script::new().agents(echo).message("ada", "one").message("ada", "two");
    let end = script.run(|cx| async move {
        let both = join_all([cx.message(), cx.message()]).await;
        both.into_iter().map(|message| message.text).collect::<Vec<_>>()
    });
    assert_eq!(end.unwrap(), ["one", "two"]);
}

#[test]
fn waiting_for_nothing_is_a_failure_and_not_a_hang() {
    let script = Script::new();
    let failure = script.run(|_| std::future::pending::<()>()).unwrap_err();
    assert_eq!(failure.code, "nothing-to-wait-for");
    assert_eq!(waits(&script), []);
    let failure = script.run(|cx| async move { cx.message().await }).unwrap_err();
    assert_eq!(failure.code, "nothing-to-wait-for");
}

#[test]
fn block_on_inside_of_block_on_is_a_failure() {
    let script = Script::new().agents(echo);
    let end = script.run(|cx| async move {
        let inner = cx.shared.block_on(cx.agent("inner").handoff()).map(drop);
        (inner.map_err(Failure::from), cx.agent("outer").await)
    });
    let (inner, outer) = end.unwrap();
    assert_eq!(inner.unwrap_err().code, "nested-block-on");
    assert_eq!(outer.unwrap(), "outer");
    assert_eq!(spawned(&script), ["outer"]);
}

#[test]
fn refusals_failures_and_misfits_are_told_apart() {
    let script = Script::new().agents(|request| match request.prompt.as_str() {
        "refuse" => Reply::from(Refusal {
            kind: RefusalKind::Budget,
            code: "agents".into(),
            message: "no more agents".into(),
            hint: String::new(),
        }),
        "fail" => Failure::new(FailureKind::TimedOut, "wall-time", "too slow").into(),
        _ => json!(12).into(),
    });
    let ends = script.run(|cx| {
        join_all(["refuse", "fail", "misfit"].map(|prompt| cx.agent(prompt).output::<String>()))
    });
    let [refused, failed, misfit] = ends.unwrap().try_into().unwrap();
    assert!(matches!(refused, Err(TaskError::Refused(refusal)) if refusal.code == "agents"));
    assert!(matches!(failed, Err(TaskError::Failed(failure)) if failure.code == "wall-time"));
    assert!(matches!(misfit, Err(TaskError::Output { output, .. }) if output == "12"));
}

#[test]
fn an_input_that_is_no_json_starts_nothing() {
    let script = Script::new().agents(echo);
    let bad = std::collections::BTreeMap::from([((1, 2), 3)]);
    let end = script.run(|cx| async move { cx.agent("a").input(&bad).await }).unwrap();
    assert!(matches!(end, Err(TaskError::Input { .. })));
    assert_eq!(script.events(), []);
}

#[test]
fn options_reach_the_host_under_their_documented_names() {
    let script = Script::new().agents(|_| json!(["x"]));
    let end = script.run(|cx| async move {
        cx.agent("p")
            .input(&json!({ "n": 1 }))
            .schema::<Vec<String>>()
            .label("l")
            .phase("ph")
            .agent_type("t")
            .backend("component:b")
            .model("m")
            .effort("high")
            .system("s")
            .timeout(Duration::from_micros(1_500))
            .read(["a/**"])
            .schema_attempts(2)
            .await
    });
    assert_eq!(end.unwrap().unwrap(), ["x"]);
    let Some(Event::Agent(request)) = script.events().into_iter().next() else {
        panic!("no agent")
    };
    assert_eq!(request.input, Some(json!({ "n": 1 })));
    assert_eq!(request.schema.unwrap()["type"], "array");
    let wanted = json!({
        "label": "l", "phase": "ph", "agent_type": "t", "backend": "component:b", "model": "m",
        "effort": "high", "system": "s", "timeout_ms": 2, "read": ["a/**"], "schema_attempts": 2,
    });
    assert_eq!(request.options, wanted);
}

#[test]
fn a_workflow_call_carries_input_and_budget() {
    let script = Script::new().workflows(|request| request.input.clone());
    let budget = crate::Amounts { agents: Some(3), tokens: None, cost_micro_usd: Some(1_500_000) };
    let end = script.run(|cx| async move {
        cx.workflow("other", &json!({ "a": 1 })).label("l").read(["x"]).budget(budget).await
    });
    assert_eq!(end.unwrap().unwrap(), json!({ "a": 1 }));
    let Some(Event::Workflow(request)) = script.events().into_iter().next() else {
        panic!("no workflow")
    };
    assert_eq!(request.name, "other");
    let wanted = json!({ "label": "l", "read": ["x"], "budget": { "agents": 3, "cost_usd": 1.5 } });
    assert_eq!(request.options, wanted);
}

#[test]
fn a_handoff_brings_the_usage_of_its_completion() {
    let usage = Usage { agents: 1, input_tokens: 5, output_tokens: 2, ..Usage::default() };
    let script = Script::new().agents(move |_| {
        let mut handoff = Handoff::new(json!("done")).summary("s").follow_up("f");
        handoff.usage = usage;
        handoff
    });
    let end = script.run(|cx| async move {
        let handoff = cx.agent("a").handoff().await.unwrap();
        (handoff, cx.budget().spent().tokens)
    });
    let (handoff, tokens) = end.unwrap();
    assert_eq!((handoff.usage, tokens), (usage, Some(7)));
    assert_eq!((handoff.summary.as_str(), handoff.follow_ups), ("s", vec!["f".to_owned()]));
}

#[test]
fn timers_round_up_and_end_after_what_is_due_before() {
    let script = Script::new().agents(echo);
    let end = script.run(|cx| async move {
        let timer = async { cx.sleep(Duration::from_nanos(1)).await.map(|()| "timer".to_owned()) };
        let agent = async { cx.agent("agent").await };
        let calls: [std::pin::Pin<Box<dyn Future<Output = _>>>; 2] =
            [Box::pin(timer), Box::pin(agent)];
        race(calls).await.unwrap()
    });
    assert_eq!(end.unwrap(), (1, Ok("agent".to_owned())));
    assert!(script.events().contains(&Event::Sleep { task: 1, milliseconds: 1 }));
    assert_eq!(cancels(&script), [1]);
}

#[test]
fn more_tasks_than_a_list_takes_are_waited_for_without_one() {
    // The second end is a failure, so that the rest of the many need not be delivered.
    let many = super::WAIT_LIST_MAX + 1;
    let script = Script::new().agents(|request| match request.prompt.as_str() {
        "1" => Reply::from(Failure::new(FailureKind::Failed, "enough", "enough")),
        prompt => json!(prompt).into(),
    });
    let end = script.run(|cx| try_join_all((0..many).map(move |n| cx.agent(n.to_string()))));
    assert_eq!(end.unwrap().unwrap_err().failure().unwrap().code, "enough");
    let waits = waits(&script);
    let lengths: Vec<_> = waits.iter().map(|list| list.as_ref().map(Vec::len)).collect();
    assert_eq!(lengths, [None, Some(super::WAIT_LIST_MAX)]);
    assert_eq!(cancels(&script).len(), many - 2);
}
