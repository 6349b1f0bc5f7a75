//! A client for one provider.

use std::fmt;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use baton_core::model::{ProviderDefinition, TokenUsage};
use tokio::time::timeout;

use crate::api::{CallContext, ModelApi, ModelFuture};
use crate::carrier::{self, Adjust, Announced, Carrier, Outcome, Parcel, Upstream};
use crate::error::{ModelError, Trouble};
use crate::genai;
use crate::heard::Heard;
use crate::key::KeySource;
use crate::message::{ModelReply, ModelRequest, Part, Stop};
use crate::options::ClientOptions;
use crate::recorded::Replay;
use crate::tokens;

/// Bytes of a broken answer that are kept as evidence.
const PARTIAL_MAX: usize = 64 << 10;

/// How long the library may take beyond the time of the exchange.
const GRACE: Duration = Duration::from_secs(5);

/// Makes requests to one provider. Cheap to clone; clones share connections.
#[derive(Clone)]
pub struct ModelClient {
    carrier: Arc<Carrier>,
    provider: Arc<str>,
    definition: Arc<ProviderDefinition>,
    upstream: Upstream,
    key: Option<KeySource>,
    options: ClientOptions,
}

impl fmt::Debug for ModelClient {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("ModelClient")
            .field("provider", &self.provider)
            .field("definition", &self.definition)
            .field("key", &self.key.is_some())
            .field("options", &self.options)
            .finish_non_exhaustive()
    }
}

impl ModelClient {
    /// A client for a provider by the name it has in settings and messages. Without a source of a
    /// key, requests go without one. Answers of a definition with recorded exchanges come from
    /// there: no key is asked for, and nothing is sent.
    ///
    /// # Errors
    /// The base URL is none of http or https, a certificate is none, or recorded exchanges cannot
    /// be read.
    pub fn new(
        carrier: Arc<Carrier>,
        provider: &str,
        definition: &ProviderDefinition,
        key: Option<KeySource>,
        mut options: ClientOptions,
    ) -> Result<Self, ModelError> {
        let upstream = Upstream::new(
            &definition.base_url,
            definition.api,
            &options.certificates,
            options.connect_timeout,
        )
        .map_err(|error| ModelError {
            message: format!("{provider}: {}", error.message),
            ..error
        })?;
        if let Some(folder) = &definition.recorded {
            let redact = options.redact.clone().unwrap_or_else(|| Arc::new(str::to_owned));
            let replay = Replay::open(Path::new(folder), redact).map_err(|failure| {
                carrier::error(Trouble::Permanent, "recording", format!("{provider}: {failure}"))
            })?;
            options.exchange = Some(Arc::new(replay));
        }
        Ok(Self {
            carrier,
            provider: provider.into(),
            definition: Arc::new(definition.clone()),
            upstream,
            key,
            options,
        })
    }

    async fn request(
        &self,
        request: &ModelRequest,
        context: &CallContext,
    ) -> Result<ModelReply, ModelError> {
        if *context.cancelled.borrow() {
            let message = "The answer was not wanted any more.";
            return Err(carrier::error(Trouble::Cancelled, "cancelled", message));
        }
        let api = self.definition.api;
        let prepared = genai::prepare(api, request)?;
        let announced = self.carrier.announce(Parcel {
            provider: Arc::clone(&self.provider),
            model: request.model.clone(),
            api,
            upstream: self.upstream.clone(),
            key: self.key.clone(),
            exchange: self.options.exchange.clone(),
            answer_max: self.options.answer_bytes_max,
            event_max: self.options.event_bytes_max,
            adjust: Adjust {
                api,
                model: request.model.clone(),
                orders: prepared.orders(),
                openai: self.definition.base_url.starts_with("https://api.openai.com/"),
            },
            context: context.clone(),
        })?;
        let mut heard = Heard::new(context.activity.clone());
        let wait = context.deadline.saturating_add(GRACE);
        let exchange = timeout(wait, exchange(announced, prepared, &mut heard));
        let Ok((said, outcome)) = exchange.await else {
            let message = format!("{} took too long.", self.provider);
            let error = carrier::error(Trouble::Retryable, "deadline", message);
            return Err(broken(error, None, request, &heard));
        };
        let (finish, usage) = (outcome.seen.finish.clone(), outcome.seen.usage);
        let failed = |error| broken(error, outcome.served.then_some(usage), request, &heard);
        if let Err(error) = outcome.result {
            return Err(failed(error));
        }
        let parts = said
            .and_then(|said| said.parts(api, request, &outcome.seen.order))
            .map_err(|why| failed(carrier::malformed(&why)))?;
        let stop = stop(finish.as_deref(), &parts).map_err(failed)?;
        Ok(ModelReply {
            parts,
            stop,
            usage: usage.unwrap_or_else(|| estimate(request, &heard)),
            estimated: usage.is_none(),
            request_id: outcome.seen.request_id,
        })
    }
}

impl ModelApi for ModelClient {
    fn complete<'a>(
        &'a self,
        request: &'a ModelRequest,
        context: &'a CallContext,
    ) -> ModelFuture<'a> {
        Box::pin(self.request(request, context))
    }
}

/// Lets the library talk until the carrier says how it ended. What the library could not make of an
/// answer that the carrier found whole is an error of the answer.
async fn exchange(
    mut announced: Announced,
    prepared: genai::Prepared,
    heard: &mut Heard,
) -> (Result<genai::Said, String>, Outcome) {
    let url = announced.url();
    let talk = prepared.talk(announced.client.clone(), &url, heard);
    let mut talk = std::pin::pin!(talk);
    let mut said = None;
    let outcome = tokio::select! {
        biased;
        outcome = &mut announced.outcome => outcome.ok(),
        ended = &mut talk => {
            // Without a request there will be no outcome.
            let outcome = if announced.unclaimed() {
                let why = ended.as_ref().err().map_or("it was not sent", String::as_str);
                let message = format!("The request could not be formed: {why}.");
                Some(lost("bad-request", Trouble::Permanent, message))
            } else {
                (&mut announced.outcome).await.ok()
            };
            said = Some(ended);
            outcome
        }
    };
    let outcome = outcome.unwrap_or_else(|| {
        lost("carrier", Trouble::Retryable, "The exchange was given up half-way.".to_owned())
    });
    // Also of a broken answer, what came before counts.
    let said = match said {
        Some(said) => said,
        None => timeout(GRACE, talk).await.unwrap_or_else(|_| Err("it does not end".to_owned())),
    };
    (said, outcome)
}

fn lost(code: &'static str, trouble: Trouble, message: String) -> Outcome {
    let result = Err(carrier::error(trouble, code, message));
    Outcome { result, seen: carrier::Seen::default(), served: false }
}

/// The error with what was consumed and said until then. `served`: what the provider reported, if
/// the request may have reached it.
fn broken(
    error: ModelError,
    served: Option<Option<TokenUsage>>,
    request: &ModelRequest,
    heard: &Heard,
) -> ModelError {
    let usage = served.map(|reported| {
        let estimate = estimate(request, heard);
        // A report before the end knows the input and the beginning of the output.
        reported.map_or(estimate, |reported| TokenUsage {
            output: reported.output.max(estimate.output),
            ..reported
        })
    });
    let mut end = heard.text.len().min(PARTIAL_MAX);
    while !heard.text.is_char_boundary(end) {
        end -= 1;
    }
    ModelError { usage, partial: heard.text[..end].to_owned(), ..error }
}

fn estimate(request: &ModelRequest, heard: &Heard) -> TokenUsage {
    TokenUsage { input: tokens::estimate(request), output: heard.tokens(), ..TokenUsage::default() }
}

/// Why an answer ended, from the provider's word for it and what it holds.
fn stop(finish: Option<&str>, parts: &[Part]) -> Result<Stop, ModelError> {
    let calls = parts.iter().any(|part| matches!(part, Part::ToolCall { .. }));
    Ok(match finish.unwrap_or("stop") {
        "length"
        | "max_tokens"
        | "MAX_TOKENS"
        | "max_output_tokens"
        | "incomplete"
        | "model_context_window_exceeded" => Stop::Length,
        "refusal" | "content_filter" | "SAFETY" | "RECITATION" | "BLOCKLIST" | "SPII"
        | "PROHIBITED_CONTENT" | "LANGUAGE" => Stop::Refused,
        blocked if blocked.starts_with("blocked: ") => Stop::Refused,
        "tool_use" | "tool_calls" | "function_call" if !calls => {
            return Err(carrier::malformed("it announces a call of a tool and holds none"));
        }
        "end_turn" | "stop" | "stop_sequence" | "STOP" | "completed" | "tool_use"
        | "tool_calls" | "function_call" => {
            if calls {
                Stop::ToolCalls
            } else {
                Stop::End
            }
        }
        other => Stop::Other(other.to_owned()),
    })
}

#[cfg(test)]
mod tests;
