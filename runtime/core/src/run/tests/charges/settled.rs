//! What calls came to: told, told too late, never told, or not to be believed.

use super::{ask, at_work, cost, path, turned};
use crate::budget::Caps;
use crate::handoff::{Failure, FailureKind, Usage};
use crate::ids::TaskPath;
use crate::record::{Body, Outage};
use crate::run::tests::fixture::Bench;
use crate::run::{Run, Unserved};

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
fn an_outage_after_failed_attempts_charges_each_of_them_once() {
    let mut bench = at_work(Caps::default(), 1);
    let at = bench.later();
    let failure = || Failure::new(FailureKind::Failed, "flaky", "again");
    bench.run.attempt_failed(&path("1"), 1, failure(), cost(5), at);
    let (provider, outage) = ("m".into(), Outage::Quota);
    let unserved = Unserved { provider, outage, failure: failure(), until: None };
    // The backend tells what both attempts came to.
    bench.run.deferred(&path("1"), unserved, cost(5 + 2), at);
    bench.flush();
    assert_eq!(bench.run.spent().cost_micro_usd, 7);
    assert_eq!(bench.start("1"), 3);
    bench.end("1", cost(4));
    assert_eq!(bench.run.settled().cost_micro_usd, 11);
    assert_eq!(bench.crashed().run.settled().cost_micro_usd, 11);
}

#[test]
fn what_was_answered_is_consumed_before_its_agent_ends() {
    let mut bench = at_work(Caps::default(), 2);
    ask(&mut bench, "1", cost(60));
    ask(&mut bench, "2", cost(60));
    turned(&mut bench, "1", cost(7));
    let told = |run: &Run| (run.settled().cost_micro_usd, run.consumed().cost_micro_usd);
    assert_eq!(told(&bench.run), (0, 7), "and not what the other call may cost");
    assert_eq!(told(&Bench::replayed(&bench.journal).run), (0, 7));
    bench.end("1", Usage::default());
    assert_eq!(told(&bench.run), (7, 7));
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
fn a_call_that_a_restart_ends_is_charged_with_what_it_came_to() {
    let mut bench = at_work(Caps::default(), 1);
    ask(&mut bench, "1", cost(60));
    let at = bench.later();
    bench.run.restart_ordered(&path("1"), "ann", None, at).unwrap();
    bench.flush();
    assert_eq!(bench.run.spent().cost_micro_usd, 60, "held until somebody says");
    turned(&mut bench, "1", cost(7));
    assert_eq!(bench.run.spent().cost_micro_usd, 7);
    bench.start("1");
    assert!(bench.run.turns(&path("1")).is_empty(), "it begins anew");
    assert!(Bench::replayed(&bench.journal).run.turns(&path("1")).is_empty());
    // Where nobody says it, the whole reserve is charged.
    ask(&mut bench, "1", cost(60));
    let at = bench.later();
    bench.run.restart_ordered(&path("1"), "ann", None, at).unwrap();
    bench.flush();
    bench.start("1");
    bench.end("1", Usage::default());
    let settled = *bench.run.settled();
    assert_eq!((settled.cost_micro_usd, settled.estimated_calls), (67, 1));
    assert_eq!(*bench.crashed().run.settled(), settled);
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
    assert!(Run::from_records(journal).is_err(), "a second one while one is made");
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
