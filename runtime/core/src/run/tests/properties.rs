//! For every prefix of a journal: a new owner reaches the state the old one had, tells every
//! workflow the same again, adds nothing before the prefix ends, and brings the run to its end.

use proptest::prelude::*;
use proptest::test_runner::{Config, RngSeed, TestRunner};
use std::cell::RefCell;

use super::super::{CommandError, Run};
use super::coverage::{Coverage, EXPECTED};
use super::guest::{Guest, Progress, Step, hash};
use super::sim::{Sim, state};
use crate::ids::TaskPath;
use crate::record::{Body, Record};
use crate::replay::Cursor;

/// Programs to try; each brings some hundred prefixes.
const PROGRAMS: u32 = 60;

/// So many programs, the same ones each time unless `PROPTEST_RNG_SEED` says otherwise: what is right
/// today is not wrong tomorrow by chance.
pub fn trying(programs: u32) -> Config {
    let said = Config::default();
    let rng_seed = match said.rng_seed {
        RngSeed::Random => RngSeed::Fixed(1),
        fixed @ RngSeed::Fixed(_) => fixed,
    };
    Config { cases: programs, failure_persistence: None, max_shrink_iters: 20, rng_seed, ..said }
}

/// Repeats one workflow as far as it is recorded, and compares what it is told.
pub fn replay(run: &mut Run, path: &TaskPath, before: &[String], coverage: &mut Coverage) {
    let workflow = run.workflow(path).unwrap();
    let mut cursor = Cursor::new(path.clone(), workflow.began, true);
    let mut guest = Guest::new(&workflow.input);
    let (seq, at) = (run.seq(), run.at());
    let mut heard = 0;
    loop {
        let mut tell = |line: String| {
            // The instance before it may have been ended before it heard everything.
            if let Some(known) = before.get(heard) {
                assert_eq!(*known, line, "line {heard} of {path:?}");
            }
            heard += 1;
        };
        let mut world =
            Step { run, cursor: &mut cursor, at, replay_only: true, tell: &mut tell, coverage };
        match guest.step(&mut world) {
            Progress::Stepped => {}
            Progress::Failed(CommandError::Ended(_)) | Progress::Blocked | Progress::AtTheEnd => {
                break;
            }
            Progress::Ended(_, fuel) => {
                assert_eq!(run.ended_early(&cursor, fuel), None);
                if let Some(requests) = &mut coverage.requests {
                    requests.ended(path.clone(), fuel);
                }
                break;
            }
            Progress::Failed(error) => panic!("{error}"),
        }
    }
    assert!(run.next_recorded(&cursor).is_none(), "{path:?} repeated too little");
    assert_eq!(run.seq(), seq, "{path:?} added a record");
}

fn every_prefix(whole: &Sim, coverage: &mut Coverage) {
    let states = whole.states.as_ref().unwrap();
    let mut folded = Run::from_records(whole.journal[..1].to_vec()).unwrap();
    for end in 1..=whole.journal.len() {
        // What `from_records` does with a prefix, one record after the other.
        if end > 1 {
            folded.apply(&whole.journal[end - 1]).unwrap();
            folded.durable = folded.seq;
        }
        let mut run = folded.clone();
        if let Some(before) = states.get(&(end as u64)) {
            assert_eq!(state(&run), *before, "state after record {end}");
        }
        for path in run.tasks.keys() {
            if let Some(recovery) = run.recovery_of(path) {
                coverage.recovery(recovery);
            }
        }
        run.recover(run.at());
        for record in &run.outbox.records {
            match &record.body {
                Body::Completed { .. } => coverage.mark("cancel carried out by recovery"),
                Body::Turned { .. } => coverage.mark("call charged by recovery"),
                _ => {}
            }
        }
        let open: Vec<TaskPath> = run
            .workflows
            .iter()
            .filter(|(_, workflow)| !workflow.ended)
            .map(|(path, _)| path.clone())
            .collect();
        for path in open {
            let before = whole.told.get(&path).map(Vec::as_slice).unwrap_or_default();
            replay(&mut run, &path, before, coverage);
        }
    }
}

fn read_back(journal: &[Record]) -> Vec<Record> {
    journal
        .iter()
        .map(|record| serde_json::from_str(&serde_json::to_string(record).unwrap()).unwrap())
        .collect()
}

/// Every task that was spawned has ended, exactly once.
fn all_ended_once(journal: &[Record]) {
    let mut open = std::collections::BTreeSet::new();
    for record in journal {
        match &record.body {
            Body::Spawned { task, .. } => assert!(open.insert(task.clone())),
            Body::Completed { task, .. } => assert!(open.remove(task), "{task:?} ended twice"),
            _ => {}
        }
    }
    assert!(open.is_empty(), "left open: {open:?}");
}

fn check(seed: u64, steps: u64, free: bool, coverage: &mut Coverage) {
    let mut whole = Sim::start(seed, steps, free).keeping_states().into_end();
    all_ended_once(&whole.journal);
    let again = Run::from_records(read_back(&whole.journal)).unwrap();
    assert_eq!(state(&again), state(&whole.run), "the journal as text");
    every_prefix(&whole, coverage);
    for sample in 0..3_u64 {
        let end = 1 + hash((seed, sample)) as usize % (whole.journal.len() - 1);
        let heir =
            Sim::recovered(&whole.journal[..end], hash((seed, "heir", sample)), free).into_end();
        all_ended_once(&heir.journal);
        if free {
            let output = |sim: &Sim| sim.run.finished().map(|(outcome, _)| outcome.clone());
            assert_eq!(output(&heir), output(&whole), "after record {end}");
        }
        coverage.merge(heir.coverage);
    }
    coverage.merge(std::mem::take(&mut whole.coverage));
}

#[test]
fn every_prefix_of_every_journal_replays() {
    let coverage = RefCell::new(Coverage::default());
    let programs = (any::<u64>(), 1_u64..32, any::<bool>());
    TestRunner::new(trying(PROGRAMS))
        .run(&programs, |(seed, steps, free)| {
            check(seed, steps, free, &mut coverage.borrow_mut());
            Ok(())
        })
        .unwrap();
    assert_eq!(coverage.borrow().missing(EXPECTED), Vec::<String>::new());
}
