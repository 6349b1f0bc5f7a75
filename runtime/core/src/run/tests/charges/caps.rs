//! Caps: what is reserved never passes them, whoever they are set for.

use super::{ask, at_work, capped, cost, lacks, path, turned};
use crate::budget::{Cap, Caps};
use crate::handoff::Usage;
use crate::ids::TaskPath;
use crate::record::Pause;
use crate::run::tests::fixture::{Bench, agent_with, tokens};

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
