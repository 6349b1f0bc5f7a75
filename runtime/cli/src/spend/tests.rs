#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::digest::Digest;
use baton_core::handoff::{Handoff, Outcome};
use baton_core::record::{Effect, Work};
use baton_core::spec::AgentSpec;

use super::*;

fn spawned(path: &str, work: Work) -> Body {
    let task = path.parse().unwrap();
    Body::Spawned { task, digest: Digest::of(b""), fuel: 0, work: Box::new(work) }
}

fn agent(path: &str) -> Body {
    let backend = "anthropic:m".into();
    spawned(path, Work::Agent { spec: AgentSpec::default(), backend, effect: Effect::Read })
}

fn asked(path: &str, call: u32, input: u64) -> Body {
    let reserve = tokens(input);
    let (task, provider) = (path.parse().unwrap(), "anthropic".into());
    Body::Asked { task, call, provider, model: "m".into(), reserve }
}

fn turned(path: &str, call: u32, input: u64, estimated: bool) -> Body {
    let (task, usage) = (path.parse().unwrap(), tokens(input));
    Body::Turned { task, call, content: None, usage, estimated }
}

fn completed(path: &str, usage: Usage) -> Body {
    let outcome = Outcome::Done(Handoff::default());
    Body::Completed { task: path.parse().unwrap(), outcome, usage, reused_from: None }
}

fn tokens(input: u64) -> Usage {
    Usage { input_tokens: input, ..Usage::default() }
}

/// Input tokens by source, and all together, after each record.
fn counted(bodies: &[Body]) -> (Vec<u64>, [u64; 3]) {
    let mut spending = Spending::default();
    let (mut sum, mut sums, mut sources) = (Usage::default(), Vec::new(), [0; 3]);
    for body in bodies {
        if let Some(spent) = spending.apply(body) {
            spent.add_to(&mut sum);
            for (source, usage) in &spent.more {
                sources[*source as usize] += usage.input_tokens;
            }
            sources[Source::Estimated as usize] -= spent.less.input_tokens;
        }
        sums.push(sum.input_tokens);
    }
    (sums, sources)
}

#[test]
fn a_call_counts_when_it_ends_and_never_again() {
    let bodies = [
        agent("1"),
        asked("1", 1, 50),
        turned("1", 1, 20, false),
        asked("1", 2, 50),
        turned("1", 2, 50, true),
        completed("1", tokens(75)),
        completed("1", tokens(75)),
    ];
    assert_eq!(counted(&bodies), (vec![0, 0, 20, 20, 70, 75, 75], [20, 50, 5]));
}

#[test]
fn a_call_that_outlives_its_task_is_charged_by_estimate_until_it_is_told() {
    let bodies = [
        agent("1"),
        asked("1", 1, 50),
        completed("1", Usage { estimated_calls: 1, ..tokens(50) }),
        turned("1", 1, 20, false),
    ];
    assert_eq!(counted(&bodies), (vec![0, 0, 50, 20], [20, 0, 0]));
}

#[test]
fn what_a_workflow_consumed_is_what_its_tasks_did() {
    let sleep = spawned("2", Work::Sleep { due: baton_core::ids::Timestamp(1) });
    let bodies = [agent("1"), sleep, completed("1", tokens(5)), completed("2", tokens(5))];
    assert_eq!(counted(&bodies), (vec![0, 0, 5, 5], [0, 0, 5]));
}
