//! What is kept of a run, and what is left out.

use super::*;
use crate::fork::Before;
use crate::handoff::{Failure, FailureKind, Handoff, Outcome};

/// Two agents and a nested workflow with one more, all at work; then `2` ends, the rest later.
fn family() -> Bench {
    let mut bench = Bench::new();
    bench.spawn(agent("one"));
    bench.spawn(agent("two"));
    bench.spawn(workflow("{}"));
    bench.start("1");
    bench.start("2");
    bench.end("2", tokens(5));
    bench
}

fn open(plan: &Plan) -> Vec<(String, Before)> {
    plan.open.iter().map(|open| (open.task.to_string(), open.before)).collect()
}

#[test]
fn a_task_that_is_open_at_the_cut_begins_anew() {
    let mut bench = family();
    let failure = Failure::new(FailureKind::Failed, "flaky", "again");
    let now = bench.later();
    bench.run.attempt_failed(&path("1"), 1, failure, tokens(3), now);
    bench.run.process(&path("1"), 2, 77, 5, now);
    bench.flush();
    bench.end("1", tokens(7));

    let plan = plan(&bench.journal, &at("1"), None).unwrap();
    assert_eq!(
        kinds(&plan.records),
        ["run-started", "spawned", "spawned", "spawned", "started", "completed 2 done"]
    );
    assert_eq!(open(&plan), [("1".to_owned(), Before::Ended), ("3".to_owned(), Before::Waiting)]);
    let fork = fold(&plan);
    assert_eq!(fork.task(&path("1")).unwrap().attempts, 0);
    assert!(fork.leftovers().is_empty(), "the processes are those of the other run");
    assert_eq!((plan.shared.tasks, plan.shared.usage.input_tokens), (1, 5));
    assert_eq!(fork.settled().input_tokens, 0, "what is shared costs the fork nothing");
}

#[test]
fn a_cut_is_before_the_end_of_its_task_or_after_a_record() {
    let mut bench = family();
    bench.end("1", tokens(1));
    let length = bench.journal.len() as u64;
    let cases = [
        (at("2"), 6),
        (at("1"), length - 1),
        // It has not ended.
        (at("3"), length),
        (at(""), length),
        (Cut::After(1), 1),
        (Cut::After(length), length),
    ];
    for (cut, expected) in cases {
        assert_eq!(plan(&bench.journal, &cut, None).unwrap().at, expected, "{cut:?}");
    }
    for (cut, error) in [
        (at("9"), ForkError::NoTask(path("9"))),
        (Cut::After(0), ForkError::NoRecord { asked: 0, last: length }),
        (Cut::After(length + 1), ForkError::NoRecord { asked: length + 1, last: length }),
    ] {
        assert_eq!(plan(&bench.journal, &cut, None).unwrap_err(), error);
    }
}

#[test]
fn the_end_of_the_run_is_never_part() {
    let mut bench = Bench::new();
    bench.spawn(agent("one"));
    bench.start("1");
    bench.end("1", tokens(1));
    let now = bench.later();
    let outcome = Outcome::Done(Handoff::default());
    bench.run.workflow_ended(&TaskPath::root(), outcome, 9, now);
    bench.flush();
    let length = bench.journal.len() as u64;
    for cut in [Cut::After(length), at("")] {
        let plan = plan(&bench.journal, &cut, None).unwrap();
        assert_eq!(plan.at, length - 1);
        assert!(fold(&plan).finished().is_none());
    }
}

#[test]
fn a_cancellation_by_a_person_is_part_only_as_a_whole() {
    for (cut, kept) in [
        // The task it was about is done again, so it is as if nobody had cancelled it.
        (at("1"), &["run-started", "spawned", "spawned"][..]),
        (
            Cut::After(5),
            &["run-started", "spawned", "spawned", "cancel-ordered", "completed 1 cancelled"],
        ),
        (
            at("2"),
            &["run-started", "spawned", "spawned", "cancel-ordered", "completed 1 cancelled"],
        ),
        // The run was cancelled, and the fork goes on.
        (
            Cut::After(8),
            &["run-started", "spawned", "spawned", "cancel-ordered", "completed 1 cancelled"],
        ),
    ] {
        let mut bench = Bench::new();
        bench.spawn(agent("one"));
        bench.spawn(agent("two"));
        for task in ["1", ""] {
            let now = bench.later();
            bench.run.cancel_ordered(&path(task), "ann", now);
            bench.flush();
        }
        assert_eq!(bench.journal.len(), 8);
        let plan = plan(&bench.journal, &cut, None).unwrap();
        assert_eq!(kinds(&plan.records), kept, "{cut:?}");
        let mut fork = fold(&plan);
        fork.recover(fork.at());
        assert!(fork.finished().is_none(), "{cut:?}");
        let ended: Vec<_> = fork.take_outbox().records;
        assert_eq!(ended, [], "{cut:?}");
    }
}

#[test]
fn pauses_are_left_out_and_owners_as_far_as_their_engines_are_the_same() {
    let mut bench = family();
    let caps = crate::budget::Caps::default();
    for (epoch, engine) in [(2, "engine 1"), (3, "engine 2"), (4, "engine 2")] {
        let now = bench.later();
        bench.run.pause_ordered("ann", false, now);
        bench.run.pause(crate::record::Pause::Person { by: "ann".into() }, now);
        bench.run.resume("ann", epoch, &caps, engine, now);
        bench.flush();
    }
    let last = Cut::After(bench.journal.len() as u64);
    let same = plan(&bench.journal, &last, None).unwrap();
    let after = |plan: &Plan| kinds(&plan.records).split_off(6);
    assert_eq!(after(&same), ["resumed"]);
    assert!(fold(&same).paused().is_none());
    // Another program burns other fuel: no engine is the one that recorded.
    let other = plan(&bench.journal, &last, Some(&Edit::Workflow)).unwrap();
    assert_eq!(after(&other), Vec::<String>::new());
    assert_eq!(fold(&other).started().engine, "");
}

#[test]
fn what_an_agent_called_goes_with_the_agent() {
    let mut bench = Bench::of(with_tools(&["code/*"]));
    bench.spawn(agent_with_tools());
    bench.spawn(agent_with_tools());
    for agent in ["1", "2"] {
        bench.start(agent);
        let now = bench.later();
        bench.run.agent_calls(&path(agent), raw("code/post", "1", "{}"), now).unwrap();
        bench.flush();
        bench.start(&format!("{agent}/1"));
        bench.end(&format!("{agent}/1"), tokens(0));
    }
    bench.end("1", tokens(2));
    bench.end("2", tokens(2));

    let error = plan(&bench.journal, &at("2/1"), None).unwrap_err();
    assert_eq!(error, ForkError::Call { call: path("2/1"), agent: path("2") });
    let plan = plan(&bench.journal, &at("2"), None).unwrap();
    let fork = fold(&plan);
    assert!(fork.task(&path("1/1")).is_some() && fork.task(&path("2/1")).is_none());
    let once: Vec<_> =
        plan.once.iter().map(|once| (once.task.to_string(), once.certain, once.reusable)).collect();
    assert_eq!(once, [("2/1".to_owned(), false, true)]);
    assert_eq!(plan.twice(None).count(), 1);
    assert_eq!(plan.twice(Some(&[])).count(), 0, "the agent's result serves again");
    assert_eq!(plan.twice(Some(&[path("2")])).count(), 1, "unless it is the one to be done again");
}

fn agent_with_tools() -> Command {
    super::super::fixture::agent_with(
        "x",
        r#"{"backend":"component:pinned","tools":["code/post"]}"#,
    )
}

#[test]
fn what_must_not_happen_twice_is_named() {
    let mut bench = Bench::of(with_tools(&["code/*"]));
    for _ in 0..4 {
        bench.spawn(call("code/post", "1"));
    }
    bench.start("1");
    bench.end("1", tokens(0));
    bench.start("2");
    bench.start("3");
    bench.end("2", tokens(0));

    let plan = plan(&bench.journal, &at("2"), None).unwrap();
    let once: Vec<_> =
        plan.once.iter().map(|once| (once.task.to_string(), once.certain, once.reusable)).collect();
    assert_eq!(
        once,
        [("2".to_owned(), true, true), ("3".to_owned(), true, false)],
        "1 is shared, and 4 had not begun"
    );
}

#[test]
fn a_nested_workflow_is_done_again_as_a_whole() {
    let mut bench = family();
    let mut child = crate::replay::Cursor::new(path("3"), bench.now, true);
    for command in [agent("below"), agent("below too")] {
        let now = bench.later();
        bench.run.command(&mut child, command, 1, now).unwrap();
        bench.flush();
    }
    bench.start("3/1");
    bench.end("3/1", tokens(4));
    bench.spawn(agent("beside"));
    let plan = plan(&bench.journal, &at("3"), None).unwrap();
    let tasks: Vec<String> = fold(&plan).tasks().map(|(path, _)| path.to_string()).collect();
    assert_eq!(tasks, ["1", "2", "3", "4"]);
    // Cut inside, it goes on where it was.
    let inside = super::plan(&bench.journal, &at("3/1"), None).unwrap();
    assert!(fold(&inside).task(&path("3/2")).is_some());
}

#[test]
fn messages_stay_and_are_told_again_to_those_that_begin_anew() {
    let mut bench = family();
    let now = bench.later();
    bench.run.pause_ordered("ann", false, now);
    bench.run.message("ann", "to all", None, false, now).unwrap();
    bench.run.message("ann", "to one", Some(&path("1")), false, now).unwrap();
    let told = bench.run.seq();
    bench.run.heard(&path("1"), told, now);
    bench.flush();
    bench.end("1", tokens(1));

    let again = plan(&bench.journal, &at("1"), None).unwrap();
    let fork = fold(&again);
    let texts = |run: &Run| -> Vec<String> {
        run.messages_of(&path("1")).iter().map(|message| message.text.clone()).collect()
    };
    assert_eq!(texts(&fork), ["to one"]);
    assert!(!again.records.iter().any(|record| matches!(record.body, Body::Heard { .. })));
    // Where it ended before the cut, what it heard is named by its new number.
    let last = Cut::After(bench.journal.len() as u64);
    let after = plan(&bench.journal, &last, None).unwrap();
    let heard = after.records.iter().find_map(|record| match record.body {
        Body::Heard { upto, .. } => Some(upto),
        _ => None,
    });
    let sent = after
        .records
        .iter()
        .find(|record| matches!(&record.body, Body::Messaged { task: Some(_), .. }));
    assert_eq!(heard, sent.map(|record| record.seq));
}

#[test]
fn timers_run_on_from_the_fork() {
    let mut bench = Bench::new();
    bench.spawn(Command::Sleep { ms: 500 });
    bench.spawn(agent("one"));
    let mut plan = plan(&bench.journal, &at("2"), None).unwrap();
    let cut = plan.records.last().unwrap().at;
    let due = |plan: &Plan| match &plan.records[1].body {
        Body::Spawned { work, .. } => match **work {
            crate::record::Work::Sleep { due } => due,
            _ => panic!("not a timer"),
        },
        _ => panic!("not a spawn"),
    };
    let before = due(&plan);
    plan.rearm(cut.plus_ms(7_000));
    assert_eq!(due(&plan), before.plus_ms(7_000));
}

#[test]
fn caps_are_those_of_the_fork() {
    let mut bench = family();
    let mut old = crate::budget::Caps::default();
    old.run.agents = Some(3);
    let now = bench.later();
    bench.run.resume("ann", 2, &old, "engine 2", now);
    bench.flush();
    let mut plan = plan(&bench.journal, &Cut::After(8), None).unwrap();
    assert_eq!(fold(&plan).caps().run.agents, Some(3));
    plan.set_caps(&crate::budget::Caps::default());
    assert_eq!(fold(&plan).caps().run.agents, None);
}
