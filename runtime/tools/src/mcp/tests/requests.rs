use baton_core::limits::Limits;
use serde_json::{Value, json};

use super::fake::connected;

/// What a client answers to a request of the server.
async fn answered(method: &str, params: Value) -> Value {
    let (_connection, mut fake) = connected(&Limits::default()).await;
    fake.say(json!({ "jsonrpc": "2.0", "id": "q", "method": method, "params": params })).await;
    let answer = fake.next().await;
    assert_eq!(answer["id"], "q");
    answer
}

#[tokio::test]
async fn nothing_is_done_on_behalf_of_a_server() {
    let sampling = json!({
        "messages": [{ "role": "user", "content": { "type": "text", "text": "hi" } }],
        "maxTokens": 10,
    });
    let schema = json!({ "type": "object", "properties": {} });
    for (method, params, says) in [
        ("sampling/createMessage", sampling, "this client offers no model"),
        ("roots/list", json!({}), "this client offers no roots"),
        ("made/up", json!({ "x": 1 }), "made/up"),
    ] {
        let answer = answered(method, params).await;
        assert_eq!(answer["error"]["code"], -32601, "{answer}");
        assert_eq!(answer["error"]["message"], says);
    }
    let question = json!({ "mode": "form", "message": "Which?", "requestedSchema": schema });
    let answer = answered("elicitation/create", question).await;
    assert_eq!(answer["result"]["action"], "decline", "{answer}");
    assert_eq!(answered("ping", json!({})).await["result"], json!({}));
}
