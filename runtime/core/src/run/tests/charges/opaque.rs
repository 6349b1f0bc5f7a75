//! Agents whose calls nobody sees: what is held for them as a whole.

use super::{capped, cost, path};
use crate::budget::{Cap, Caps};
use crate::ids::TaskPath;
use crate::record::Pause;
use crate::run::tests::fixture::{Bench, agent_with};

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
