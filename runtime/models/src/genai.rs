//! Wire formats, by the library that this file alone knows.
//!
//! It makes a body of a request and text, reasoning and calls of the events of an answer. Why an
//! answer ended and what it consumed is told by the carrier, which sees every event first.

use std::collections::{BTreeSet, VecDeque};

use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::model::Api;
use futures::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{
    CacheControl, ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, ContentPart, CustomPart,
    MessageContent, ReasoningEffort, StreamEnd, Tool, ToolCall, ToolChoice, ToolResponse,
};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use serde_json::{Value, json};

use crate::carrier::{Block, error};
use crate::error::{ModelError, Trouble};
use crate::heard::Heard;
use crate::ids::Ids;
use crate::message::{Message, ModelRequest, Part, ToolResult};

/// A request in the library's terms.
pub(crate) struct Prepared {
    kind: AdapterKind,
    model: String,
    request: ChatRequest,
    options: ChatOptions,
    orders: Vec<Vec<Block>>,
}

/// What was said, whole.
pub(crate) struct Said {
    end: StreamEnd,
    /// Calls as they came, where each is one piece.
    calls: Vec<ToolCall>,
}

/// Puts a request into the library's terms.
pub(crate) fn prepare(api: Api, request: &ModelRequest) -> Result<Prepared, ModelError> {
    let effort = request.effort.as_deref().map(effort).transpose()?;
    let mut chat = ChatRequest::default();
    let mut messages = Vec::new();
    if !request.system.is_empty() {
        if api == Api::Anthropic {
            // The end of the part that all who share tools and system prompt have in common.
            messages.push(cached(ChatMessage::system(request.system.as_str())));
        } else {
            chat.system = Some(request.system.clone());
        }
    }
    let mut orders = Vec::new();
    for message in &request.messages {
        match message {
            Message::User(text) => messages.push(ChatMessage::user(text.as_str())),
            Message::Assistant(parts) => {
                let (parts, order) = answer(api, parts);
                if !parts.is_empty() {
                    messages.push(ChatMessage::assistant(MessageContent::from_parts(parts)));
                    orders.push(order);
                }
            }
            Message::Tools(results) => messages.extend(self::results(api, results)),
        }
    }
    if api == Api::Anthropic {
        // The end of the conversation, and the one before, which the next request and this one find
        // again.
        let mut ends = 0;
        for message in messages.iter_mut().rev() {
            if message.role != genai::chat::ChatRole::Assistant
                && message.options.is_none()
                && ends < 2
            {
                *message = cached(message.clone());
                ends += 1;
            }
        }
    }
    chat.messages = messages;
    let mut tools: Vec<Tool> = request
        .tools
        .iter()
        .map(|tool| {
            let mut tool = Tool::new(tool.name.as_str())
                .with_description(tool.description.as_str())
                .with_schema(tool.input.value());
            // Unless it is told otherwise, that API makes every property a required one.
            tool.strict = (api == Api::OpenaiResponses).then_some(false);
            tool
        })
        .collect();
    if let (Api::Anthropic, true, Some(last)) = (api, request.system.is_empty(), tools.last_mut()) {
        last.cache_control = Some(CacheControl::Ephemeral);
    }
    let must_call = request.must_call && !tools.is_empty() && can_be_made_to_call(api, request);
    if !tools.is_empty() {
        chat.tools = Some(tools);
    }
    let mut options = ChatOptions::default()
        .with_capture_content(true)
        .with_capture_tool_calls(true)
        .with_capture_usage(true)
        .with_capture_reasoning_content(reasons(api, &request.model))
        .with_max_tokens(request.output_tokens_max);
    if must_call {
        options = options.with_tool_choice(ToolChoice::Required);
    }
    if matches!(api, Api::OpenaiChat | Api::OpenaiResponses) {
        options = options.with_prompt_cache_key(prefix(request));
    }
    // Without an effort the library would take the end of a name such as `x-high` for one.
    let model =
        if effort.is_some() { request.model.clone() } else { format!("{}.", request.model) };
    if let Some(effort) = effort {
        options = options.with_reasoning_effort(effort);
    }
    let kind = match api {
        Api::Anthropic => AdapterKind::Anthropic,
        Api::OpenaiChat => AdapterKind::OpenAI,
        Api::OpenaiResponses => AdapterKind::OpenAIResp,
        Api::Gemini => AdapterKind::Gemini,
        Api::Ollama => AdapterKind::Ollama,
    };
    Ok(Prepared { kind, model, request: chat, options, orders })
}

impl Prepared {
    /// Blocks of each answer that goes back, in order.
    pub(crate) fn orders(&self) -> Vec<Vec<Block>> {
        self.orders.clone()
    }

    /// Sends the request to the carrier and listens until the end.
    pub(crate) async fn talk(
        self,
        client: reqwest::Client,
        url: &str,
        heard: &mut Heard,
    ) -> Result<Said, String> {
        let words =
            |failure: genai::Error| failure.to_string().chars().take(300).collect::<String>();
        let client = Client::builder().with_reqwest(client).build().map_err(words)?;
        let target = ServiceTarget {
            endpoint: Endpoint::from_owned(url),
            // The carrier has the key.
            auth: AuthData::from_single("none"),
            model: ModelIden::new(self.kind, self.model),
        };
        let answer = client.exec_chat_stream(target, self.request, Some(&self.options));
        let mut events = answer.await.map_err(words)?.stream;
        let mut calls = Vec::new();
        while let Some(event) = events.next().await {
            match event.map_err(words)? {
                ChatStreamEvent::Chunk(chunk) => heard.text(chunk.content),
                ChatStreamEvent::ReasoningChunk(chunk) => heard.thinking(chunk.content),
                ChatStreamEvent::ToolCallChunk(chunk) => {
                    let whole = matches!(self.kind, AdapterKind::Gemini | AdapterKind::Ollama);
                    let call = chunk.tool_call;
                    let length = match &call.fn_arguments {
                        Value::String(text) => text.len(),
                        value => value.to_string().len(),
                    };
                    // Ids of whole calls need not differ.
                    heard.call((!whole).then_some(&call.call_id), &call.fn_name, length);
                    if whole {
                        calls.push(call);
                    }
                }
                ChatStreamEvent::End(end) => return Ok(Said { end, calls }),
                ChatStreamEvent::Start
                | ChatStreamEvent::ThoughtSignatureChunk(_)
                | ChatStreamEvent::Heartbeat => {}
            }
        }
        Err("it has no end".to_owned())
    }
}

impl Said {
    /// The parts of the answer. `order`: of its blocks, as far as the carrier knows it.
    pub(crate) fn parts(
        self,
        api: Api,
        request: &ModelRequest,
        order: &[Block],
    ) -> Result<Vec<Part>, String> {
        let Self { end, calls: whole } = self;
        if api == Api::OpenaiResponses && end.captured_response_id.is_none() {
            return Err("its end cannot be read".to_owned());
        }
        let mut thoughts = VecDeque::new();
        let mut texts = VecDeque::new();
        let mut calls = VecDeque::new();
        let content = end.captured_content.map(MessageContent::into_parts).unwrap_or_default();
        for part in content {
            match part {
                ContentPart::ThoughtSignature(signature) => {
                    thoughts.push_back((String::new(), Some(signature)));
                }
                ContentPart::ReasoningContent(text) => match thoughts.back_mut() {
                    Some((empty, Some(_))) if empty.is_empty() => *empty = text,
                    _ => thoughts.push_back((text, None)),
                },
                // Reasoning that is not shown goes back as it is.
                ContentPart::Custom(custom) => {
                    thoughts.push_back((String::new(), Some(custom.data.to_string())));
                }
                ContentPart::Text(text) if !text.is_empty() => texts.push_back(Part::Text { text }),
                ContentPart::ToolCall(call) => calls.push_back(call),
                _ => {}
            }
        }
        if let Some(text) = end.captured_reasoning_content.filter(|text| !text.is_empty())
            && thoughts.iter().all(|(text, _)| text.is_empty())
        {
            match thoughts.front_mut() {
                Some((empty, _)) => *empty = text,
                None => thoughts.push_back((text, None)),
            }
        }
        let mut ids = Ids::of(api, request);
        let mut parts = Vec::new();
        if !whole.is_empty() {
            calls = whole.into();
        }
        if api == Api::Gemini {
            // A signature that came with a call goes back with it.
            let with: BTreeSet<String> =
                calls.iter().flat_map(|call| call.thought_signatures.clone()).flatten().collect();
            thoughts.retain(|(text, signature)| {
                !text.is_empty() || signature.as_ref().is_none_or(|own| !with.contains(own))
            });
        }
        let mut thinking = |(text, signature)| Part::Thinking { text, signature };
        let mut call = |call: ToolCall, parts: &mut Vec<Part>| -> Result<(), String> {
            let own = call.thought_signatures.filter(|_| api == Api::Gemini).unwrap_or_default();
            parts.extend(
                own.into_iter()
                    .map(|own| Part::Thinking { text: String::new(), signature: Some(own) }),
            );
            let id = ids.give(call.call_id, &call.fn_name);
            let input = input(call.fn_arguments).map_err(|error| error.to_string())?;
            parts.push(Part::ToolCall { id, name: call.fn_name, input });
            Ok(())
        };
        for block in order {
            match block {
                Block::Thinking => parts.extend(thoughts.pop_front().map(&mut thinking)),
                Block::Text => parts.extend(texts.pop_front()),
                Block::ToolCall => {
                    if let Some(next) = calls.pop_front() {
                        call(next, &mut parts)?;
                    }
                }
            }
        }
        parts.extend(thoughts.into_iter().map(thinking));
        parts.extend(texts);
        for next in calls {
            call(next, &mut parts)?;
        }
        Ok(parts)
    }
}

/// The input of a call. What is not JSON stays a text, for the caller to refuse.
fn input(arguments: Value) -> Result<Json, baton_core::json::JsonError> {
    match arguments {
        Value::Null => Json::of(&json!({})),
        Value::String(text) if text.trim().is_empty() => Json::of(&json!({})),
        arguments => Json::of(&arguments),
    }
}

/// An answer on its way back, and its blocks in order.
fn answer(api: Api, parts: &[Part]) -> (Vec<ContentPart>, Vec<Block>) {
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

fn results(api: Api, results: &[ToolResult]) -> Vec<ChatMessage> {
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

fn cached(message: ChatMessage) -> ChatMessage {
    message.with_options(CacheControl::Ephemeral)
}

fn effort(effort: &str) -> Result<ReasoningEffort, ModelError> {
    Ok(match effort {
        "none" => ReasoningEffort::Zero,
        "minimal" => ReasoningEffort::Minimal,
        "low" => ReasoningEffort::Low,
        "medium" => ReasoningEffort::Medium,
        "high" => ReasoningEffort::High,
        "xhigh" => ReasoningEffort::XHigh,
        "max" => ReasoningEffort::Max,
        other => {
            let message = format!("There is no reasoning effort `{other}`.");
            return Err(error(Trouble::Permanent, "bad-request", message));
        }
    })
}

/// Whether reasoning can be asked for: models without it refuse the request.
fn reasons(api: Api, model: &str) -> bool {
    let without: &[&str] = match api {
        Api::OpenaiResponses => &["gpt-3", "gpt-4", "chatgpt-"],
        Api::Gemini => &["gemini-1", "gemini-2.0", "gemma-"],
        Api::Anthropic | Api::OpenaiChat | Api::Ollama => &[],
    };
    !without.iter().any(|start| model.starts_with(start))
}

/// Whether a call can be demanded. Models of Anthropic that think refuse to be made to; from the
/// fifth generation on all do by themselves.
fn can_be_made_to_call(api: Api, request: &ModelRequest) -> bool {
    if api != Api::Anthropic {
        return true;
    }
    let generation = request
        .model
        .strip_prefix("claude-")
        .and_then(|name| name.split('-').find_map(|part| part.parse::<u32>().ok()));
    request.effort.is_none() && generation.is_none_or(|generation| generation < 5)
}

/// The same for all requests that begin alike, so that they meet the same cache.
fn prefix(request: &ModelRequest) -> String {
    Digest::of_json(&(&request.model, &request.system, &request.tools)).hex()[..32].to_owned()
}

#[cfg(test)]
mod tests;
