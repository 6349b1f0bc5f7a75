//! Records.

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::{Body, Effect, Outage, Pause, Record, Start, Work};
use baton_core::report::{Level, Report};
use baton_core::scope::{Authority, Capability, GlobLayer, HttpScope, PathScope};
use baton_core::tool::{Denial, ToolOptions, ToolSpec};
use baton_journal::rows::State;

use super::{BEGAN, run_row, stripped, task_row};
use crate::render::{record, task};

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
        Body::Paused { reason: Pause::Cap { cap: "cost".into(), short: None } },
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
      may        write anything below the root
      may        send requests to POST https://api.github.com
      input      {"text":"hi"}
      denied     http: GET https://evil.org[31m (http-not-granted); grant it
      failure    in-doubt: it had started (host-died)
    "#);
}

#[test]
fn calls_of_models_are_lines() {
    let task: TaskPath = "1".parse().unwrap();
    let usage = Usage { input_tokens: 12_000, cached_tokens: 9_000, ..Usage::default() };
    let turned = |call, estimated, content| {
        let usage = Usage { output_tokens: 40, cost_micro_usd: 12_300, ..usage };
        Body::Turned { task: task.clone(), call, content, usage, estimated }
    };
    let failure = Failure::new(FailureKind::Failed, "quota", "come back\nlater");
    let bodies = [
        Body::Asked {
            task: task.clone(),
            call: 1,
            provider: "anthropic".into(),
            model: "small".into(),
            reserve: Usage { output_tokens: 4_096, cost_micro_usd: 50_000, ..usage },
        },
        turned(1, false, Some(Digest::of(b""))),
        turned(2, true, None),
        Body::Deferred {
            task: task.clone(),
            attempt: 2,
            provider: "anthropic".into(),
            outage: Outage::Quota,
            failure,
            usage: Usage::default(),
            until: None,
        },
        Body::Passed {
            task: task.clone(),
            rung: 1,
            rungs: 3,
            backend: "anthropic:large".into(),
            saved_micro_usd: -20_000,
        },
        Body::Paused {
            reason: Pause::Provider {
                provider: "anthropic".into(),
                outage: Outage::Auth,
                until: None,
                message: "no".into(),
            },
        },
    ];
    let lines: Vec<String> = (1..)
        .zip(bodies)
        .map(|(seq, body)| {
            let made = Record { seq, at: BEGAN.plus_ms(seq * 250), body };
            stripped(&record::record(&made, BEGAN, 120))
        })
        .collect();
    insta::assert_snapshot!(lines.join("\n"), @r"
    1      +0.250s  asked        /1 call 1 of anthropic:small, up to 12.0k in (9.0k cached) · 4.0k out · $0.05
    2      +0.500s  turned       /1 call 1 12.0k in (9.0k cached) · 40 out · $0.01
    3      +0.750s  turned       /1 call 2 failed estimated · 12.0k in (9.0k cached) · 40 out · $0.01
    4      +1.000s  deferred     /1 (attempt 2) anthropic: quota: come back later (quota)
    5      +1.250s  passed       /1 step 2 of 3, anthropic:large, saved -$0.02
    6      +1.500s  paused       anthropic: auth
    ");
}
