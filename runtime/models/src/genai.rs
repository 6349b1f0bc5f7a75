//! Wire formats, by the library that this module alone knows.
//!
//! It makes a body of a request and text, reasoning and calls of the events of an answer. Why an
//! answer ended and what it consumed is told by the carrier, which sees every event first.

mod abilities;
mod back;
mod said;
#[cfg(test)]
mod tests;

use baton_core::digest::Digest;
use baton_core::model::Api;
use futures::StreamExt as _;
use genai::adapter::AdapterKind;
use genai::chat::{
    CacheControl, ChatMessage, ChatOptions, ChatRequest, ChatStreamEvent, MessageContent, Tool,
    ToolChoice,
};
use genai::resolver::{AuthData, Endpoint};
use genai::{Client, ModelIden, ServiceTarget};
use serde_json::Value;

use self::abilities::{can_be_made_to_call, effort, reasons};
use self::back::answer;
use crate::carrier::Block;
use crate::error::ModelError;
use crate::heard::Heard;
use crate::message::{Message, ModelRequest};

pub(crate) use self::said::Said;

/// A request in the library's terms.
pub(crate) struct Prepared {
    kind: AdapterKind,
    model: String,
    request: ChatRequest,
    options: ChatOptions,
    orders: Vec<Vec<Block>>,
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
            Message::Tools(results) => messages.extend(back::results(api, results)),
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

fn cached(message: ChatMessage) -> ChatMessage {
    message.with_options(CacheControl::Ephemeral)
}

/// The same for all requests that begin alike, so that they meet the same cache.
fn prefix(request: &ModelRequest) -> String {
    Digest::of_json(&(&request.model, &request.system, &request.tools)).hex()[..32].to_owned()
}
