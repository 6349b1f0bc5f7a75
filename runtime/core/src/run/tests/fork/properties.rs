//! For every cut of every journal: the fork holds together, tells every workflow what the run told it,
//! costs nothing so far, and comes to its end.

use proptest::prelude::*;
use proptest::test_runner::TestRunner;
use std::cell::RefCell;

use super::super::coverage::Coverage;
use super::super::guest::hash;
use super::super::properties::{replay, trying};
use super::super::sim::Sim;
use super::*;
use crate::handoff::Usage;
use crate::run::TaskState;

/// Programs to try; each brings some hundred cuts.
const PROGRAMS: u32 = 60;

fn holds_together(whole: &Sim, cut: &Cut, coverage: &mut Coverage) -> Option<Plan> {
    let plan = match plan(&whole.journal, cut, None) {
        Ok(plan) => plan,
        Err(error) => panic!("{cut:?}: {error}"),
    };
    let mut run = fold(&plan);
    assert_eq!(run.settled(), &Usage::default());
    assert_eq!(run.seq(), plan.records.len() as u64);
    for (path, task) in run.tasks() {
        let ended = matches!(task.state, TaskState::Ended { .. });
        assert!(ended || task.attempts == 0, "{path:?} goes on with an old attempt");
    }
    let redone = matches!(cut, Cut::At(task)
        if run.task(task).is_some_and(|known| known.work.kind() == "workflow"));
    if redone {
        coverage.mark("workflow done again");
        return Some(plan);
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
    Some(plan)
}

fn check(seed: u64, steps: u64, free: bool, coverage: &mut Coverage) {
    let whole = Sim::start(seed, steps, free).into_end();
    let cuts = (1..=whole.journal.len() as u64).map(Cut::After);
    let tasks = whole.run.tasks().map(|(path, _)| Cut::At(path.clone()));
    let cuts: Vec<Cut> = cuts.chain(tasks).collect();
    let mut plans: Vec<Plan> =
        cuts.iter().filter_map(|cut| holds_together(&whole, cut, coverage)).collect();
    // What was told was told in the run: only a fork that goes on is told more.
    for sample in 0..3_u64 {
        let index = hash((seed, "fork", sample)) as usize % plans.len();
        let plan = plans.swap_remove(index);
        let records = forked(&plan);
        let heir = Sim::recovered(&records, hash((seed, "heir", sample)), free).into_end();
        if free {
            let output = |sim: &Sim| sim.run.finished().map(|(outcome, _)| outcome.clone());
            assert_eq!(output(&heir), output(&whole), "forked at {}", plan.at);
        }
        assert_eq!(super::super::proof::wrong(&heir.journal), [], "forked at {}", plan.at);
        // A fork of the fork.
        let cut = Cut::After(1 + hash((seed, "again", sample)) % heir.journal.len() as u64);
        holds_together(&heir, &cut, coverage);
        coverage.merge(heir.coverage);
        if plans.is_empty() {
            break;
        }
    }
    coverage.merge(whole.coverage);
}

#[test]
fn every_cut_of_every_journal_is_a_fork() {
    let coverage = RefCell::new(Coverage::default());
    let programs = (any::<u64>(), 1_u64..24, any::<bool>());
    TestRunner::new(trying(PROGRAMS))
        .run(&programs, |(seed, steps, free)| {
            check(seed, steps, free, &mut coverage.borrow_mut());
            Ok(())
        })
        .unwrap();
    let expected = ["run cancelled", "workflow done again", "reused", "call told after the end"];
    assert_eq!(coverage.borrow().missing(&expected), Vec::<String>::new());
}
