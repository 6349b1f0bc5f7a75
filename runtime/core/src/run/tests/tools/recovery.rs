//! What must not happen twice: after a crash, and in a run that uses results again.

use super::agents::{agent_calls, at_work};
use super::{call, path, with_tools};
use crate::action::Action;
use crate::handoff::{FailureKind, Usage};
use crate::run::tests::fixture::Bench;
use crate::run::{Recovery, Run};

#[test]
fn only_what_may_happen_twice_is_repeated_after_a_crash() {
    let mut bench = Bench::of(with_tools(&["*"]));
    for name in ["code/search", "git/commit", "code/post", "code/post"] {
        bench.spawn(call(name, "1"));
    }
    for task in ["1", "2", "3"] {
        bench.start(task);
    }
    let mut heir = bench.crashed();
    let rows = ["1", "2", "3", "4"].map(|task| heir.run.recovery_of(&path(task)));
    let expected = [Recovery::Repeat, Recovery::Repeat, Recovery::InDoubt, Recovery::Start];
    assert_eq!(rows, expected.map(Some));
    heir.run.recover(heir.now);
    let actions = heir.flush();
    for (task, repeated) in [("1", true), ("2", true), ("3", false), ("4", true)] {
        let action = Action::Perform { task: path(task) };
        assert_eq!(actions.contains(&action), repeated, "{task}");
    }
    let outcome = heir.run.outcome(&path("3")).unwrap();
    assert_eq!(outcome.failure().unwrap().kind, FailureKind::InDoubt);
    // A second owner that dies at once changes nothing.
    let mut second = heir.crashed();
    second.run.recover(second.now);
    assert_eq!(second.run.outcome(&path("3")), Some(outcome));
}

#[test]
fn an_agent_in_whose_name_something_happened_once_is_not_repeated() {
    for (name, started, agents, calls) in [
        ("code/search", true, Recovery::Repeat, Recovery::Drop),
        ("code/post", false, Recovery::Repeat, Recovery::Drop),
        ("code/post", true, Recovery::InDoubt, Recovery::InDoubt),
    ] {
        let mut bench = at_work(r#"["*"]"#);
        agent_calls(&mut bench, name).unwrap();
        if started {
            bench.start("1/1");
        }
        assert_eq!(bench.run.did_once(&path("1")), agents == Recovery::InDoubt);
        let mut heir = bench.crashed();
        assert_eq!(heir.run.recovery_of(&path("1")), Some(agents), "{name}");
        assert_eq!(heir.run.recovery_of(&path("1/1")), Some(calls), "{name}");
        heir.run.recover(heir.now);
        heir.flush();
        let kind = |task: &str| heir.run.outcome(&path(task)).map(|o| o.failure().unwrap().kind);
        let (of_call, of_agent) = match agents {
            Recovery::InDoubt => (FailureKind::InDoubt, Some(FailureKind::InDoubt)),
            _ => (FailureKind::Cancelled, None),
        };
        assert_eq!((kind("1/1"), kind("1")), (Some(of_call), of_agent), "{name}");
        // The next attempt numbers its calls on from those that are on record.
        if of_agent.is_none() {
            assert_eq!(heir.start("1"), 2);
            assert_eq!(agent_calls(&mut heir, name).unwrap(), path("1/2"));
        }
        assert!(Run::from_records(heir.journal.clone()).is_ok());
    }
}

#[test]
fn what_was_sent_once_is_not_sent_again_by_a_run_that_reuses() {
    use crate::reuse::{Call, Condition, Index, Miss, Terms};
    let mut old = Bench::of(with_tools(&["*"]));
    for (name, input) in [
        ("code/post", "1"),
        ("code/post", "2"),
        ("code/search", "1"),
        ("git/commit", "1"),
        ("mcp/echo", "1"),
    ] {
        let number = old.spawn(call(name, input)).to_string();
        old.start(&number);
        old.end(&number, Usage::default());
    }
    let mut index = Index::new(old.journal.clone(), Terms::default()).unwrap();
    let mut new = Bench::of(with_tools(&["*"]));
    let mut claim = |name: &str, input: &str| {
        let number = new.spawn(call(name, input)).to_string();
        let asked = Call::of(&new.run, &path(&number))?;
        let check = |_: &crate::reuse::Entry, condition: Condition<'_>| {
            assert_eq!(condition, Condition::Nothing);
            Ok(())
        };
        Some(index.claim(&asked, check).map(|entry| entry.path().clone()))
    };
    assert_eq!(claim("code/post", "2"), Some(Ok(path("2"))));
    assert_eq!(claim("code/post", "2"), Some(Err(Miss::Taken)));
    assert!(matches!(claim("code/post", "3"), Some(Err(_))));
    assert_eq!(claim("mcp/echo", "1"), Some(Ok(path("5"))));
    // What reads or writes files is done again: what it would find is not known.
    assert_eq!(claim("code/search", "1"), None);
    assert_eq!(claim("git/commit", "1"), None);
}
