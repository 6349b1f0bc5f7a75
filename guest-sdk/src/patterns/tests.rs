#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::cell::Cell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{
    Limit, Retry, Ruling, Verdict, Verification, converge, join_all, pipeline, race, race_ok,
    retry, try_join_all, verify,
};
use crate::failure::{Failure, FailureKind};
use crate::testing::{AgentRequest, Event, Reply, Script};
use crate::{Error, TaskError};

/// Answers the prompt; fails when it begins with `bad`.
fn answer(request: &AgentRequest) -> Reply {
    if request.prompt.starts_with("bad") {
        return Failure::new(FailureKind::Failed, "bad", request.prompt.clone()).into();
    }
    json!(request.prompt).into()
}

fn prompts(script: &Script) -> Vec<String> {
    let agent = |event| match event {
        Event::Agent(request) => Some(request.prompt),
        _ => None,
    };
    script.events().into_iter().filter_map(agent).collect()
}

fn cancelled(script: &Script) -> Vec<u64> {
    let cancel = |event| match event {
        Event::Cancel(task) => Some(task),
        _ => None,
    };
    script.events().into_iter().filter_map(cancel).collect()
}

fn last(tasks: &[u64]) -> u64 {
    tasks.last().copied().unwrap()
}

#[test]
fn nothing_to_join_is_joined_at_once() {
    let script = Script::new();
    let none: [std::future::Ready<u8>; 0] = [];
    assert_eq!(script.run(|_| join_all(none)).unwrap(), Vec::<u8>::new());
    let none: [std::future::Ready<u8>; 0] = [];
    assert_eq!(script.run(|_| race(none)).unwrap(), None);
    let none: [std::future::Ready<Result<u8, u8>>; 0] = [];
    assert_eq!(script.run(|_| race_ok(none)).unwrap(), Err(vec![]));
}

#[test]
fn the_same_deliveries_lead_to_the_same_calls() {
    let events = |_| {
        let script = Script::new()
            .agents(answer)
            .order(|tasks| tasks.get(tasks.len() / 2).copied().unwrap_or_default());
        let end = script.run(|cx| async move {
            let chains = (0..5).map(|chain| {
                let cx = cx.clone();
                async move {
                    let first = cx.agent(format!("{chain}.1")).await?;
                    cx.agent(format!("{first} then {chain}.2")).await
                }
            });
            join_all(chains).await
        });
        assert!(end.unwrap().iter().all(Result::is_ok));
        script.events()
    };
    let all: Vec<_> = (0..3).map(events).collect();
    assert!(all.windows(2).all(|pair| pair[0] == pair[1]));
}

#[test]
fn only_woken_children_are_polled() {
    let polls = Rc::new(Cell::new(0_u32));
    let script = Script::new().agents(answer);
    let counted = Rc::clone(&polls);
    script
        .run(|cx| {
            join_all((0..100).map(move |n| {
                let (mut call, counted) =
                    (Box::pin(cx.agent(n.to_string()).handoff()), counted.clone());
                std::future::poll_fn(move |context| {
                    counted.set(counted.get() + 1);
                    call.as_mut().poll(context)
                })
            }))
        })
        .unwrap();
    // One poll that spawns and one that takes the answer, each.
    assert_eq!(polls.get(), 200);
}

#[test]
fn the_first_error_cancels_the_rest() {
    let script = Script::new().agents(answer).order(last);
    let end = script.run(|cx| try_join_all(["a", "b", "bad"].map(|prompt| cx.agent(prompt))));
    assert_eq!(end.unwrap().unwrap_err().failure().unwrap().message, "bad");
    assert_eq!(cancelled(&script), [1, 2]);
}

#[test]
fn race_takes_the_first_end_and_race_ok_the_first_success() {
    let calls = ["bad 1", "good", "bad 2"];
    for (order, wanted) in
        [("first", Ok((1, "good".to_owned()))), ("last", Ok((1, "good".to_owned())))]
    {
        let script = Script::new()
            .agents(answer)
            .order(move |tasks| if order == "first" { tasks[0] } else { last(tasks) });
        let end = script.run(|cx| race_ok(calls.map(|prompt| cx.agent(prompt)))).unwrap();
        assert_eq!(end, wanted, "{order}");
        let loser = if order == "first" { 3 } else { 1 };
        assert_eq!(cancelled(&script), [loser], "{order}");
    }
    let script = Script::new().agents(answer).order(last);
    let (winner, end) =
        script.run(|cx| race(calls.map(|prompt| cx.agent(prompt)))).unwrap().unwrap();
    assert_eq!((winner, end.is_err()), (2, true));
    assert_eq!(cancelled(&script), [1, 2]);
    let end = script.run(|cx| race_ok(["bad 3", "bad 4"].map(|prompt| cx.agent(prompt)))).unwrap();
    let messages: Vec<_> = end.unwrap_err().iter().map(ToString::to_string).collect();
    assert_eq!(messages, ["bad 3 (bad)", "bad 4 (bad)"]);
}

#[test]
fn an_item_enters_the_next_stage_while_others_are_in_the_first() {
    let script = Script::new().agents(answer).order(last);
    let end = script.run(|cx| async move {
        pipeline(["a", "bad", "c"])
            .stage(|item| cx.agent(item))
            .stage(|item| cx.agent(format!("{item}{item}")))
            .run()
            .await
    });
    let ends: Vec<Option<String>> = end.unwrap().into_iter().map(Result::ok).collect();
    assert_eq!(ends, [Some("aa".to_owned()), None, Some("cc".to_owned())]);
    // `c` ended first and went on before `a` and `bad` had ended.
    assert_eq!(prompts(&script), ["a", "bad", "c", "cc", "aa"]);
}

#[test]
fn a_bounded_pipeline_starts_no_more_than_it_may() {
    let script = Script::new().agents(answer);
    let end = script.run(|cx| async move {
        pipeline(0..5).at_once(2).stage(|n: i32| cx.agent(n.to_string())).run().await
    });
    assert!(end.unwrap().into_iter().all(|end: Result<String, TaskError>| end.is_ok()));
    assert_eq!(largest_wait(&script), 2);
    assert_eq!(prompts(&script), ["0", "1", "2", "3", "4"]);
}

fn largest_wait(script: &Script) -> usize {
    let size = |event| match event {
        Event::Wait(Some(list)) => Some(list.len()),
        _ => None,
    };
    script.events().into_iter().filter_map(size).max().unwrap()
}

#[test]
fn a_limit_serves_in_order_of_arrival_and_survives_dropped_waiters() {
    let script = Script::new().agents(answer);
    let end = script.run(|cx| async move {
        let limit = Limit::new(1);
        let all = join_all(["a", "b", "c"].map(|prompt| limit.run(cx.agent(prompt))));
        let ends = all.await;
        // The second waits for the first's place when both are dropped with the race.
        let lost = race([
            Box::pin(limit.run(cx.agent("d"))) as std::pin::Pin<Box<dyn Future<Output = _>>>,
            Box::pin(limit.run(cx.agent("never"))),
            Box::pin(async { cx.agent("e").await }),
        ]);
        let winner = lost.await.unwrap().0;
        (ends.len(), winner, limit.run(cx.agent("after")).await)
    });
    assert_eq!(end.unwrap(), (3, 0, Ok("after".to_owned())));
    assert_eq!(prompts(&script), ["a", "b", "c", "d", "e", "after"]);
}

#[test]
fn a_limit_of_none_is_a_limit_of_one() {
    let script = Script::new().agents(answer);
    let end = script.run(|cx| async move {
        let limit = Limit::new(0);
        join_all(["a", "b"].map(|prompt| limit.run(cx.agent(prompt)))).await.len()
    });
    assert_eq!((end.unwrap(), largest_wait(&script)), (2, 1));
}

#[test]
fn retry_ends_at_success_at_a_final_error_or_with_its_attempts() {
    let outcomes = |kind: FailureKind, bad: u32| {
        let script = Script::new().agents(move |request| {
            let attempt: u32 = request.prompt.parse().unwrap();
            if attempt <= bad {
                Reply::from(Failure::new(kind, "again", "again"))
            } else {
                json!(request.prompt).into()
            }
        });
        let end = script.run(|cx| retry(3, move |attempt| cx.agent(attempt.to_string()))).unwrap();
        (end.ok(), prompts(&script).len())
    };
    let text = |text: &str| Some(text.to_owned());
    let rows = [
        (FailureKind::Failed, 0, text("1"), 1),
        (FailureKind::Failed, 2, text("3"), 3),
        (FailureKind::TimedOut, 3, None, 3),
        (FailureKind::Internal, 1, text("2"), 2),
        (FailureKind::Cancelled, 1, None, 1),
        (FailureKind::InDoubt, 1, None, 1),
        (FailureKind::Limit, 1, None, 1),
    ];
    for (kind, bad, end, attempts) in rows {
        assert_eq!(outcomes(kind, bad), (end, attempts), "{kind:?} {bad}");
    }
}

#[test]
fn pauses_double() {
    let script = Script::new().agents(answer);
    let end = script.run(|cx| async move {
        let plan = Retry::new(4).pause(&cx, Duration::from_millis(10));
        plan.run(|_| true, |attempt| cx.agent(format!("bad {attempt}"))).await
    });
    assert_eq!(end.unwrap().unwrap_err().failure().unwrap().message, "bad 4");
    let pause = |event| match event {
        Event::Sleep { milliseconds, .. } => Some(milliseconds),
        _ => None,
    };
    assert_eq!(script.events().into_iter().filter_map(pause).collect::<Vec<_>>(), [10, 20, 40]);
}

#[test]
fn the_majority_of_the_verdicts_rules() {
    let rows: [(&[Option<bool>], Ruling); 6] = [
        (&[], Ruling::Undecided),
        (&[None], Ruling::Undecided),
        (&[Some(false), None], Ruling::Holds),
        (&[Some(true), Some(false)], Ruling::Undecided),
        (&[Some(true), Some(false), Some(true)], Ruling::Refuted),
        (&[Some(false), Some(false), Some(true)], Ruling::Holds),
    ];
    for (voices, ruling) in rows {
        let answers: BTreeMap<String, Option<bool>> =
            voices.iter().enumerate().map(|(n, voice)| (n.to_string(), *voice)).collect();
        let script = Script::new().agents(move |request| match answers[&request.prompt] {
            Some(refuted) => Reply::from(json!({ "refuted": refuted, "reason": "because" })),
            None => Failure::new(FailureKind::Failed, "silent", "silent").into(),
        });
        let challengers = u32::try_from(voices.len()).unwrap();
        let verification: Verification = script
            .run(|cx| verify(challengers, move |n| cx.agent(n.to_string()).schema::<Verdict>()))
            .unwrap();
        assert_eq!(verification.ruling(), ruling, "{voices:?}");
        assert_eq!(verification.holds(), ruling == Ruling::Holds);
        assert_eq!(verification.verdicts.len(), voices.len());
    }
}

#[test]
fn converge_stops_when_nothing_new_comes_and_when_its_rounds_are_over() {
    let script = Script::new().agents(|request| {
        let known = request.input.as_ref().and_then(Value::as_array).map_or(0, Vec::len);
        let found: Vec<usize> = (0..(known + 2).min(5)).collect();
        json!(found)
    });
    let run = |rounds| {
        script
            .run(|cx| {
                converge(rounds, move |round, known: &[usize]| {
                    cx.agent(round.to_string()).input(known).schema::<Vec<usize>>()
                })
            })
            .unwrap()
            .unwrap()
    };
    let end = run(10);
    assert_eq!((end.items, end.rounds, end.complete), (vec![0, 1, 2, 3, 4], 4, true));
    let end = run(2);
    assert_eq!((end.items, end.rounds, end.complete), (vec![0, 1, 2, 3], 2, false));
}

#[test]
fn an_error_of_a_round_ends_converge() {
    let script = Script::new();
    let end = script.run(|_| {
        converge(3, |_, _: &[u8]| std::future::ready(Err::<Vec<u8>, _>(Error::from("broken"))))
    });
    assert_eq!(end.unwrap().unwrap_err().to_string(), "broken (failed)");
}
