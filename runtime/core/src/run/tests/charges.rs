//! What agents consume: reserved, settled, charged by estimate, and held against caps.

use super::super::Unserved;
use super::fixture::{Bench, agent_with, models, started, tokens};
use crate::budget::{Cap, Caps};
use crate::digest::Digest;
use crate::handoff::{Failure, FailureKind, Usage};
use crate::ids::TaskPath;
use crate::record::{Body, Outage, Pause};

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn capped(caps: Caps) -> Bench {
    let mut facts = started();
    facts.caps = caps;
    Bench::of(facts)
}

/// A run with this many agents of the model, all started.
fn at_work(caps: Caps, agents: u64) -> Bench {
    let mut bench = capped(caps);
    for number in 1..=agents {
        bench.spawn(agent_with("x", r#"{"provider":"m","phase":"Review"}"#));
        bench.start(&number.to_string());
    }
    bench
}

fn cost(micro_usd: u64) -> Usage {
    Usage { cost_micro_usd: micro_usd, ..Usage::default() }
}

fn ask(bench: &mut Bench, task: &str, reserve: Usage) {
    let at = bench.later();
    assert!(bench.run.ask(&path(task), "m", "x", reserve, at));
    bench.flush();
}

fn turned(bench: &mut Bench, task: &str, usage: Usage) {
    let at = bench.later();
    bench.run.turned(&path(task), Some(Digest::of(b"said")), usage, false, at);
    bench.flush();
}

/// The cap that leaves no room for a call, and whose it is.
fn lacks(bench: &Bench, task: &str, needs: Usage) -> Option<(String, u64, u64)> {
    let Some(Pause::Cap { cap, short }) = bench.run.lacks_for_call(&path(task), &needs, bench.now)
    else {
        return None;
    };
    let short = short.unwrap();
    Some((cap, short.spent, short.needs))
}

#[test]
fn calls_at_work_together_never_pass_a_cap() {
    let run = Cap { cost_micro_usd: Some(100), ..Cap::default() };
    let mut bench = at_work(Caps::of_run(run), 3);
    ask(&mut bench, "1", cost(60));
    assert_eq!(lacks(&bench, "2", cost(40)), None, "exactly what is left fits");
    assert_eq!(lacks(&bench, "2", cost(41)), Some(("cost".into(), 60, 41)));
    ask(&mut bench, "2", cost(40));
    assert_eq!(lacks(&bench, "3", cost(1)), Some(("cost".into(), 100, 1)));
    // What was not used is free again.
    turned(&mut bench, "1", cost(10));
    assert_eq!(lacks(&bench, "3", cost(50)), None);
    assert_eq!(lacks(&bench, "3", cost(51)), Some(("cost".into(), 50, 51)));
    // A free call needs that something is left.
    assert_eq!(lacks(&bench, "3", cost(0)), None);
    ask(&mut bench, "3", cost(50));
    assert_eq!(lacks(&bench, "1", cost(0)), Some(("cost".into(), 100, 0)));
}

#[test]
fn every_amount_has_its_cap() {
    let usage = Usage {
        input_tokens: 30,
        output_tokens: 20,
        cached_tokens: 10,
        cost_micro_usd: 5,
        ..Usage::default()
    };
    type Set = fn(&mut Cap, u64);
    let rows: [(&str, u64, Set); 5] = [
        ("tokens", 50, |cap, most| cap.tokens = Some(most)),
        ("input-tokens", 30, |cap, most| cap.input_tokens = Some(most)),
        ("output-tokens", 20, |cap, most| cap.output_tokens = Some(most)),
        ("cached-tokens", 10, |cap, most| cap.cached_tokens = Some(most)),
        ("cost", 5, |cap, most| cap.cost_micro_usd = Some(most)),
    ];
    for (name, needs, set) in rows {
        for (most, fits) in [(needs, true), (needs - 1, false)] {
            let mut cap = Cap::default();
            set(&mut cap, most);
            let whose = [
                Caps::of_run(cap),
                Caps { phases: [("Review".into(), cap)].into(), ..Caps::default() },
                Caps { task: cap, ..Caps::default() },
            ];
            for caps in whose {
                let bench = at_work(caps.clone(), 1);
                let expected = (!fits).then(|| (name.to_owned(), 0, needs));
                assert_eq!(lacks(&bench, "1", usage), expected, "{caps:?}");
            }
        }
    }
}

#[test]
fn the_cap_of_a_phase_holds_its_own_tasks_and_that_of_a_task_itself() {
    let phase = Cap { tokens: Some(10), agents: Some(2), wall_ms: Some(1_000), ..Cap::default() };
    let task = Cap { tokens: Some(8), ..Cap::default() };
    let caps = Caps { phases: [("Review".into(), phase)].into(), task, ..Caps::default() };
    let mut bench = at_work(caps, 2);
    ask(&mut bench, "1", tokens(7));
    assert_eq!(lacks(&bench, "2", tokens(4)), Some(("tokens".into(), 7, 4)));
    turned(&mut bench, "1", tokens(7));
    assert_eq!(lacks(&bench, "1", tokens(2)), Some(("tokens".into(), 7, 2)), "the task's own");
    assert_eq!(lacks(&bench, "2", tokens(3)), None);
    // A third agent of the phase has no room, one of another phase has.
    bench.spawn(agent_with("x", r#"{"provider":"m","phase":"Review"}"#));
    bench.spawn(agent_with("x", r#"{"provider":"m","phase":"Fix"}"#));
    let start = |bench: &Bench, task: &str, others: &[TaskPath], now| match bench
        .run
        .lacks_for_start(&path(task), others, now)
    {
        Some(Pause::Cap { cap, short }) => Some((cap, short.unwrap().phase)),
        _ => None,
    };
    let review = Some("Review".to_owned());
    assert_eq!(start(&bench, "3", &[], bench.now), Some(("agents".into(), review.clone())));
    assert_eq!(start(&bench, "4", &[], bench.now), None);
    bench.end("1", Usage::default());
    assert_eq!(start(&bench, "3", &[], bench.now), Some(("agents".into(), review.clone())));
    // Its time is counted from the first start, whoever it was.
    let late = bench.now.plus_ms(1_000);
    let Some(Pause::Cap { cap, short }) = bench.run.lacks_for_call(&path("2"), &tokens(1), late)
    else {
        panic!("time is over");
    };
    assert_eq!((cap.as_str(), short.unwrap().phase), ("wall-time", review));
}

#[test]
fn starts_that_are_about_to_happen_count() {
    let run = Cap { agents: Some(2), ..Cap::default() };
    let mut bench = capped(Caps::of_run(run));
    for _ in 0..3 {
        bench.spawn(agent_with("x", r#"{"provider":"m"}"#));
    }
    let lacks = |bench: &Bench, task: &str, others: &[&str]| {
        let others: Vec<TaskPath> = others.iter().map(|task| path(task)).collect();
        bench.run.lacks_for_start(&path(task), &others, bench.now).is_some()
    };
    assert!(!lacks(&bench, "1", &[]));
    assert!(!lacks(&bench, "2", &["1"]));
    assert!(lacks(&bench, "3", &["1", "2"]));
    bench.start("1");
    assert!(!lacks(&bench, "2", &[]));
    assert!(lacks(&bench, "3", &["2"]));
    let at = bench.later();
    let more = Caps::of_run(Cap { agents: Some(1), tokens: Some(5), ..Cap::default() });
    bench.run.resume("ann", 2, &more, "engine 1", at);
    assert!(lacks(&bench, "2", &[]));
    assert_eq!(bench.run.caps().run.tokens, Some(5));
    bench.run.resume("ann", 3, &Caps::default(), "engine 1", at);
    assert_eq!(bench.run.caps().run.agents, Some(1), "what is not given stays");
}

#[test]
fn an_agent_whose_calls_nobody_sees_holds_the_most_that_one_like_it_consumed() {
    let run = Cap { cost_micro_usd: Some(100), ..Cap::default() };
    let mut bench = capped(Caps::of_run(run));
    for _ in 0..4 {
        bench.spawn(agent_with("x", r#"{"backend":"component:pinned"}"#));
    }
    bench.start("1");
    bench.end("1", cost(40));
    bench.start("2");
    assert_eq!(bench.run.spent().cost_micro_usd, 80);
    let lacks = bench.run.lacks_for_start(&path("3"), &[], bench.now);
    assert!(matches!(lacks, Some(Pause::Cap { cap, .. }) if cap == "cost"));
    bench.end("2", cost(5));
    assert_eq!(bench.run.spent().cost_micro_usd, 45);
    assert_eq!(bench.run.lacks_for_start(&path("3"), &[], bench.now), None);
    assert!(bench.run.lacks_for_start(&path("4"), &[path("3")], bench.now).is_some());
}

#[test]
fn what_each_agent_may_consume_is_held_for_one_whose_calls_nobody_sees() {
    let run = Cap { cost_micro_usd: Some(100), tokens: Some(1_000), ..Cap::default() };
    let task = Cap { cost_micro_usd: Some(40), tokens: Some(50), ..Cap::default() };
    let mut bench = capped(Caps { run, task, ..Caps::default() });
    for _ in 0..4 {
        bench.spawn(agent_with("x", r#"{"backend":"component:pinned"}"#));
    }
    let lacks = |bench: &Bench, task: &str, others: &[&str]| {
        let others: Vec<TaskPath> = others.iter().map(|task| path(task)).collect();
        bench.run.lacks_for_start(&path(task), &others, bench.now).is_some()
    };
    assert!(!lacks(&bench, "2", &["1"]));
    assert!(lacks(&bench, "3", &["1", "2"]), "not even the first wave passes the cap");
    bench.start("1");
    bench.start("2");
    assert_eq!(bench.run.spent().cost_micro_usd, 80);
    // Each can be told what it may spend: together that is never more than the cap.
    let left = bench.run.left_for(&path("1"));
    assert_eq!((left.cost_micro_usd, left.tokens), (Some(40), Some(50)));
    bench.end("1", cost(10));
    assert!(!lacks(&bench, "3", &[]));
    assert_eq!(bench.run.spent().cost_micro_usd, 50);
}

#[test]
fn a_call_that_nobody_heard_the_end_of_is_charged_with_its_reserve_and_marked() {
    let failure = || Failure::new(FailureKind::Failed, "flaky", "again");
    let charged = Usage { agents: 1, estimated_calls: 1, ..cost(60) };
    type End = fn(&mut Bench);
    let ends: [End; 4] = [
        |bench| {
            let at = bench.later();
            bench.run.resume("heir", 2, &Caps::default(), "engine 1", at);
            bench.run.recover(at);
            bench.flush();
            bench.start("1");
        },
        |bench| {
            bench.start("1");
        },
        |bench| {
            let failure = Failure::new(FailureKind::Failed, "flaky", "again");
            bench.run.attempt_failed(&path("1"), 1, failure, Usage::default(), bench.now);
        },
        |_| {},
    ];
    for end in ends {
        let mut bench = at_work(Caps::default(), 1);
        ask(&mut bench, "1", cost(60));
        end(&mut bench);
        assert_eq!(bench.run.spent().cost_micro_usd, 60);
        bench.end("1", Usage::default());
        assert_eq!(*bench.run.settled(), charged);
        assert_eq!(*bench.crashed().run.settled(), charged);
    }
    let mut bench = at_work(Caps::default(), 1);
    ask(&mut bench, "1", cost(60));
    let (at, until) = (bench.later(), Some(bench.now));
    let (provider, outage) = ("m".into(), Outage::Quota);
    let unserved = Unserved { provider, outage, failure: failure(), until };
    bench.run.deferred(&path("1"), unserved, cost(1), at);
    bench.flush();
    assert_eq!(bench.kinds().last().unwrap(), "deferred");
    assert!(bench.run.outcome(&path("1")).is_none());
    assert_eq!(bench.start("1"), 2, "the task is not done");
    assert_eq!(bench.run.spent().cost_micro_usd, 61);
}

#[test]
fn what_a_call_of_a_cancelled_task_came_to_is_set_right() {
    let mut bench = at_work(Caps::default(), 2);
    ask(&mut bench, "1", cost(60));
    let at = bench.later();
    bench.run.cancel_ordered(&path("1"), "ann", at);
    assert_eq!(bench.run.spent().cost_micro_usd, 60);
    turned(&mut bench, "1", cost(7));
    assert_eq!(bench.run.spent().cost_micro_usd, 7);
    assert_eq!(bench.run.settled().estimated_calls, 0);
    // Only once, and never after the end.
    turned(&mut bench, "1", cost(9));
    assert_eq!(bench.run.spent().cost_micro_usd, 7);
    let at = bench.later();
    let done = crate::handoff::Outcome::Done(Default::default());
    bench.run.workflow_ended(&TaskPath::root(), done, 0, at);
    let (_, usage) = bench.run.finished().unwrap();
    assert_eq!((usage.cost_micro_usd, usage.estimated_calls), (7, 0));
}

#[test]
fn what_was_said_stays_in_order_whoever_drives_the_run() {
    let mut bench = at_work(Caps::default(), 1);
    for usage in [1, 2] {
        ask(&mut bench, "1", cost(9));
        turned(&mut bench, "1", cost(usage));
    }
    ask(&mut bench, "1", cost(9));
    let calls: Vec<u32> = bench.run.turns(&path("1")).iter().map(|(call, _)| *call).collect();
    assert_eq!(calls, [1, 2]);
    let heir = bench.crashed();
    assert_eq!(heir.run.turns(&path("1")).len(), 2);
}

#[test]
fn a_report_that_cannot_be_true_is_not_believed() {
    for (told, charged) in [(u64::MAX, 30), (161_000_000, 30), (16_000_000, 16_000_000)] {
        let mut bench = at_work(Caps::default(), 1);
        ask(&mut bench, "1", cost(30));
        turned(&mut bench, "1", cost(told));
        assert_eq!(bench.run.spent().cost_micro_usd, charged, "{told}");
        let doubted = u64::from(charged != told);
        assert_eq!(bench.run.spent().estimated_calls, doubted, "{told}");
    }
}

#[test]
fn calls_are_asked_for_one_by_one() {
    let mut bench = at_work(Caps::default(), 1);
    ask(&mut bench, "1", cost(1));
    let mut journal = bench.journal.clone();
    let mut again = journal.last().unwrap().clone();
    again.seq += 1;
    journal.push(again);
    assert!(super::super::Run::from_records(journal).is_err(), "a second one while one is made");
    bench.end("1", Usage::default());
    let at = bench.later();
    assert!(!bench.run.ask(&path("1"), "m", "x", cost(1), at), "it has ended");
}

#[test]
fn steps_of_ladders_are_summed() {
    let mut bench = at_work(Caps::default(), 2);
    let at = bench.later();
    bench.run.passed(&path("1"), (0, 2), "m:s".into(), 500, at);
    bench.run.passed(&path("2"), (1, 2), "m:l".into(), -70, at);
    bench.flush();
    let ladders = bench.crashed().run.ladders().clone();
    assert_eq!((ladders.passed, ladders.saved_micro_usd), (vec![1, 1], 430));
}

#[test]
fn models_are_chosen_by_name_tier_and_alias() {
    type Row<'a> = (Option<&'a str>, Option<&'a str>, &'a str, Result<&'a str, &'a str>);
    let rows: &[Row<'_>] = &[
        // What the operator chose with its model is what everybody gets.
        (Some("m:fix"), None, r#"{"model":"large"}"#, Ok("m:fix")),
        (Some("small"), None, r#"{"model":"m:other"}"#, Ok("m:s")),
        (Some("m"), None, "{}", Ok("m:x")),
        (Some("m"), None, r#"{"model":"inherit"}"#, Ok("m:x")),
        (Some("m"), None, r#"{"model":"large"}"#, Ok("m:l")),
        (Some("m"), None, r#"{"model":"opus"}"#, Ok("m:l")),
        (Some("m"), None, r#"{"model":"sonnet"}"#, Ok("m:x")),
        (Some("m"), None, r#"{"model":"own-id:7b"}"#, Ok("m:own-id:7b")),
        (Some("m"), None, r#"{"model":"m:other"}"#, Ok("m:other")),
        (None, Some("m:d"), "{}", Ok("m:d")),
        (None, Some("m:d"), r#"{"model":"small"}"#, Ok("m:s")),
        (None, Some("m:d"), r#"{"provider":"n"}"#, Err("unknown-provider")),
        (None, Some("n"), r#"{"model":"m:y"}"#, Ok("n")),
        (None, None, r#"{"provider":"m","model":"y"}"#, Ok("m:y")),
        (None, None, r#"{"backend":"small"}"#, Ok("m:s")),
        (None, Some("m:d"), r#"{"ladder":{"rungs":["small","large"]}}"#, Ok("m:s")),
        (Some("m:fix"), None, r#"{"ladder":{"rungs":["small","large"]}}"#, Ok("m:fix")),
        (None, Some("m:d"), r#"{"ladder":{"rungs":["inherit","large"]}}"#, Ok("m:d")),
        (None, Some("m:d"), r#"{"ladder":{"rungs":[]}}"#, Err("ladder")),
    ];
    for (all, default, options, expected) in rows {
        let mut facts = started();
        facts.backends.all = all.map(str::to_owned);
        facts.backends.default = default.map(str::to_owned);
        let mut bench = Bench::of(facts);
        let got = match bench.command(agent_with("x", options)) {
            crate::command::Reply::Refused(refusal) => Err(refusal.code),
            _ => match &*bench.run.task(&path("1")).unwrap().work {
                crate::record::Work::Agent { backend, .. } => Ok(backend.clone()),
                other => panic!("{other:?}"),
            },
        };
        let got = got.as_deref().map_err(String::as_str);
        assert_eq!(got, *expected, "{all:?} {default:?} {options}");
    }
}

#[test]
fn a_model_without_a_price_is_unknown() {
    let mut facts = started();
    facts.models.prices = [("m:x".into(), *models().price("m:x").unwrap())].into();
    facts.backends.all = Some("m".into());
    let mut bench = Bench::of(facts);
    bench.spawn(agent_with("x", "{}"));
    for options in [r#"{"model":"y"}"#, r#"{"model":"large"}"#, r#"{"model":"other:y"}"#] {
        let refusal = bench.refusal(agent_with("x", options));
        assert_eq!(refusal.code, "unknown-model", "{options}");
        assert!(refusal.message.contains("m:x"), "{}", refusal.message);
    }
    let ladder = r#"{"ladder":{"rungs":["m:x","m:y"]}}"#;
    assert_eq!(bench.refusal(agent_with("x", ladder)).code, "unknown-model");
}

#[test]
fn records_of_calls_read_as_they_were_written() {
    let mut bench = at_work(Caps::default(), 1);
    ask(&mut bench, "1", cost(1));
    turned(&mut bench, "1", cost(1));
    for record in &bench.journal {
        let text = serde_json::to_string(record).unwrap();
        assert_eq!(serde_json::from_str::<crate::record::Record>(&text).unwrap(), *record);
    }
    assert!(matches!(bench.journal.last().unwrap().body, Body::Turned { call: 1, .. }));
}
