//! What was asked, read from the body of any of the protocols.

use bytes::Bytes;
use serde_json::Value;

/// The protocols.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// `/v1/messages`.
    Anthropic,
    /// `/v1/chat/completions`.
    OpenaiChat,
    /// `/v1/responses`.
    OpenaiResponses,
    /// `:generateContent` and `:streamGenerateContent`.
    Gemini,
    /// `/api/chat`.
    Ollama,
}

impl Api {
    /// Every protocol.
    pub const ALL: [Self; 5] =
        [Self::Anthropic, Self::OpenaiChat, Self::OpenaiResponses, Self::Gemini, Self::Ollama];

    /// Its name in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenaiChat => "openai-chat",
            Self::OpenaiResponses => "openai-responses",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }

    /// Where the API begins below the address of a server, as it is written in settings.
    #[must_use]
    pub fn base_path(self) -> &'static str {
        match self {
            Self::Anthropic | Self::OpenaiChat | Self::OpenaiResponses => "/v1/",
            Self::Gemini => "/v1beta/",
            Self::Ollama => "/",
        }
    }
}

/// Something that was said in the conversation.
#[derive(Clone, Debug, PartialEq, Eq, serde::Serialize)]
pub struct Said {
    /// `system`, `user`, `assistant` or `tool`.
    pub role: &'static str,
    /// As plain text; calls and results of tools as compact JSON where they are not text.
    pub text: String,
}

/// A request for an answer.
#[derive(Clone, Debug)]
pub struct Seen {
    /// How many there have been, this one included.
    pub number: usize,
    /// The protocol.
    pub api: Api,
    /// Path and query.
    pub path: String,
    /// The model that was asked for.
    pub model: String,
    /// The answer is to be streamed.
    pub streamed: bool,
    /// The conversation.
    pub said: Vec<Said>,
    /// Answers of the model in the conversation so far.
    pub turns: usize,
    /// Results of tools in the conversation so far.
    pub results: usize,
    /// Names of the tools that were offered.
    pub tools: Vec<String>,
    /// The schema that the answer must fit, if one was given outside of the tools.
    pub schema: Option<Value>,
    /// Headers; names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body as it came.
    pub body: Bytes,
    /// The body as a value; null if it is none.
    pub json: Value,
}

impl Seen {
    /// The whole conversation as one text.
    #[must_use]
    pub fn prompt(&self) -> String {
        self.said.iter().map(|said| said.text.as_str()).collect::<Vec<_>>().join("\n")
    }

    /// What was said by one role, as one text.
    #[must_use]
    pub fn by(&self, role: &str) -> String {
        let texts: Vec<_> = self
            .said
            .iter()
            .filter(|said| said.role == role)
            .map(|said| said.text.as_str())
            .collect();
        texts.join("\n")
    }

    /// The last thing that was said.
    #[must_use]
    pub fn last(&self) -> &str {
        self.said.last().map_or("", |said| &said.text)
    }

    /// A header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(known, _)| known.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_str())
    }

    /// Whether a tool was offered.
    #[must_use]
    pub fn offers(&self, tool: &str) -> bool {
        self.tools.iter().any(|name| name == tool)
    }

    pub(crate) fn read(api: Api, path: &str, headers: Vec<(String, String)>, body: Bytes) -> Self {
        let json: Value = serde_json::from_slice(&body).unwrap_or_default();
        let mut said = Vec::new();
        match api {
            Api::Anthropic => {
                tell(&mut said, "system", &json["system"]);
                messages(&mut said, &json["messages"]);
            }
            Api::OpenaiChat | Api::Ollama => messages(&mut said, &json["messages"]),
            Api::OpenaiResponses => {
                tell(&mut said, "system", &json["instructions"]);
                match &json["input"] {
                    Value::Array(_) => messages(&mut said, &json["input"]),
                    text => tell(&mut said, "user", text),
                }
            }
            Api::Gemini => {
                for name in ["systemInstruction", "system_instruction"] {
                    tell(&mut said, "system", &json[name]);
                }
                messages(&mut said, &json["contents"]);
            }
        }
        Self {
            number: 0,
            api,
            path: path.to_owned(),
            model: model(api, path, &json),
            streamed: streamed(api, path, &json),
            turns: turns(&said),
            results: said.iter().filter(|said| said.role == "tool").count(),
            said,
            tools: tools(&json["tools"]),
            schema: schema(&json),
            headers,
            body,
            json,
        }
    }
}

/// What is said without anybody in between is one answer: some protocols have an entry for every
/// part of it.
fn turns(said: &[Said]) -> usize {
    said.chunk_by(|one, other| one.role == other.role)
        .filter(|run| run.first().is_some_and(|said| said.role == "assistant"))
        .count()
}

fn model(api: Api, path: &str, json: &Value) -> String {
    match api {
        Api::Gemini => path
            .split_once("models/")
            .map_or("", |(_, rest)| rest.split(':').next().unwrap_or(""))
            .to_owned(),
        _ => json["model"].as_str().unwrap_or("").to_owned(),
    }
}

fn streamed(api: Api, path: &str, json: &Value) -> bool {
    match api {
        Api::Gemini => path.contains(":streamGenerateContent"),
        // Ollama streams unless it is told not to.
        Api::Ollama => json["stream"].as_bool().unwrap_or(true),
        _ => json["stream"].as_bool().unwrap_or(false),
    }
}

fn messages(said: &mut Vec<Said>, messages: &Value) {
    for message in messages.as_array().into_iter().flatten() {
        let role = match (message["role"].as_str(), message["type"].as_str()) {
            (Some("system" | "developer"), _) => "system",
            (Some("assistant" | "model"), _)
            | (None, Some("function_call" | "custom_tool_call" | "local_shell_call")) => {
                "assistant"
            }
            (Some("tool" | "function"), _) => "tool",
            (None, Some(kind)) if kind.ends_with("_output") => "tool",
            (None, Some("reasoning")) => continue,
            _ => "user",
        };
        let content =
            ["content", "parts"].into_iter().map(|name| &message[name]).find(|v| !v.is_null());
        let Some(content) = content else {
            said.push(Said { role, text: text_of(message) });
            continue;
        };
        let mut text = Vec::new();
        for part in content.as_array().map_or(std::slice::from_ref(content), Vec::as_slice) {
            let result = ["tool_result", "functionResponse", "function_response"]
                .into_iter()
                .any(|kind| part["type"] == kind || !part[kind].is_null());
            if result {
                said.push(Said { role: "tool", text: text_of(part) });
            } else {
                text.push(text_of(part));
            }
        }
        text.extend(message["tool_calls"].as_array().into_iter().flatten().map(text_of));
        text.retain(|text| !text.is_empty());
        if !text.is_empty() {
            said.push(Said { role, text: text.join("\n") });
        }
    }
}

fn tell(said: &mut Vec<Said>, role: &'static str, value: &Value) {
    let text = text_of(value);
    if !text.is_empty() {
        said.push(Said { role, text });
    }
}

/// The text of a value that somebody said, whatever the protocol wraps it in.
fn text_of(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(parts) => {
            let texts: Vec<_> = parts.iter().map(text_of).filter(|text| !text.is_empty()).collect();
            texts.join("\n")
        }
        Value::Object(map) => ["text", "content", "parts", "output"]
            .into_iter()
            .find_map(|name| map.get(name).filter(|value| !value.is_null()))
            .map_or_else(|| value.to_string(), text_of),
        other => other.to_string(),
    }
}

fn tools(offered: &Value) -> Vec<String> {
    let mut names = Vec::new();
    for tool in offered.as_array().into_iter().flatten() {
        for list in ["functionDeclarations", "function_declarations", "tools"] {
            names.extend(tools(&tool[list]));
        }
        let name = tool["name"]
            .as_str()
            .or_else(|| tool["function"]["name"].as_str())
            .or_else(|| tool["type"].as_str());
        names.extend(name.map(str::to_owned));
    }
    names
}

fn schema(json: &Value) -> Option<Value> {
    [
        "/output_config/format/schema",
        "/output_format/schema",
        "/response_format/json_schema/schema",
        "/text/format/schema",
        "/generationConfig/responseJsonSchema",
        "/generationConfig/responseSchema",
        "/format",
    ]
    .into_iter()
    .find_map(|pointer| json.pointer(pointer).filter(|value| value.is_object()))
    .cloned()
}
