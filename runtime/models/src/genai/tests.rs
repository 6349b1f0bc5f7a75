#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::json::Json;
use baton_core::model::Api;
use genai::chat::{ContentPart, CustomPart, MessageContent, StreamEnd, ToolCall};
use serde_json::json;

use super::back::{answer, results};
use super::said::{Said, input};
use crate::carrier::Block;
use crate::message::{Message, ModelRequest, Part, ToolResult};

fn request(parts: Vec<Part>) -> ModelRequest {
    ModelRequest { messages: vec![Message::Assistant(parts)], ..ModelRequest::default() }
}

fn call(id: &str) -> Part {
    Part::ToolCall { id: id.to_owned(), name: "n".to_owned(), input: Json::of(&json!({})).unwrap() }
}

fn chunk(id: &str, signature: Option<&str>) -> ToolCall {
    ToolCall {
        call_id: id.to_owned(),
        fn_name: "n".to_owned(),
        fn_arguments: json!({}),
        thought_signatures: signature.map(|signature| vec![signature.to_owned()]),
    }
}

#[test]
fn a_signature_stays_with_its_call() {
    let content = vec![
        ContentPart::ThoughtSignature("of text".to_owned()),
        ContentPart::ThoughtSignature("of call".to_owned()),
        ContentPart::Text("hi".to_owned()),
        ContentPart::ToolCall(chunk("call#n#0", Some("of call"))),
    ];
    let end = StreamEnd {
        captured_content: Some(MessageContent::from_parts(content)),
        captured_reasoning_content: Some("because".to_owned()),
        ..StreamEnd::default()
    };
    let calls = vec![chunk("call#n#0", Some("of call")), chunk("call#n#0", None)];
    let parts = Said { end, calls }.parts(Api::Gemini, &request(vec![]), &[]).unwrap();
    let thinking = |text: &str, signature: &str| Part::Thinking {
        text: text.to_owned(),
        signature: Some(signature.to_owned()),
    };
    let expected = [
        thinking("because", "of text"),
        Part::Text { text: "hi".to_owned() },
        thinking("", "of call"),
        call("call#n#0"),
        call("call#n#1"),
    ];
    assert_eq!(parts, expected);
    let (content, _) = answer(Api::Gemini, &parts);
    let calls: Vec<_> = content.iter().filter(|part| part.as_tool_call().is_some()).collect();
    assert_eq!(calls.len(), 2);
}

#[test]
fn hidden_reasoning_goes_back_whole() {
    let block = json!({"type": "redacted_thinking", "data": "abc"});
    let custom = CustomPart { model_iden: None, data: block.clone() };
    let end = StreamEnd {
        captured_content: Some(MessageContent::from_parts(vec![ContentPart::Custom(custom)])),
        ..StreamEnd::default()
    };
    let said = Said { end, calls: vec![] };
    let parts = said.parts(Api::Anthropic, &request(vec![]), &[Block::Thinking]).unwrap();
    let (content, order) = answer(Api::Anthropic, &parts);
    assert_eq!(order, [Block::Thinking]);
    assert_eq!(content[0].as_custom().unwrap().data, block);
}

#[test]
fn reasoning_goes_only_to_those_who_want_it() {
    let signed = Part::Thinking { text: "t".to_owned(), signature: Some("s".to_owned()) };
    let bare = Part::Thinking { text: "t".to_owned(), signature: None };
    for (api, of_signed, of_bare) in [
        (Api::Anthropic, 2, 0),
        (Api::OpenaiChat, 0, 1),
        (Api::OpenaiResponses, 1, 0),
        (Api::Gemini, 1, 0),
        (Api::Ollama, 0, 0),
    ] {
        let of = |part: &Part| answer(api, std::slice::from_ref(part)).0.len();
        assert_eq!((of(&signed), of(&bare)), (of_signed, of_bare), "{api:?}");
    }
}

#[test]
fn an_answer_without_a_readable_end_is_refused() {
    let said = Said { end: StreamEnd::default(), calls: vec![] };
    assert!(said.parts(Api::OpenaiResponses, &request(vec![]), &[]).is_err());
}

#[test]
fn inputs_of_calls() {
    let cases = [
        (json!(null), "{}"),
        (json!(" "), "{}"),
        (json!("{\"a\": "), "\"{\\\"a\\\": \""),
        (json!({"a": 1}), "{\"a\":1}"),
    ];
    for (arguments, expected) in cases {
        assert_eq!(input(arguments).unwrap().as_str(), expected);
    }
    // Back goes an object in any case.
    let broken = Part::ToolCall {
        id: "1".to_owned(),
        name: "n".to_owned(),
        input: Json::of("{\"a\": ").unwrap(),
    };
    let (content, _) = answer(Api::OpenaiChat, &[broken]);
    assert!(content[0].as_tool_call().unwrap().fn_arguments.is_object());
}

#[test]
fn results_are_sent_apart_where_they_must_be() {
    let result = |id: &str| ToolResult {
        id: id.to_owned(),
        name: "n".to_owned(),
        content: "c".to_owned(),
        failed: false,
    };
    let both = [result("1"), result("2")];
    assert_eq!(results(Api::Ollama, &both).len(), 2);
    assert_eq!(results(Api::Anthropic, &both).len(), 1);
    assert_eq!(results(Api::Anthropic, &[]).len(), 0);
}
