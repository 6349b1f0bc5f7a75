//! Everything that goes wrong with providers, with each of their protocols: every fault ends in its
//! typed outcome, in time, after one request, and is charged at most once.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "a test that cannot go on has failed"
)]

mod cases;
mod late;
mod play;
mod recorded;
mod truncated;

use std::time::Duration;

use baton_core::model::{Api, ProviderDefinition, TokenUsage};
use baton_models::key::fixed;
use baton_models::{
    Activity, CallContext, Carrier, ClientOptions, Message, ModelApi as _, ModelClient, ModelError,
    ModelReply, ModelRequest, Part, Stop,
};
use baton_test_llm::Reply;
use tokio::sync::{mpsc, watch};

/// Longer than any test should take, however busy the machine is: only proves that nothing hangs.
const HANGS: Duration = Duration::from_secs(300);

/// What is said when all goes well. Holds characters of two to four bytes, and a place to spoil.
const SAID: &str = "It is said well: äöü, ✓, 🎉, and with BAD luck it is not.";
const KEY: &str = "key-that-nobody-may-see";

fn usage() -> TokenUsage {
    TokenUsage { input: 120, output: 9, cached: 100, cache_written: 0 }
}

/// The good answer.
fn good() -> Reply {
    Reply::text(SAID).usage(120, 9).cached(100, 0)
}

fn request() -> ModelRequest {
    ModelRequest {
        model: "large-1".to_owned(),
        system: "You answer.".to_owned(),
        messages: vec![Message::User("What is it?".to_owned())],
        output_tokens_max: 1_000,
        ..ModelRequest::default()
    }
}

/// The name of a protocol in the server's terms.
fn spoken(api: Api) -> baton_test_llm::Api {
    match api {
        Api::Anthropic => baton_test_llm::Api::Anthropic,
        Api::OpenaiChat => baton_test_llm::Api::OpenaiChat,
        Api::OpenaiResponses => baton_test_llm::Api::OpenaiResponses,
        Api::Gemini => baton_test_llm::Api::Gemini,
        Api::Ollama => baton_test_llm::Api::Ollama,
    }
}

fn definition(api: Api, url: &str) -> ProviderDefinition {
    ProviderDefinition {
        api,
        base_url: format!("{url}{}", spoken(api).base_path()),
        key: None,
        requests_per_minute: None,
        tokens_per_minute: None,
        concurrency: None,
        recorded: None,
    }
}

fn client(api: Api, url: &str) -> ModelClient {
    let options = ClientOptions::default();
    let key = Some(fixed(KEY));
    ModelClient::new(Carrier::new(), "acme", &definition(api, url), key, options).unwrap()
}

/// Time for an exchange, and how it can be called off.
struct Around {
    context: CallContext,
    cancel: watch::Sender<bool>,
    activity: mpsc::UnboundedReceiver<Activity>,
}

fn around(deadline: Duration, silence: Duration) -> Around {
    let (cancel, cancelled) = watch::channel(false);
    let (sender, activity) = mpsc::unbounded_channel();
    let traceparent = Some("00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01".to_owned());
    let context = CallContext { cancelled, deadline, silence, activity: sender, traceparent };
    Around { context, cancel, activity }
}

async fn complete(client: &ModelClient, around: &Around) -> Result<ModelReply, ModelError> {
    let request = request();
    let exchange = client.complete(&request, &around.context);
    tokio::time::timeout(HANGS, exchange).await.expect("an exchange that hangs")
}

/// Whether an answer is the good one, whole and counted once.
fn is_good(reply: &ModelReply) -> bool {
    let text = Part::Text { text: SAID.to_owned() };
    reply.parts == [text] && reply.stop == Stop::End && reply.usage == usage() && !reply.estimated
}
