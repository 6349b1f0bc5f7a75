//! Commands: cancellation, reports, files, and instances that are left over.

use super::super::CommandError;
use super::fixture::{Bench, agent, started, tokens, workflow};
use crate::command::{Command, Reply};
use crate::handoff::{Handoff, Outcome};
use crate::ids::TaskPath;
use crate::record::Body;
use crate::replay::Cursor;
use crate::report::{Level, Report};

/// Root with a child workflow that has an agent and a timer, and an agent beside it.
fn tree() -> Bench {
    let mut bench = Bench::new();
    bench.spawn(workflow("{}"));
    bench.spawn(agent("beside"));
    let at = bench.later();
    let mut child = Cursor::new("1".parse().unwrap(), at, true);
    for command in [agent("inner"), Command::Sleep { ms: 5 }] {
        bench.run.command(&mut child, command, 0, at).unwrap();
    }
    bench.flush();
    bench.start("1/1");
    bench
}

#[test]
fn a_cancelled_subtree_ends_once_the_deepest_first() {
    let mut bench = tree();
    bench.command(Command::Cancel { task: 1 });
    bench.command(Command::Cancel { task: 1 });
    bench.command(Command::Cancel { task: 99 });
    bench.end("1/1", tokens(5));
    let kinds = bench.kinds();
    let ends: Vec<&str> = kinds.iter().filter_map(|k| k.strip_prefix("completed ")).collect();
    assert_eq!(ends, ["1/2 cancelled", "1/1 cancelled", "1 cancelled"]);
}

#[test]
fn the_end_of_a_workflow_cancels_what_it_left_open() {
    let mut bench = tree();
    let at = bench.later();
    let done = || Outcome::Done(Handoff::default());
    bench.run.workflow_ended(&"1".parse().unwrap(), done(), 3, at);
    bench.flush();
    bench.run.workflow_ended(&TaskPath::root(), done(), 4, at);
    bench.run.workflow_ended(&TaskPath::root(), done(), 4, at);
    bench.flush();
    let kinds = bench.kinds();
    let tail = &kinds[kinds.len() - 5..];
    let expected = [
        "completed 1/2 cancelled",
        "completed 1/1 cancelled",
        "completed 1 done",
        "completed 2 cancelled",
        "finished",
    ];
    assert_eq!(tail, expected);
    let (_, usage) = bench.run.finished().unwrap();
    assert_eq!(
        (usage.fuel, usage.agents),
        (7, 1),
        "fuel of both workflows, the agent that started"
    );
}

#[test]
fn leftovers_of_an_ended_workflow_add_nothing() {
    let mut bench = tree();
    let at = bench.later();
    let mut child = Cursor::new("1".parse().unwrap(), at, true);
    bench.command(Command::Cancel { task: 1 });
    let seq = bench.run.seq();
    bench.run.command(&mut child, agent("inner"), 0, at).unwrap();
    bench.run.command(&mut child, Command::Sleep { ms: 5 }, 0, at).unwrap();
    let error = bench.run.command(&mut child, agent("new"), 0, at).unwrap_err();
    assert_eq!(error, CommandError::Ended("1".parse().unwrap()));
    assert_eq!(bench.run.seq(), seq);
}

#[test]
fn lines_are_cut_and_then_dropped_and_a_replay_drops_the_same() {
    let mut facts = started();
    facts.limits.run.log_line_bytes = 5;
    facts.limits.run.log_bytes = 14;
    let log = |text: &str| Command::Report(Report::Log { level: Level::Info, text: text.into() });
    let script = || {
        vec![
            log("abcdeé"),
            log("xyzäö"),
            log(""),
            log("dropped"),
            Command::Report(Report::Phase { title: "dropped".into() }),
            Command::Sleep { ms: 1 },
        ]
    };
    let mut bench = Bench::of(facts);
    for command in script() {
        bench.command(command);
    }
    let texts: Vec<String> = bench
        .journal
        .iter()
        .filter_map(|record| match &record.body {
            Body::Reported { report: Report::Log { text, .. }, .. } => Some(text.clone()),
            Body::Reported { report, .. } => panic!("{report:?}"),
            _ => None,
        })
        .collect();
    assert_eq!(texts, ["abcde", "xyzä", ""]);
    let mut again = bench.crashed();
    let seq = again.run.seq();
    for command in script() {
        again.command(command);
    }
    assert_eq!(again.run.seq(), seq);
}

#[test]
fn agents_cannot_fill_a_journal_with_lines() {
    let mut facts = started();
    facts.limits.run.log_bytes = 10;
    let mut bench = Bench::of(facts);
    bench.spawn(agent("x"));
    bench.start("1");
    let seq = bench.run.seq();
    for _ in 0..50 {
        let line = Report::Log { level: Level::Info, text: String::new() };
        bench.run.agent_reported(&"1".parse().unwrap(), line, bench.now);
    }
    assert_eq!(bench.run.seq() - seq, 10);
}

#[test]
fn a_full_journal_ends_the_guest_but_not_the_run() {
    let mut facts = started();
    facts.limits.run.records = 2;
    let mut bench = Bench::of(facts);
    bench.spawn(agent("x"));
    let at = bench.later();
    let error = bench.run.command(&mut bench.cursor, agent("y"), 0, at).unwrap_err();
    assert_eq!(error, CommandError::Records(2));
    bench.run.workflow_ended(&TaskPath::root(), Outcome::Done(Handoff::default()), 0, at);
    assert!(bench.run.finished().is_some());
}

#[test]
fn a_start_list_that_names_a_task_twice_starts_it_once() {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    let task: TaskPath = "1".parse().unwrap();
    let starts = bench.run.start_tasks(&[task.clone(), task, "9".parse().unwrap()], bench.now);
    assert_eq!(starts.len(), 1);
}

#[test]
fn capabilities_that_were_not_granted_are_denied() {
    let mut facts = started();
    facts.scope = crate::scope::Scope::default();
    let mut bench = Bench::of(facts);
    assert_eq!(bench.refusal(agent("x")).code, "agents-not-granted");
    assert_eq!(bench.refusal(workflow("{}")).code, "workflows-not-granted");
    assert_eq!(bench.command(Command::Sleep { ms: 1 }), Reply::Task(1));
}
