//! Trees of spans from records.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use baton_core::record::Record;
use serde_json::{Value as Json, json};

use super::*;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
const DIGEST: &str = "sha256:0000000000000000000000000000000000000000000000000000000000000000";

fn started(traceparent: Json) -> Json {
    let mut started = json!({
        "format": 1, "run": RUN, "program": {"name": "flow", "component": DIGEST},
        "input": null, "seed": DIGEST, "scope": {},
        "models": {"providers": {"gemini": {"api": "gemini", "base_url": "http://127.0.0.1/"}}},
    });
    if !traceparent.is_null() {
        started["traceparent"] = traceparent;
    }
    json!({"run-started": started})
}

fn agent(task: &str) -> Json {
    let work = json!({"agent": {
        "spec": {"prompt": "secret words"}, "backend": "gemini:pro", "effect": "read",
    }});
    json!({"spawned": {"task": task, "digest": DIGEST, "fuel": 0, "work": work}})
}

fn begun(task: &str, attempt: u32) -> Json {
    json!({"started": {"tasks": [{"task": task, "attempt": attempt}]}})
}

fn failure(code: &str) -> Json {
    json!({"kind": "failed", "code": code, "message": "secret words"})
}

fn done() -> Json {
    json!({"done": {"summary": "secret words"}})
}

/// The spans of records, a hundred milliseconds apart.
fn spans(bodies: &[Json]) -> Vec<Span> {
    let mut made = Spans::default();
    let mut all = Vec::new();
    for (place, body) in bodies.iter().enumerate() {
        let record = json!({"seq": place + 1, "at": 1_000 + place * 100, "body": body});
        let record: Record = serde_json::from_str(&record.to_string()).unwrap();
        all.extend(made.take(&record));
    }
    all
}

/// Name, duration, error and the name of the span it is part of.
fn tree(spans: &[Span]) -> Vec<(String, u64, Option<String>, String)> {
    let name = |id: Option<&String>| {
        let parent = spans.iter().find(|span| Some(&span.span_id) == id);
        parent.map_or_else(String::new, |span| span.name.clone())
    };
    let all = spans.iter().map(|span| {
        let time = span.end_ms - span.start_ms;
        (span.name.clone(), time, span.error.clone(), name(span.parent.as_ref()))
    });
    all.collect()
}

fn row(
    name: &str,
    time: u64,
    error: Option<&str>,
    parent: &str,
) -> (String, u64, Option<String>, String) {
    (name.to_owned(), time, error.map(str::to_owned), parent.to_owned())
}

#[test]
fn attempts_calls_and_tools_hang_where_they_belong() {
    let asked = |call: u32| json!({"asked": {"task": "1", "call": call, "provider": "gemini", "model": "pro", "reserve": {}}});
    let turned = |call: u32, content: Json, usage: Json| {
        json!({"turned": {"task": "1", "call": call, "content": content, "usage": usage,
                          "estimated": call == 1}})
    };
    let tool = json!({"called": {"task": "1/1", "work": {"tool": {
        "spec": {"name": "git/log", "input": {}}, "tool": "git/log", "authority": {}, "effect": "read",
    }}}});
    let all = spans(&[
        started(Json::Null),
        agent("1"),
        begun("1", 1),
        asked(1),
        turned(1, Json::Null, json!({"input_tokens": 7})),
        json!({"attempt-failed": {"task": "1", "attempt": 1, "failure": failure("reset"), "usage": {}}}),
        begun("1", 2),
        asked(2),
        tool,
        begun("1/1", 1),
        json!({"completed": {"task": "1/1", "outcome": {"failed": failure("exit-status")}, "usage": {}}}),
        json!({"completed": {"task": "1", "outcome": done(), "usage": {"output_tokens": 3}}}),
        // Nobody waited for it any more.
        turned(2, json!(DIGEST), json!({"input_tokens": 9})),
        json!({"finished": {"outcome": done(), "usage": {"input_tokens": 16}}}),
    ]);
    assert_eq!(
        tree(&all),
        [
            row("chat pro", 100, Some("no-answer"), "attempt 1"),
            row("attempt 1", 300, Some("reset"), "invoke_agent agent"),
            row("attempt 1", 100, Some("exit-status"), "execute_tool git/log"),
            row("execute_tool git/log", 200, Some("exit-status"), "attempt 2"),
            row("attempt 2", 500, None, "invoke_agent agent"),
            row("invoke_agent agent", 1_000, None, "run flow"),
            row("chat pro", 500, None, "attempt 2"),
            row("run flow", 1_300, None, ""),
        ]
    );
    let facts = |span: &Span| format!("{:?}", span.attributes);
    assert!(facts(&all[0]).contains("(\"gen_ai.provider.name\", Text(\"gcp.gemini\"))"));
    assert!(facts(&all[0]).contains("(\"baton.usage.estimated\", Truth(true))"));
    assert!(facts(&all[6]).contains("(\"gen_ai.usage.input_tokens\", Number(9))"));
    assert!(facts(&all[5]).contains("(\"gen_ai.request.model\", Text(\"pro\"))"));
    let trace = &all[0].trace_id;
    assert!(
        all.iter().all(|span| span.trace_id == *trace && !format!("{span:?}").contains("secret"))
    );
    // What was passed on before is what is exported after.
    let run: RunId = RUN.parse().unwrap();
    let path = "1".parse().unwrap();
    let header = trace::traceparent(&run, None, &path, 2);
    assert_eq!(trace::parse(&header), Some((trace.as_str(), all[4].span_id.as_str())));
}

#[test]
fn what_was_going_on_when_the_run_ended_ends_with_it() {
    let deferred = json!({"deferred": {
        "task": "1", "attempt": 1, "provider": "gemini", "outage": "quota",
        "failure": failure("quota"), "usage": {},
    }});
    let all = spans(&[
        started(Json::Null),
        agent("1"),
        begun("1", 1),
        deferred,
        json!({"paused": {"reason": {"provider": {"provider": "gemini", "outage": "quota"}}}}),
        json!({"resumed": {"by": "tester", "epoch": 2, "caps": {}, "engine": "e"}}),
        begun("1", 2),
        json!({"finished": {"outcome": {"failed": failure("trap")}, "usage": {}}}),
    ]);
    assert_eq!(
        tree(&all),
        [
            row("attempt 1", 100, Some("quota"), "invoke_agent agent"),
            row("attempt 2", 100, Some("abandoned"), "invoke_agent agent"),
            row("invoke_agent agent", 600, Some("abandoned"), "run flow"),
            row("run flow", 700, Some("trap"), ""),
        ]
    );
    let events: Vec<_> = all[3].events.iter().map(|(at, name, _)| (*at, *name)).collect();
    assert_eq!(events, [(1_400, "paused"), (1_500, "resumed")]);
    assert_eq!(all[0].events[0].1, "quota");
}

#[test]
fn the_caller_decides_whether_and_where() {
    let end = json!({"finished": {"outcome": done(), "usage": {}}});
    let header = |flags: &str| json!(format!("00-{}-{}-{flags}", "a".repeat(32), "b".repeat(16)));
    let of = |header: Json| spans(&[started(header), end.clone()]);
    assert!(of(header("00")).is_empty());
    let inherited = of(header("03"));
    assert_eq!(inherited[0].trace_id, "a".repeat(32));
    assert_eq!(
        (inherited[0].parent.as_deref(), inherited[0].remote_parent),
        (Some("bbbbbbbbbbbbbbbb"), true)
    );
    // What is no header says nothing.
    let own = of(json!("nonsense"));
    assert_eq!((own[0].parent.as_ref(), own[0].remote_parent), (None, false));
    assert_eq!(own[0].span_id, of(Json::Null)[0].span_id);
}
