//! An HTTP client that remembers why a stream of events broke.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};

use futures::StreamExt;
use futures::stream::BoxStream;
use reqwest::header::{HeaderName, HeaderValue};
use rmcp::model::ClientJsonRpcMessage;
use rmcp::transport::streamable_http_client::{
    SseError, StreamableHttpClient, StreamableHttpError, StreamableHttpPostResponse,
};
use sse_stream::Sse;

/// What the library says of an event that is too large.
const TOO_LARGE: &str = "maximum size";

type Events = BoxStream<'static, Result<Sse, SseError>>;
type Headers = HashMap<HeaderName, HeaderValue>;
type Failed = StreamableHttpError<reqwest::Error>;

/// Why a stream of events broke.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Break {
    /// An event was larger than a message may be.
    TooLarge,
    /// Anything else.
    Other(String),
}

/// The last reason, until somebody takes it: the library tells those who wait only that nothing
/// comes.
#[derive(Clone, Default)]
pub(super) struct Breaks(Arc<Mutex<Option<Break>>>);

impl Breaks {
    pub(super) fn take(&self) -> Option<Break> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }

    fn watch(&self, events: Events) -> Events {
        let breaks = self.clone();
        let watched = events.inspect(move |event| {
            if let Err(error) = event {
                breaks.put(&error.to_string());
            }
        });
        watched.boxed()
    }

    fn put(&self, error: &str) {
        let why = if error.contains(TOO_LARGE) {
            Break::TooLarge
        } else {
            Break::Other(error.to_owned())
        };
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }
}

/// The client. Everything it does is done by the one inside.
#[derive(Clone)]
pub(super) struct Client {
    pub(super) inner: reqwest::Client,
    pub(super) breaks: Breaks,
    pub(super) event_bytes_max: usize,
}

impl StreamableHttpClient for Client {
    type Error = reqwest::Error;

    async fn post_message(
        &self,
        uri: Arc<str>,
        message: ClientJsonRpcMessage,
        session: Option<Arc<str>>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<StreamableHttpPostResponse, Failed> {
        let max = self.event_bytes_max;
        let sent = self
            .inner
            .post_message_with_max_sse_event_size(uri, message, session, auth, headers, max);
        Ok(match sent.await? {
            StreamableHttpPostResponse::Sse(events, session) => {
                StreamableHttpPostResponse::Sse(self.breaks.watch(events), session)
            }
            other => other,
        })
    }

    async fn delete_session(
        &self,
        uri: Arc<str>,
        session: Arc<str>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<(), Failed> {
        self.inner.delete_session(uri, session, auth, headers).await
    }

    async fn get_stream(
        &self,
        uri: Arc<str>,
        session: Option<Arc<str>>,
        last: Option<String>,
        auth: Option<String>,
        headers: Headers,
    ) -> Result<Events, Failed> {
        let max = self.event_bytes_max;
        let events =
            self.inner.get_stream_with_max_sse_event_size(uri, session, last, auth, headers, max);
        Ok(self.breaks.watch(events.await?))
    }
}
