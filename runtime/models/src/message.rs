//! What is said to a model, and what it says: the same for every provider.

use baton_core::json::Json;
use baton_core::model::TokenUsage;
use serde::{Deserialize, Serialize};

/// One request.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct ModelRequest {
    /// The model, as its provider calls it.
    pub model: String,
    /// The system prompt; empty: none.
    pub system: String,
    /// The conversation so far. Begins with the user.
    pub messages: Vec<Message>,
    /// Tools the model may call.
    pub tools: Vec<ToolOffer>,
    /// The model must call one of them instead of ending with text.
    pub must_call: bool,
    /// Tokens the answer may have.
    pub output_tokens_max: u32,
    /// Reasoning effort: `low`, `medium`, `high`, `xhigh` or `max`; none: the model's own.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effort: Option<String>,
}

/// A tool as a model sees it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolOffer {
    /// Its name: letters, digits, `_` and `-`, at most 64.
    pub name: String,
    /// What it does.
    pub description: String,
    /// JSON Schema of its input.
    pub input: Json,
}

/// A turn of the conversation.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "role", content = "content")]
pub enum Message {
    /// The task, corrections, and what people say.
    User(String),
    /// What the model said.
    Assistant(Vec<Part>),
    /// What the tools that it called returned, in the order of the calls.
    Tools(Vec<ToolResult>),
}

/// A part of an answer.
// Tagged from outside: a JSON text within a variant that names itself inside cannot be read back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Text.
    Text {
        /// The text.
        text: String,
    },
    /// Reasoning. Providers want it back as it was, with its signature.
    Thinking {
        /// The text; may be empty where only the signature is given.
        text: String,
        /// What proves it to the provider.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        signature: Option<String>,
    },
    /// A call of a tool.
    ToolCall {
        /// Its id within the conversation.
        id: String,
        /// Name of the tool.
        name: String,
        /// Its input.
        input: Json,
    },
}

/// What a tool returned.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ToolResult {
    /// Id of the call.
    pub id: String,
    /// Name of the tool.
    pub name: String,
    /// What it returned, or why it failed.
    pub content: String,
    /// It failed.
    #[serde(default)]
    pub failed: bool,
}

/// Why an answer ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// The model said all it had to say.
    End,
    /// It waits for tools.
    ToolCalls,
    /// It came to the limit of tokens; what it said is cut.
    Length,
    /// The provider kept it from answering.
    Refused,
    /// Something else, in the provider's words.
    Other(String),
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ModelReply {
    /// What was said.
    pub parts: Vec<Part>,
    /// Why it ended.
    pub stop: Stop,
    /// What it consumed.
    pub usage: TokenUsage,
    /// The provider said nothing of its usage: the numbers are estimates.
    #[serde(default)]
    pub estimated: bool,
    /// The provider's name for the request, for its support.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}
