#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod files;
mod terminal;

use baton_agents::model::transcript::{
    CallFailed, Given, GivenKind, Opening, TURN_VERSION, TurnContent,
};
use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::model::TokenUsage;
use baton_core::record::{Body, Effect, Outage, Record, RunStarted, Start, Work};
use baton_core::report::{Level, Report};
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::{ToolOptions, ToolSpec};
use baton_journal::memory::MemoryJournal;
use baton_journal::store::{Blob, Journal};
use baton_models::{Message, Part, Stop, ToolOffer, ToolResult};
use serde_json::json;

use super::reader::Reader;
use super::{Entry, text};

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn usage(input: u64, output: u64, cost: u64) -> Usage {
    Usage { input_tokens: input, output_tokens: output, cost_micro_usd: cost, ..Usage::default() }
}

fn turn(rung: u32, said: Vec<Message>, answer: Vec<Part>) -> TurnContent {
    TurnContent {
        told: 0,
        v: TURN_VERSION,
        backend: "anthropic:small".into(),
        attempt: 1,
        rung,
        opening: None,
        said,
        answer,
        stop: Some(Stop::End),
        failed: None,
        usage: TokenUsage::default(),
        cost_micro_usd: 0,
        request_id: Some("req_1".into()),
        ms: 1_500,
    }
}

/// What is said in the three calls of task 1; the fourth is never heard.
fn conversation() -> [TurnContent; 3] {
    let offer = |name: &str| ToolOffer {
        name: name.into(),
        description: "reads".into(),
        input: json!({ "type": "object" }).into(),
    };
    let given =
        Given { kind: GivenKind::Instructions, name: "CLAUDE.md".into(), bytes: 40, of: 40 };
    let call = Part::ToolCall {
        id: "t1".into(),
        name: "read_file".into(),
        input: json!({ "path": "a.md" }).into(),
    };
    let mut first = turn(
        0,
        vec![Message::User("Audit a.md\nand \x1b[31mnothing else".into())],
        vec![
            Part::Thinking { text: "Let me see.".into(), signature: Some("secret".into()) },
            Part::Text { text: "I read it.".into() },
            call,
        ],
    );
    first.opening = Some(Opening {
        system: "You audit.".into(),
        tools: vec![offer("read_file"), offer("submit")],
        guidance: vec![given],
        effort: Some("low".into()),
    });
    first.stop = Some(Stop::ToolCalls);
    let lines: Vec<String> = (1..=20).map(|line| format!("line {line}\tx")).collect();
    let result = ToolResult {
        id: "t1".into(),
        name: "read_file".into(),
        content: lines.join("\n"),
        failed: false,
    };
    let mut second = turn(0, vec![Message::Tools(vec![result])], vec![]);
    second.stop = None;
    second.failed = Some(CallFailed {
        code: "overloaded".into(),
        message: "too much to do".into(),
        partial: "It is".into(),
    });
    let third = turn(1, vec![], vec![Part::Text { text: "Fine: ```x```".into() }]);
    [first, second, third]
}

fn bodies(contents: &[Digest]) -> Vec<Body> {
    let options = AgentOptions { label: Some("audit".into()), ..AgentOptions::default() };
    let spec = AgentSpec { prompt: "Audit a.md".into(), options, ..AgentSpec::default() };
    let agent = |task: &str| Body::Spawned {
        task: path(task),
        digest: Digest::of(b""),
        fuel: 0,
        work: Box::new(Work::Agent {
            spec: spec.clone(),
            backend: "anthropic:small".into(),
            effect: Effect::Read,
        }),
    };
    let asked = |call, model: &str| Body::Asked {
        task: path("1"),
        call,
        provider: "anthropic".into(),
        model: model.into(),
        reserve: usage(2_000, 4_096, 60_000),
    };
    let turned = |call: u32, content: Option<Digest>, usage, estimated| Body::Turned {
        task: path("1"),
        call,
        content,
        usage,
        estimated,
    };
    let started = |attempt| Body::Started {
        tasks: ["1", "2"].map(|task| Start { task: path(task), attempt }).to_vec(),
    };
    let done = |task: &str, consumed| Body::Completed {
        task: path(task),
        outcome: Outcome::Done(Handoff {
            summary: "audited".into(),
            output: json!({ "findings": 0 }).into(),
            ..Handoff::default()
        }),
        usage: consumed,
        reused_from: None,
    };
    let tool = Work::Tool {
        spec: ToolSpec {
            name: "git/log".into(),
            input: json!({ "n": 1 }).into(),
            options: ToolOptions::default(),
        },
        tool: "git/log".into(),
        authority: Box::default(),
        effect: Effect::Read,
    };
    let failure = |code: &str| Failure::new(FailureKind::Failed, code, "it broke");
    vec![
        agent("1"),
        agent("2"),
        started(1),
        asked(1, "small"),
        turned(1, Some(contents[0]), usage(1_200, 80, 1_500), false),
        Body::Called { task: path("1/1"), work: Box::new(tool) },
        done("1/1", Usage::default()),
        asked(2, "small"),
        turned(2, Some(contents[1]), usage(2_000, 0, 2_000), true),
        Body::AttemptFailed {
            task: path("1"),
            attempt: 1,
            failure: failure("ladder-check"),
            usage: Usage::default(),
        },
        asked(3, "large"),
        turned(3, Some(contents[2]), usage(1_300, 20, 9_000), false),
        asked(4, "large"),
        turned(4, None, usage(2_000, 4_096, 60_000), true),
        Body::Deferred {
            task: path("1"),
            attempt: 2,
            provider: "anthropic".into(),
            outage: Outage::Quota,
            failure: failure("quota"),
            usage: Usage::default(),
            until: None,
        },
        Body::AgentReported {
            task: path("2"),
            report: Report::Log { level: Level::Info, text: "halfway".into() },
        },
        Body::Passed {
            task: path("1"),
            rung: 1,
            rungs: 2,
            backend: "anthropic:large".into(),
            saved_micro_usd: 1_000,
        },
        done("1", usage(6_500, 4_196, 72_500)),
        done("2", Usage::default()),
        Body::Finished { outcome: Outcome::Done(Handoff::default()), usage: Usage::default() },
    ]
}

/// A run with all that, of which the content of the third call may be lost.
async fn journal() -> MemoryJournal {
    let journal = MemoryJournal::new();
    let component = Blob::new(b"component".to_vec());
    let started: RunStarted = serde_json::from_value(json!({
        "format": 1, "run": RUN, "program": { "name": "flow", "component": component.digest },
        "input": null, "seed": Digest::of(b""), "scope": {},
    }))
    .unwrap();
    let blobs = conversation().map(|turn| Blob::new(turn.to_bytes()));
    let digests: Vec<Digest> = blobs.iter().map(|blob| blob.digest).collect();
    let first = std::iter::once(Body::RunStarted(Box::new(started)));
    let mut records: Vec<Record> = (1..)
        .zip(first.chain(bodies(&digests)))
        .map(|(seq, body)| Record { seq, at: Timestamp(1_700_000_000_000 + seq), body })
        .collect();
    let rest = records.split_off(1);
    let lease = journal.create(records.remove(0), vec![component]).await.unwrap();
    journal.append(&lease, rest, blobs.to_vec()).await.unwrap();
    journal
}

async fn entries(only: Option<&str>) -> Vec<Entry> {
    let journal = journal().await;
    let mut reader = Reader::new(&journal, RUN.parse().unwrap(), only.map(path));
    let mut all = Vec::new();
    while let Some(entries) = reader.next().await.unwrap() {
        all.extend(entries);
    }
    assert!(reader.ended());
    all
}

fn shown(entries: &[Entry], how: text::How) -> String {
    let all: String = entries.iter().map(|entry| text::entry(entry, how)).collect();
    anstream::adapter::strip_str(&all).to_string()
}

const HOW: text::How = text::How { lines: Some(4), columns: 80, several: false, live: false };
