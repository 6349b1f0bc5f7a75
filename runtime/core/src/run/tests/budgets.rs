//! The script's budget, the operator's caps, and the limits of the run.

use super::fixture::{Bench, agent, started, tokens, workflow};
use crate::budget::Amounts;
use crate::command::Command;
use crate::handoff::{Handoff, Outcome, Usage};
use crate::ids::TaskPath;
use crate::replay::Cursor;

fn granted(agents: Option<u64>, tokens: Option<u64>) -> Bench {
    let mut facts = started();
    facts.budget = Amounts { agents, tokens, ..Amounts::default() };
    Bench::of(facts)
}

#[test]
fn agents_count_when_they_are_spawned() {
    let mut bench = granted(Some(2), None);
    bench.spawn(agent("a"));
    bench.spawn(agent("b"));
    let refusal = bench.refusal(agent("c"));
    assert_eq!(
        (refusal.code.as_str(), refusal.kind),
        ("budget", crate::refusal::RefusalKind::Budget)
    );
}

#[test]
fn tokens_count_when_they_are_delivered() {
    let mut bench = granted(None, Some(10));
    bench.spawn(agent("a"));
    bench.start("1");
    bench.end("1", tokens(10));
    bench.spawn(agent("not delivered yet"));
    assert!(bench.wait(Some(&[1])).is_some());
    assert_eq!(bench.run.budget(&bench.cursor).spent.tokens(), 10);
    assert_eq!(bench.refusal(agent("c")).code, "budget");
}

#[test]
fn what_a_child_holds_is_not_spent_twice() {
    let mut bench = granted(Some(5), None);
    let child = bench.spawn(workflow(r#"{"budget":{"agents":3}}"#));
    bench.spawn(agent("a"));
    bench.spawn(agent("b"));
    assert_eq!(bench.refusal(agent("c")).code, "budget");
    let path = TaskPath::root().child(child);
    assert_eq!(bench.run.workflow(&path).unwrap().budget.agents, Some(3));
    // The child uses one; the other two come back when it is delivered.
    let at = bench.later();
    let mut cursor = Cursor::new(path.clone(), at, true);
    bench.run.command(&mut cursor, agent("inner"), 0, at).unwrap();
    bench.flush();
    bench.start("1/1");
    bench.end("1/1", tokens(1));
    bench.run.workflow_ended(&path, Outcome::Done(Handoff::default()), 0, at);
    bench.flush();
    assert_eq!(bench.refusal(agent("c")).code, "budget");
    assert!(bench.wait(Some(&[child])).is_some());
    bench.spawn(agent("c"));
    bench.spawn(agent("d"));
    assert_eq!(bench.refusal(agent("e")).code, "budget");
}

#[test]
fn output_tokens_are_one_pool_of_parent_and_children() {
    let mut facts = started();
    facts.budget = Amounts { output_tokens: Some(10), ..Amounts::default() };
    let mut bench = Bench::of(facts);
    let child = bench.spawn(workflow("{}"));
    let path = TaskPath::root().child(child);
    assert_eq!(bench.run.workflow(&path).unwrap().budget.output_tokens, Some(10));
    // The open child holds nothing back.
    bench.spawn(agent("a"));
    bench.start("2");
    bench.end("2", Usage { output_tokens: 4, input_tokens: 1_000, ..Usage::default() });
    assert!(bench.wait(Some(&[2])).is_some());
    let second = TaskPath::root().child(bench.spawn(workflow("{}")));
    assert_eq!(bench.run.workflow(&second).unwrap().budget.output_tokens, Some(6));
    bench.spawn(agent("b"));
    bench.start("4");
    bench.end("4", Usage { output_tokens: 7, ..Usage::default() });
    assert!(bench.wait(Some(&[4])).is_some());
    let refusal = bench.refusal(agent("c"));
    assert_eq!(refusal.code, "budget");
    assert!(refusal.message.contains("output tokens"), "{}", refusal.message);
}

#[test]
fn a_child_gets_at_most_what_is_left() {
    let mut bench = granted(Some(5), None);
    let rows = [(r#"{"budget":{"agents":9}}"#, Some(5)), ("{}", Some(0))];
    for (options, expected) in rows {
        let child = TaskPath::root().child(bench.spawn(workflow(options)));
        assert_eq!(bench.run.workflow(&child).unwrap().budget.agents, expected, "{options}");
    }
    let mut free = Bench::new();
    let child = TaskPath::root().child(free.spawn(workflow("{}")));
    assert_eq!(free.run.workflow(&child).unwrap().budget, Amounts::default());
}

#[test]
fn limits_of_the_run_are_refused_by_name() {
    let mut facts = started();
    facts.limits.run.tasks = 3;
    facts.limits.run.agents = 1;
    facts.limits.run.sleep_ms = 100;
    facts.limits.run.prompt_bytes = 4;
    let mut bench = Bench::of(facts);
    assert_eq!(bench.refusal(agent("12345")).code, "run.prompt_bytes");
    assert_eq!(bench.refusal(Command::Sleep { ms: 101 }).code, "run.sleep_ms");
    bench.spawn(Command::Sleep { ms: 100 });
    bench.spawn(agent("x"));
    assert_eq!(bench.refusal(agent("y")).code, "run.agents");
    bench.spawn(workflow("{}"));
    assert_eq!(bench.refusal(Command::Sleep { ms: 1 }).code, "run.tasks");
}

#[test]
fn depth_counts_workflows() {
    let mut facts = started();
    facts.limits.run.depth = 3;
    let mut bench = Bench::of(facts);
    bench.spawn(workflow("{}"));
    let at = bench.later();
    let mut second = Cursor::new("1".parse().unwrap(), at, true);
    let reply = bench.run.command(&mut second, workflow("{}"), 0, at).unwrap();
    assert_eq!(reply, crate::command::Reply::Task(1));
    let mut third = Cursor::new("1/1".parse().unwrap(), at, true);
    let reply = bench.run.command(&mut third, workflow("{}"), 0, at).unwrap();
    assert!(
        matches!(reply, crate::command::Reply::Refused(refusal) if refusal.code == "run.depth")
    );
}
