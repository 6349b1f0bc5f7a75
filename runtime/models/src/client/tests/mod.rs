#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod asked;
mod ended;
mod held;

use std::time::Duration;

use baton_core::json::Json;
use baton_core::model::{Api, ProviderDefinition};
use baton_test_llm::{Api as Fake, FakeLlm, Reply, Seen};
use serde_json::json;
use tokio::sync::{mpsc, watch};

use super::ModelClient;
use crate::api::{Activity, CallContext, ModelApi};
use crate::carrier::Carrier;
use crate::error::ModelError;
use crate::key;
use crate::message::{Message, ModelReply, ModelRequest, Part, ToolOffer};
use crate::options::ClientOptions;

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
