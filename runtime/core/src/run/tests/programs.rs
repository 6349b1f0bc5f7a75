//! Programs that perform agents in place of those on record.

use std::collections::BTreeMap;

use super::fixture::{Bench, agent_with, started, tokens};
use super::reuse::{at, done, reusing};
use crate::budget::Caps;
use crate::fork::{Cut, Edit, plan};
use crate::record::{BackendChoice, RunStarted};
use crate::reuse::key;
use crate::run::{Run, can_replace};

const THERE: &str = "command:/there/worker.sh";
const HERE: &str = "command:/here/worker.sh";

fn programs(pairs: &[(&str, &str)]) -> BTreeMap<String, String> {
    pairs.iter().map(|(from, to)| ((*from).to_owned(), (*to).to_owned())).collect()
}

/// Three equal agents. The first ended where the program of the record was, the second has since then,
/// and the third is open.
fn moved() -> Bench {
    let backends = BackendChoice { default: Some(THERE.into()), ..BackendChoice::default() };
    let mut bench = Bench::of(RunStarted { backends, ..started() });
    for _ in 0..3 {
        bench.spawn(agent_with("the same", "{}"));
    }
    bench.start("1");
    bench.end("1", tokens(1));
    let now = bench.later();
    let other = programs(&[(THERE, HERE), ("component:pinned", HERE)]);
    bench.run.resume_with("ann", 2, &Caps::default(), "engine 1", &other, now);
    bench.flush();
    bench.start("2");
    bench.end("2", tokens(1));
    bench
}

/// In which parts the keys of two tasks differ.
fn differ(run: &Run, one: &str, other: &str) -> Vec<&'static str> {
    let parts = |task: &str| key(run, &task.parse().unwrap()).unwrap();
    parts(one).differences(&parts(other))
}

#[test]
fn only_a_program_takes_the_place_of_a_program() {
    for (backend, other, can) in [
        (THERE, HERE, true),
        ("acp:there serve", "acp:here serve", true),
        (THERE, "acp:here", false),
        (THERE, "claude", false),
        ("component:pinned", HERE, false),
        ("anthropic:m", HERE, false),
    ] {
        assert_eq!(can_replace(backend, other), can, "{backend} {other}");
    }
    assert_eq!(*moved().run.programs(), programs(&[(THERE, HERE)]));
}

#[test]
fn keys_say_who_performed_an_agent_and_the_record_of_it_stays() {
    let bench = moved();
    for run in [&bench.run, &Bench::replayed(&bench.journal).run] {
        assert_eq!(differ(run, "1", "2"), ["backend"]);
        assert_eq!(differ(run, "2", "3"), [""; 0], "who will perform it");
        let backend = |task: &str| match &*run.task(&task.parse().unwrap()).unwrap().work {
            crate::record::Work::Agent { backend, .. } => backend.clone(),
            other => panic!("{other:?}"),
        };
        assert_eq!(["1", "2", "3"].map(backend), [THERE; 3]);
    }
}

#[test]
fn a_result_of_another_run_is_of_whom_it_was_asked_for() {
    let backends = BackendChoice { default: Some(THERE.into()), ..BackendChoice::default() };
    let mut bench = Bench::of(RunStarted { backends, ..reusing(false) });
    for _ in 0..2 {
        bench.spawn(agent_with("the same", "{}"));
    }
    let now = bench.later();
    let other = programs(&[(THERE, HERE)]);
    bench.run.resume_with("ann", 2, &Caps::default(), "engine 1", &other, now);
    bench.flush();
    let now = bench.later();
    bench.run.reused(&at("1"), super::reuse::from("4"), done("old"), None, now);
    bench.flush();
    for run in [&bench.run, &Bench::replayed(&bench.journal).run] {
        assert_eq!(run.claimed(), [at("4")]);
        assert_eq!(differ(run, "1", "2"), [""; 0], "the second asks for the same");
    }
}

#[test]
fn a_fork_goes_on_with_the_same_programs() {
    let bench = moved();
    let last = Cut::After(bench.journal.len() as u64);
    let fork = Run::from_records(plan(&bench.journal, &last, None).unwrap().records).unwrap();
    assert_eq!(*fork.programs(), programs(&[(THERE, HERE)]));
    assert_eq!(differ(&fork, "1", "2"), ["backend"]);
    // Where the first ended nobody had named it yet.
    let first = Cut::At(at("1"));
    let fork = Run::from_records(plan(&bench.journal, &first, None).unwrap().records).unwrap();
    assert_eq!(*fork.programs(), programs(&[(THERE, HERE)]));
    // Another program burns other fuel: no engine is the one that recorded.
    let other = plan(&bench.journal, &last, Some(&Edit::Workflow)).unwrap();
    let fork = Run::from_records(other.records).unwrap();
    assert_eq!((fork.programs().len(), fork.engine()), (1, ""));
}
