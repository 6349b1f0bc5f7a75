#![allow(clippy::unwrap_used, reason = "tests")]

use serde_json::json;

use super::*;

/// What goes on of events, as text, and what was seen; the end included.
fn through(api: Api, events: &[Value]) -> Result<(String, Seen), ModelError> {
    let mut watch = Watch::new(api);
    let mut passed = Vec::new();
    for event in events {
        let data = event.as_str().map_or_else(|| event.to_string(), str::to_owned);
        passed.extend(watch.frame(&Frame { name: None, data })?.unwrap_or_default());
    }
    passed.extend(watch.end().unwrap_or_default());
    Ok((String::from_utf8(passed).unwrap(), watch.seen))
}

fn usage(input: u64, output: u64, cached: u64, cache_written: u64) -> Option<TokenUsage> {
    Some(TokenUsage { input, output, cached, cache_written })
}

#[test]
fn anthropic_counts_once_and_drops_what_is_new() {
    let start = json!({"type": "message_start", "message": {"usage": {
        "input_tokens": 11, "cache_creation_input_tokens": 2, "cache_read_input_tokens": 3,
        "output_tokens": 1,
    }}});
    let block = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}});
    let word = json!({"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": "hi"}});
    let cited =
        json!({"type": "content_block_delta", "index": 0, "delta": {"type": "citations_delta"}});
    let stray = json!({"type": "content_block_delta", "index": 7, "delta": {"type": "text_delta", "text": "no"}});
    let stop = json!({"type": "content_block_stop", "index": 0});
    let search = json!({"type": "content_block_start", "index": 1, "content_block": {"type": "server_tool_use"}});
    let found = json!({"type": "content_block_delta", "index": 1, "delta": {"type": "text_delta", "text": "no"}});
    let end = json!({"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 9}});
    let last = json!({"type": "message_stop"});
    let events = [
        &start,
        &start,
        &json!({"type": "ping"}),
        &block,
        &block,
        &word,
        &cited,
        &stray,
        &json!({"type": "tomorrow", "x": 1}),
        &stop,
        &stop,
        &search,
        &found,
        &end,
        &end,
        &last,
        &last,
        &word,
    ]
    .map(Clone::clone);
    let (passed, seen) = through(Api::Anthropic, &events).unwrap();
    let kinds: Vec<_> = passed.lines().filter_map(|line| line.strip_prefix("event: ")).collect();
    let expected = [
        "message_start",
        "content_block_start",
        "content_block_delta",
        "content_block_stop",
        "message_delta",
        "message_delta",
        "message_stop",
    ];
    assert_eq!(kinds, expected);
    assert_eq!(seen.usage, usage(16, 9, 3, 2));
    assert_eq!((seen.finish.as_deref(), seen.done), (Some("end_turn"), true));
    assert_eq!(seen.order, [Block::Text]);
}

#[test]
fn a_call_without_an_end_is_no_call() {
    let call = json!({"type": "content_block_start", "index": 0, "content_block": {"type": "tool_use", "id": "1", "name": "n"}});
    let end = |reason: &str| json!({"type": "message_delta", "delta": {"stop_reason": reason}});
    let last = json!({"type": "message_stop"});
    let cut = through(Api::Anthropic, &[call.clone(), end("tool_use"), last.clone()]);
    assert_eq!(cut.unwrap_err().code, "malformed");
    let (_, seen) = through(Api::Anthropic, &[call, end("max_tokens"), last]).unwrap();
    assert!(seen.done);
}

#[test]
fn chat_is_made_what_the_library_reads() {
    let delta = |delta: Value| json!({"choices": [{"index": 0, "delta": delta}], "error": null});
    let call = json!({"id": "1", "function": {"name": "n", "arguments": {"a": 1}}});
    let usage_of = |input: u64| {
        json!({"choices": [], "usage": {
            "prompt_tokens": input, "completion_tokens": 2,
            "prompt_tokens_details": {"cached_tokens": 4, "cache_write_tokens": 1},
        }})
    };
    let events = [
        delta(json!({"content": "hi"})),
        json!({"choices": [{"index": 1, "delta": {"content": "other"}}]}),
        delta(json!({"tool_calls": [call.clone(), call]})),
        json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "tool_calls"}]}),
        delta(json!({"content": "too late"})),
        usage_of(9),
        usage_of(10),
        json!("[DONE]"),
        json!("[DONE]"),
    ];
    let (passed, seen) = through(Api::OpenaiChat, &events).unwrap();
    assert!(!passed.contains("other") && !passed.contains("too late") && !passed.contains("error"));
    assert!(passed.contains(r#""arguments":"{\"a\":1}""#), "{passed}");
    assert!(passed.contains(r#""index":1"#), "{passed}");
    assert_eq!(passed.matches("[DONE]").count(), 1);
    assert_eq!(seen.usage, usage(10, 2, 4, 1));
    assert_eq!((seen.finish.as_deref(), seen.done), (Some("tool_calls"), true));
}

#[test]
fn chat_may_lack_its_last_word_but_not_its_reason() {
    let word = json!({"choices": [{"delta": {"content": "hi"}}]});
    let end = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    let (passed, seen) = through(Api::OpenaiChat, &[word.clone(), end]).unwrap();
    assert!(passed.ends_with("data: [DONE]\n\n") && seen.done);
    let (_, seen) = through(Api::OpenaiChat, &[word]).unwrap();
    assert!(!seen.done);
}

#[test]
fn a_number_of_a_call_makes_no_room_for_millions() {
    let call = json!({"index": 4_000_000_000_u64, "function": {"name": "n"}});
    let event = json!({"choices": [{"delta": {"tool_calls": [call]}}]});
    assert_eq!(through(Api::OpenaiChat, &[event]).unwrap_err().code, "malformed");
}

#[test]
fn refusals_are_said_and_known() {
    let word = json!({"choices": [{"delta": {"refusal": "I cannot."}}]});
    let end = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    let (passed, seen) = through(Api::OpenaiChat, &[word, end]).unwrap();
    assert!(passed.contains(r#""content":"I cannot.""#));
    assert_eq!(seen.finish.as_deref(), Some("refusal"));

    let word = json!({"type": "response.refusal.delta", "delta": "I cannot."});
    let end = json!({"type": "response.completed", "response": {}});
    let (passed, seen) = through(Api::OpenaiResponses, &[word, end]).unwrap();
    assert!(passed.contains("response.output_text.delta"));
    assert_eq!(seen.finish.as_deref(), Some("refusal"));

    let blocked = json!({"promptFeedback": {"blockReason": "SAFETY"}, "usageMetadata": {"promptTokenCount": 3}});
    let (passed, seen) = through(Api::Gemini, &[blocked]).unwrap();
    assert!(passed.contains("finishReason"));
    assert_eq!((seen.finish.as_deref(), seen.done), (Some("blocked: SAFETY"), true));
    assert_eq!(seen.usage, usage(3, 0, 0, 0));
}

#[test]
fn responses_are_numbered() {
    let word = |number: u64| {
        json!({
            "type": "response.output_text.delta", "sequence_number": number, "delta": "hi",
        })
    };
    let end = json!({"type": "response.incomplete", "sequence_number": 9, "response": {
        "id": "r1", "incomplete_details": {"reason": "max_output_tokens"},
        "usage": {"input_tokens": 7, "output_tokens": 2, "input_tokens_details": {"cached_tokens": 5}},
    }});
    let created = json!({"type": "response.created", "sequence_number": 0});
    let events = [created, word(1), word(1), word(2), word(1), end.clone(), end];
    let (passed, seen) = through(Api::OpenaiResponses, &events).unwrap();
    assert_eq!(passed.matches("event: response.output_text").count(), 2);
    assert_eq!(passed.matches("event: response.incomplete").count(), 1);
    // What the library must find.
    assert!(passed.contains(r#""status":"incomplete""#) && passed.contains(r#""model":"""#));
    assert_eq!(seen.usage, usage(7, 2, 5, 0));
    assert_eq!(seen.finish.as_deref(), Some("max_output_tokens"));
    assert_eq!(seen.request_id.as_deref(), Some("r1"));
}

#[test]
fn errors_are_never_doubles() {
    let word = json!({"type": "response.output_text.delta", "sequence_number": 5, "delta": "hi"});
    for error in [
        json!({"type": "error", "sequence_number": 5, "message": "x"}),
        json!({"type": "response.failed", "sequence_number": 1, "response": {"error": {"code": "server_error"}}}),
    ] {
        let error = through(Api::OpenaiResponses, &[word.clone(), error]).unwrap_err();
        assert_eq!(error.code, "stream-error");
    }
}

#[test]
fn gemini_tells_usage_with_every_piece() {
    let piece = |text: &str, output: u64| {
        json!({
            "candidates": [{"content": {"parts": [{"text": text}]}}],
            "usageMetadata": {"promptTokenCount": 8, "toolUsePromptTokenCount": 2,
                "cachedContentTokenCount": 3, "candidatesTokenCount": output, "thoughtsTokenCount": 5},
        })
    };
    let bare = json!({"candidates": [{"finishReason": "STOP"}]});
    let only_usage = json!({"usageMetadata": {"promptTokenCount": 8, "candidatesTokenCount": 4}});
    let hollow = json!({"candidates": [{"content": {"role": "model"}}]});
    let events = [piece("a", 1), hollow, piece("b", 2), bare, only_usage];
    let (passed, seen) = through(Api::Gemini, &events).unwrap();
    assert_eq!(passed.matches("data: ").count(), 3, "{passed}");
    assert_eq!(seen.usage, usage(8, 4, 0, 0));
    assert!(seen.done);
    let (_, seen) = through(Api::Gemini, &[piece("a", 1)]).unwrap();
    assert_eq!((seen.usage, seen.done), (usage(10, 6, 3, 0), false));
}

#[test]
fn ollama_ends_with_a_mark() {
    let word = json!({"message": {"content": "hi", "tool_calls": [{"function": {"name": "n"}}]}, "done": false});
    let end =
        json!({"done": true, "done_reason": "length", "prompt_eval_count": 6, "eval_count": 2});
    let (passed, seen) = through(Api::Ollama, &[word.clone(), end.clone(), end]).unwrap();
    assert_eq!(passed.lines().count(), 2);
    assert!(passed.contains(r#""arguments":{}"#));
    assert_eq!(seen.usage, usage(6, 2, 0, 0));
    assert_eq!(seen.finish.as_deref(), Some("length"));
    let nameless = json!({"message": {"tool_calls": [{"function": {}}]}});
    assert_eq!(through(Api::Ollama, &[nameless]).unwrap_err().code, "malformed");
    assert!(!through(Api::Ollama, &[word]).unwrap().1.done);
}

#[test]
fn what_is_no_object_is_no_event() {
    for api in Api::ALL {
        for text in ["{", "[1]", "7", "hello"] {
            let error = through(api, &[json!(text)]).unwrap_err();
            assert_eq!(error.code, "malformed", "{api:?} {text}");
        }
        let (passed, seen) = through(api, &[json!(" ")]).unwrap();
        assert_eq!((passed.as_str(), seen), ("", Seen::default()), "{api:?}");
        let error = match api {
            Api::Anthropic => json!({"type": "error", "error": {"type": "overloaded_error"}}),
            Api::OpenaiResponses => json!({"type": "error", "code": "overloaded"}),
            _ => json!({"error": {"type": "overloaded", "message": "x"}}),
        };
        assert_eq!(through(api, &[error]).unwrap_err().code, "overloaded", "{api:?}");
    }
}

#[test]
fn an_event_stays_one_event() {
    let mut watch = Watch::new(Api::Gemini);
    let data = "{\"candidates\":\n[{\"content\":\r\n{\"parts\":[]}}]}".to_owned();
    let bytes = watch.frame(&Frame { name: Some("a\nb".to_owned()), data }).unwrap().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().count(), 2, "{text}");
}
