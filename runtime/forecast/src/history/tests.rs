#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "tests")]

use baton_core::budget::Caps;
use baton_core::ids::RunId;
use baton_core::record::{Pause, Record};

use super::*;

fn row() -> RunRow {
    RunRow {
        run: "run_01JQ0000000000000000000000".parse::<RunId>().unwrap(),
        name: "flow".into(),
        state: State::Done,
        paused: None,
        owned: false,
        epoch: 1,
        created: Timestamp(1_000),
        updated: Timestamp(9_000),
        program: Digest::of(b"p"),
        records: 9,
        tasks: 4,
        failed_tasks: 0,
        usage: Usage::default(),
        failure: None,
        batch: None,
        shared: 0,
    }
}

fn task(path: &str, kind: &str, phase: Option<&str>, window: Option<(u64, u64)>) -> TaskRow {
    TaskRow {
        path: path.parse().unwrap(),
        kind: kind.into(),
        label: None,
        phase: phase.map(ToOwned::to_owned),
        backend: Some("openai:x".into()),
        state: State::Done,
        attempts: u32::from(window.is_some()),
        spawned: Timestamp(1_000),
        started: window.map(|(began, _)| Timestamp(began)),
        ended: window.map(|(_, ended)| Timestamp(ended)),
        usage: Usage {
            input_tokens: 100,
            output_tokens: 10,
            cost_micro_usd: 5,
            ..Usage::default()
        },
        metered: Usage::default(),
        reserved: Usage::default(),
        failure: None,
    }
}

#[test]
fn agents_that_started_count_by_phase_and_backend() {
    let tasks = [
        task("1", "agent", Some("find"), Some((2_000, 4_000))),
        task("2", "agent", Some("find"), Some((2_000, 5_000))),
        task("3", "tool", Some("find"), Some((2_000, 8_000))),
        task("4", "agent", None, Some((6_000, 7_000))),
        task("5", "agent", None, None),
    ];
    let mut tasks = tasks;
    (tasks[1].state, tasks[1].attempts) = (State::Failed, 3);
    let past = past(&row(), &tasks, &Idle::default());
    let total = past.outturn.total;
    assert_eq!((total.agents, total.input_tokens, total.wall_ms), (3, 300, 8_000));
    let find = past.outturn.phase(&Some("find".into()));
    assert_eq!((find.agents, find.wall_ms), (2, 3_000));
    let rate = past.rates[&(Some("find".to_owned()), "openai:x".to_owned())];
    assert_eq!((rate.agents, rate.output_tokens, rate.ms), (2, 20, 5_000));
    assert_eq!((rate.failed, rate.again), (1, 2));
}

#[test]
fn time_that_only_people_took_is_not_counted() {
    let gate = |window: (u64, u64)| TaskRow {
        spawned: Timestamp(window.0),
        started: None,
        ended: Some(Timestamp(window.1)),
        ..task("9", "gate", None, None)
    };
    let agent = || task("1", "agent", None, Some((2_000, 4_000)));
    for (tasks, expected) in [
        (vec![agent()], 8_000),
        (vec![agent(), gate((5_000, 8_000))], 5_000),
        (vec![agent(), gate((3_000, 8_000))], 4_000),
        (vec![agent(), gate((2_500, 3_500))], 8_000),
        (vec![gate((2_000, 6_000)), gate((4_000, 8_000))], 2_000),
    ] {
        assert_eq!(past(&row(), &tasks, &Idle::default()).outturn.total.wall_ms, expected);
    }
}

/// What records of these moments say of the time in which nothing went on.
fn idle(bodies: &[(u64, Body)]) -> Idle {
    let mut idle = Idle::default();
    for (seq, (at, body)) in (1..).zip(bodies) {
        idle.note(&Record { seq, at: Timestamp(*at), body: body.clone() });
    }
    idle
}

#[test]
fn time_in_which_nobody_drove_the_run_is_not_counted() {
    let told = || Body::Started { tasks: Vec::new() };
    let paused = || Body::Paused { reason: Pause::Person { by: "ann".into() } };
    let resumed = || Body::Resumed {
        by: "ann".into(),
        epoch: 2,
        caps: Caps::default(),
        engine: String::new(),
        programs: BTreeMap::new(),
    };
    let agent = task("1", "agent", Some("find"), Some((2_000, 8_000)));
    let gate = TaskRow {
        spawned: Timestamp(3_000),
        started: None,
        ended: Some(Timestamp(7_500)),
        ..task("2", "gate", None, None)
    };
    for (records, whole, work) in [
        (vec![(1_000, told()), (9_000, told())], 8_000, 6_000),
        // Paused, and something was obeyed before it went on.
        (
            vec![(3_000, paused()), (7_000, told()), (7_000, resumed()), (9_000, told())],
            4_000,
            2_000,
        ),
        // Killed, twice.
        (
            vec![(3_000, told()), (4_000, resumed()), (5_000, told()), (7_000, resumed())],
            5_000,
            3_000,
        ),
        // Before the agent began and after it ended.
        (
            vec![(1_000, told()), (2_000, resumed()), (8_000, told()), (9_000, resumed())],
            6_000,
            6_000,
        ),
    ] {
        let idle = idle(&records);
        let of = |tasks: &[TaskRow]| past(&row(), tasks, &idle);
        let (alone, asked) = (of(std::slice::from_ref(&agent)), of(&[agent.clone(), gate.clone()]));
        let rate = alone.rates[&(Some("find".to_owned()), "openai:x".to_owned())];
        assert_eq!((alone.outturn.total.wall_ms, rate.ms), (whole, work), "{records:?}");
        assert_eq!(alone.outturn.phase(&Some("find".into())).wall_ms, work);
        assert_eq!(asked.outturn.total.wall_ms, whole, "somebody worked while it was asked");
    }
}
