#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, Handoff};
use baton_core::ids::Timestamp;
use baton_core::record::Effect;
use baton_core::spec::{AgentOptions, AgentSpec};

use super::*;

fn usage(input: u64, cost: u64) -> Usage {
    Usage { input_tokens: input, cost_micro_usd: cost, ..Usage::default() }
}

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn agent(task: &str, phase: Option<&str>, backend: &str) -> Body {
    let options = AgentOptions { phase: phase.map(Into::into), ..AgentOptions::default() };
    let spec = AgentSpec { options, ..AgentSpec::default() };
    let work = Work::Agent { spec, backend: backend.into(), effect: Effect::Read };
    Body::Spawned { task: path(task), digest: Digest::of(b""), fuel: 0, work: Box::new(work) }
}

fn call(task: &str, number: u32, model: &str, consumed: Usage, estimated: bool) -> [Body; 2] {
    let (provider, model) = ("anthropic".to_owned(), model.to_owned());
    [
        Body::Asked { task: path(task), call: number, provider, model, reserve: usage(999, 999) },
        Body::Turned { task: path(task), call: number, content: None, usage: consumed, estimated },
    ]
}

fn again(task: &str, consumed: Usage) -> Body {
    let failure = Failure::new(FailureKind::Failed, "ladder-check", "no");
    Body::AttemptFailed { task: path(task), attempt: 1, failure, usage: consumed }
}

fn ended(task: &str, consumed: Usage, failed: bool) -> Body {
    let outcome = match failed {
        true => Outcome::Failed(Failure::new(FailureKind::Failed, "x", "x")),
        false => Outcome::Done(Handoff::default()),
    };
    Body::Completed { task: path(task), outcome, usage: consumed, reused_from: None }
}

fn phase(title: &str) -> Body {
    let report = Report::Phase { title: title.into() };
    Body::Reported { workflow: path(""), digest: Digest::of(b""), fuel: 0, report }
}

fn totals(bodies: impl IntoIterator<Item = Body>) -> Totals {
    let mut totals = Totals::default();
    for (seq, body) in (1..).zip(bodies) {
        totals.take(&Record { seq, at: Timestamp(seq), body });
    }
    totals
}

#[test]
fn sums_by_phase_model_and_source() {
    let mut bodies = vec![phase("Survey"), agent("1", None, "anthropic:small")];
    bodies.extend(call("1", 1, "small", usage(10, 100), false));
    bodies.push(again("1", Usage { wall_ms: 5, ..Usage::default() }));
    bodies.extend(call("1", 2, "large", usage(20, 900), true));
    let passed = |task: &str, rung, saved_micro_usd| Body::Passed {
        task: path(task),
        rung,
        rungs: 2,
        backend: "anthropic:large".into(),
        saved_micro_usd,
    };
    bodies.push(passed("1", 1, -100));
    let all = Usage { agents: 1, estimated_calls: 1, wall_ms: 9, ..usage(30, 1_000) };
    bodies.push(ended("1", all, false));
    // One that says itself what it consumed, in a phase it names, and fails in the end.
    bodies.extend([
        agent("2", Some("Review"), "claude"),
        again("2", usage(5, 50)),
        ended("2", Usage { agents: 1, ..usage(8, 80) }, true),
    ]);
    let totals = totals(bodies);
    assert_eq!((totals.used.input_tokens, totals.used.cost_micro_usd), (38, 1_080));
    assert_eq!((totals.used.agents, totals.used.wall_ms), (2, 9));
    assert_eq!((totals.metered, totals.estimated.cost_micro_usd), (usage(10, 100), 900));
    assert_eq!((totals.claimed.cost_micro_usd, totals.claimed.agents), (80, 2));
    let phases: Vec<_> =
        totals.phases.iter().map(|(title, usage)| (title.as_str(), usage.cost_micro_usd)).collect();
    assert_eq!(phases, [("Survey", 1_000), ("Review", 80)]);
    let models: Vec<_> = totals
        .models
        .iter()
        .map(|(name, used)| (name.as_str(), used.calls, used.usage.cost_micro_usd))
        .collect();
    assert_eq!(
        models,
        [("anthropic:large", 1, 900), ("anthropic:small", 1, 100), ("claude", 0, 80)]
    );
    // The first attempt of the first, and both of the second.
    assert_eq!(totals.failed.attempts, 3);
    assert_eq!(totals.failed.usage.cost_micro_usd, 100 + 80);
    let passed = BTreeMap::from([((1, "anthropic:large".to_owned()), 1)]);
    assert_eq!(totals.ladders, Ladders { passed, saved_micro_usd: -100 });
}

#[test]
fn a_call_that_outlives_its_task_moves_from_the_estimate_to_the_meter() {
    let [asked, turned] = call("1", 1, "m", usage(10, 100), false);
    let reserve = Usage { estimated_calls: 1, ..usage(999, 999) };
    let bodies = [agent("1", None, "anthropic:m"), asked, ended("1", reserve, false), turned];
    let before = totals(bodies[..3].to_vec());
    assert_eq!((before.estimated.cost_micro_usd, before.metered.cost_micro_usd), (999, 0));
    let after = totals(bodies);
    assert_eq!((after.estimated, after.metered), (Usage::default(), usage(10, 100)));
    assert_eq!(after.models["anthropic:m"].usage, usage(10, 100));
    assert_eq!(after.used.cost_micro_usd, 100);
}

#[test]
fn a_run_without_models_has_nothing_to_add() {
    let wall = Usage { agents: 1, wall_ms: 7, ..Usage::default() };
    let totals = totals([agent("1", None, "command:x"), ended("1", wall, false)]);
    assert!(totals.is_plain());
    assert_eq!(totals.used, wall);
}

#[test]
fn programs_are_those_that_take_the_place_of_another() {
    let resumed = |programs: &[(&str, &str)]| Body::Resumed {
        by: "ada".into(),
        epoch: 1,
        caps: Caps::default(),
        engine: String::new(),
        programs: programs.iter().map(|(a, b)| ((*a).into(), (*b).into())).collect(),
    };
    let totals = totals([
        resumed(&[("command:a", "command:b"), ("claude", "command:c"), ("acp:d", "command:e")]),
        resumed(&[("command:a", "command:f")]),
    ]);
    let expected: BTreeMap<String, String> =
        [("command:a".to_owned(), "command:f".to_owned())].into();
    assert_eq!(totals.programs, expected);
}

#[test]
fn what_a_fork_shares_was_paid_by_another_run() {
    let spent = Usage { agents: 1, ..usage(10, 100) };
    let bodies = [
        phase("Survey"),
        agent("1", None, "claude"),
        ended("1", spent, true),
        agent("2", None, "claude"),
        ended("2", spent, false),
    ];
    let mut shared = Totals { shared: 3, ..Totals::default() };
    for (seq, body) in (1..).zip(bodies) {
        shared.take(&Record { seq, at: Timestamp(seq), body });
    }
    assert_eq!((shared.used, shared.failed.attempts), (spent, 0));
    assert_eq!(shared.phases, [("Survey".to_owned(), spent)]);
}
