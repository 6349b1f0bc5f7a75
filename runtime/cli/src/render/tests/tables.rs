//! Runs and tasks.

use std::collections::BTreeMap;

use anstyle::Style;
use baton_core::budget::{Cap, Caps, Short};
use baton_core::digest::Digest;
use baton_core::handoff::Usage;
use baton_core::ids::RunId;
use baton_core::record::{Pause, RunStarted};
use baton_core::reuse::Miss;
use baton_journal::rows::State;

use super::{BEGAN, RUN, run_row, stripped, task_row};
use crate::render::{runs, state, table, task, tree, why};
use crate::reuse::Decision;
use crate::totals::{ModelUse, Totals};

#[test]
fn a_run_without_an_owner_is_shown_as_interrupted() {
    for (given, owned, word) in [
        (State::Running, true, "running"),
        (State::Running, false, "interrupted"),
        (State::Queued, false, "interrupted"),
        (State::Paused, false, "paused"),
        (State::Done, false, "done"),
        (State::Failed, false, "failed"),
    ] {
        assert_eq!(state(given, owned).1, word);
    }
}

#[test]
fn runs_are_a_table() {
    let mut failed = run_row(State::Failed, false);
    failed.failure = Some(("fuel".into(), "used up\x1b[31m".into()));
    failed.usage = Usage::default();
    failed.batch = Some(("batch_X".into(), 7));
    let mut paused = run_row(State::Paused, false);
    paused.run = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG".parse().unwrap();
    paused.usage.estimated_calls = 1;
    let cap = Pause::Cap { cap: "cost".into(), short: None };
    let pauses = BTreeMap::from([(paused.run.clone(), cap)]);
    let rows = [run_row(State::Running, true), failed, paused];
    let text = runs::runs(&rows, &pauses, &BTreeMap::new(), BEGAN.plus_ms(65_000), 140);
    insta::assert_snapshot!(stripped(&text), @r"
    RUN                             WORKFLOW    STATE      AGE  TOOK   NOTES
    run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF  docs-audit  ● running  1m   1m05s  1 failed · 3 agents · 12.0k tokens · $0.25
    run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF  docs-audit  ✗ failed   1m   3.2s   fuel: used up[31m · 1 failed · batch_X:7
    run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG  docs-audit  ‖ paused   1m   3.2s   cap on cost reached · 1 failed · 3 agents · ~12.0k tokens · ~$0.25
    ");
    assert!(stripped(&text).lines().all(|line| crate::text::width(line) <= 140));
    let first: RunId = RUN.parse().unwrap();
    let follows = BTreeMap::from([(first.clone(), first)]);
    let text = runs::runs(&rows, &pauses, &follows, BEGAN, 140);
    assert_eq!(stripped(&text).matches(&format!("follows {RUN}")).count(), 2);
}

#[test]
fn a_message_that_begins_with_its_code_is_enough() {
    for (code, message, said) in [
        ("cancelled", "cancelled by uid 0", "cancelled by uid 0"),
        ("cancelled", "cancelled", "cancelled"),
        ("fuel", "used up", "fuel: used up"),
        ("exit", "exits\nwith 7", "exit: exits with 7"),
    ] {
        assert_eq!(why(code, message), said);
    }
}

#[test]
fn tasks_are_a_tree_by_phase() {
    let mut broken = task_row("3", Some("b.md"), Some("Audit"), State::Failed);
    broken.failure = Some(("exit-status".into(), "exit 1\nand more".into()));
    broken.attempts = 3;
    let mut nested = task_row("4", Some("review"), None, State::Running);
    nested.kind = "workflow".into();
    nested.backend = None;
    let tasks = [
        task_row("1", Some("survey"), Some("Survey"), State::Done),
        task_row("2", Some("a.md"), Some("Audit"), State::Done),
        broken,
        nested,
        task_row("4/1", None, None, State::Queued),
        task_row("5", Some("c.md"), Some("Audit"), State::Running),
    ];
    let decisions = BTreeMap::from([
        (
            "1".parse().unwrap(),
            Decision::Reused("run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG/7".parse().unwrap()),
        ),
        ("2".parse().unwrap(), Decision::Performed(Miss::New)),
    ]);
    let nothing = BTreeMap::new();
    let more = tree::More { decisions: &nothing, to_come: &[], pause: None, follows: None };
    let text = tree::tree(&run_row(State::Running, true), &tasks, more, BEGAN.plus_ms(4_100), 100);
    insta::assert_snapshot!(stripped(&text), @r"
    ● docs-audit run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF  running  4.1s  3 agents · 12.0k tokens · $0.25
    ├─ Survey
    │  └─ ✓ 1 survey  done  1.5s  component:auditor
    ├─ Audit
    │  ├─ ✓ 2 a.md  done  1.5s  component:auditor
    │  ├─ ✗ 3 b.md  failed  1.5s  component:auditor  3 attempts  exit-status: exit 1 and more
    │  └─ ● 5 c.md  running  4.0s  component:auditor
    └─ ● 4 review  running  4.0s
       └─ ○ 1 agent  queued  4.0s  component:auditor
    ");
    let person = Pause::Person { by: "ada".into() };
    let to_come = ["Report".into()];
    let first = RUN.parse().unwrap();
    let told = tree::More {
        decisions: &decisions,
        to_come: &to_come,
        pause: Some(&person),
        follows: Some(&first),
    };
    let told = tree::tree(&run_row(State::Running, true), &tasks, told, BEGAN, 120);
    let told = stripped(&told);
    assert!(told.contains("reused from run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG/7"), "{told}");
    assert!(told.contains("not reused: new"), "{told}");
    let head = told.lines().next().unwrap();
    assert!(head.ends_with(&format!("  by ada  follows {RUN}")), "{told}");
    let narrow = tree::tree(&run_row(State::Running, true), &tasks, more, BEGAN, 40);
    assert!(stripped(&narrow).lines().skip(1).all(|line| crate::text::width(line) <= 40));
}

#[test]
fn a_table_never_exceeds_its_columns() {
    let plain = Style::new();
    let row = |cells: [&str; 2]| cells.map(|cell| (cell.to_owned(), plain)).to_vec();
    let text = table(&[row(["a", "short"]), row(["bbb", "much too long for this"])], 12);
    assert_eq!(text, "a    short\nbbb  much t…\n");
}

#[test]
fn a_run_says_what_it_consumed_and_what_it_lacks() {
    let short = Short { phase: None, task: None, cap: 1_000_000, spent: 980_000, needs: 50_000 };
    let pause = Pause::Cap { cap: "cost".into(), short: Some(Box::new(short)) };
    let row = run_row(State::Paused, false);
    let started: RunStarted = serde_json::from_value(serde_json::json!({
        "format": 1, "run": RUN, "program": { "name": "docs-audit", "component": Digest::of(b"") },
        "input": null, "seed": Digest::of(b""), "scope": {}, "by": "ada",
    }))
    .unwrap();
    let cost =
        |input_tokens, cost_micro_usd| Usage { input_tokens, cost_micro_usd, ..Usage::default() };
    let mut sums = Totals::default();
    sums.used = Usage { output_tokens: 800, cached_tokens: 5_000, ..cost(12_000, 250_000) };
    sums.metered = cost(10_000, 200_000);
    sums.estimated = Usage { estimated_calls: 2, ..cost(1_000, 40_000) };
    sums.claimed = Usage { agents: 3, ..cost(1_000, 10_000) };
    sums.phases = vec![("Audit".into(), cost(12_000, 250_000)), (String::new(), Usage::default())];
    let run = Cap { cost_micro_usd: Some(1_000_000), agents: Some(9), ..Cap::default() };
    let phase = Cap { tokens: Some(50_000), ..Cap::default() };
    let phases = BTreeMap::from([("Audit".into(), phase)]);
    sums.caps = Some(Caps { run, phases, ..Caps::default() });
    sums.failed.attempts = 1;
    sums.failed.usage = cost(100, 2_000);
    sums.models
        .insert("anthropic:small".into(), ModelUse { calls: 7, usage: cost(11_000, 240_000) });
    sums.models.insert("claude".into(), ModelUse { calls: 0, usage: cost(1_000, 10_000) });
    sums.ladders.passed.insert((0, "anthropic:small".into()), 3);
    sums.ladders.saved_micro_usd = 1_500_000;
    let run = task::Run { row: &row, started: &started, pause: Some(&pause), result: None };
    let shown = task::run(run, &sums, BEGAN);
    insta::assert_snapshot!(stripped(&shown), @r"
    ‖ run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF paused
      workflow   docs-audit sha256:e3b0c44298fc
      started    2023-11-14T22:13:20.000Z by ada
      took       3.2s
      paused     the cap on cost is reached: $0.98 of $1.00 spent or held back; the next call takes up to $0.05
                 `baton resume run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF --max-cost 1.03` makes room for that, a higher cap for what follows
      root       none
      tasks      4, 1 failed
      used       3 agents · 12.0k tokens · $0.25
      caps       9 agents · $1.00
                 phase Audit: 50.0k tokens
      tokens     12.0k in (5.0k cached) · 800 out · $0.25
      known by   metered: 10.0k in · 0 out · $0.20
                 estimated in 2 calls: 1.0k in · 0 out · $0.04
                 claimed by agents: 1.0k in · 0 out · $0.01
      lost       1 failed attempt: 100 in · 0 out · $0.0020
      phase      Audit: 12.0k in · 0 out · $0.25
      model      anthropic:small: 7 calls, 11.0k in · 0 out · $0.24
      model      claude: 1.0k in · 0 out · $0.01
      ladders    3 at step 1 (anthropic:small); saved $1.50 against the last step alone
      records    40
      input      null
    ");
}

#[test]
fn a_run_says_who_performs_its_agents() {
    for (backends, told) in [
        (serde_json::json!({}), &["reviewer: component:auditor"][..]),
        (
            serde_json::json!({ "all": "command:./a\u{1b}[2J", "default": "local:big" }),
            &["every agent: command:./a[2J"][..],
        ),
        (
            serde_json::json!({ "default": "local:big", "by_type": { "judge": "claude" } }),
            &[
                "every agent not named below: local:big",
                "judge: claude",
                "reviewer: component:auditor",
            ][..],
        ),
        (
            serde_json::json!({ "by_type": { "reviewer": "local:tiny" } }),
            &["reviewer: local:tiny"][..],
        ),
    ] {
        let types = serde_json::json!({
            "reviewer": { "description": "", "backend": "component:auditor" },
            "reader": { "description": "" },
        });
        let component = Digest::of(b"");
        let started: RunStarted = serde_json::from_value(serde_json::json!({
            "format": 1, "run": RUN, "input": null, "seed": component, "by": "ada",
            "program": { "name": "flow", "component": component, "agent_types": types },
            "scope": { "agents": true }, "backends": backends,
        }))
        .unwrap();
        let row = run_row(State::Done, false);
        let run = task::Run { row: &row, started: &started, pause: None, result: None };
        let shown = stripped(&task::run(run, &Totals::default(), BEGAN));
        let lines = format!("  agents     {}\n", told.join(&format!("\n{}", " ".repeat(13))));
        assert!(shown.contains(&lines), "{lines}\n{shown}");
    }
}
