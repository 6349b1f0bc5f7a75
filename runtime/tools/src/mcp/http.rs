//! Servers that are reached over HTTP.

use std::collections::{BTreeMap, HashMap};
use std::error::Error;
use std::iter::successors;
use std::sync::Arc;
use std::time::Duration;

use baton_core::limits::ToolLimits;
use reqwest::header::{HeaderName, HeaderValue};
use reqwest::{Url, redirect};
use rmcp::transport::StreamableHttpClientTransport;
use rmcp::transport::common::client_side_sse::ExponentialBackoff;
use rmcp::transport::streamable_http_client::{
    StreamableHttpClientTransportConfig, StreamableHttpError,
};

use super::client::{Breaks, Client};

/// Times a broken stream of events is taken up again, which repeats no request.
const RESUMES_MAX: usize = 3;

/// Wait before the first of them; it doubles.
const RESUME_WAIT: Duration = Duration::from_millis(500);

/// Redirects followed of one request, all within the same origin.
const REDIRECTS_MAX: usize = 5;

/// Where a server is.
///
/// # Errors
/// What is wrong with the text.
pub(super) fn address(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).map_err(|error| format!("`{text}` is no address: {error}"))?;
    match url.scheme() {
        "http" | "https" => Ok(url),
        _ => Err(format!("`{text}` is no address of HTTP")),
    }
}

/// The transport to a server, and where it is told why an answer broke off.
///
/// # Errors
/// What is wrong with a header. The value of one is in no message.
pub(super) fn transport(
    url: &Url,
    headers: &BTreeMap<String, String>,
    limits: &ToolLimits,
) -> Result<(StreamableHttpClientTransport<Client>, Breaks), String> {
    let breaks = Breaks::default();
    let client = Client {
        inner: client(url, limits)?,
        breaks: breaks.clone(),
        event_bytes_max: usize::try_from(limits.mcp_message_bytes).unwrap_or(usize::MAX),
    };
    let mut config =
        StreamableHttpClientTransportConfig::with_uri(url.as_str()).custom_headers(read(headers)?);
    let mut resumes = ExponentialBackoff::default();
    (resumes.max_times, resumes.base_duration) = (Some(RESUMES_MAX), RESUME_WAIT);
    config.retry_config = Arc::new(resumes);
    Ok((StreamableHttpClientTransport::with_client(client, config), breaks))
}

fn client(url: &Url, limits: &ToolLimits) -> Result<reqwest::Client, String> {
    let mut builder = reqwest::Client::builder()
        .user_agent(concat!("baton/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(Duration::from_millis(limits.http_connect_ms))
        .no_proxy()
        .redirect(redirects());
    // Somebody else in this process may have chosen the same one already.
    let _ = rustls::crypto::ring::default_provider().install_default();
    if url.scheme() == "http" {
        // A machine without certificates can do without them.
        builder = builder.tls_certs_only([]);
    }
    builder.build().map_err(|error| format!("no HTTP client: {}", chain(&error)))
}

/// Only within the same origin, and only where the request goes on as it is: everywhere else the
/// headers would be told to a stranger, or the message would be lost.
fn redirects() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let same = attempt.previous().first().map(Url::origin) == Some(attempt.url().origin());
        let whole = matches!(attempt.status().as_u16(), 307 | 308);
        if same && whole && attempt.previous().len() <= REDIRECTS_MAX {
            attempt.follow()
        } else {
            attempt.stop()
        }
    })
}

fn read(headers: &BTreeMap<String, String>) -> Result<HashMap<HeaderName, HeaderValue>, String> {
    let mut all = HashMap::new();
    for (name, value) in headers {
        let key = HeaderName::from_bytes(name.as_bytes())
            .map_err(|_| format!("`{name}` is no name of a header"))?;
        let mut value = HeaderValue::from_str(value)
            .map_err(|_| format!("the value of the header `{name}` cannot be one"))?;
        value.set_sensitive(true);
        all.insert(key, value);
    }
    Ok(all)
}

/// What an error says, with everything it comes from: the outermost rarely says what happened.
pub(super) fn chain(error: &(dyn Error + 'static)) -> String {
    let mut texts: Vec<String> = Vec::new();
    for error in causes(error) {
        let text = error.to_string();
        // Some repeat what they come from.
        if !texts.iter().any(|said| said.contains(&text)) {
            texts.push(text);
        }
    }
    texts.join(": ")
}

/// Whether an error says that there was nobody to send to.
pub(super) fn is_unsent(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|error| error.downcast_ref().is_some_and(reqwest::Error::is_connect))
}

/// Whether an error says that a message was too large.
pub(super) fn is_too_large(error: &(dyn Error + 'static)) -> bool {
    causes(error).any(|error| {
        matches!(
            error.downcast_ref::<StreamableHttpError<reqwest::Error>>(),
            Some(StreamableHttpError::ResponseBodyTooLarge { .. })
        )
    })
}

fn causes<'a>(error: &'a (dyn Error + 'static)) -> impl Iterator<Item = &'a (dyn Error + 'static)> {
    successors(Some(error), |&error| match error.downcast_ref() {
        // The library does not say that this one comes from the other.
        Some(StreamableHttpError::Client(client)) => Some(client as &reqwest::Error as _),
        _ => error.source(),
    })
}
