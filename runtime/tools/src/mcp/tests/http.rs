use std::collections::BTreeMap;
use std::io::Write;
use std::ops::Deref;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use baton_agents::Supervisor;
use baton_agents::backend::{BackendError, JobContext};
use baton_core::handoff::{Failure, FailureKind};
use baton_core::limits::Limits;
use baton_core::tool::{SecretDefinition, SecretSource, Server};
use serde_json::{Value, json};
use tempfile::NamedTempFile;

use super::web::{Asked, Reply, Web};
use crate::job::ToolJob;
use crate::mcp::McpServers;
use crate::secrets::Secrets;

const CANARY: &str = "canary-5f1e2b7c";

fn text(said: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": said }] })
}

/// Servers, and the file with the secret that one of them is given.
struct Servers(McpServers, #[expect(dead_code, reason = "it is there as long")] NamedTempFile);

impl Deref for Servers {
    type Target = McpServers;

    fn deref(&self) -> &McpServers {
        &self.0
    }
}

fn servers_with(url: &str, headers: &[(&str, &str)], limits: &Limits) -> Servers {
    let headers = headers.iter().map(|(name, value)| (name.to_string(), value.to_string()));
    let server = Server::Http { url: url.to_owned(), headers: headers.collect() };
    let mut file = NamedTempFile::new().unwrap();
    write!(file, "{CANARY}").unwrap();
    let from = SecretSource::File(file.path().to_str().unwrap().to_owned());
    let secret = SecretDefinition { from, hosts: Vec::new() };
    let secrets = Secrets::new(BTreeMap::from([("token".to_owned(), secret)]));
    let nothing = Supervisor { program: PathBuf::from("/nonexistent"), args: Vec::new() };
    let servers = BTreeMap::from([("web".to_owned(), server)]);
    Servers(McpServers::new(servers, Arc::new(secrets), nothing, None, Arc::new(*limits)), file)
}

fn servers(web: &Web) -> Servers {
    servers_with(&web.url, &[], &Limits::default())
}

fn job(timeout_ms: u64) -> ToolJob {
    ToolJob {
        task: "run_01ARZ3NDEKTSV4RRFFQ69G5FAV/1".parse().unwrap(),
        attempt: 1,
        tool: "tool".into(),
        input: json!({ "a": 1 }).into(),
        authority: Arc::default(),
        root: None,
        limits: Arc::default(),
        timeout_ms,
        idempotency_key: "key".into(),
    }
}

/// A context that nobody cancels or listens to.
fn context() -> JobContext {
    let (_, cancelled) = tokio::sync::watch::channel(false);
    JobContext { cancelled, notices: tokio::sync::mpsc::unbounded_channel().0, tools: None }
}

async fn call(servers: &Servers) -> Result<Value, BackendError> {
    let answer = servers.call("web", "tool", &job(60_000), &context()).await;
    answer.result.map(|handoff| handoff.output.value())
}

fn failure(result: Result<Value, BackendError>) -> Failure {
    match result {
        Err(BackendError::Permanent(failure) | BackendError::Retryable { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_session_is_kept_and_ended() {
    for event in [false, true] {
        let web = Web::greeting(move |_| {
            if event { Reply::Event(text("said")) } else { Reply::Result(text("said")) }
        })
        .await;
        let headers = [("X-Plain", "plain"), ("Authorization", "Bearer secret:token")];
        let servers = servers_with(&web.url, &headers, &Limits::default());
        assert_eq!(call(&servers).await.unwrap(), text("said"));
        assert_eq!(call(&servers).await.unwrap(), text("said"));
        servers.close().await;
        assert_eq!((web.count("initialize"), web.count("tools/call")), (1, 2));
        let asked = web.asked();
        for asked in &asked {
            assert_eq!(asked.headers["authorization"], format!("Bearer {CANARY}"));
            assert_eq!(asked.headers["x-plain"], "plain");
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
async fn only_redirects_within_the_origin_are_followed() {
    let stranger = Web::greeting(|_| Reply::Result(text("stranger"))).await;
    for status in [301, 302, 303, 307, 308] {
        let to = stranger.url.clone();
        let web = Web::serve(move |_| Reply::Redirect(status, to.clone())).await;
        let headers = [("Authorization", "secret:token")];
        let servers = servers_with(&web.url, &headers, &Limits::default());
        let failure = failure(call(&servers).await);
        assert_eq!(failure.code, "mcp-start", "{failure}");
        assert!(failure.message.contains(&status.to_string()), "{failure}");
    }
    assert_eq!(stranger.asked().len(), 0);

    let moved = |asked: &Asked| asked.path == "/mcp";
    for (status, followed) in [(307, true), (308, true), (302, false)] {
        let web = Web::serve(move |asked| {
            if moved(asked) {
                return Reply::Redirect(status, "/other".into());
            }
            match asked.method() {
                "initialize" => Reply::Result(super::fake::greeting(&asked.message)),
                "tools/call" => Reply::Result(text("moved")),
                _ => Reply::Status(202, "", json!(null)),
            }
        })
        .await;
        let output = call(&servers(&web)).await;
        assert_eq!(output.is_ok(), followed, "{status}: {output:?}");
    }
}

#[tokio::test]
async fn a_message_that_is_too_large_is_not_taken() {
    let mut limits = Limits::default();
    limits.tools.mcp_message_bytes = 10_000;
    for (event, bytes, fits) in
        [(false, 9_000, true), (false, 11_000, false), (true, 9_000, true), (true, 11_000, false)]
    {
        let web = Web::greeting(move |_| {
            let said = text(&"x".repeat(bytes));
            if event { Reply::Event(said) } else { Reply::Result(said) }
        })
        .await;
        let servers = servers_with(&web.url, &[], &limits);
        let mut job = job(60_000);
        job.limits = Arc::new(limits);
        let answer = servers.call("web", "tool", &job, &context()).await;
        let output = answer.result.map(|handoff| handoff.output.value());
        if fits {
            assert_eq!(output.unwrap(), text(&"x".repeat(bytes)));
        } else {
            let failure = failure(output);
            assert_eq!(failure.code, "tools.mcp_message_bytes", "{failure}");
        }
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
    let context =
        JobContext { cancelled, notices: tokio::sync::mpsc::unbounded_channel().0, tools: None };
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

#[tokio::test]
async fn what_goes_wrong_with_a_connection_is_told_apart() {
    let gone = Web::greeting(|_| Reply::Close).await;
    let failed = failure(call(&servers(&gone)).await);
    assert_eq!(failed.code, "mcp-closed", "{failed}");

    let busy = Web::greeting(|_| Reply::Status(503, "", json!(null))).await;
    let failed = failure(call(&servers(&busy)).await);
    assert_eq!(failed.code, "mcp-closed", "{failed}");
    assert!(failed.message.contains("503"), "{failed}");

    let nobody = Web::serve(|_| Reply::Close).await;
    let url = nobody.url.clone();
    drop(nobody);
    let limits = Limits::default();
    let failed = failure(call(&servers_with(&url, &[], &limits)).await);
    assert_eq!(failed.code, "mcp-start", "{failed}");

    let html = Web::serve(|_| Reply::Status(404, "", json!(null))).await;
    let failed = failure(call(&servers(&html)).await);
    assert_eq!(failed.code, "mcp-start", "{failed}");

    let closed = Web::serve(|_| Reply::Status(401, "www-authenticate: Bearer\r\n", json!(null)));
    let failed = failure(call(&servers(&closed.await)).await);
    assert_eq!(failed.code, "mcp-start", "{failed}");
    assert!(failed.message.contains("Auth required"), "{failed}");
}

#[tokio::test]
async fn what_cannot_be_a_connection_is_refused() {
    let limits = Limits::default();
    for (url, headers, says) in [
        ("not an address", ("X", "y"), "`not an address` is no address"),
        ("ftp://example.org/", ("X", "y"), "`ftp://example.org/` is no address of HTTP"),
        ("http://127.0.0.1:1/", ("X Y", "y"), "`X Y` is no name of a header"),
        ("http://127.0.0.1:1/", ("X", "a\nb"), "the value of the header `X` cannot be one"),
        ("http://127.0.0.1:1/", ("Accept", "y"), "accept"),
        ("http://127.0.0.1:1/", ("X", "secret:nobody"), "needs a secret"),
    ] {
        let failure = failure(call(&servers_with(url, &[headers], &limits)).await);
        assert!(failure.message.contains(says), "{failure}: {says}");
        assert!(matches!(failure.code.as_str(), "mcp-start" | "secret"), "{failure}");
    }
    let servers = servers_with("http://127.0.0.1:1/", &[], &limits);
    let error = servers.list("other").await.unwrap_err();
    assert_eq!(error.to_string(), "the MCP server `other` is not configured");
    let mut job = job(1_000);
    job.input = json!([1]).into();
    let Err(BackendError::Permanent(failure)) =
        servers.call("web", "tool", &job, &context()).await.result
    else {
        panic!()
    };
    assert_eq!(failure.code, "tool-input");
}
