use baton_core::limits::Limits;
use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::fake::{Fake, PIPE_BYTES, connected, greeting, never, open, opened};
use crate::mcp::call::{Miss, perform};
use crate::mcp::connection::Connection;
use crate::mcp::error::Problem;
use crate::mcp::opening::{Opening, Unopened};

/// A call, and a server that does something with the request. What comes of both.
async fn call(
    limits: &Limits,
    serve: impl AsyncFnOnce(&mut Fake, &Value),
) -> (Result<Value, Problem>, Connection) {
    let (connection, mut fake) = connected(limits).await;
    let serve = async {
        let request = fake.expect("tools/call").await;
        serve(&mut fake, &request).await;
    };
    let output = perform(&connection, "tool", JsonObject::new(), limits, None, never());
    let (output, ()) = tokio::join!(output, serve);
    let output = output.map(|output| output.value()).map_err(|miss| match miss {
        Miss::Problem(problem) => problem,
        Miss::Stopped(error) => panic!("{error:?}"),
    });
    (output, connection)
}

/// An answer of exactly so many bytes, without the end of the line.
fn answer_of(bytes: usize, request: &Value) -> String {
    let answer = |text: &str| {
        let content = json!([{ "type": "text", "text": text }]);
        json!({ "jsonrpc": "2.0", "id": request["id"], "result": { "content": content } })
            .to_string()
    };
    let answer = answer(&"x".repeat(bytes - answer("").len()));
    assert_eq!(answer.len(), bytes);
    answer
}

#[tokio::test]
async fn a_message_may_be_as_large_as_the_limit_and_no_larger() {
    let mut limits = Limits::default();
    limits.tools.mcp_message_bytes = 10_000;
    let (output, connection) = call(&limits, async |fake, request| {
        fake.write(format!("{}\n", answer_of(10_000, request)).as_bytes()).await;
    })
    .await;
    assert!(output.is_ok());
    assert!(connection.answers().await);

    // Without the end of its line, too: nobody may wait for that.
    for end in ["\n", ""] {
        let (output, connection) = call(&limits, async |fake, request| {
            fake.write(format!("{}{end}", answer_of(10_001, request)).as_bytes()).await;
            fake.expect_end().await;
        })
        .await;
        let problem = output.unwrap_err();
        assert!(matches!(problem, Problem::MessageBytes { max: 10_000 }), "{problem}");
        assert!(!connection.answers().await);
    }
}

#[tokio::test]
async fn words_that_are_no_messages_are_passed_over() {
    let (output, connection) = call(&Limits::default(), async |fake, request| {
        for noise in ["", "Server is ready.", "{\"level\":\"info\"}", "[1,2]", "\u{1b}[1mbold", "7"]
        {
            fake.write(format!("{noise}\n").as_bytes()).await;
        }
        fake.write(b"\xff\xfe\n").await;
        let answer = json!({ "jsonrpc": "2.0", "id": request["id"],
            "result": { "content": [{ "type": "text", "text": "heard" }] } });
        // In pieces, and with the other end of line.
        let answer = format!("{answer}\r\n");
        let (begin, end) = answer.as_bytes().split_at(20);
        fake.write(begin).await;
        tokio::task::yield_now().await;
        fake.write(end).await;
    })
    .await;
    assert_eq!(output.unwrap()["content"][0]["text"], "heard");
    assert!(connection.answers().await);
}

#[tokio::test]
async fn a_stream_of_words_is_no_server() {
    let (output, connection) = call(&Limits::default(), async |fake, _| {
        for _ in 0..1_001 {
            fake.write(b"still loading\n").await;
        }
        fake.expect_end().await;
    })
    .await;
    let problem = output.unwrap_err();
    assert!(matches!(&problem, Problem::Protocol(why) if why.contains("still loading")));
    assert!(!connection.answers().await);
}

#[tokio::test]
async fn an_answer_that_cannot_be_read_ends_the_connection() {
    for line in [
        r#"{"jsonrpc":"1.0","id":1,"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1,"error":"text"}"#,
        r#"{"jsonrpc":"2.0","id":{},"result":{}}"#,
        r#"{"jsonrpc":"2.0","id":1}"#,
    ] {
        let (output, connection) = call(&Limits::default(), async |fake, _| {
            fake.write(format!("{line}\n").as_bytes()).await;
            fake.expect_end().await;
        })
        .await;
        let problem = output.unwrap_err();
        assert!(matches!(&problem, Problem::Protocol(why) if why.contains(line)), "{problem}");
        assert!(!connection.answers().await);
    }
}

#[tokio::test]
async fn a_server_that_goes_away_in_the_middle_is_told() {
    for rest in ["", "{\"jsonrpc\":\"2.0\",\"id\":1,\"res"] {
        let (connection, mut fake) = connected(&Limits::default()).await;
        let limits = Limits::default();
        let serve = async {
            fake.expect("tools/call").await;
            fake.write(rest.as_bytes()).await;
            drop(fake);
        };
        let output = perform(&connection, "tool", JsonObject::new(), &limits, None, never());
        let (output, ()) = tokio::join!(output, serve);
        assert!(matches!(output, Err(Miss::Problem(Problem::Closed(_)))), "{output:?}");
        assert!(!connection.answers().await);
    }
}

#[tokio::test]
async fn notifications_may_come_before_the_answer_to_the_handshake() {
    let serve = async |mut fake: Fake| {
        let request = fake.expect("initialize").await;
        for (method, params) in [
            ("notifications/message", json!({ "level": "info", "data": "hello" })),
            ("notifications/tools/list_changed", json!({})),
            ("notifications/unheard/of", json!([1])),
        ] {
            fake.say(json!({ "jsonrpc": "2.0", "method": method, "params": params })).await;
        }
        fake.say(json!({ "jsonrpc": "2.0", "id": 77, "method": "ping" })).await;
        assert_eq!(fake.next().await["id"], 77);
        fake.answer(&request, greeting(&request)).await;
        fake.expect("notifications/initialized").await;
        fake
    };
    let limits = Limits::default();
    let (connection, _fake) = open(Opening::Handshake, &limits, PIPE_BYTES, serve).await;
    assert!(opened(connection).answers().await);
}

#[tokio::test]
async fn a_handshake_that_fails_says_how() {
    let mut limits = Limits::default();
    limits.tools.mcp_message_bytes = 1_000;
    let long = "x".repeat(1_001);
    for (answer, says) in [
        (r#"{"jsonrpc":"2.0","id":0,"result":{"tools":[]}}"#, "does not keep to the protocol"),
        (r#"{"jsonrpc":"2.0","id":5,"result":{}}"#, "does not keep to the protocol"),
        (r#"{"jsonrpc":"2.0","id":0}"#, "does not keep to the protocol: it wrote `{"),
        (long.as_str(), "a message of more than 1000 bytes"),
        ("", "could not be started: the connection was closed"),
    ] {
        let serve = async |mut fake: Fake| {
            fake.expect("initialize").await;
            fake.write(format!("{answer}\n").as_bytes()).await;
            let (_, gone) = tokio::io::duplex(1);
            drop(std::mem::replace(&mut fake, Fake::over(gone)));
            fake
        };
        let (connection, _) = open(Opening::Handshake, &limits, PIPE_BYTES, serve).await;
        let Err(Unopened::Failed(problem)) = connection else { panic!("{says}") };
        assert!(problem.to_string().contains(says), "{problem}: {says}");
    }
}

#[tokio::test]
async fn a_server_without_a_handshake_is_met_the_other_way() {
    let refuse = async |mut fake: Fake| {
        let request = fake.expect("initialize").await;
        fake.refuse(&request, -32601, "no such method").await;
        fake
    };
    let limits = Limits::default();
    let (connection, _) = open(Opening::Handshake, &limits, PIPE_BYTES, refuse).await;
    assert!(matches!(connection, Err(Unopened::NotThisWay(why)) if why.contains("-32601")));

    let discover = async |mut fake: Fake| {
        let request = fake.expect("server/discover").await;
        let server = json!({ "name": "fake", "version": "1" });
        let found = json!({
            "resultType": "complete",
            "supportedVersions": ["2026-07-28"],
            "capabilities": { "tools": {} },
            "serverInfo": server,
            "_meta": { "io.modelcontextprotocol/serverInfo": server },
            "ttlMs": 0, "cacheScope": "private",
        });
        fake.answer(&request, found).await;
        fake
    };
    let (connection, mut fake) = open(Opening::Discovery, &limits, PIPE_BYTES, discover).await;
    let connection = opened(connection);
    let serve = async {
        let request = fake.expect("tools/call").await;
        let content = json!([{ "type": "text", "text": "new" }]);
        fake.answer(&request, json!({ "resultType": "complete", "content": content })).await;
    };
    let output = perform(&connection, "tool", JsonObject::new(), &limits, None, never());
    let (output, ()) = tokio::join!(output, serve);
    assert_eq!(output.unwrap().value()["content"][0]["text"], "new");
}
