#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeMap;

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome};
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::json::Json;
use baton_core::record::{Body, Effect, Pause, Record, Start, Work};
use baton_core::report::{Level, Report};
use baton_core::reuse::Miss;
use baton_core::scope::{Authority, Capability, GlobLayer, HttpScope, PathScope};
use baton_core::tool::{Denial, ToolOptions, ToolSpec};
use baton_journal::rows::{RunRow, TaskRow};

use super::*;
use crate::reuse::Decision;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
const BEGAN: Timestamp = Timestamp(1_700_000_000_000);

fn run_row(state: State, owned: bool) -> RunRow {
    RunRow {
        run: RUN.parse::<RunId>().unwrap(),
        name: "docs-audit".into(),
        state,
        paused: None,
        owned,
        epoch: 1,
        created: BEGAN,
        updated: BEGAN.plus_ms(3_200),
        program: Digest::of(b"program"),
        records: 40,
        tasks: 4,
        failed_tasks: 1,
        usage: Usage {
            agents: 3,
            input_tokens: 12_000,
            cost_micro_usd: 250_000,
            ..Usage::default()
        },
        failure: None,
        batch: None,
    }
}

fn task_row(path: &str, label: Option<&str>, phase: Option<&str>, state: State) -> TaskRow {
    TaskRow {
        path: path.parse::<TaskPath>().unwrap(),
        kind: "agent".into(),
        label: label.map(Into::into),
        phase: phase.map(Into::into),
        backend: Some("component:auditor".into()),
        state,
        attempts: 1,
        spawned: BEGAN,
        started: Some(BEGAN.plus_ms(100)),
        ended: state.is_final().then(|| BEGAN.plus_ms(1_600)),
        usage: Usage::default(),
        failure: None,
    }
}

fn stripped(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

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
    let rows = [run_row(State::Running, true), failed];
    let text = runs::runs(&rows, BEGAN.plus_ms(65_000), 140);
    insta::assert_snapshot!(stripped(&text), @r"
    RUN                             WORKFLOW    STATE      AGE  TOOK   NOTES
    run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF  docs-audit  ● running  1m   1m05s  1 failed · 3 agents · 12.0k tokens · $0.25
    run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF  docs-audit  ✗ failed   1m   3.2s   fuel: used up[31m · 1 failed · batch_X:7
    ");
    assert!(stripped(&text).lines().all(|line| crate::text::width(line) <= 140));
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
    let more = tree::More { decisions: &nothing, to_come: &[] };
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
    let told = tree::More { decisions: &decisions, to_come: &["Report".into()] };
    let told = tree::tree(&run_row(State::Running, true), &tasks, told, BEGAN, 120);
    let told = stripped(&told);
    assert!(told.contains("reused from run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG/7"), "{told}");
    assert!(told.contains("not reused: new"), "{told}");
    let narrow = tree::tree(&run_row(State::Running, true), &tasks, more, BEGAN, 40);
    assert!(stripped(&narrow).lines().skip(1).all(|line| crate::text::width(line) <= 40));
}

#[test]
fn records_are_lines() {
    let path = |text: &str| text.parse::<TaskPath>().unwrap();
    let bodies = [
        Body::Reported {
            workflow: path(""),
            digest: Digest::of(b""),
            fuel: 1,
            report: Report::Log { level: Level::Warn, text: "two\nlines \x1b]0;x\x07".into() },
        },
        Body::Started {
            tasks: vec![
                Start { task: path("1"), attempt: 1 },
                Start { task: path("2"), attempt: 2 },
            ],
        },
        Body::Completed {
            task: path("1"),
            outcome: Outcome::Failed(Failure::new(FailureKind::Limit, "fuel", "used up")),
            usage: Usage { agents: 1, ..Usage::default() },
            reused_from: None,
        },
        Body::CancelOrdered { task: path("2"), by: "ada".into() },
        Body::Paused { reason: Pause::Cap { cap: "cost".into() } },
        Body::Finished {
            outcome: Outcome::Done(Handoff { summary: "fine".into(), ..Handoff::default() }),
            usage: Usage::default(),
        },
    ];
    let lines: Vec<String> = (1..)
        .zip(bodies)
        .map(|(seq, body)| {
            let made = Record { seq, at: BEGAN.plus_ms(seq * 250), body };
            stripped(&record::record(&made, BEGAN, 80))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    1      +0.250s  log          warning: two lines ]0;x
    2      +0.500s  started      /1 /2 (attempt 2)
    3      +0.750s  completed    /1 limit: used up (fuel) · 1 agent
    4      +1.000s  cancel       /2 by ada
    5      +1.250s  paused       cap on cost reached
    6      +1.500s  finished     done: fine
    ");
}

#[test]
fn a_table_never_exceeds_its_columns() {
    let plain = Style::new();
    let row = |cells: [&str; 2]| cells.map(|cell| (cell.to_owned(), plain)).to_vec();
    let text = table(&[row(["a", "short"]), row(["bbb", "much too long for this"])], 12);
    assert_eq!(text, "a    short\nbbb  much t…\n");
}

#[test]
fn calls_of_tools_and_denials_are_lines() {
    let path = |text: &str| text.parse::<TaskPath>().unwrap();
    let spec = ToolSpec {
        name: "comment".into(),
        input: Json::from(serde_json::json!({ "text": "hi" })),
        options: ToolOptions::default(),
    };
    let authority = Authority {
        http: Some(HttpScope {
            layers: vec![vec!["POST https://api.github.com".parse().unwrap()]],
            ..HttpScope::default()
        }),
        write: Some(PathScope { layers: vec![GlobLayer::no_secrets()] }),
        ..Authority::default()
    };
    let work = Work::Tool {
        spec,
        tool: "github/comment".into(),
        authority: Box::new(authority),
        effect: Effect::Once,
    };
    let denial = Denial {
        capability: Capability::Http,
        code: "http-not-granted".into(),
        tried: "GET https://evil.org\x1b[31m".into(),
        hint: "grant it".into(),
    };
    let bodies = [
        Body::Called { task: path("1/1"), work: Box::new(work.clone()) },
        Body::Denied { task: path("1/1"), denial: denial.clone() },
    ];
    let lines: Vec<String> = (1..)
        .zip(bodies)
        .map(|(seq, body)| {
            let made = Record { seq, at: BEGAN.plus_ms(seq * 250), body };
            stripped(&record::record(&made, BEGAN, 120))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    1      +0.250s  called       /1/1 tool github/comment (once) {"text":"hi"}
    2      +0.500s  denied       /1/1 http: GET https://evil.org[31m (http-not-granted); grant it
    "#);

    let mut row = task_row("1/1", None, None, State::Failed);
    row.kind = "tool".into();
    row.backend = Some("github/comment".into());
    let failure = Failure::new(FailureKind::InDoubt, "host-died", "it had started");
    let result = Outcome::Failed(failure);
    let denials = [denial];
    let story = task::Story {
        work: Some(&work),
        denials: &denials,
        result: Some(&result),
        ..task::Story::default()
    };
    let shown = task::task(&run_row(State::Done, false), &row, &story, BEGAN.plus_ms(4_000));
    insta::assert_snapshot!(stripped(&shown), @r#"
    ✗ run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1/1 failed
      kind       tool
      backend    github/comment
      attempts   1
      spawned    2023-11-14T22:13:20.000Z
      took       1.5s
      effect     once
      may        write anything
      may        send requests to POST https://api.github.com
      input      {"text":"hi"}
      denied     http: GET https://evil.org[31m (http-not-granted); grant it
      failure    in-doubt: it had started (host-died)
    "#);
}
