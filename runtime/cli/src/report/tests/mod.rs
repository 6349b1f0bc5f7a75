#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "tests"
)]

mod tokens;

use baton_agents::model::transcript::{Opening, TURN_VERSION, TurnContent};
use baton_core::digest::Digest;
use baton_core::forecast::{Basis, Figures, Forecast, Range};
use baton_core::gate::{GateAnswer, GateOptions, GateSpec};
use baton_core::handoff::{
    Artifact, Evidence, Failure, FailureKind, Handoff, LineRange, Outcome, Usage,
};
use baton_core::json::Json;
use baton_core::record::{Body, Effect, Record, Start, Work};
use baton_core::report::{Level, Report as Told};
use baton_core::scope::Capability;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::Denial;
use baton_journal::memory::MemoryJournal;
use baton_journal::store::{Blob, Journal};
use baton_models::{Message, Part};
use serde_json::{Value, json};

use self::tokens::{Token, check, text, tokens};
use super::*;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
const BEGAN: Timestamp = Timestamp(1_700_000_000_000);

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn first(name: &str, more: Value) -> Body {
    let program = json!({ "name": name, "component": Digest::of(b"x") });
    let mut started = json!({
        "format": 1, "run": RUN, "program": program, "input": { "q": name },
        "seed": Digest::of(b"seed"), "scope": {}, "by": name, "engine": "wasmtime 1",
    });
    started.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    Body::RunStarted(Box::new(serde_json::from_value(started).unwrap()))
}

fn spawned(task: &str, work: Work) -> Body {
    Body::Spawned { task: path(task), digest: Digest::of(b""), fuel: 0, work: Box::new(work) }
}

fn agent(task: &str, label: &str, phase: Option<&str>, prompt: &str) -> Body {
    let phase = phase.map(Into::into);
    let options = AgentOptions { label: Some(label.into()), phase, ..AgentOptions::default() };
    let spec = AgentSpec { prompt: prompt.into(), options, ..AgentSpec::default() };
    spawned(task, Work::Agent { spec, backend: "openai:gpt".into(), effect: Effect::Read })
}

fn start(task: &str) -> Body {
    Body::Started { tasks: vec![Start { task: path(task), attempt: 1 }] }
}

fn completed(task: &str, outcome: Outcome) -> Body {
    let usage = Usage {
        agents: 1,
        input_tokens: 1_200,
        output_tokens: 300,
        cost_micro_usd: 40_000,
        ..Usage::default()
    };
    Body::Completed { task: path(task), outcome, usage, reused_from: None }
}

/// The page of a run with these records, a second apart.
async fn written(bodies: Vec<Body>, blobs: Vec<Blob>) -> String {
    let journal = MemoryJournal::new();
    let mut records: Vec<Record> = bodies
        .into_iter()
        .zip(1..)
        .map(|(body, seq)| Record { seq, at: BEGAN.plus_ms(seq * 1_000), body })
        .collect();
    let rest = records.split_off(1);
    let lease = journal.create(records.remove(0), blobs).await.unwrap();
    if !rest.is_empty() {
        journal.append(&lease, rest, Vec::new()).await.unwrap();
    }
    let row = journal.run(&RUN.parse().unwrap()).await.unwrap().unwrap();
    page(&gather(&journal, row).await.unwrap())
}

fn turn(said: &str, answer: &str) -> Blob {
    let content = TurnContent {
        told: 0,
        v: TURN_VERSION,
        backend: "openai:gpt".into(),
        attempt: 1,
        rung: 0,
        opening: Some(Opening { system: said.into(), ..Opening::default() }),
        said: vec![Message::User(said.into())],
        answer: vec![Part::Text { text: answer.into() }],
        stop: None,
        failed: None,
        usage: Default::default(),
        cost_micro_usd: 0,
        request_id: None,
        ms: 1_500,
    };
    Blob::new(serde_json::to_vec(&content).unwrap())
}

fn asked_and_turned(task: &str, call: u32, content: &Blob) -> [Body; 2] {
    let usage = Usage { input_tokens: 1_000, output_tokens: 200, ..Usage::default() };
    [
        Body::Asked {
            task: path(task),
            call,
            provider: "openai".into(),
            model: "gpt".into(),
            reserve: usage,
        },
        Body::Turned {
            task: path(task),
            call,
            content: Some(content.digest),
            usage,
            estimated: false,
        },
    ]
}

/// A run in which every text that anybody could bring along is `hostile`.
fn hostile_run(hostile: &str) -> (Vec<Body>, Vec<Blob>) {
    let content = turn(hostile, hostile);
    let spec = GateSpec {
        question: hostile.into(),
        options: GateOptions {
            details: Some(hostile.into()),
            choices: vec![hostile.into()],
            ..GateOptions::default()
        },
    };
    let answer = GateAnswer {
        choice: Some(hostile.into()),
        note: Some(hostile.into()),
        ..GateAnswer::approved()
    };
    let handoff = Handoff {
        summary: hostile.into(),
        output: json!({ hostile: [{ hostile: hostile, "n": 1 }, { "n": null }], "s": hostile, "l": [hostile, [hostile]] })
            .into(),
        evidence: vec![Evidence {
            path: hostile.into(),
            lines: Some(LineRange { first: 3, last: 9 }),
            digest: None,
            claim: hostile.into(),
        }],
        artifacts: vec![Artifact {
            name: hostile.into(),
            media_type: hostile.into(),
            digest: Digest::of(b"a"),
            size: 3,
        }],
        follow_ups: vec![hostile.into()],
    };
    let denial = Denial {
        capability: Capability::Http,
        code: hostile.into(),
        tried: hostile.into(),
        hint: hostile.into(),
    };
    let failure = || Failure::new(FailureKind::Failed, hostile, hostile);
    let report = Told::Log { level: Level::Info, text: hostile.into() };
    let mut bodies = vec![
        first(hostile, json!({ "root": hostile, "backends": { "all": hostile } })),
        agent("1", hostile, Some(hostile), hostile),
        start("1"),
    ];
    bodies.extend(asked_and_turned("1", 1, &content));
    bodies.extend([
        Body::AgentReported { task: path("1"), report },
        Body::Denied { task: path("1"), denial },
        Body::AttemptFailed {
            task: path("1"),
            attempt: 1,
            failure: failure(),
            usage: Usage::default(),
        },
        Body::Messaged {
            sender: hostile.into(),
            text: hostile.into(),
            task: Some(path("1")),
            urgent: true,
        },
        Body::RestartOrdered { task: path("1"), by: hostile.into(), note: Some(hostile.into()) },
        completed("1", Outcome::Done(handoff.clone())),
        agent("2", hostile, None, hostile),
        start("2"),
        completed("2", Outcome::Failed(failure())),
        spawned("3", Work::Gate { spec, due: None }),
        completed("3", Outcome::Done(answer.handoff(hostile, false))),
        Body::Finished { outcome: Outcome::Done(handoff), usage: Usage::default() },
    ]);
    (bodies, vec![content])
}

#[tokio::test]
async fn nothing_that_a_run_brings_along_becomes_markup() {
    for hostile in [
        "<script>alert(1)</script>",
        "</style><script>alert(1)</script>",
        "</pre></td></table></details><img src=x onerror=alert(1)>",
        "\"><svg/onload=alert(1)>",
        "' onmouseover='alert(1)",
        "javascript:alert(1)",
        "[x](javascript:alert(1)) <a href=javascript:alert(1)>",
        "--><!-- <![CDATA[ ]]> <?x ?>",
        "&lt;script&gt; &#60;b&#62; &amp",
        "<iframe srcdoc='<script>x</script>'></iframe><base href=//evil>",
        "<meta http-equiv=refresh content='0;url=//evil'>",
        "a\u{202e}b\u{2066}c\u{200b}d\u{feff}e\0f\x1b[2Jg\u{85}h",
        "\u{2028}</title>\u{2029}<body onload=x>",
    ] {
        let (bodies, blobs) = hostile_run(hostile);
        let page = written(bodies, blobs).await;
        let tokens = tokens(&page);
        check(&tokens);
        let shown = text(&tokens);
        let clean = crate::text::clean(hostile);
        assert!(shown.contains(&*clean), "it stands there as text: {clean}");
        assert!(shown.matches(&*clean).count() > 25, "{clean}: {}", shown.matches(&*clean).count());
        for letter in
            ['\u{202e}', '\u{2066}', '\u{200b}', '\u{feff}', '\0', '\x1b', '\u{85}', '\u{2028}']
        {
            assert!(!page.contains(letter), "{letter:?}");
        }
    }
}

#[tokio::test]
async fn the_page_loads_nothing_and_runs_nothing() {
    let (bodies, blobs) = hostile_run("plain");
    let page = written(bodies, blobs).await;
    let tokens = tokens(&page);
    let style =
        tokens.iter().position(|token| matches!(token, Token::Begin(name, _) if name == "style"));
    let Token::Text(style) = &tokens[style.unwrap() + 1] else { panic!("no style") };
    use base64::Engine as _;
    let digest =
        base64::engine::general_purpose::STANDARD.encode(Digest::of(style.as_bytes()).bytes());
    let policy = tokens.iter().find_map(|token| match token {
        Token::Begin(name, attributes) if name == "meta" => {
            let of = |key: &str| attributes.iter().find(|(name, _)| name == key).map(|(_, it)| it);
            (of("http-equiv")? == "Content-Security-Policy").then(|| of("content").cloned())?
        }
        _ => None,
    });
    assert_eq!(
        policy.unwrap(),
        format!(
            "default-src 'none'; base-uri 'none'; form-action 'none'; style-src 'sha256-{digest}'"
        )
    );
    for word in ["url(", "@import", "http://", "https://"] {
        assert!(!style.contains(word), "{word}");
    }
}

#[tokio::test]
async fn a_page_says_everything_about_a_run() {
    let content = turn("You audit.", "I looked.");
    let range = |low, likely, high| Range { low, likely, high };
    let forecast = Forecast {
        total: Figures {
            agents: range(1, 2, 4),
            cost_micro_usd: range(10_000, 20_000, 30_000),
            ..Figures::default()
        },
        basis: Basis { seeds: 5, runs: 1, tokenizer: "o200k".into() },
        complete: true,
        ..Forecast::default()
    };
    let handoff = Handoff {
        summary: "one finding".into(),
        output: Json::parse(r#"[{"path":"a.md","line":3,"problem":"gone"}]"#, 1_000, 8).unwrap(),
        evidence: vec![Evidence {
            path: "a.md".into(),
            lines: Some(LineRange { first: 3, last: 3 }),
            digest: None,
            claim: "links to b.md".into(),
        }],
        ..Handoff::default()
    };
    let mut bodies = vec![
        first("audit", json!({ "by": "ada", "forecast": forecast, "root": "/r" })),
        agent("1", "a.md", Some("Audit"), "Audit a.md"),
        start("1"),
    ];
    bodies.extend(asked_and_turned("1", 1, &content));
    bodies.extend([
        Body::Messaged { sender: "bob".into(), text: "faster".into(), task: None, urgent: false },
        completed("1", Outcome::Done(handoff.clone())),
        Body::Finished {
            outcome: Outcome::Done(handoff),
            usage: Usage { agents: 1, ..Usage::default() },
        },
    ]);
    let page = written(bodies, vec![content]).await;
    let tokens = tokens(&page);
    check(&tokens);
    let shown = text(&tokens);
    let shown: Vec<&str> = shown.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let shown = shown.join("\n");
    for part in [
        "audit ✓ done",
        "started 2023-11-14 22:13:21 by ada",
        "$0.04\nexpected $0.01 to $0.03",
        "agents\n1\nexpected 1 to 4",
        "it is done: one finding (record 8)",
        "path\nline\nproblem\na.md\n3\ngone",
        "a.md:3\nlinks to b.md",
        "agents\n1 – 4\n2\n1\nwithin",
        "cost\n$0.01 – $0.03\n$0.02\n$0.04\nabove",
        "5 dry runs and 1 earlier run, tokens counted by o200k",
        "Audit\n✓ done /1 a.md 4.0s · openai:gpt",
        "prompt\nAudit a.md",
        "call 1 · openai:gpt · 1.0k in · 200 out",
        "system\nYou audit.",
        "assistant\nI looked.",
        "bob\nsaidfaster",
        "ada\nstarted the run",
        "by ada from 2023-11-14 22:13:21 on (record 1), wasmtime 1",
    ] {
        assert!(shown.contains(part), "{part}\n\nin\n\n{shown}");
    }
}

#[tokio::test]
async fn a_large_run_makes_a_bounded_page() {
    let large = "x".repeat(200 << 10);
    let content = turn(&large, &large);
    let mut bodies = vec![first("big", json!({}))];
    for task in 1..=90 {
        let task = task.to_string();
        bodies.push(agent(&task, &large[..1_000], None, &large));
        bodies.push(start(&task));
        bodies.extend(asked_and_turned(&task, 1, &content));
        let output = Handoff { output: json!(large).into(), ..Handoff::default() };
        bodies.push(completed(&task, Outcome::Done(output)));
    }
    let page = written(bodies, vec![content]).await;
    // Of 90 tasks with 1 MB each.
    assert!(page.len() < 24 << 20, "{}", page.len());
    let shown = text(&tokens(&page));
    assert!(
        shown.contains(
            "more is left out here; `baton show run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF/1 --full`"
        )
    );
    assert!(shown.contains("its output of 200.0 KiB is left out here"));
    assert!(shown.contains("the page is full"));
}

#[test]
fn a_text_is_cut_between_letters() {
    assert_eq!(cut("héllo", 2), ("h", 5));
    assert_eq!(cut("héllo", 3), ("hé", 3));
    assert_eq!(cut("hé", 3), ("hé", 0));
}

#[test]
fn fields_stay_in_the_order_in_which_they_were_written() {
    let text = r#"{"z":[1,-2.5,true,null,"a\"b",[],{}],"a":{"y":1,"x":2}}"#;
    let value = ordered::Ordered::parse(text);
    let compact: String = value.to_string().split('\n').map(str::trim_start).collect();
    assert_eq!(compact.replace("\": ", "\":"), text);
    assert_eq!(ordered::Ordered::parse("nothing"), ordered::Ordered::Null);
}
