#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use super::*;
use crate::answer::Temper;
use crate::dry::Stop;
use crate::performer::Account;

fn outturn(agents: u64) -> Outturn {
    let counts = Counts { agents, input_tokens: agents * 100, wall_ms: 10, ..Counts::default() };
    Outturn { total: counts, phases: vec![(Some("find".into()), counts)] }
}

/// Dry runs with so many agents: the extremes first.
fn dry(agents: &[u64]) -> Vec<Dry> {
    let tempers = Temper::all(u32::try_from(agents.len()).unwrap(), 2.0);
    let one = |(temper, agents): (Temper, &u64)| Dry {
        temper,
        outturn: outturn(*agents),
        end: End::Done,
        limits: Vec::new(),
        account: Account::default(),
    };
    tempers.into_iter().zip(agents).map(one).collect()
}

fn past(agents: u64, same_program: bool, same_input: bool) -> Past {
    Past { same_program, same_input, outturn: outturn(agents), rates: BTreeMap::new() }
}

fn check(what: &str, dry: &[Dry], past: &[Past], expected: (u64, u64, u64)) {
    let agents = Blend::new(dry, past).total().0.agents;
    assert_eq!((agents.low, agents.likely, agents.high), expected, "{what}");
}

#[test]
fn agents() {
    check("fixed", &dry(&[7, 7, 7, 7, 7]), &[], (7, 7, 7));
    check("extremes show that it is not fixed", &dry(&[7, 90, 8, 8, 8]), &[], (7, 8, 10));
    check("also where there are few", &dry(&[0, 1, 1, 1, 1]), &[], (0, 1, 1));
    check("extremes do not stretch", &dry(&[1, 90, 8, 10, 12]), &[], (6, 10, 15));
    check("never wider than four", &dry(&[0, 900, 4, 10, 11, 12, 80]), &[], (4, 11, 16));
    let fixed = dry(&[7, 7, 7, 7]);
    check(
        "what is fixed is not what it was for another input",
        &fixed,
        &[past(30, true, false)],
        (7, 7, 7),
    );
    check("unless the same was seen to differ", &fixed, &[past(9, true, true)], (6, 9, 11));
    let open = dry(&[1, 90, 8, 10, 12]);
    check(
        "an older program counts as much as all dry runs",
        &open,
        &[past(30, false, false)],
        (8, 21, 32),
    );
    let told = [past(20, true, true), past(24, true, true)];
    check("what was seen twice is expected again", &open, &told, (10, 20, 28));
}

#[test]
fn dry_runs_that_came_to_no_end_count_where_there_are_no_others() {
    let mut some = dry(&[5, 5, 5, 5, 400]);
    some[4].end = End::Stopped(Stop::Agents);
    check("others ended", &some, &[], (5, 5, 5));
    for one in &mut some {
        one.end = End::Stopped(Stop::Agents);
        one.outturn = outturn(2_000);
    }
    check("none ended", &some, &[], (2_000, 2_000, 2_000));
    for one in &mut some {
        one.end = End::Failed("no".into());
        one.outturn = outturn(3);
    }
    check("all failed", &some, &[], (3, 3, 3));
}

#[test]
fn phases_that_some_runs_lack_may_have_no_agents() {
    let mut some = dry(&[1, 1, 1, 4, 4, 4]);
    some[2].outturn.phases.clear();
    let phases = Blend::new(&some, &[]).phases();
    assert_eq!(phases.len(), 1);
    assert_eq!(phases[0].title.as_deref(), Some("find"));
    assert_eq!(phases[0].figures.agents.low, 0);
    assert_eq!(phases[0].figures.input_tokens.high, 500);
}
