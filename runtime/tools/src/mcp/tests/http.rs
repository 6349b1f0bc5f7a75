use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use baton_agents::backend::{BackendError, JobContext};
use baton_core::handoff::FailureKind;
use baton_core::limits::Limits;
use serde_json::json;

use super::client::{CANARY, call, context, failure, job, servers, servers_with, text};
use super::web::{Reply, Web};

#[tokio::test]
async fn a_session_is_kept_and_ended() {
    for event in [false, true] {
        let web = Web::greeting(move |_| {
            if event { Reply::Event(text("said")) } else { Reply::Result(text("said")) }
        })
        .await;
        let headers = [
            ("X-Plain", "plain  not-a-secret:token"),
            ("X-Two", "secret:token secret:token"),
            ("Authorization", "Bearer secret:token"),
        ];
        let servers = servers_with(&web.url, &headers, &Limits::default());
        assert_eq!(call(&servers).await.unwrap(), text("said"));
        assert_eq!(call(&servers).await.unwrap(), text("said"));
        servers.close().await;
        assert_eq!((web.count("initialize"), web.count("tools/call")), (1, 2));
        let asked = web.asked();
        for asked in &asked {
            assert_eq!(asked.headers["authorization"], format!("Bearer {CANARY}"));
            assert_eq!(asked.headers["x-plain"], "plain  not-a-secret:token");
            assert_eq!(asked.headers["x-two"], format!("{CANARY} {CANARY}"));
            let session = asked.headers.get("mcp-session-id").map(String::as_str);
            assert_eq!(session, (asked.method() != "initialize").then_some("s-1"), "{asked:?}");
        }
        assert_eq!(asked.last().unwrap().verb, "DELETE");
    }
}

#[tokio::test]
async fn one_connection_serves_calls_at_once() {
    let web = Web::greeting(|_| Reply::Result(text("said"))).await;
    let servers = servers(&web);
    let calls = (0..8).map(|_| call(&servers));
    for output in futures::future::join_all(calls).await {
        assert_eq!(output.unwrap(), text("said"));
    }
    assert_eq!((web.count("initialize"), web.count("tools/call")), (1, 8));
}

#[tokio::test]
async fn a_secret_that_a_server_says_is_not_told() {
    let web = Web::greeting(|asked| {
        let said = format!("you sent {}", asked.headers["authorization"]);
        let tool = json!({ "name": "t", "description": said, "inputSchema": { "title": said } });
        let (left, id) = (json!({ "name": said, "inputSchema": {} }), &asked.message["id"]);
        match asked.method() {
            "tools/list" => Reply::Result(json!({ "tools": [tool, left] })),
            _ => {
                let error = json!({ "code": -1, "message": said, "data": said });
                Reply::Status(200, "", json!({ "jsonrpc": "2.0", "id": id, "error": error }))
            }
        }
    })
    .await;
    let headers = [("Authorization", "secret:token")];
    let servers = servers_with(&web.url, &headers, &Limits::default());
    let failure = failure(call(&servers).await);
    assert_eq!(failure.code, "mcp-protocol");
    let listing = servers.list("web").await.unwrap();
    for said in [format!("{failure:?}"), format!("{listing:?}")] {
        assert!(!said.contains(CANARY), "{said}");
        assert!(said.contains("[secret token]"), "{said}");
    }
}

#[tokio::test]
async fn a_server_that_says_nothing_is_left_in_time_and_told() {
    let web = Web::greeting(|_| Reply::Silence).await;
    let servers = servers(&web);
    let answer = servers.call("web", "tool", &job(100), &context()).await;
    let Err(BackendError::Permanent(failure)) = answer.result else { panic!() };
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::TimedOut, "timeout"));
    let asked = web.asked();
    let called = asked.iter().find(|asked| asked.method() == "tools/call").unwrap();
    let told = asked.iter().find(|asked| asked.method() == "notifications/cancelled").unwrap();
    assert_eq!(told.message["params"]["requestId"], called.message["id"]);

    // In the middle of the greeting as well.
    let web = Web::serve(|_| Reply::Silence).await;
    let answer = self::servers(&web).call("web", "tool", &job(100), &context()).await;
    let Err(BackendError::Permanent(failure)) = answer.result else { panic!() };
    assert_eq!(failure.code, "timeout");
}

#[tokio::test]
async fn a_call_that_is_not_wanted_any_more_ends() {
    let web = Web::greeting(|_| Reply::Silence).await;
    let servers = servers(&web);
    let (cancel, cancelled) = tokio::sync::watch::channel(false);
    let context = JobContext::alone(cancelled, tokio::sync::mpsc::unbounded_channel().0);
    let stop = async {
        while web.count("tools/call") == 0 {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        cancel.send(true).unwrap();
    };
    let job = job(60_000);
    let (answer, ()) = tokio::join!(servers.call("web", "tool", &job, &context), stop);
    assert!(matches!(answer.result, Err(BackendError::Cancelled)));
    assert_eq!(web.count("notifications/cancelled"), 1);
}

#[tokio::test]
async fn a_server_that_forgot_is_greeted_anew() {
    let forgot = Arc::new(AtomicUsize::new(0));
    let left = Arc::clone(&forgot);
    // Knows the session until `forgot` is set, and answers so often that it does not.
    let web = Web::serve(move |asked| {
        let id = &asked.message["id"];
        let known = left.load(Ordering::Relaxed) == 0;
        match asked.method() {
            "initialize" => {
                left.store(0, Ordering::Relaxed);
                let result = super::fake::greeting(&asked.message);
                let message = json!({ "jsonrpc": "2.0", "id": id, "result": result });
                Reply::Status(200, "mcp-session-id: s\r\n", message)
            }
            "ping" | "tools/call" if !known => {
                let error = json!({ "code": -32000, "message": "No valid session ID" });
                Reply::Status(400, "", json!({ "jsonrpc": "2.0", "id": id, "error": error }))
            }
            "ping" => Reply::Result(json!({})),
            "tools/call" => Reply::Result(text("said")),
            "" => Reply::Status(405, "", json!(null)),
            _ => Reply::Status(202, "", json!(null)),
        }
    })
    .await;
    let servers = servers(&web);
    assert_eq!(call(&servers).await.unwrap(), text("said"));
    forgot.store(1, Ordering::Relaxed);
    tokio::time::pause();
    tokio::time::advance(Duration::from_secs(2)).await;
    tokio::time::resume();
    // Asked before the call, not by it: the call is made once.
    assert_eq!(call(&servers).await.unwrap(), text("said"));
    assert_eq!((web.count("initialize"), web.count("tools/call")), (2, 2));

    // So soon after the last answer that nobody asks.
    forgot.store(1, Ordering::Relaxed);
    let failure = failure(call(&servers).await);
    assert_eq!(
        (failure.code.as_str(), failure.detail.value()),
        ("mcp-protocol", json!({ "code": -32000 }))
    );
    assert_eq!(call(&servers).await.unwrap(), text("said"));
    assert_eq!((web.count("initialize"), web.count("tools/call")), (3, 4));
}
