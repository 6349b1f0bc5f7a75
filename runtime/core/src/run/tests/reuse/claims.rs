//! Who gets which result, and why somebody gets none.

use super::super::fixture::{agent_with, workflow};
use super::{Old, PINNED, at, call, claim, done};
use crate::handoff::{Failure, FailureKind, Outcome};
use crate::ids::TaskPath;
use crate::reuse::{Condition, Entry, Index, Miss};

#[test]
fn equal_calls_claim_different_results_in_their_order() {
    let mut old = Old::new();
    for prompt in ["a", "b", "a", "a"] {
        old.answered(prompt);
    }
    let mut index = old.index();
    let ask = |index: &mut Index, path: &str| claim(index, &call(path, "a", PINNED));
    assert_eq!(ask(&mut index, "3"), Ok(at("3")), "the same place first");
    assert_eq!(ask(&mut index, "9"), Ok(at("1")), "else the first");
    assert_eq!(ask(&mut index, "3"), Ok(at("4")), "nothing is claimed twice");
    assert_eq!(ask(&mut index, "1"), Err(Miss::Taken));
    assert_eq!(claim(&mut index, &call("7/2", "b", PINNED)), Ok(at("2")), "places do not matter");
}

#[test]
fn what_was_claimed_before_a_crash_stays_claimed() {
    let mut old = Old::new();
    old.answered("a");
    old.answered("a");
    let mut index = old.index();
    index.mark(&at("1"));
    index.mark(&at("99"));
    assert_eq!(claim(&mut index, &call("1", "a", PINNED)), Ok(at("2")));
    assert_eq!(claim(&mut index, &call("2", "a", PINNED)), Err(Miss::Taken));
}

#[test]
fn what_is_to_be_done_again_is_claimed_by_nobody() {
    let mut old = Old::new();
    for prompt in ["a", "a", "b"] {
        old.answered(prompt);
    }
    let mut index = old.index();
    index.except(&at("1"));
    let excepted = || Err(Miss::Excepted { from: at("1") });
    // It is to be done, whoever else was asked the same.
    assert_eq!(claim(&mut index, &call("1", "a", PINNED)), excepted());
    assert_eq!(claim(&mut index, &call("1", "b", PINNED)), excepted());
    assert_eq!(claim(&mut index, &call("2", "a", PINNED)), Ok(at("2")));
    assert_eq!(claim(&mut index, &call("9", "a", PINNED)), excepted());
    assert_eq!(claim(&mut index, &call("3", "b", PINNED)), Ok(at("3")));
    // With a task, all that is below it.
    let mut index = old.index();
    index.except(&TaskPath::root());
    let excepted = Err(Miss::Excepted { from: at("3") });
    assert_eq!(claim(&mut index, &call("3", "b", PINNED)), excepted);
}

#[test]
fn a_result_that_does_not_hold_leaves_room_for_another() {
    let mut old = Old::new();
    old.answered("a");
    old.answered("a");
    let mut index = old.index();
    let files = || Miss::FilesChanged { from: at("1"), files: vec!["f".into()], more: 0 };
    let first_changed = |entry: &Entry, _: Condition<'_>| {
        if *entry.path() == at("1") { Err(files()) } else { Ok(()) }
    };
    let ask = call("1", "a", PINNED);
    let path =
        |index: &mut Index| index.claim(&ask, first_changed).map(|entry| entry.path().clone());
    assert_eq!(path(&mut index), Ok(at("2")));
    assert_eq!(path(&mut index), Err(files()), "why the only one left does not serve");
    assert_eq!(claim(&mut index, &ask), Ok(at("1")), "it was never claimed");
}

#[test]
fn a_miss_says_why() {
    let labelled = r#"{"backend":"component:pinned","label":"l"}"#;
    let mut old = Old::new();
    let failed = old.asks("fails", PINNED);
    let failure = Failure::new(FailureKind::Failed, "exit-code", "1");
    old.ends(&failed, Outcome::Failed(failure));
    let cancelled = old.asks("cancelled", PINNED);
    old.ends(&cancelled, Outcome::Failed(Failure::cancelled("ann")));
    let open = old.asks("open", PINNED);
    old.0.start(&open.to_string());
    old.asks("unstarted", PINNED);
    let named = old.asks("old words", labelled);
    old.ends(&named, done("x"));
    let mut index = old.index();
    let parts = |parts: &[&str]| parts.iter().map(ToString::to_string).collect();
    for (path, prompt, options, miss) in [
        ("1", "fails", PINNED, Miss::Failed { from: at("1"), code: "exit-code".into() }),
        ("9", "cancelled", PINNED, Miss::Unfinished { from: at("2") }),
        ("9", "open", PINNED, Miss::Unfinished { from: at("3") }),
        ("9", "unstarted", PINNED, Miss::Unfinished { from: at("4") }),
        ("9", "words", labelled, Miss::Changed { from: at("5"), parts: parts(&["prompt"]) }),
        ("5", "words", PINNED, Miss::Changed { from: at("5"), parts: parts(&["prompt"]) }),
        (
            "5",
            "old words",
            r#"{"backend":"component:pinned","model":"m"}"#,
            Miss::Changed { from: at("5"), parts: parts(&["model"]) },
        ),
        ("9", "words", PINNED, Miss::New),
    ] {
        let call = call(path, prompt, options);
        assert_eq!(claim(&mut index, &call), Err(miss), "{prompt}");
    }
}

#[test]
fn reasons_have_codes_and_words() {
    let from = || at("4");
    for (miss, code, words) in [
        (Miss::New, "new", "new"),
        (
            Miss::Changed { from: from(), parts: vec!["prompt".into(), "model".into()] },
            "changed",
            "changed since /4: prompt, model",
        ),
        (Miss::Failed { from: from(), code: "c".into() }, "failed", "/4 failed: c"),
        (Miss::Unfinished { from: from() }, "unfinished", "/4 never ended"),
        (Miss::Taken, "taken", "its results went to equal calls before it"),
        (
            Miss::FilesChanged { from: from(), files: vec!["a".into(), "b".into()], more: 2 },
            "files-changed",
            "what /4 read has changed: a, b and 2 more",
        ),
        (
            Miss::UnseenFilesChanged { from: from() },
            "unseen-files-changed",
            "files have changed, and nobody saw what /4 read",
        ),
        (
            Miss::UnknownFiles { from: from(), why: "w".into() },
            "unknown-files",
            "nobody saw what /4 read: w",
        ),
        (
            Miss::Steered { from: from(), messages: 0 },
            "steered",
            "people may have told /4 something else than this task",
        ),
        (Miss::Steered { from: from(), messages: 1 }, "steered", "a message steered /4"),
        (Miss::Steered { from: from(), messages: 3 }, "steered", "3 messages steered /4"),
        (Miss::TooManyReads { from: from() }, "too-many-reads", "/4 read more than is recorded"),
        (Miss::NoRun { why: "w".into() }, "no-run", "the run cannot be read: w"),
    ] {
        assert_eq!((miss.code(), miss.to_string().as_str()), (code, words));
        let value = serde_json::to_value(&miss).unwrap();
        let name = value
            .as_str()
            .map(ToOwned::to_owned)
            .unwrap_or_else(|| value.as_object().unwrap().keys().next().unwrap().clone());
        assert_eq!(name, code);
    }
}

#[test]
fn agents_of_child_workflows_are_in_the_index() {
    let mut old = Old::new();
    let child = TaskPath::root().child(old.0.spawn(workflow(r#"{"read":["docs/**"]}"#)));
    let mut cursor = crate::replay::Cursor::new(child.clone(), old.0.now, true);
    let at = old.0.later();
    old.0.run.command(&mut cursor, agent_with("a", PINNED), 1, at).unwrap();
    old.0.flush();
    let task = child.child(1);
    old.reads(&task, &[], true);
    old.ends(&task, done("deep"));
    let mut index = old.index();
    let narrowed = call("1", "a", r#"{"backend":"component:pinned","read":["docs/**"]}"#);
    assert_eq!(claim(&mut index, &call("1", "a", PINNED)), Err(Miss::New), "another scope");
    assert_eq!(claim(&mut index, &narrowed), Ok(task), "the same scope in another place");
}
