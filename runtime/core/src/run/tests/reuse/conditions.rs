//! What must hold of the files.

use super::super::fixture::{Bench, agent_with, started};
use super::{Old, PINNED, at, claim, condition, done, in_words, state, terms};
use crate::ids::TaskPath;
use crate::record::{RunStarted, Snapshot};
use crate::reuse::{Call, Index, Miss, Terms, needs_snapshot};

#[test]
fn a_component_rests_on_what_it_read() {
    for (attempts, words) in [
        (&[(&["a", "b"][..], true)][..], "2 reads"),
        (&[(&[][..], true)], "0 reads"),
        (&[(&["a"], true), (&["b"], true)], "2 reads"),
        (&[(&["a"], false)], "/1 read more than is recorded"),
        (&[(&["a"], false), (&["b"], true)], "/1 read more than is recorded"),
        (&[], "nobody saw what /1 read: what components read was not recorded there"),
    ] {
        let mut old = Old::new();
        let task = old.asks("a", PINNED);
        for (paths, complete) in attempts {
            old.reads(&task, paths, *complete);
        }
        old.ends(&task, done("a"));
        assert_eq!(condition(&mut old.index(), PINNED), words, "{attempts:?}");
    }
}

#[test]
fn what_may_read_nothing_rests_on_nothing() {
    let mut old = Old(Bench::new());
    let task = old.asks("a", PINNED);
    old.ends(&task, done("a"));
    let mut index = Index::new(old.0.journal, terms(false, false)).unwrap();
    assert_eq!(condition(&mut index, PINNED), "nothing");
    let nothing = r#"{"backend":"component:pinned","read":[]}"#;
    let mut old = Old::new();
    let task = old.asks("a", nothing);
    old.ends(&task, done("a"));
    assert_eq!(condition(&mut old.index(), nothing), "nothing");
}

#[test]
fn an_opaque_backend_rests_on_the_state_of_the_directory() {
    let command = || {
        let mut run = started();
        run.backends.all = Some("command:x".into());
        run
    };
    let words = |old: &Old, granted: bool, stale: bool| {
        let mut index = Index::new(old.0.journal.clone(), terms(granted, stale)).unwrap();
        let mut bench = Bench::of(command());
        let number = bench.spawn(agent_with("a", PINNED));
        let call = Call::of(&bench.run, &TaskPath::root().child(number)).unwrap();
        let mut found = String::new();
        let claimed = index.claim(&call, |_, condition| {
            found = in_words(&condition);
            Ok(())
        });
        match claimed {
            Ok(_) => found,
            Err(miss) => miss.to_string(),
        }
    };
    for (states, granted, stale, expected) in [
        (
            &[][..],
            true,
            false,
            "nobody saw what /1 read: the state of the directory was not \
            recorded there",
        ),
        (&[state("1")][..], true, false, "state 1"),
        // What agents did there is part of their work.
        (&[state("1"), state("2")], true, false, "state 2"),
        (
            &[state("1"), Snapshot::failed("too large")],
            true,
            false,
            "nobody saw what /1 read: too large",
        ),
        (&[Snapshot::failed("too large")], true, false, "nobody saw what /1 read: too large"),
        (
            &[state("1")],
            false,
            false,
            "nobody saw what /1 read: only one of the runs has a \
            directory",
        ),
        (&[state("1")], true, true, "nothing"),
        (&[], false, true, "nothing"),
    ] {
        let mut old = Old::of(command());
        for state in states {
            old.snapshot(state.clone());
        }
        let task = old.asks("a", PINNED);
        old.ends(&task, done("a"));
        assert_eq!(words(&old, granted, stale), expected, "{states:?} {granted} {stale}");
    }
    let mut nowhere = Old(Bench::of(command()));
    let task = nowhere.asks("a", PINNED);
    nowhere.ends(&task, done("a"));
    assert_eq!(words(&nowhere, false, false), "nothing");
}

#[test]
fn an_isolated_agent_rests_on_its_commit() {
    let isolated = r#"{"isolation":"worktree"}"#;
    let run = |base: &str| {
        let mut run = RunStarted { base: Some(base.into()), ..started() };
        run.backends.all = Some("command:x".into());
        run
    };
    let mut old = Old::of(run("one"));
    let task = old.asks("a", isolated);
    assert!(!needs_snapshot(&old.0.run.task(&task).unwrap().work));
    old.ends(&task, done("a"));
    for (base, stale, found) in [("one", false, true), ("two", false, false), ("two", true, true)] {
        let mut bench = Bench::of(run(base));
        let number = bench.spawn(agent_with("a", isolated));
        let call = Call::of(&bench.run, &TaskPath::root().child(number)).unwrap();
        let terms = Terms { base: Some(base.into()), ..terms(true, stale) };
        let mut index = Index::new(old.0.journal.clone(), terms).unwrap();
        let expected =
            if found { Ok(at("1")) } else { Err(Miss::UnseenFilesChanged { from: at("1") }) };
        assert_eq!(claim(&mut index, &call), expected, "{base} {stale}");
    }
}

#[test]
fn only_the_first_and_the_last_state_count() {
    let mut old = Old::new();
    for text in ["1", "2", "3"] {
        old.snapshot(state(text));
    }
    assert_eq!(old.0.run.snapshots(), (Some(&state("1")), Some(&state("3"))));
    assert!(state("1").equals(&state("1")) && !state("1").equals(&state("2")));
    assert!(!Snapshot::failed("x").equals(&Snapshot::failed("x")), "unknown is not the same");
}
