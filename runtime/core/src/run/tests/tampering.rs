//! One field of one record is changed: the guest's commands no longer fit, and the replay says so
//! before anything new is recorded.

use super::super::{CommandError, Run, Wait};
use super::fixture::{Bench, T0, agent, tokens, workflow};
use crate::command::Command;
use crate::digest::Digest;
use crate::files::{FileError, FileErrorKind, FileRequest, Observation};
use crate::ids::TaskPath;
use crate::record::{Body, Record};
use crate::replay::Cursor;
use crate::report::Report;

enum Call {
    Do(Command),
    Look(FileRequest),
    Wait(Vec<u64>),
}

/// The honest guest: what it does never depends on answers, so every difference is the journal's.
fn script() -> Vec<Call> {
    let request = FileRequest::Read { path: "README.md".into() };
    vec![
        Call::Do(agent("first")),
        Call::Do(workflow("{}")),
        Call::Do(Command::Sleep { ms: u64::MAX }),
        Call::Look(request),
        Call::Do(Command::Report(Report::Phase { title: "one".into() })),
        Call::Do(Command::Sleep { ms: 5 }),
        Call::Wait(vec![1]),
        Call::Do(Command::Cancel { task: 2 }),
        Call::Do(agent("last")),
    ]
}

fn recorded() -> Vec<Record> {
    let mut bench = Bench::new();
    for call in script() {
        match call {
            Call::Do(command) => {
                bench.command(command);
            }
            Call::Look(request) => {
                let error = FileError::new(FileErrorKind::NotFound, "not-found", "nothing there");
                let seen = Observation::Failed(error);
                let at = bench.later();
                bench.run.observed(&mut bench.cursor, request, seen, 7, at).unwrap();
                bench.flush();
                bench.start("1");
                bench.end("1", tokens(1));
            }
            Call::Wait(list) => assert!(bench.wait(Some(&list)).is_some()),
        }
    }
    bench.journal
}

/// Whether reading or replaying this journal fails, with nothing recorded beyond it.
fn noticed(mut journal: Vec<Record>) -> bool {
    for (index, record) in journal.iter_mut().enumerate() {
        record.seq = index as u64 + 1;
        record.at = T0;
    }
    let Ok(mut run) = Run::from_records(journal) else {
        return true;
    };
    let mut cursor = Cursor::new(TaskPath::root(), T0, true);
    let seq = run.seq();
    let mut failed = false;
    for call in script() {
        let recorded_left = run.next_recorded(&cursor).is_some();
        let result = match call {
            Call::Do(_) | Call::Look(_) if !recorded_left => break,
            Call::Do(command) => run.command(&mut cursor, command, 7, T0).map(drop),
            Call::Look(request) => run.observation(&mut cursor, &request, 7).map(drop),
            Call::Wait(list) => match run.wait(&mut cursor, Some(&list)) {
                Ok(Wait::Ready(_)) => Ok(()),
                Ok(Wait::Pending) => match run.waits_in_vain(&cursor, 7) {
                    Some(divergence) => Err(CommandError::Diverged(divergence)),
                    None => Ok(()),
                },
                Err(_) => break,
            },
        };
        if result.is_err() {
            failed = true;
            break;
        }
    }
    assert_eq!(run.seq(), seq, "a new record before the end of the old ones");
    failed || run.ended_early(&cursor, 7).is_some()
}

fn is_command(body: &Body) -> bool {
    matches!(
        body,
        Body::Spawned { .. }
            | Body::Refused { .. }
            | Body::CancelRequested { .. }
            | Body::Observed { .. }
            | Body::Reported { .. }
    )
}

#[test]
fn an_untouched_journal_is_accepted() {
    assert!(!noticed(recorded()));
}

#[test]
fn a_changed_field_of_a_command_is_noticed() {
    let journal = recorded();
    let mut tried = 0;
    for index in 0..journal.len() {
        for change in 0..3 {
            let mut other = journal.clone();
            let strange = Digest::of(b"strange");
            match (&mut other[index].body, change) {
                (
                    Body::Spawned { digest, .. }
                    | Body::Refused { digest, .. }
                    | Body::Observed { digest, .. }
                    | Body::Reported { digest, .. },
                    0,
                ) => *digest = strange,
                (
                    Body::Spawned { fuel, .. }
                    | Body::Refused { fuel, .. }
                    | Body::Observed { fuel, .. }
                    | Body::Reported { fuel, .. }
                    | Body::CancelRequested { fuel, .. },
                    1,
                ) => *fuel += 1,
                (Body::Spawned { task, .. }, 2) => {
                    *task = TaskPath::root().child(task.number().unwrap() + 1)
                }
                (Body::CancelRequested { task, .. }, 2) => *task += 1,
                (Body::Started { tasks }, 2) => tasks[0].attempt += 1,
                _ => continue,
            }
            tried += 1;
            assert!(
                noticed(other),
                "record {} change {change}: {:?}",
                index + 1,
                journal[index].body
            );
        }
    }
    assert!(tried > 20, "{tried}");
}

#[test]
fn a_command_that_is_missing_doubled_or_elsewhere_is_noticed() {
    let journal = recorded();
    let last = journal.iter().rposition(|record| is_command(&record.body)).unwrap();
    for index in (1..journal.len()).filter(|index| is_command(&journal[*index].body)) {
        let mut doubled = journal.clone();
        doubled.insert(index, journal[index].clone());
        assert!(noticed(doubled), "doubled {}", index + 1);
        let mut swapped = journal.clone();
        let next = (index + 1..journal.len()).find(|next| is_command(&journal[*next].body));
        if let Some(next) = next {
            swapped.swap(index, next);
            assert!(noticed(swapped), "swapped {} and {}", index + 1, next + 1);
        }
        if index != last {
            let mut missing = journal.clone();
            missing.remove(index);
            assert!(noticed(missing), "missing {}", index + 1);
        }
    }
}

#[test]
fn another_kind_under_the_same_digest_is_noticed() {
    let journal = recorded();
    let spawns: Vec<usize> = (0..journal.len())
        .filter(|index| matches!(journal[*index].body, Body::Spawned { .. }))
        .collect();
    let work_of = |index: usize| match &journal[index].body {
        Body::Spawned { work, .. } => work.clone(),
        other => panic!("{other:?}"),
    };
    for (to, from) in [(spawns[0], spawns[1]), (spawns[1], spawns[2]), (spawns[2], spawns[0])] {
        let mut other = journal.clone();
        if let Body::Spawned { work, .. } = &mut other[to].body {
            *work = work_of(from);
        }
        assert!(noticed(other), "{to} {from}");
    }
}

#[test]
fn a_missing_completion_is_noticed() {
    let mut journal = recorded();
    let first = journal.iter().position(|record| matches!(record.body, Body::Completed { .. }));
    journal.remove(first.unwrap());
    assert!(noticed(journal));
}
