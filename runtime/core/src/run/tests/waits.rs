//! Waits are functions of what was delivered, never of what lies ahead in the journal.

use super::fixture::{Bench, agent, tokens, workflow};
use crate::command::{Command, Delivery, WaitError};
use crate::ids::TaskPath;
use crate::replay::Cursor;

fn task_of(delivery: Option<Delivery>) -> u64 {
    match delivery {
        Some(Delivery::Completion { task, .. }) => task,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_completion_with_the_lowest_number_comes_first() {
    let mut bench = Bench::new();
    for _ in 0..3 {
        bench.spawn(agent("x"));
    }
    for path in ["3", "1", "2"] {
        bench.start(path);
        bench.end(path, tokens(1));
    }
    assert_eq!(task_of(bench.wait(Some(&[1, 2]))), 1);
    assert_eq!(task_of(bench.wait(None)), 3);
    assert_eq!(task_of(bench.wait(Some(&[2, 2]))), 2);
    assert_eq!(bench.run.wait(&mut bench.cursor, None), Err(WaitError::NothingToWaitFor));
}

#[test]
fn what_is_not_durable_is_not_delivered() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    bench.start("1");
    let at = bench.later();
    bench.run.task_ended(
        &"1".parse().unwrap(),
        crate::handoff::Outcome::Done(crate::handoff::Handoff::default()),
        tokens(1),
        at,
    );
    assert_eq!(bench.wait(None), None);
    bench.flush();
    assert_eq!(task_of(bench.wait(None)), 1);
    assert_eq!(bench.cursor.now(), at);
}

#[test]
fn impossible_waits_are_errors() {
    let mut bench = Bench::new();
    let cases: [(Option<&[u64]>, WaitError); 4] = [
        (None, WaitError::NothingToWaitFor),
        (Some(&[]), WaitError::NothingToWaitFor),
        (Some(&[1]), WaitError::UnknownTask),
        (Some(&[0]), WaitError::UnknownTask),
    ];
    for (list, expected) in cases {
        assert_eq!(bench.run.wait(&mut bench.cursor, list), Err(expected), "{list:?}");
    }
    bench.spawn(agent("x"));
    bench.start("1");
    bench.end("1", tokens(1));
    assert_eq!(task_of(bench.wait(None)), 1);
    assert_eq!(bench.run.wait(&mut bench.cursor, Some(&[1])), Err(WaitError::UnknownTask));
}

#[test]
fn a_replay_does_not_see_tasks_it_has_not_spawned_yet() {
    let mut bench = Bench::new();
    let waits: [Option<&[u64]>; 2] = [None, Some(&[1])];
    let before: Vec<_> = waits.map(|list| bench.run.wait(&mut bench.cursor, list)).into();
    bench.spawn(agent("x"));
    bench.start("1");
    bench.end("1", tokens(1));
    let mut again = bench.crashed();
    let after: Vec<_> = waits.map(|list| again.run.wait(&mut again.cursor, list)).into();
    assert_eq!(before, after);
    assert!(before.iter().all(Result::is_err));
}

#[test]
fn a_replay_does_not_see_messages_that_came_after_an_error() {
    let mut bench = Bench::new();
    let at = bench.later();
    assert_eq!(bench.run.wait(&mut bench.cursor, None), Err(WaitError::NothingToWaitFor));
    bench.run.message("ann", "hello", None, false, at).unwrap();
    bench.flush();
    let mut again = bench.crashed();
    assert_eq!(again.run.wait(&mut again.cursor, None), Err(WaitError::NothingToWaitFor));
}

#[test]
fn messages_reach_the_root_alone_and_only_a_wait_without_a_list() {
    let mut bench = Bench::new();
    bench.spawn(workflow("{}"));
    bench.spawn(Command::Sleep { ms: 5 });
    let at = bench.later();
    bench.run.message("ann", "hello", None, false, at).unwrap();
    let mut child = Cursor::new("1".parse().unwrap(), at, true);
    let spawned = bench.run.command(&mut child, Command::Sleep { ms: 1 }, 0, at);
    assert!(spawned.is_ok());
    bench.flush();
    assert_eq!(bench.run.wait(&mut child, None), Ok(super::super::Wait::Pending));
    assert_eq!(bench.wait(Some(&[2])), None);
    let expected = Delivery::Message { sender: "ann".into(), text: "hello".into() };
    assert_eq!(bench.wait(None), Some(expected));
    assert_eq!(bench.wait(None), None);
}

#[test]
fn an_instance_that_waits_where_it_should_go_on_has_diverged() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    bench.spawn(Command::Sleep { ms: 1 });
    let at = bench.later();
    bench.run.timer_due(&"2".parse().unwrap(), at);
    bench.flush();
    let honest = bench.run.waits_in_vain(&bench.cursor, 7);
    assert_eq!(honest, None);
    let mut again = bench.crashed();
    again.command(agent("x"));
    // The recorded instance slept before it waited; the timer's end lies beyond that.
    assert_eq!(again.wait(None), None);
    let divergence = again.run.waits_in_vain(&again.cursor, 7).unwrap();
    assert_eq!((divergence.position, divergence.recorded.kind), (2, "sleep"));
    assert_eq!(divergence.workflow, TaskPath::root());
}
