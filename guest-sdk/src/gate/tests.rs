#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::time::Duration;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::patterns::{join_all, race};
use crate::testing::{Event, GateRequest, Reply, Script};
use crate::{Cx, Failure, FailureKind, GateAnswer, TaskError};

#[derive(Debug, PartialEq, Deserialize, Serialize, JsonSchema)]
struct Window {
    hour: u8,
}

fn answer(request: &GateRequest) -> Reply {
    match request.question.as_str() {
        "no" => {
            GateAnswer { note: Some("not today".into()), ..GateAnswer::<Value>::rejected() }.into()
        }
        "where" => {
            GateAnswer { choice: Some("there".into()), ..GateAnswer::<Value>::approved() }.into()
        }
        "when" => GateAnswer { data: Some(Window { hour: 7 }), ..GateAnswer::approved() }.into(),
        "never" => GateAnswer { data: Some(json!("x")), ..GateAnswer::rejected() }.into(),
        "odd" => GateAnswer { data: Some(json!("x")), ..GateAnswer::approved() }.into(),
        "late" => Failure::new(FailureKind::TimedOut, "gate-deadline", "nobody answered").into(),
        _ => GateAnswer::<Value>::approved().into(),
    }
}

fn asked(script: &Script) -> Vec<GateRequest> {
    let gate = |event| match event {
        Event::Gate(request) => Some(request),
        _ => None,
    };
    script.events().into_iter().filter_map(gate).collect()
}

#[test]
fn a_rejection_is_an_answer_and_a_missed_deadline_is_none() {
    let ends = Script::new().gates(answer).run(|cx: Cx| async move {
        let yes = cx.gate("yes").await.unwrap();
        let no = cx.gate("no").await.unwrap();
        (yes, no, cx.gate("late").await)
    });
    let (yes, no, late) = ends.unwrap();
    assert_eq!(yes, GateAnswer::approved());
    assert_eq!((no.approved, no.note.as_deref(), &*no.by), (false, Some("not today"), "test"));
    let late = late.unwrap_err();
    let failure = late.failure().unwrap();
    assert_eq!((failure.kind, &*failure.code), (FailureKind::TimedOut, "gate-deadline"));
}

#[test]
fn everything_said_of_a_gate_reaches_the_host() {
    let script = Script::new().gates(answer);
    let end = script.run(|cx: Cx| async move {
        let place = cx.gate("where").choices(["here", "there"]).default("here").label(7);
        let place = place.phase("p").deadline(Duration::from_micros(1_500)).details("# why");
        let place = place.await.unwrap();
        (place.choice, cx.gate("when").schema::<Window>().await.unwrap().data)
    });
    assert_eq!(end.unwrap(), (Some("there".to_owned()), Some(Window { hour: 7 })));
    let requests = asked(&script);
    assert_eq!((requests[0].task, &*requests[0].question), (1, "where"));
    let wanted = json!({
        "choices": ["here", "there"], "default": "here", "label": "7", "phase": "p",
        "deadline_ms": 2, "details": "# why",
    });
    assert_eq!(requests[0].options, wanted);
    assert_eq!(requests[1].options["schema"]["properties"]["hour"]["type"], "integer");
}

#[test]
fn data_of_another_type_is_an_error_of_an_approval_only() {
    let ends = Script::new().gates(answer).run(|cx: Cx| async move {
        (cx.gate("never").schema::<Window>().await, cx.gate("odd").schema::<Window>().await)
    });
    let (never, odd) = ends.unwrap();
    assert_eq!(never, Ok(GateAnswer::rejected()));
    assert!(matches!(odd, Err(TaskError::Output { output, .. }) if output.contains("\"x\"")));
}

#[test]
fn gates_are_tasks_among_others() {
    let script = Script::new()
        .gates(answer)
        .agents(|request| json!(request.prompt))
        .order(|tasks| tasks.last().copied().unwrap());
    let end = script.run(|cx: Cx| async move {
        let both = join_all([cx.gate("a"), cx.gate("no")]).await;
        let approved: Vec<bool> = both.into_iter().map(|end| end.unwrap().approved).collect();
        let ask = async { cx.gate("slow").await.map(|answer| answer.approved.to_string()) };
        let work = async { cx.agent("work").await };
        let calls: [std::pin::Pin<Box<dyn Future<Output = _>>>; 2] =
            [Box::pin(ask), Box::pin(work)];
        (approved, race(calls).await.unwrap())
    });
    assert_eq!(end.unwrap(), (vec![true, false], (1, Ok("work".to_owned()))));
    assert!(script.events().contains(&Event::Wait(Some(vec![1, 2]))));
    assert!(script.events().contains(&Event::Cancel(3)), "the question is withdrawn");
}

#[test]
fn without_answers_every_gate_is_denied() {
    let end = Script::new().run(|cx: Cx| async move { cx.gate("x").await });
    assert!(matches!(end.unwrap(), Err(TaskError::Refused(refusal)) if refusal.code == "denied"));
}
