//! Answers and results of tools on their way back to the provider.

use baton_core::model::Api;
use genai::chat::{ChatMessage, ContentPart, CustomPart, MessageContent, ToolCall, ToolResponse};
use serde_json::{Value, json};

use crate::carrier::Block;
use crate::message::{Part, ToolResult};

/// An answer on its way back, and its blocks in order.
pub(super) fn answer(api: Api, parts: &[Part]) -> (Vec<ContentPart>, Vec<Block>) {
    let mut content = Vec::new();
    let mut order = Vec::new();
    for part in parts {
        match part {
            Part::Text { text } if text.trim().is_empty() => {}
            Part::Text { text } => {
                content.push(ContentPart::Text(text.clone()));
                order.push(Block::Text);
            }
            Part::Thinking { text, signature } => {
                let before = content.len();
                content.extend(thought(api, text, signature.as_deref()));
                if content.len() > before {
                    order.push(Block::Thinking);
                }
            }
            Part::ToolCall { id, name, input } => {
                // Providers refuse an input that is no object, also one they made themselves.
                let arguments = match input.value() {
                    object @ Value::Object(_) => object,
                    other => json!({"malformed": other}),
                };
                content.push(ContentPart::ToolCall(ToolCall {
                    call_id: id.clone(),
                    fn_name: name.clone(),
                    fn_arguments: arguments,
                    thought_signatures: None,
                }));
                order.push(Block::ToolCall);
            }
        }
    }
    (content, order)
}

/// Reasoning on its way back, where its provider wants it.
fn thought(api: Api, text: &str, signature: Option<&str>) -> Vec<ContentPart> {
    match (api, signature) {
        (Api::Anthropic, Some(signature)) => {
            match serde_json::from_str(signature).ok().filter(Value::is_object) {
                Some(data) => vec![ContentPart::Custom(CustomPart { model_iden: None, data })],
                None => vec![
                    ContentPart::ThoughtSignature(signature.to_owned()),
                    ContentPart::ReasoningContent(text.to_owned()),
                ],
            }
        }
        (Api::OpenaiResponses | Api::Gemini, Some(signature)) => {
            vec![ContentPart::ThoughtSignature(signature.to_owned())]
        }
        (Api::OpenaiChat, None) if !text.is_empty() => {
            vec![ContentPart::ReasoningContent(text.to_owned())]
        }
        _ => Vec::new(),
    }
}

pub(super) fn results(api: Api, results: &[ToolResult]) -> Vec<ChatMessage> {
    let content = |result: &ToolResult| match api {
        // The library does not say that a call failed.
        Api::Anthropic => {
            let mut data = json!({
                "type": "tool_result",
                "tool_use_id": result.id,
                "content": result.content,
            });
            if result.failed {
                data["is_error"] = json!(true);
            }
            ContentPart::Custom(CustomPart { model_iden: None, data })
        }
        _ => ContentPart::ToolResponse(ToolResponse {
            call_id: result.id.clone(),
            fn_name: Some(result.name.clone()),
            content: result.content.clone(),
        }),
    };
    let message = |parts| ChatMessage::tool(MessageContent::from_parts(parts));
    match api {
        // Of several in one message the library would send the last.
        Api::Ollama => results.iter().map(|result| message(vec![content(result)])).collect(),
        _ if results.is_empty() => Vec::new(),
        _ => vec![message(results.iter().map(content).collect::<Vec<_>>())],
    }
}
