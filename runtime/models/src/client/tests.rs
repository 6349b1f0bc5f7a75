#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use baton_core::json::Json;
use baton_core::model::Api;
use baton_test_llm::{Api as Fake, FakeLlm, Fault, Finish, Hold, Reply, Seen};
use serde_json::{Value, json};
use tokio::sync::{mpsc, watch};

use super::*;
use crate::api::Activity;
use crate::key;
use crate::message::{Message, ToolOffer, ToolResult};

const KEY: &str = "canary-key-1234567890";

fn fake(api: Api) -> Fake {
    match api {
        Api::Anthropic => Fake::Anthropic,
        Api::OpenaiChat => Fake::OpenaiChat,
        Api::OpenaiResponses => Fake::OpenaiResponses,
        Api::Gemini => Fake::Gemini,
        Api::Ollama => Fake::Ollama,
    }
}

fn definition(api: Api, base_url: String) -> ProviderDefinition {
    ProviderDefinition {
        api,
        base_url,
        key: None,
        requests_per_minute: None,
        tokens_per_minute: None,
        concurrency: None,
        recorded: None,
    }
}

fn client_at(api: Api, base_url: String) -> ModelClient {
    let key = Some(key::fixed(KEY));
    let options = ClientOptions::default();
    ModelClient::new(Carrier::new(), "acme", &definition(api, base_url), key, options).unwrap()
}

fn client(api: Api, server: &FakeLlm) -> ModelClient {
    client_at(api, server.base_url(fake(api)))
}

struct Line {
    context: CallContext,
    cancel: watch::Sender<bool>,
    activity: mpsc::UnboundedReceiver<Activity>,
}

fn line() -> Line {
    let (cancel, cancelled) = watch::channel(false);
    let (sender, activity) = mpsc::unbounded_channel();
    let context = CallContext {
        cancelled,
        deadline: Duration::from_secs(60),
        silence: Duration::from_secs(60),
        activity: sender,
        traceparent: Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned()),
    };
    Line { context, cancel, activity }
}

fn request() -> ModelRequest {
    ModelRequest {
        model: "large-1".to_owned(),
        system: "You read files.".to_owned(),
        messages: vec![Message::User("What does README.md say?".to_owned())],
        tools: vec![ToolOffer {
            name: "read_file".to_owned(),
            description: "Reads a file.".to_owned(),
            input: Json::of(&json!({"type": "object", "properties": {"path": {"type": "string"}}}))
                .unwrap(),
        }],
        output_tokens_max: 4_000,
        ..ModelRequest::default()
    }
}

async fn ask(
    api: Api,
    answer: Reply,
    request: &ModelRequest,
) -> (Result<ModelReply, ModelError>, Seen) {
    let server = FakeLlm::start(move |_| answer.clone()).await.unwrap();
    let reply = client(api, &server).complete(request, &line().context).await;
    (reply, server.log().remove(0))
}

fn said(parts: &[Part]) -> String {
    parts
        .iter()
        .filter_map(|part| match part {
            Part::Text { text } => Some(text.as_str()),
            _ => None,
        })
        .collect()
}

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

#[tokio::test]
async fn why_an_answer_ended() {
    for api in Api::ALL {
        for (finish, stop) in [(Finish::Length, Stop::Length), (Finish::Refused, Stop::Refused)] {
            if (api, finish) == (Api::Ollama, Finish::Refused) {
                // It has no word for it.
                continue;
            }
            let (answer, _) = ask(api, Reply::text("half").finish(finish), &request()).await;
            assert_eq!(answer.unwrap().stop, stop, "{api:?}");
        }
    }
}

#[tokio::test]
async fn without_a_report_usage_is_estimated() {
    for api in Api::ALL {
        let text = "word ".repeat(100);
        let (answer, _) = ask(api, Reply::text(text.trim()).without_usage(), &request()).await;
        let answer = answer.unwrap();
        assert!(answer.estimated, "{api:?}");
        assert_eq!(answer.usage.input, tokens::estimate(&request()), "{api:?}");
        assert_eq!(answer.usage.output, tokens::of_text(text.trim()), "{api:?}");
    }
}

#[tokio::test]
async fn what_was_said_before_it_broke_is_evidence() {
    for api in Api::ALL {
        let reply =
            Reply::text("one two three four five six seven eight nine ten").with(Fault::NoEnd);
        let (answer, _) = ask(api, reply, &request()).await;
        let error = answer.unwrap_err();
        assert_eq!((error.trouble, error.code), (Trouble::Retryable, "truncated"), "{api:?}");
        assert!(error.partial.starts_with("one two"), "{api:?} {error:?}");
        assert!(error.usage.is_some_and(|usage| usage.input > 0 && usage.output > 0), "{api:?}");
    }
}

#[tokio::test]
async fn nobody_waits_for_what_is_not_wanted() {
    for api in Api::ALL {
        let hold = Hold::default();
        let held = hold.clone();
        let server = FakeLlm::start(move |_| Reply::text("late").held(&held)).await.unwrap();
        let client = client(api, &server);
        let mut line = line();
        let request = request();
        let (answer, ()) = tokio::join!(client.complete(&request, &line.context), async {
            assert_eq!(line.activity.recv().await, Some(Activity::Sent));
            while server.requests() == 0 {
                tokio::task::yield_now().await;
            }
            line.cancel.send(true).unwrap();
        });
        let error = answer.unwrap_err();
        assert_eq!(error.trouble, Trouble::Cancelled, "{api:?}");
        assert_eq!(error.usage.unwrap().input, tokens::estimate(&request), "{api:?}");
        // Not wanted from the start: not even sent.
        let error = client.complete(&request, &line.context).await.unwrap_err();
        assert_eq!((error.trouble, error.usage), (Trouble::Cancelled, None), "{api:?}");
        assert_eq!(server.requests(), 1, "{api:?}");
    }
}

#[tokio::test]
async fn a_dropped_request_is_given_up() {
    let hold = Hold::default();
    let held = hold.clone();
    let server = FakeLlm::start(move |_| Reply::text("late").held(&held)).await.unwrap();
    let client = client(Api::Anthropic, &server);
    let (line, request) = (line(), request());
    tokio::select! {
        _ = client.complete(&request, &line.context) => panic!("it was held"),
        () = async {
            while server.now() == 0 {
                tokio::task::yield_now().await;
            }
        } => {}
    }
    while server.gone() == 0 {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn many_at_once_do_not_mix() {
    let server =
        FakeLlm::start(|seen| Reply::text(format!("heard {}", seen.last()))).await.unwrap();
    let client = client(Api::OpenaiChat, &server);
    let asked = (0..100).map(|number| {
        let client = client.clone();
        async move {
            let messages = vec![Message::User(format!("number {number}."))];
            let request = ModelRequest { messages, ..request() };
            let answer = client.complete(&request, &line().context).await.unwrap();
            assert_eq!(said(&answer.parts), format!("heard number {number}."));
        }
    });
    futures::future::join_all(asked).await;
    assert_eq!(server.requests(), 100);
}

#[tokio::test]
async fn keys_are_asked_for_and_told_to_nobody() {
    let request = request();
    let server = FakeLlm::start(|_| Reply::text("x")).await.unwrap();
    let base = server.base_url(Fake::Anthropic);
    let with = |key: Option<KeySource>| {
        let definition = definition(Api::Anthropic, base.clone());
        ModelClient::new(Carrier::new(), "acme", &definition, key, ClientOptions::default())
            .unwrap()
    };
    let none: KeySource = Arc::new(|| Box::pin(async { Err("ACME_KEY is not set.".to_owned()) }));
    for key in [none, key::fixed("line\nbreak")] {
        let error = with(Some(key)).complete(&request, &line().context).await.unwrap_err();
        assert_eq!((error.trouble, error.code, error.usage), (Trouble::Auth, "no-key", None));
        assert!(!error.message.contains("line\nbreak"));
    }
    assert_eq!(server.requests(), 0);
    with(None).complete(&request, &line().context).await.unwrap();
    assert_eq!(server.log()[0].header("x-api-key"), None);
    let client = with(Some(key::fixed(KEY)));
    assert!(!format!("{client:?}").contains(KEY));

    // A provider that repeats the key in what it complains of.
    for api in Api::ALL {
        for status in [400, 401, 403, 429, 500] {
            for before in ["bad key ", &"x".repeat(290), &"x".repeat(280)] {
                let body = json!({"error": {"message": format!("{before}{KEY}"), "type": "x"}});
                let fault = Fault::Raw {
                    status,
                    media_type: "application/json".to_owned(),
                    body: body.to_string(),
                };
                let (answer, _) = ask(api, Reply::fault(fault), &request).await;
                let error = answer.unwrap_err();
                assert!(!format!("{error:?}").contains("canary"), "{api:?} {status}: {error:?}");
            }
        }
    }
}

#[tokio::test]
async fn limits_hold() {
    let server = FakeLlm::start(|_| Reply::text("x".repeat(100_000))).await.unwrap();
    for (answer_bytes_max, event_bytes_max, code) in
        [(50_000, 1 << 20, "answer-too-large"), (1 << 20, 60, "event-too-large")]
    {
        for api in Api::ALL {
            let options =
                ClientOptions { answer_bytes_max, event_bytes_max, ..ClientOptions::default() };
            let definition = definition(api, server.base_url(fake(api)));
            let client =
                ModelClient::new(Carrier::new(), "acme", &definition, None, options).unwrap();
            let error = client.complete(&request(), &line().context).await.unwrap_err();
            assert_eq!((error.trouble, error.code), (Trouble::Permanent, code), "{api:?}");
            assert!(error.usage.is_some(), "{api:?}");
        }
    }
}

#[tokio::test]
async fn time_is_up() {
    let server = FakeLlm::start(|_| Reply::fault(Fault::SilentAfterHeaders)).await.unwrap();
    let short = Duration::from_millis(50);
    for api in Api::ALL {
        for (deadline, silence, code) in [
            (short, Duration::from_secs(60), "deadline"),
            (Duration::from_secs(60), short, "silent"),
        ] {
            let context = CallContext { deadline, silence, ..line().context };
            let error = client(api, &server).complete(&request(), &context).await.unwrap_err();
            assert_eq!((error.trouble, error.code), (Trouble::Retryable, code), "{api:?}");
        }
    }
}

#[test]
fn usage_of_a_broken_answer_is_at_least_what_was_heard() {
    let (sender, _receiver) = mpsc::unbounded_channel();
    let mut heard = Heard::new(sender);
    heard.text = "é".repeat(PARTIAL_MAX);
    let error = || carrier::malformed("x");
    let reported = TokenUsage { input: 7, output: 1, cached: 3, cache_written: 0 };
    let request = request();
    let known = broken(error(), Some(Some(reported)), &request, &heard);
    let usage = known.usage.unwrap();
    assert_eq!((usage.input, usage.cached), (7, 3));
    assert_eq!(usage.output, PARTIAL_MAX as u64);
    assert_eq!(known.partial.len(), PARTIAL_MAX);
    let unknown = broken(error(), Some(None), &request, &heard);
    assert_eq!(unknown.usage.unwrap().input, tokens::estimate(&request));
    assert_eq!(broken(error(), None, &request, &heard).usage, None);
}
