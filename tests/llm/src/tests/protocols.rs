//! Every protocol, plain and streamed.

use super::*;

/// What a client of a protocol understands: text, reasoning, calls, usage (input, output, cached).
#[derive(Debug, Default, PartialEq)]
struct Understood {
    text: String,
    thinking: String,
    calls: Vec<(String, Value)>,
    usage: (u64, u64, u64),
}

impl Understood {
    fn usage(&mut self, usage: &Value, [input, output, cached]: [&str; 3]) {
        let count = |pointer: &str| usage.pointer(pointer).and_then(Value::as_u64).unwrap_or(0);
        if usage.is_object() {
            self.usage = (count(input), count(output), count(cached));
        }
    }
}

fn str_at(value: &Value, pointer: &str) -> String {
    value.pointer(pointer).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn events(got: &Got) -> Vec<Value> {
    got.text()
        .lines()
        .filter_map(|line| line.strip_prefix("data: ").or(line.starts_with('{').then_some(line)))
        .filter(|data| *data != "[DONE]")
        .map(|data| serde_json::from_str(data).unwrap())
        .collect()
}

fn understand(api: Api, streamed: bool, got: &Got) -> Understood {
    let mut all = Understood::default();
    let values = if streamed { events(got) } else { vec![got.json()] };
    let mut input = String::new();
    for value in values {
        match api {
            Api::Anthropic => {
                for block in value["content"].as_array().into_iter().flatten() {
                    all.text += &str_at(block, "/text");
                    all.thinking += &str_at(block, "/thinking");
                    if block["type"] == "tool_use" {
                        all.calls.push((str_at(block, "/name"), block["input"].clone()));
                    }
                }
                if value["content_block"]["type"] == "tool_use" {
                    all.calls.push((str_at(&value, "/content_block/name"), Value::Null));
                }
                all.text += &str_at(&value, "/delta/text");
                all.thinking += &str_at(&value, "/delta/thinking");
                input += &str_at(&value, "/delta/partial_json");
                let names = ["/input_tokens", "/output_tokens", "/cache_read_input_tokens"];
                all.usage(&value["usage"], names);
            }
            Api::OpenaiChat => {
                let choice = &value["choices"][0];
                for said in ["/delta", "/message"] {
                    let said = choice.pointer(said).cloned().unwrap_or_default();
                    all.text += &str_at(&said, "/content");
                    all.thinking += &str_at(&said, "/reasoning_content");
                    for call in said["tool_calls"].as_array().into_iter().flatten() {
                        if !str_at(call, "/function/name").is_empty() {
                            all.calls.push((str_at(call, "/function/name"), Value::Null));
                        }
                        input += &str_at(call, "/function/arguments");
                    }
                }
                let cached = "/prompt_tokens_details/cached_tokens";
                all.usage(&value["usage"], ["/prompt_tokens", "/completion_tokens", cached]);
            }
            Api::OpenaiResponses => {
                let response = if streamed { &value["response"] } else { &value };
                for item in response["output"].as_array().into_iter().flatten() {
                    all.text += &str_at(item, "/content/0/text");
                    all.thinking += &str_at(item, "/summary/0/text");
                    if item["type"] == "function_call" {
                        all.calls.push((str_at(item, "/name"), Value::Null));
                        input += &str_at(item, "/arguments");
                    }
                }
                let cached = "/input_tokens_details/cached_tokens";
                all.usage(&response["usage"], ["/input_tokens", "/output_tokens", cached]);
            }
            Api::Gemini => {
                for part in value["candidates"][0]["content"]["parts"].as_array().unwrap() {
                    let text = str_at(part, "/text");
                    if part["thought"] == true {
                        all.thinking += &text
                    } else {
                        all.text += &text
                    }
                    if part["functionCall"].is_object() {
                        let call = &part["functionCall"];
                        all.calls.push((str_at(call, "/name"), call["args"].clone()));
                    }
                }
                let names =
                    ["/promptTokenCount", "/candidatesTokenCount", "/cachedContentTokenCount"];
                all.usage(&value["usageMetadata"], names);
            }
            Api::Ollama => {
                all.text += &str_at(&value, "/message/content");
                all.thinking += &str_at(&value, "/message/thinking");
                for call in value["message"]["tool_calls"].as_array().into_iter().flatten() {
                    let function = &call["function"];
                    all.calls.push((str_at(function, "/name"), function["arguments"].clone()));
                }
                let names = ["/prompt_eval_count", "/eval_count", "/prompt_eval_cached_count"];
                all.usage(&value, names);
            }
        }
    }
    if !input.is_empty() {
        all.calls[0].1 = serde_json::from_str(&input).unwrap();
    }
    all
}

#[tokio::test]
async fn an_answer_says_the_same_in_every_protocol() {
    let call = json!({"path": "a/é", "n": [1, 2]});
    let given = call.clone();
    let server = FakeLlm::start(move |_| {
        Reply::text("It is äöü 🎉 and long enough for several pieces.")
            .and_thinking("let me think of it for a while")
            .and_call("look", given.clone())
            .usage(120, 9)
            .cached(100, 0)
    })
    .await
    .unwrap();
    for api in Api::ALL {
        for streamed in [false, true] {
            let got = ask(&server, api, streamed).await;
            assert!(got.whole && got.status() == 200, "{api:?} {streamed}: {}", got.head);
            // Anthropic counts what came from the cache beside the rest.
            let input = if api == Api::Anthropic { 20 } else { 120 };
            let expected = Understood {
                text: "It is äöü 🎉 and long enough for several pieces.".to_owned(),
                thinking: "let me think of it for a while".to_owned(),
                calls: vec![("look".to_owned(), call.clone())],
                usage: (input, 9, 100),
            };
            assert_eq!(understand(api, streamed, &got), expected, "{api:?} {streamed}");
            if streamed {
                assert!(events(&got).len() > 4, "{api:?}");
            }
        }
    }
    assert_eq!((server.requests(), server.answered(), server.gone()), (10, 10, 0));
}

#[tokio::test]
async fn the_script_sees_what_was_asked_in_every_protocol() {
    let server = FakeLlm::start(|_| Reply::text("x")).await.unwrap();
    for api in Api::ALL {
        ask(&server, api, true).await;
    }
    for (number, seen) in server.log().into_iter().enumerate() {
        assert_eq!(seen.number, number + 1);
        assert_eq!(seen.api, Api::ALL[number]);
        assert_eq!(seen.model, "m-1");
        assert_eq!(seen.tools, ["look"], "{:?}", seen.api);
        assert_eq!((seen.by("system"), seen.by("user")), ("be kind".into(), "what is it?".into()));
        assert_eq!((seen.last(), seen.turns, seen.results), ("what is it?", 0, 0));
        assert_eq!(seen.header("x-key"), Some("k"));
        assert!(seen.streamed && seen.offers("look") && !seen.offers("other"));
    }
    assert!(server.saw("be kind") && server.saw("streamGenerate") && !server.saw("canary"));
}

#[tokio::test]
async fn turns_and_results_are_counted_in_every_protocol() {
    let conversations = [
        json!({"messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": [{"type": "tool_use", "name": "look", "input": {}}]},
            {"role": "user", "content": [{"type": "tool_result", "content": "saw it"}]},
        ]}),
        json!({"messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": null,
             "tool_calls": [{"function": {"name": "look", "arguments": "{}"}}]},
            {"role": "tool", "content": "saw it"},
        ]}),
        json!({"input": [
            {"role": "user", "content": "go"},
            {"type": "reasoning", "summary": []},
            {"type": "message", "role": "assistant",
             "content": [{"type": "output_text", "text": "I look"}]},
            {"type": "function_call", "name": "look", "arguments": "{}"},
            {"type": "function_call_output", "output": "saw it"},
        ]}),
        json!({"contents": [
            {"role": "user", "parts": [{"text": "go"}]},
            {"role": "model", "parts": [{"functionCall": {"name": "look", "args": {}}}]},
            {"role": "user", "parts": [{"functionResponse":
                {"name": "look", "response": {"output": "saw it"}}}]},
        ]}),
        json!({"messages": [
            {"role": "user", "content": "go"},
            {"role": "assistant", "content": "",
             "tool_calls": [{"function": {"name": "look", "arguments": {}}}]},
            {"role": "tool", "content": "saw it"},
        ]}),
    ];
    let server = FakeLlm::start(|_| Reply::text("x")).await.unwrap();
    for (api, body) in Api::ALL.into_iter().zip(conversations) {
        post(&server, question(api, false, "").0, &body).await;
        let seen = server.log().pop().unwrap();
        assert_eq!((seen.turns, seen.results), (1, 1), "{api:?}: {:?}", seen.said);
        assert!(seen.by("assistant").contains("look"), "{:?}", seen.said);
        assert!(seen.by("tool").contains("saw it"), "{:?}", seen.said);
    }
}

#[tokio::test]
async fn whatever_else_clients_ask_is_answered_and_counted_apart() {
    let server = FakeLlm::start(|_| Reply::text("x")).await.unwrap();
    let counted = post(&server, "/v1/messages/count_tokens", &json!({"a": "0123456789"})).await;
    assert_eq!(counted.json()["input_tokens"], 5);
    let counted = post(&server, "/v1beta/models/g:countTokens", &json!({})).await;
    assert_eq!(counted.json()["totalTokens"], 1);
    let mut stream = TcpStream::connect(("127.0.0.1", server.port())).await.unwrap();
    let three =
        "HEAD / HTTP/1.1\r\n\r\nGET /api/tags HTTP/1.1\r\n\r\nGET /v1/models HTTP/1.1\r\n\r\n";
    stream.write_all(three.as_bytes()).await.unwrap();
    stream.shutdown().await.unwrap();
    let mut all = String::new();
    stream.read_to_string(&mut all).await.unwrap();
    assert_eq!(all.matches("HTTP/1.1 200 OK").count(), 3, "{all}");
    assert!(all.contains(r#""name":"fake""#) && all.contains(r#""id":"fake""#), "{all}");
    assert_eq!((server.requests(), server.probes().len()), (0, 5));
}

#[tokio::test]
async fn gemini_without_events_gets_an_array() {
    let server = FakeLlm::start(|_| Reply::text("one two three")).await.unwrap();
    let got = post(&server, "/v1beta/models/g:streamGenerateContent", &json!({})).await;
    assert!(got.json().as_array().unwrap().len() > 1, "{}", got.text());
}

#[tokio::test]
async fn a_script_of_rules() {
    let script = Script::parse(
        r#"{"rules": [
            {"when": {"first": 1}, "reply": {"fault": {"refuses": "rate-limited"},
                                             "headers": {"retry-after": "7"}}},
            {"when": {"contains": "what", "turn": 0, "tool": "look", "api": "ollama"},
             "times": 1, "reply": {"calls": [{"name": "look"}], "usage": {"input": 3}}},
            {"when": {"matches": "^be k.*\\n.*it\\?$", "lacks": "zebra", "model": "m-"},
             "reply": {"json": {"a": 1}}},
            {"reply": {"text": "never"}}
        ]}"#,
    )
    .unwrap();
    let server = FakeLlm::start(move |seen| script.answer(seen)).await.unwrap();
    let first = ask(&server, Api::Ollama, false).await;
    assert_eq!(first.status(), 429);
    assert!(first.head.contains("retry-after: 7"));
    let call = ask(&server, Api::Ollama, false).await.json();
    assert_eq!(call["message"]["tool_calls"][0]["function"]["arguments"], json!({}));
    assert_eq!((&call["prompt_eval_count"], &call["eval_count"]), (&json!(3), &json!(5)));
    let text = ask(&server, Api::Ollama, false).await.json();
    assert_eq!(text["message"]["content"], r#"{"a":1}"#);
    let mut wanted = question(Api::Ollama, false, "x").1;
    wanted["format"] = json!({"type": "object", "properties": {
        "kind": {"enum": ["a", "b"]}, "n": {"type": "INTEGER"}, "all": {"type": "array",
        "minItems": 1, "items": {"type": ["string", "null"]}}}});
    let fitting = post(&server, "/api/chat", &wanted).await.json();
    assert_eq!(fitting["message"]["content"], r#"{"kind":"a","n":1,"all":["text"]}"#);
    assert!(Script::parse(r#"{"rules": [{"when": {"matches": "("}}]}"#).is_err());
    assert!(Script::parse(r#"{"rules": [{"wenn": {}}]}"#).is_err());
}
