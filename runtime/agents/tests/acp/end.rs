//! How a session ends, well and badly.

use std::sync::Arc;

use baton_agents::{Backend, BackendError, Notice};
use baton_core::handoff::{FailureKind, Usage};
use baton_core::record::Outage;
use serde_json::json;

use crate::common::{LONG, context, runs, until};
use crate::world::{Came, World, backend, exists};

async fn came(prompt: &str) -> Came {
    World::new(prompt).perform("").await
}

#[tokio::test]
async fn usage_and_cost_are_what_the_agent_says() {
    let cost = json!({ "sessionUpdate": "usage_update", "used": 9, "size": 99,
                       "cost": { "amount": 0.25, "currency": "USD" } });
    let usage = |usage: serde_json::Value| format!("! say x\n! end end_turn {usage}");
    let of = |input, output, cached, cost| Usage {
        input_tokens: input,
        output_tokens: output,
        cached_tokens: cached,
        cost_micro_usd: cost,
        ..Usage::default()
    };
    for (prompt, expected) in [
        (format!("! update {cost}\n! say x"), of(0, 0, 0, 250_000)),
        // Cached tokens beside the others, and among them.
        (
            usage(json!({ "usage": { "inputTokens": 10, "outputTokens": 5, "cachedReadTokens": 3,
                                     "cachedWriteTokens": 2, "totalTokens": 20 } })),
            of(15, 5, 3, 0),
        ),
        (
            usage(json!({ "usage": { "inputTokens": 15, "outputTokens": 5, "cachedReadTokens": 3,
                                     "totalTokens": 20 } })),
            of(15, 5, 3, 0),
        ),
        (
            usage(json!({ "_meta": { "quota": { "token_count": {
                "input_tokens": 7, "output_tokens": 4 } } } })),
            of(7, 4, 0, 0),
        ),
        ("! say x".into(), Usage::default()),
        (usage(json!({ "usage": "much" })), Usage::default()),
    ] {
        let came = came(&prompt).await;
        assert_eq!(came.text(), "x");
        assert_eq!(came.answer.usage, expected, "{prompt}");
    }
}

#[tokio::test]
async fn reasons_to_stop_are_told_apart() {
    for (reason, kind, code) in [
        ("max_tokens", FailureKind::Limit, "max-tokens"),
        ("max_turn_requests", FailureKind::Limit, "max-turns"),
        ("refusal", FailureKind::Failed, "agent-refused"),
        ("cancelled", FailureKind::Failed, "agent-cancelled"),
        ("of_tomorrow", FailureKind::Failed, "bad-answer"),
    ] {
        let came = came(&format!("! say half\n! end {reason}")).await;
        assert_eq!((came.failure().kind, came.failure().code.as_str()), (kind, code));
        assert!(matches!(came.answer.result, Err(BackendError::Permanent(_))));
    }
}

#[tokio::test]
async fn a_provider_that_serves_nobody_is_told_from_other_errors() {
    for (error, expected, wait) in [
        ("-32000 Authentication required", Some(Outage::Auth), None),
        ("-32603 You exceeded your current quota", Some(Outage::Quota), None),
        ("429 slow down, retry after 30", Some(Outage::Quota), Some(30_000)),
        ("-32603 Credit balance is too low", Some(Outage::Billing), None),
        ("503 try again later", Some(Outage::Overload), None),
        ("-32603 something broke", None, None),
    ] {
        match came(&format!("! fail {error}")).await.answer.result {
            Err(BackendError::Unavailable { outage, after_ms, .. }) => {
                assert_eq!((Some(outage), after_ms), (expected, wait), "{error}");
            }
            Err(BackendError::Retryable { failure, .. }) => {
                assert_eq!((expected, failure.code.as_str()), (None, "agent-error"), "{error}");
            }
            other => panic!("{error}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn an_agent_that_goes_away_without_an_end_has_failed() {
    for prompt in ["! say half\n! die 0", "! say half\n! die 7"] {
        let came = came(prompt).await;
        assert_eq!(came.failure().code, "agent-ended");
        assert!(came.failure().message.contains("test-agent 1.2.3 exited"));
        assert!(matches!(came.answer.result, Err(BackendError::Retryable { .. })));
    }
    let world = World::new("");
    let old = world.perform("--old").await;
    assert_eq!(old.failure().code, "protocol-version");
    let backend = baton_agents::AcpBackend::new("/bin/true", crate::common::supervisor()).unwrap();
    assert_eq!(world.perform_with(&backend).await.failure().code, "agent-ended");
    let none = baton_agents::AcpBackend::new("no-such-agent-x", crate::common::supervisor());
    assert_eq!(world.perform_with(&none.unwrap()).await.failure().code, "program-not-found");
}

#[tokio::test]
async fn floods_of_unknown_updates_are_passed_over_and_long_lines_end_it() {
    assert_eq!(came("! flood 20000\n! say there").await.text(), "there");
    let came = came("! long 17000000\n! say there").await;
    assert_eq!(
        (came.failure().kind, came.failure().code.as_str()),
        (FailureKind::Limit, "line-bytes")
    );
}

#[tokio::test]
async fn a_message_beyond_the_limit_is_no_result() {
    let mut world = World::new("! say 0123456789\n! say 0123456789");
    Arc::make_mut(&mut world.job.limits).run.result_bytes = 15;
    assert_eq!(world.perform("").await.failure().code, "result-bytes");
}

#[tokio::test]
async fn silence_is_a_stall_unless_a_tool_is_at_work() {
    let mut world = World::new("! say half\n! hang");
    Arc::make_mut(&mut world.job.spec).options.stall_ms = Some(1_000);
    let came = world.perform("").await;
    assert_eq!(came.failure().code, "stall");
    assert!(matches!(came.answer.result, Err(BackendError::Retryable { .. })));

    let tool = json!({ "sessionUpdate": "tool_call", "toolCallId": "1", "title": "Build",
                       "kind": "execute", "status": "in_progress" });
    world.prompt(&format!("! tool {tool}\n! hang"));
    world.job.timeout_ms = 4_000;
    let came = world.perform("").await;
    assert_eq!(
        (came.failure().kind, came.failure().code.as_str()),
        (FailureKind::TimedOut, "timeout")
    );
}

#[tokio::test]
async fn cancelling_tells_the_agent_and_ends_it() {
    for (order, is_told) in [("hang", true), ("deaf", false)] {
        let mut world = World::new(&format!("! say at it\n! {order}"));
        world.authority().write = Some(crate::world::layer(&[]));
        let (context, cancel, mut noticed) = context();
        let (backend, job) = (backend(""), world.job.clone());
        let task = tokio::spawn(async move { backend.perform(&job, &context).await });
        let mut supervisor = None;
        loop {
            match tokio::time::timeout(LONG, noticed.recv()).await.unwrap().unwrap() {
                Notice::Process { pid, .. } => supervisor = Some(pid),
                Notice::Activity(baton_agents::backend::Activity::Text(_)) => break,
                _ => {}
            }
        }
        cancel.send(true).unwrap();
        let answer = tokio::time::timeout(LONG, task).await.unwrap().unwrap();
        assert_eq!(answer.result.unwrap_err(), BackendError::Cancelled);
        let pid = supervisor.unwrap();
        until("the agent is gone", || !runs(pid)).await;
        assert_eq!(exists(&world.root.path().join("cancelled")), is_told, "{order}");
    }
}
