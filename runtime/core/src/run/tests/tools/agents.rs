//! Calls of agents: the tools that a task names, and what becomes of them with their agent.

use super::{call, path, raw, with_tools};
use crate::action::Action;
use crate::handoff::{FailureKind, Handoff, Outcome, Usage};
use crate::ids::TaskPath;
use crate::record::Body;
use crate::run::tests::fixture::{Bench, agent, agent_with};
use crate::scope::Capability;
use crate::tool::{DENIALS_MAX, Denial};

/// A run with an agent at work that was given `tools`.
pub(super) fn at_work(tools: &str) -> Bench {
    let mut bench = Bench::of(with_tools(&["*"]));
    let options = format!(r#"{{"backend":"component:pinned","tools":{tools}}}"#);
    bench.spawn(agent_with("work", &options));
    bench.start("1");
    bench
}

pub(super) fn agent_calls(
    bench: &mut Bench,
    name: &str,
) -> Result<TaskPath, crate::refusal::Refusal> {
    let at = bench.later();
    let called = bench.run.agent_calls(&path("1"), raw(name, "1", "{}"), at);
    bench.flush();
    called
}

#[test]
fn an_agent_gets_the_tools_that_its_task_names_and_no_others() {
    let mut bench = at_work(r#"["code/*"]"#);
    assert_eq!(agent_calls(&mut bench, "code/search").unwrap(), path("1/1"));
    let refusal = agent_calls(&mut bench, "git/commit").unwrap_err();
    assert_eq!(refusal.code, "tool-not-granted");
    let Body::Denied { task, denial } = &bench.journal.last().unwrap().body else {
        panic!("the denial is not on record");
    };
    assert_eq!((task, denial.capability), (&path("1"), Capability::Tools));
    assert!(denial.tried.contains("git/commit") && !denial.hint.is_empty());
    let scope = bench.run.tools_of_agent(&path("1")).unwrap();
    let names: Vec<&String> = bench.run.offered(&scope).map(|(name, _)| name).collect();
    assert_eq!(names, ["code/post", "code/search"]);
    // None were named: none are given.
    let mut bare = Bench::of(with_tools(&["*"]));
    bare.spawn(agent("work"));
    bare.start("1");
    assert!(bare.run.tools_of_agent(&path("1")).is_none());
    assert_eq!(agent_calls(&mut bare, "code/search").unwrap_err().code, "tools-not-granted");
}

#[test]
fn the_end_of_a_call_reaches_its_agent_only() {
    let mut bench = at_work(r#"["*"]"#);
    agent_calls(&mut bench, "code/search").unwrap();
    assert!(bench.run.is_agents(&path("1/1")) && !bench.run.is_agents(&path("1")));
    bench.start("1/1");
    bench.end("1/1", Usage::default());
    assert_eq!(bench.wait(None), None);
    bench.end("1", Usage::default());
    assert!(bench.wait(None).is_some());
}

#[test]
fn an_agent_ends_with_its_calls() {
    let mut bench = at_work(r#"["*"]"#);
    agent_calls(&mut bench, "code/search").unwrap();
    bench.start("1/1");
    let at = bench.later();
    bench.run.task_ended(&path("1"), Outcome::Done(Handoff::default()), Usage::default(), at);
    let outcome = bench.run.outcome(&path("1/1")).unwrap();
    assert_eq!(outcome.failure().unwrap().kind, FailureKind::Cancelled);
    assert!(bench.flush().contains(&Action::Abort { task: path("1/1") }));
    assert!(agent_calls(&mut bench, "code/search").is_err());
}

#[test]
fn a_guest_that_tries_for_ever_does_not_fill_the_journal() {
    let mut bench = Bench::of(with_tools(&["*"]));
    bench.spawn(call("code/search", "1"));
    bench.start("1");
    for number in 0..DENIALS_MAX + 20 {
        let denial = Denial {
            capability: Capability::Read,
            code: "path-read".into(),
            tried: format!("read {number}"),
            hint: String::new(),
        };
        let at = bench.later();
        bench.run.denied(&path("1"), denial, at);
    }
    bench.flush();
    let denied = bench.journal.iter().filter(|r| matches!(r.body, Body::Denied { .. })).count();
    assert_eq!(denied, DENIALS_MAX);
}
