use std::sync::Arc;

use baton_agents::backend::BackendError;
use baton_core::limits::Limits;
use serde_json::json;

use super::client::{call, context, failure, job, servers, servers_with, text};
use super::web::{Asked, Reply, Web};

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
        ("http://localhost:1/", ("X", "a secret:token"), "add `http://localhost:1` to `hosts`"),
        ("https://127.0.0.1/", ("X", "secret:token"), "add `https://127.0.0.1` to `hosts`"),
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
