//! Every case by itself, and an honest run after each.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::cases::{self, AGENT, AGENTS, ALL, Case, ELSEWHERE, hand_over};
use crate::yard::{Yard, ending};

/// Bytes that the floods of one family may leave behind, all of their runs together. The journal's
/// limits bound them: log bytes, artifact bytes and records.
const KEPT_BYTES_MAX: usize = 64 << 20;

fn drive(cases: &[Case]) {
    let yard = Yard::new();
    for Case { name, limits, agent, expected } in cases {
        let attack = yard.attack(&json!({ "case": name }), limits, *agent);
        assert_eq!(ending(&attack.report), *expected, "{name} {limits:?}: {}", attack.said.stderr);
        assert_eq!(attack.said.exit, exit(expected), "{name}: {}", attack.said.stderr);
        yard.canary();
    }
    yard.settled();
    let kept = yard.kept().len();
    assert!(kept < KEPT_BYTES_MAX, "{kept} bytes are kept");
}

/// The exit code that goes with an ending.
fn exit(expected: &str) -> i32 {
    match expected.split([' ', ':']).collect::<Vec<_>>()[..] {
        ["answers", ..] => 0,
        ["ends", "limit", ..] => 4,
        ["ends", "refused", ..] => 3,
        _ => 1,
    }
}

#[test]
fn computing_ends_at_fuel_stack_calls_and_time() {
    drive(cases::COMPUTING);
}

#[test]
fn memory_ends_at_its_limit() {
    drive(cases::MEMORY);
}

#[test]
fn arguments_that_lie_end_the_guest() {
    drive(cases::ARGUMENTS);
}

#[test]
fn an_end_without_a_result_has_its_reason() {
    drive(cases::ENDING);
}

#[test]
fn floods_end_and_leave_little_behind() {
    drive(cases::OUTPUT);
}

#[test]
fn results_that_are_none_are_failures() {
    drive(cases::RESULTS);
}

#[test]
fn spawning_ends_at_its_limits_and_grants() {
    drive(cases::SPAWNING);
}

#[test]
fn waits_that_cannot_be_are_answered() {
    drive(cases::WAITING);
}

#[test]
fn hostile_agents_end_alone() {
    let yard = Yard::new();
    for (prompt, expected) in AGENTS {
        let attack = yard.attack(&hand_over(prompt), &[], AGENT);
        assert_eq!(ending(&attack.report), *expected, "{prompt}: {}", attack.said.stderr);
        let failed =
            u64::from(!["answers good", "answers refused", "answers 0 read"].contains(expected));
        assert_eq!(attack.report["failed_tasks"], failed, "{prompt}");
        yard.canary();
    }
    yard.settled();
}

#[test]
fn every_case_of_the_guests_is_expected() {
    let yard = Yard::new();
    let names = |report: &Value| -> BTreeSet<String> {
        report["output"]
            .as_array()
            .unwrap()
            .iter()
            .map(|name| name.as_str().unwrap().into())
            .collect()
    };
    let own = names(&yard.attack(&json!({ "case": "list" }), &[], None).report);
    let listed =
        ALL.iter().copied().flatten().map(|case| case.name).chain(ELSEWHERE.iter().copied());
    let mut listed: BTreeSet<String> = listed.map(Into::into).collect();
    assert!(listed.remove("no-such-case"));
    assert_eq!(own, listed);

    let own = names(&yard.attack(&hand_over("list"), &[], AGENT).report);
    assert_eq!(own, AGENTS.iter().map(|(prompt, _)| (*prompt).to_owned()).collect());
}
