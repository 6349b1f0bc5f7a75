use std::time::Duration;

use baton_agents::backend::BackendError;
use baton_core::handoff::{Failure, FailureKind};
use baton_core::limits::Limits;
use rmcp::model::JsonObject;
use serde_json::{Value, json};

use super::fake::{Fake, connected, connected_by, never};
use crate::mcp::call::{Miss, arguments, perform};
use crate::mcp::connection::Connection;
use crate::mcp::error::Problem;

fn timed_out() -> BackendError {
    BackendError::Permanent(Failure::new(FailureKind::TimedOut, "timeout", "too long"))
}

async fn call(connection: &Connection) -> Result<Value, Miss> {
    let limits = Limits::default();
    let output = perform(connection, "tool", JsonObject::new(), &limits, None, never()).await;
    output.map(|output| output.value())
}

fn text(said: &str) -> Value {
    json!({ "content": [{ "type": "text", "text": said }] })
}

#[tokio::test]
async fn a_call_names_the_tool_and_hands_over_its_arguments() {
    let (connection, mut fake) = connected(&Limits::default()).await;
    let input = arguments(&json!({ "b": 2, "a": [null] }).into()).unwrap();
    let limits = Limits::default();
    let call = perform(&connection, "tool", input, &limits, None, never());
    let serve = async {
        let request = fake.expect("tools/call").await;
        assert_eq!(request["params"]["name"], "tool");
        assert_eq!(request["params"]["arguments"], json!({ "a": [null], "b": 2 }));
        fake.answer(&request, text("done")).await;
    };
    let (output, ()) = tokio::join!(call, serve);
    assert_eq!(output.unwrap().value(), text("done"));
}

#[test]
fn arguments_are_an_object_or_nothing() {
    assert_eq!(arguments(&json!(null).into()), Some(JsonObject::new()));
    for other in [json!([]), json!("x"), json!(1), json!(true)] {
        assert_eq!(arguments(&other.into()), None);
    }
}

#[tokio::test]
async fn answers_are_matched_by_number() {
    let (connection, mut fake) = connected(&Limits::default()).await;
    let serve = async {
        let first = fake.expect("tools/call").await;
        let second = fake.expect("tools/call").await;
        fake.answer(&json!({ "id": 9_999 }), text("of nobody")).await;
        fake.say(json!({ "jsonrpc": "2.0", "method": "notifications/progress",
            "params": { "progressToken": 1, "progress": 0.5 } }))
            .await;
        fake.answer(&second, text("second")).await;
        fake.answer(&first, text("first")).await;
    };
    let (first, second, ()) = tokio::join!(call(&connection), call(&connection), serve);
    assert_eq!((first.unwrap(), second.unwrap()), (text("first"), text("second")));
}

#[tokio::test]
async fn the_server_is_told_that_nobody_waits_any_more() {
    for (error, reason) in [(BackendError::Cancelled, "cancelled"), (timed_out(), "timeout")] {
        let (connection, mut fake) = connected(&Limits::default()).await;
        let limits = Limits::default();
        let (stop, stopped) = tokio::sync::oneshot::channel();
        let stopped = async { stopped.await.unwrap() };
        let stopping = perform(&connection, "slow", JsonObject::new(), &limits, None, stopped);
        let serve = async {
            let request = fake.expect("tools/call").await;
            stop.send(error.clone()).unwrap();
            let cancelled = fake.expect("notifications/cancelled").await;
            assert_eq!(cancelled["params"]["requestId"], request["id"]);
            assert_eq!(cancelled["params"]["reason"], reason);
            // Too late; and the connection is as good as before.
            fake.answer(&request, text("late")).await;
        };
        let (output, ()) = tokio::join!(stopping, serve);
        assert!(matches!(output, Err(Miss::Stopped(ended)) if ended == error));
        assert!(connection.answers().await);
        let serve = async {
            let request = fake.expect("tools/call").await;
            fake.answer(&request, text("next")).await;
        };
        let (output, ()) = tokio::join!(call(&connection), serve);
        assert_eq!(output.unwrap(), text("next"));
    }
}

#[tokio::test(start_paused = true)]
async fn a_server_that_does_not_listen_is_given_up() {
    let (connection, fake) = connected_by(&Limits::default(), 1 << 10).await;
    let limits = Limits::default();
    let input = arguments(&json!({ "more than the pipe holds": "x".repeat(4 << 10) }).into());
    let stop = async {
        tokio::time::sleep(Duration::from_secs(1)).await;
        timed_out()
    };
    let output = perform(&connection, "deaf", input.unwrap(), &limits, None, stop).await;
    assert!(matches!(output, Err(Miss::Stopped(error)) if error == timed_out()));
    assert!(!connection.answers().await);
    assert_eq!(connection.close().await, None);
    drop(fake);
}

/// What becomes of a call whose server does this with it.
async fn met(serve: impl AsyncFnOnce(&mut Fake, &Value)) -> Problem {
    let (connection, mut fake) = connected(&Limits::default()).await;
    let serve = async {
        let request = fake.expect("tools/call").await;
        serve(&mut fake, &request).await;
        fake
    };
    let (output, _fake) = tokio::join!(call(&connection), serve);
    match output {
        Err(Miss::Problem(problem)) => problem,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn errors_of_the_protocol_keep_their_number() {
    let problem = met(async |fake, request| {
        let error = json!({ "code": -32602, "message": "no such tool", "data": { "name": "x" } });
        fake.say(json!({ "jsonrpc": "2.0", "id": request["id"], "error": error })).await;
    });
    let Problem::Refused { code, message, data } = problem.await else { panic!() };
    let data = data.unwrap();
    assert_eq!((code, message.as_str(), data), (-32602, "no such tool", json!({ "name": "x" })));
}

#[tokio::test]
async fn what_is_no_result_of_a_call_is_told() {
    for result in [json!({}), json!({ "anything": 1 }), json!({ "tools": [] })] {
        let problem = met(async |fake, request| fake.answer(request, result).await).await;
        assert!(matches!(&problem, Problem::Protocol(why) if why.contains("`tools/call`")));
    }
    let problem = met(async |fake, request| {
        let asks = json!({ "resultType": "input_required", "inputRequests": {} });
        fake.answer(request, asks).await;
    });
    let problem = problem.await;
    assert!(matches!(&problem, Problem::Protocol(why) if why.contains("asks for input")));
}

#[tokio::test]
async fn a_refusal_mentions_that_the_tools_have_changed() {
    let problem = met(async |fake, request| {
        let method = "notifications/tools/list_changed";
        fake.say(json!({ "jsonrpc": "2.0", "method": method })).await;
        // The answer to this one comes after the notification was taken.
        fake.say(json!({ "jsonrpc": "2.0", "id": "s1", "method": "ping" })).await;
        while fake.next().await["id"] != "s1" {}
        fake.refuse(request, -32602, "no such tool").await;
    });
    let problem = problem.await.to_string();
    assert!(problem.contains("no such tool (its tools have changed"), "{problem}");
}
