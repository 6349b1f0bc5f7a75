//! Records that cannot be those of one run are refused, whatever they say, without a panic.

use super::super::{RecordError, Run};
use super::fixture::{Bench, T0, agent, started, tokens, workflow};
use crate::command::Command;
use crate::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use crate::ids::Timestamp;
use crate::record::{Body, Record, Start};

fn bench() -> Bench {
    let mut bench = Bench::new();
    bench.spawn(agent("x"));
    bench.spawn(workflow("{}"));
    bench.spawn(Command::Sleep { ms: 5 });
    bench.start("1");
    bench
}

fn after(body: Body) -> Result<Run, RecordError> {
    let mut journal = bench().journal;
    let seq = journal.len() as u64 + 1;
    journal.push(Record { seq, at: Timestamp(9_000), body });
    Run::from_records(journal)
}

fn start(task: &str, attempt: u32) -> Body {
    Body::Started { tasks: vec![Start { task: task.parse().unwrap(), attempt }] }
}

fn completed(task: &str) -> Body {
    Body::Completed {
        task: task.parse().unwrap(),
        outcome: Outcome::Done(Handoff::default()),
        usage: Usage::default(),
        reused_from: None,
    }
}

#[test]
fn contradictions_are_refused() {
    let spawned = bench().journal[1].body.clone();
    let cases = [
        Body::RunStarted(Box::new(started())),
        spawned,
        start("1", 1),
        start("1", 3),
        start("2", 1),
        start("3", 1),
        start("7", 1),
        completed("7"),
        completed("1/1"),
        Body::CancelOrdered { task: "7".parse().unwrap(), by: "ann".into() },
        Body::CancelRequested { workflow: "1".parse().unwrap(), task: 1, fuel: 0 },
        Body::Finished { outcome: Outcome::Done(Handoff::default()), usage: Usage::default() },
    ];
    for body in cases {
        let result = after(body.clone());
        assert!(matches!(result, Err(RecordError::Contradiction { seq: 6, .. })), "{body:?}");
    }
    assert!(after(start("1", 2)).is_ok());
    assert!(after(completed("2")).is_ok());
}

#[test]
fn a_workflow_cannot_end_before_its_tasks() {
    let mut bench = Bench::new();
    bench.spawn(workflow("{}"));
    let mut child = crate::replay::Cursor::new("1".parse().unwrap(), bench.now, true);
    bench.run.command(&mut child, Command::Sleep { ms: 1 }, 0, bench.now).unwrap();
    bench.flush();
    let mut journal = bench.journal;
    journal.push(Record { seq: 4, at: Timestamp(9_000), body: completed("1") });
    assert!(matches!(Run::from_records(journal), Err(RecordError::Contradiction { seq: 4, .. })));
}

#[test]
fn the_largest_numbers_do_not_overflow() {
    let huge = Usage { agents: u64::MAX, ..tokens(u64::MAX) };
    let failed = Body::AttemptFailed {
        task: "1".parse().unwrap(),
        attempt: u32::MAX,
        failure: Failure::new(FailureKind::Failed, "x", "x"),
        usage: huge,
    };
    let mut run = after(failed).unwrap();
    assert_eq!(run.start_tasks(&["1".parse().unwrap()], T0)[0].attempt, u32::MAX);
    run.task_ended(&"1".parse().unwrap(), Outcome::Done(Handoff::default()), huge, T0);
    assert_eq!(run.settled().tokens(), u64::MAX);
    let cancel = Body::CancelRequested { workflow: Default::default(), task: u64::MAX, fuel: 0 };
    assert!(after(cancel).is_ok());
}

#[test]
fn order_time_and_format_are_checked() {
    let whole = bench().journal;
    assert_eq!(Run::from_records([]).unwrap_err(), RecordError::Empty);
    assert_eq!(Run::from_records(whole[1..].to_vec()).unwrap_err(), RecordError::NotAStart);
    let gap = |mut journal: Vec<Record>, index: usize| {
        journal.remove(index);
        Run::from_records(journal).unwrap_err()
    };
    for index in 1..whole.len() - 1 {
        let due = index as u64 + 1;
        assert_eq!(gap(whole.clone(), index), RecordError::Gap { expected: due, got: due + 1 });
    }
    let mut early = whole.clone();
    early[2].at = Timestamp(1);
    assert!(matches!(Run::from_records(early), Err(RecordError::Contradiction { seq: 3, .. })));
    let mut newer = started();
    newer.format += 1;
    let first = Record { seq: 1, at: T0, body: Body::RunStarted(Box::new(newer)) };
    assert_eq!(Run::from_records([first]).unwrap_err(), RecordError::Format { got: 2 });
}
