//! Runs that use the results of others.

use super::super::fixture::{Bench, agent_with, workflow};
use super::{Old, PINNED, at, condition, done, from, in_words, reusing, seen, state};
use crate::action::Action;
use crate::command::{Command, Delivery};
use crate::handoff::Usage;
use crate::ids::TaskPath;
use crate::record::Record;
use crate::reuse::{Call, Miss, key};
use crate::run::Run;

#[test]
fn a_result_of_another_run_is_delivered_and_costs_nothing() {
    let mut bench = Bench::of(reusing(false));
    let task = TaskPath::root().child(bench.spawn(agent_with("a", PINNED)));
    assert!(bench.run.may_be_reused(&task));
    let now = bench.later();
    let reads = Some((vec![seen("f")], true));
    bench.run.reused(&task, from("4"), done("old"), reads, now);
    let actions = bench.flush();
    assert_eq!(actions, [Action::Wake { workflow: TaskPath::root() }]);
    assert_eq!(
        bench.kinds(),
        ["run-started", "spawned", "agent-read", "completed 1 done"],
        "nothing was started"
    );
    assert_eq!(bench.run.claimed(), [at("4")]);
    assert!(!bench.run.may_be_reused(&task));
    let delivery = bench.wait(None).unwrap();
    let Delivery::Completion { outcome, usage, .. } = delivery else { panic!() };
    assert_eq!((outcome, usage), (done("old"), Usage::default()));
    assert_eq!(*bench.run.settled(), Usage::default());
    // Ended is ended.
    let now = bench.later();
    bench.run.reused(&task, from("5"), done("again"), None, now);
    bench.run.not_reused(&task, Miss::New, now);
    assert!(!bench.run.has_outbox());
    let again = Bench::replayed(&bench.journal);
    assert_eq!(again.run.claimed(), [at("4")]);
}

#[test]
fn a_decision_stands_after_a_crash() {
    let mut bench = Bench::of(reusing(false));
    let paths: Vec<TaskPath> =
        (0..3).map(|_| TaskPath::root().child(bench.spawn(agent_with("a", PINNED)))).collect();
    let now = bench.later();
    bench.run.reused(&paths[0], from("1"), done("old"), None, now);
    bench.run.not_reused(&paths[1], Miss::New, now);
    let bench = bench.crashed();
    let open: Vec<bool> = paths.iter().map(|path| bench.run.may_be_reused(path)).collect();
    assert_eq!(open, [false, false, true]);
}

#[test]
fn only_agents_of_a_run_that_reuses_are_looked_up() {
    let mut plain = Bench::new();
    let task = TaskPath::root().child(plain.spawn(agent_with("a", PINNED)));
    assert!(!plain.run.may_be_reused(&task));
    let mut bench = Bench::of(reusing(false));
    let timer = TaskPath::root().child(bench.spawn(Command::Sleep { ms: 5 }));
    let child = TaskPath::root().child(bench.spawn(workflow("{}")));
    let agent = TaskPath::root().child(bench.spawn(agent_with("a", PINNED)));
    bench.start(&agent.to_string());
    for task in [&timer, &child, &agent, &at("99")] {
        assert!(!bench.run.may_be_reused(task), "{task:?}");
        assert!(key(&bench.run, task).is_none() || task == &agent);
    }
}

#[test]
fn records_that_reuse_what_cannot_be_reused_are_refused() {
    let mut bench = Bench::of(reusing(false));
    let task = TaskPath::root().child(bench.spawn(agent_with("a", PINNED)));
    let now = bench.later();
    bench.run.reused(&task, from("1"), done("x"), Some((vec![seen("f")], true)), now);
    bench.flush();
    let last = bench.journal.last().unwrap().clone();
    let again = |body| Record { seq: last.seq + 1, at: last.at, body };
    let mut twice = bench.journal.clone();
    twice.push(again(last.body.clone()));
    assert!(Run::from_records(twice).is_err());
    let mut late = bench.journal.clone();
    late.push(again(bench.journal[2].body.clone()));
    assert!(Run::from_records(late).is_err(), "reads after the end");
    // The same records in a run that reuses nothing.
    let mut plain = Bench::new().journal;
    plain.extend(bench.journal[1..].iter().cloned());
    assert!(Run::from_records(plain).is_err());
}

#[test]
fn results_that_were_reused_can_be_reused_again() {
    for (stale, expected) in [(false, "1 reads"), (true, "1 reads")] {
        let mut middle = Old::of(reusing(stale));
        let task = middle.asks("a", PINNED);
        let now = middle.0.later();
        middle.0.run.reused(&task, from("4"), done("x"), Some((vec![seen("f")], true)), now);
        middle.0.flush();
        assert_eq!(condition(&mut middle.index(), PINNED), expected);
    }
    for (stale, expected) in [
        (false, "state 1"),
        (true, "nobody saw what /1 read: it was reused there itself, whatever the files were"),
    ] {
        let mut run = reusing(stale);
        run.backends.all = Some("command:x".into());
        let mut middle = Old::of(run.clone());
        middle.snapshot(state("1"));
        let task = middle.asks("a", PINNED);
        let now = middle.0.later();
        middle.0.run.reused(&task, from("4"), done("x"), None, now);
        middle.0.flush();
        let mut index = middle.index();
        let mut bench = Bench::of(run);
        let number = bench.spawn(agent_with("a", PINNED));
        let call = Call::of(&bench.run, &TaskPath::root().child(number)).unwrap();
        let mut found = String::new();
        let claimed = index.claim(&call, |_, condition| {
            found = in_words(&condition);
            Ok(())
        });
        let words = claimed.map(|_| ()).err().map_or(found, |miss| miss.to_string());
        assert_eq!(words, expected);
    }
}
