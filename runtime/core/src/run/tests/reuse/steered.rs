//! Results that messages of people steered.

use super::*;
use crate::run::Run;

/// An agent that was asked for `prompt`, was told texts, heard the first of them, and answered.
fn told(old: &mut Old, prompt: &str, texts: &[&str], heard: usize) -> TaskPath {
    let task = old.asks(prompt, PINNED);
    old.reads(&task, &[], true);
    old.0.start(&task.to_string());
    let at = old.0.later();
    for text in texts {
        old.0.run.message("ada", text, Some(&task), false, at).unwrap();
    }
    if let Some(last) = heard.checked_sub(1) {
        let upto = old.0.run.messages_of(&task)[last].seq;
        old.0.run.heard(&task, upto, at);
    }
    old.0.run.task_ended(&task, done(prompt), tokens(1), at);
    old.0.flush();
    task
}

fn told_too(prompt: &str, texts: &[&str]) -> Call {
    let told = texts.iter().map(ToString::to_string).collect();
    Call { told, ..call("1", prompt, PINNED) }
}

#[test]
fn a_steered_result_serves_only_who_was_told_the_same() {
    let mut old = Old::new();
    told(&mut old, "a", &["be brief", "be kind"], 2);
    let mut index = old.index();
    let steered = |messages| Err(Miss::Steered { from: at("1"), messages });
    assert_eq!(claim(&mut index, &call("1", "a", PINNED)), steered(2));
    assert_eq!(claim(&mut index, &told_too("a", &["be brief"])), steered(2));
    assert_eq!(claim(&mut index, &told_too("a", &["be brief", "be kind"])), Ok(at("1")));
}

#[test]
fn what_an_agent_never_heard_did_not_steer_it() {
    let mut old = Old::new();
    told(&mut old, "a", &["be brief"], 0);
    told(&mut old, "b", &["be brief", "too late"], 1);
    let mut index = old.index();
    assert_eq!(claim(&mut index, &call("1", "a", PINNED)), Ok(at("1")));
    let miss = Err(Miss::Steered { from: at("2"), messages: 1 });
    assert_eq!(claim(&mut index, &call("2", "b", PINNED)), miss);
}

#[test]
fn who_was_told_something_gets_no_result_of_who_was_not() {
    let mut old = Old::new();
    old.answered("a");
    let miss = Err(Miss::Steered { from: at("1"), messages: 0 });
    assert_eq!(claim(&mut old.index(), &told_too("a", &["be brief"])), miss);
}

#[test]
fn an_equal_call_that_nobody_steered_serves_instead() {
    let mut old = Old::new();
    told(&mut old, "a", &["be brief"], 1);
    old.answered("a");
    assert_eq!(claim(&mut old.index(), &call("1", "a", PINNED)), Ok(at("2")));
}

#[test]
fn steered_results_are_taken_where_that_is_said_and_known_in_the_run_that_took_them() {
    let mut old = Old::new();
    told(&mut old, "a", &["be brief"], 1);
    let records = old.0.journal.clone();
    let terms = Terms { steered: true, ..terms(true, false) };
    let mut index = Index::new(records, terms.clone()).unwrap();
    assert_eq!(claim(&mut index, &call("1", "a", PINNED)), Ok(at("1")));

    let reuse = reusing(false).reuse.map(|reuse| Reuse { steered: true, ..reuse });
    let mut taken = Old::of(RunStarted { reuse, ..reusing(false) });
    let task = taken.asks("a", PINNED);
    let now = taken.0.later();
    let reads = Some((Vec::new(), true));
    taken.0.run.reused(&task, from("1"), done("a"), reads, now);
    taken.0.flush();
    let miss = Err(Miss::Steered { from: at("1"), messages: 0 });
    assert_eq!(claim(&mut taken.index(), &call("1", "a", PINNED)), miss);
    let again = Run::from_records(taken.0.journal.clone()).unwrap();
    assert!(again.started().reuse.as_ref().unwrap().steered, "it is on record");
    let mut index = Index::new(taken.0.journal.clone(), terms).unwrap();
    assert_eq!(claim(&mut index, &call("1", "a", PINNED)), Ok(at("1")));
}
