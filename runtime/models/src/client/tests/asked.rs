//! What is asked and answered, over every API.

use baton_core::model::Api;
use baton_test_llm::{FakeLlm, Reply, Seen};
use serde_json::{Value, json};

use super::{KEY, ask, client, client_at, line, request, said};
use crate::api::{Activity, ModelApi};
use crate::message::{Message, ModelRequest, Part, Stop, ToolResult};

#[tokio::test]
async fn a_conversation_with_a_tool_over_every_api() {
    for api in Api::ALL {
        let server = FakeLlm::start(|seen| match seen.results {
            0 => Reply::default()
                .and_thinking("I should look.")
                .and_text("Let me see.")
                .and_call("read_file", json!({"path": "README.md"}))
                .and_call("read_file", json!({"path": "LICENSE"}))
                .usage(120, 9)
                .cached(20, 0),
            _ => Reply::text("It says hello, größer.").usage(200, 4),
        })
        .await
        .unwrap();
        let client = client(api, &server);
        let mut request = request();
        let mut line = line();

        let first = client.complete(&request, &line.context).await.unwrap();
        assert_eq!(first.stop, Stop::ToolCalls, "{api:?}");
        assert_eq!(said(&first.parts), "Let me see.", "{api:?}");
        assert_eq!((first.usage.input, first.usage.output), (120, 9), "{api:?}");
        assert_eq!(first.usage.cached, 20, "{api:?}");
        assert!(!first.estimated);
        let calls: Vec<_> = first
            .parts
            .iter()
            .filter_map(|part| match part {
                Part::ToolCall { id, name, input } => {
                    Some((id.clone(), name.clone(), input.value()))
                }
                _ => None,
            })
            .collect();
        assert_eq!(calls.len(), 2, "{api:?}");
        assert_ne!(calls[0].0, calls[1].0, "{api:?}");
        assert_eq!(calls[0].2, json!({"path": "README.md"}), "{api:?}");
        assert_eq!(calls[1].2, json!({"path": "LICENSE"}), "{api:?}");

        let results = calls
            .iter()
            .map(|(id, name, _)| ToolResult {
                id: id.clone(),
                name: name.clone(),
                content: format!("contents for {id}"),
                failed: false,
            })
            .collect();
        request.messages.push(Message::Assistant(first.parts));
        request.messages.push(Message::Tools(results));
        let second = client.complete(&request, &line.context).await.unwrap();
        assert_eq!(second.stop, Stop::End, "{api:?}");
        assert_eq!(said(&second.parts), "It says hello, größer.", "{api:?}");

        let log = server.log();
        assert_eq!(log.len(), 2, "{api:?}");
        assert!(log.iter().all(|seen| seen.model == "large-1" && seen.streamed), "{api:?}");
        assert_eq!(log[1].results, 2, "{api:?}");
        for (id, ..) in &calls {
            assert!(log[1].prompt().contains(&format!("contents for {id}")), "{api:?} {id}");
        }
        assert!(log[0].offers("read_file"), "{api:?}");
        assert!(log[0].prompt().contains("You read files."), "{api:?}");
        assert_eq!(log[0].header("traceparent"), line.context.traceparent.as_deref(), "{api:?}");
        let name = match api {
            Api::Anthropic => "x-api-key",
            Api::Gemini => "x-goog-api-key",
            _ => "authorization",
        };
        assert!(log[0].header(name).unwrap().ends_with(KEY), "{api:?}");

        line.activity.close();
        let mut signs = Vec::new();
        while let Some(sign) = line.activity.recv().await {
            signs.push(sign);
        }
        let called = Activity::Calling("read_file".to_owned());
        assert_eq!(signs[..2], [Activity::Sent, Activity::Begun], "{api:?}");
        assert_eq!(signs.iter().filter(|sign| **sign == called).count(), 2, "{api:?}");
        assert!(signs.iter().any(|sign| matches!(sign, Activity::Text(_))), "{api:?}");
    }
}

#[tokio::test]
async fn reasoning_goes_back_as_it_came() {
    let server = FakeLlm::start(|seen| match seen.turns {
        0 => Reply::default()
            .and_thinking("First.")
            .and_text("Between.")
            .and_thinking("Second.")
            .and_call("read_file", json!({})),
        _ => Reply::text("Done."),
    })
    .await
    .unwrap();
    let client = client(Api::Anthropic, &server);
    let mut request = request();
    let line = line();
    let first = client.complete(&request, &line.context).await.unwrap();
    let kinds: Vec<_> = first
        .parts
        .iter()
        .map(|part| match part {
            Part::Thinking { text, signature } => {
                assert!(signature.is_some());
                text.as_str()
            }
            Part::Text { text } => text.as_str(),
            Part::ToolCall { name, .. } => name.as_str(),
        })
        .collect();
    assert_eq!(kinds, ["First.", "Between.", "Second.", "read_file"]);
    let result = ToolResult { id: "1".into(), name: "n".into(), content: "x".into(), failed: true };
    request.messages.push(Message::Assistant(first.parts));
    request.messages.push(Message::Tools(vec![result]));
    client.complete(&request, &line.context).await.unwrap();
    let body = &server.log()[1].json;
    let content = &body["messages"][1]["content"];
    let kinds: Vec<_> = content.as_array().unwrap().iter().map(|block| &block["type"]).collect();
    assert_eq!(kinds, ["thinking", "text", "thinking", "tool_use"]);
    assert_eq!(content[0]["thinking"], "First.");
    assert_eq!(content[2]["thinking"], "Second.");
    assert_eq!(body["messages"][2]["content"][0]["is_error"], true);
}

#[tokio::test]
async fn what_is_shared_can_be_cached() {
    let request = ModelRequest {
        messages: vec![
            Message::User("one".to_owned()),
            Message::Assistant(vec![Part::Text { text: "two".to_owned() }]),
            Message::User("three".to_owned()),
            Message::Assistant(vec![Part::Text { text: "four".to_owned() }]),
            Message::User("five".to_owned()),
        ],
        ..request()
    };
    let reply = Reply::text("x").usage(100, 1).cached(40, 30);
    let (answer, seen) = ask(Api::Anthropic, reply.clone(), &request).await;
    let marked = json!({"type": "ephemeral"});
    assert_eq!(seen.json["system"][0]["cache_control"], marked);
    for (index, expected) in [(0, false), (2, true), (4, true)] {
        let mark = &seen.json["messages"][index]["content"][0]["cache_control"];
        assert_eq!(*mark == marked, expected, "{index}");
    }
    let usage = answer.unwrap().usage;
    assert_eq!((usage.input, usage.cached, usage.cache_written), (100, 40, 30));

    let bare = ModelRequest { system: String::new(), ..request.clone() };
    let (_, seen) = ask(Api::Anthropic, reply.clone(), &bare).await;
    assert_eq!(seen.json["tools"][0]["cache_control"], marked);

    let key = |seen: &Seen| seen.json.get("prompt_cache_key").cloned();
    let (_, first) = ask(Api::OpenaiResponses, reply.clone(), &request).await;
    let later = ModelRequest { messages: vec![Message::User("other".into())], ..request.clone() };
    let (_, second) = ask(Api::OpenaiResponses, reply.clone(), &later).await;
    let other = ModelRequest { system: "Other.".to_owned(), ..request.clone() };
    let (_, third) = ask(Api::OpenaiResponses, reply.clone(), &other).await;
    assert!(key(&first).is_some_and(|key| key.is_string()));
    assert_eq!(key(&first), key(&second));
    assert_ne!(key(&first), key(&third));
    // Servers that only speak the protocol may refuse what they do not know.
    let (_, chat) = ask(Api::OpenaiChat, reply, &request).await;
    assert_eq!(key(&chat), None);
}

#[tokio::test]
async fn efforts_calls_and_limits_reach_every_api() {
    let request = ModelRequest { effort: Some("high".to_owned()), must_call: true, ..request() };
    let places = [
        (Api::OpenaiChat, "/reasoning_effort", json!("high")),
        (Api::OpenaiChat, "/tool_choice", json!("required")),
        (Api::OpenaiChat, "/max_tokens", json!(4_000)),
        (Api::OpenaiResponses, "/reasoning/effort", json!("high")),
        (Api::OpenaiResponses, "/tool_choice", json!("required")),
        (Api::OpenaiResponses, "/max_output_tokens", json!(4_000)),
        (Api::OpenaiResponses, "/store", json!(false)),
        (Api::OpenaiResponses, "/tools/0/strict", json!(false)),
        (Api::Gemini, "/toolConfig/functionCallingConfig/mode", json!("ANY")),
        (Api::Gemini, "/generationConfig/maxOutputTokens", json!(4_000)),
        (Api::Ollama, "/think", json!("high")),
        (Api::Ollama, "/options/num_predict", json!(4_000)),
        (Api::Anthropic, "/max_tokens", json!(4_000)),
        // Thinking and being made to call exclude each other there.
        (Api::Anthropic, "/tool_choice", Value::Null),
    ];
    for (api, place, expected) in places {
        let (_, seen) = ask(api, Reply::text("x"), &request).await;
        let found = seen.json.pointer(place).cloned().unwrap_or_default();
        assert_eq!(found, expected, "{api:?} {place} of {}", seen.json);
    }
    for (model, made) in [("claude-opus-4-8", true), ("claude-opus-5-5", false), ("other", true)] {
        let request = ModelRequest { model: model.to_owned(), effort: None, ..request.clone() };
        let (_, seen) = ask(Api::Anthropic, Reply::text("x"), &request).await;
        assert_eq!(seen.json.get("tool_choice").is_some(), made, "{model}");
    }
    let odd = ModelRequest { effort: Some("extreme".to_owned()), ..request };
    let line = line();
    let error = client_at(Api::Gemini, "http://127.0.0.1:1/".to_owned())
        .complete(&odd, &line.context)
        .await
        .unwrap_err();
    assert_eq!((error.code, error.usage), ("bad-request", None));
}

#[tokio::test]
async fn names_of_models_are_sent_whole() {
    for api in Api::ALL {
        for model in ["codex-max", "model-high", "a::b-low"] {
            let request = ModelRequest { model: model.to_owned(), ..request() };
            let (answer, seen) = ask(api, Reply::text("x"), &request).await;
            answer.unwrap();
            assert_eq!(seen.model.replace("%3A", ":"), model, "{api:?}");
            assert!(!seen.json.to_string().contains("effort"), "{api:?}");
        }
    }
}
