//! Bodies that are measured while they pass.

use std::pin::Pin;
use std::sync::{Arc, OnceLock};
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::HeaderMap;
use hyper::body::{Body, Frame, Incoming, SizeHint};
use tokio::task::JoinHandle;
use tokio::time::{Instant, Sleep, sleep_until};

use super::error::HttpError;
use super::redact::{RedactedStream, Redaction};
use super::told::Told;

/// What ended an exchange, where the body of the request knows better than the connection.
pub(super) type Verdict = Arc<OnceLock<HttpError>>;

/// The body of a request, no larger than it may be.
pub(super) struct RequestBody<B> {
    inner: B,
    taken: u64,
    max: u64,
    verdict: Verdict,
    told: Told,
}

impl<B> RequestBody<B> {
    /// `max`: bytes. What is wrong with the body is left in `verdict`.
    pub(super) fn new(inner: B, max: u64, verdict: Verdict, told: Told) -> Self {
        Self { inner, taken: 0, max, verdict, told }
    }

    fn checked<E>(&mut self, frame: Result<Frame<Bytes>, E>) -> Result<Frame<Bytes>, HttpError> {
        // The guest took its body back.
        let frame = frame.map_err(|_| HttpError::Protocol)?;
        let Some(data) = frame.data_ref() else { return Err(HttpError::RequestTrailers) };
        self.taken = self.taken.saturating_add(data.len() as u64);
        if self.taken > self.max {
            self.told.limit("http_request_bytes");
            return Err(HttpError::RequestBody(self.taken));
        }
        Ok(frame)
    }
}

impl<B: Body<Data = Bytes> + Unpin> Body for RequestBody<B> {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        let Some(frame) = std::task::ready!(Pin::new(&mut self.inner).poll_frame(cx)) else {
            return Poll::Ready(None);
        };
        let checked = self.checked(frame);
        if let Err(error) = &checked {
            // Only the first one counts.
            let _ = self.verdict.set(error.clone());
        }
        Poll::Ready(Some(checked))
    }

    fn is_end_stream(&self) -> bool {
        self.inner.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.inner.size_hint()
    }
}

/// A connection at work. It ends with this.
#[derive(Debug)]
pub(super) struct Connection(pub(super) JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// What the body of a response is held to.
pub(super) struct ResponseRules {
    /// When it must be complete.
    pub(super) deadline: Instant,
    /// How long the server may be silent.
    pub(super) silence: Option<Duration>,
    /// Bytes.
    pub(super) max: u64,
    pub(super) redaction: Option<Arc<Redaction>>,
    pub(super) verdict: Verdict,
    pub(super) told: Told,
}

/// The body of a response: no larger than it may be, in time, and without secrets.
pub(super) struct ResponseBody {
    incoming: Incoming,
    /// None: it is over.
    connection: Option<Connection>,
    deadline: Pin<Box<Sleep>>,
    silence: Option<(Duration, Pin<Box<Sleep>>)>,
    taken: u64,
    max: u64,
    redaction: Option<(Arc<Redaction>, RedactedStream)>,
    /// Trailers that wait until the rest of the data is out.
    trailers: Option<HeaderMap>,
    verdict: Verdict,
    told: Told,
}

impl ResponseBody {
    pub(super) fn new(incoming: Incoming, connection: Connection, rules: ResponseRules) -> Self {
        let ResponseRules { deadline, silence, max, redaction, verdict, told } = rules;
        Self {
            incoming,
            connection: Some(connection),
            deadline: Box::pin(sleep_until(deadline)),
            silence: silence.map(|span| (span, Box::pin(sleep_until(Instant::now() + span)))),
            taken: 0,
            max,
            redaction: redaction.map(|redaction| {
                let stream = redaction.stream();
                (redaction, stream)
            }),
            trailers: None,
            verdict,
            told,
        }
    }

    fn poll_raw(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        // Looked at first, so that a server cannot put it off by sending.
        if self.deadline.as_mut().poll(cx).is_ready() {
            return Poll::Ready(Some(Err(HttpError::Timeout)));
        }
        match Pin::new(&mut self.incoming).poll_frame(cx) {
            Poll::Ready(Some(Ok(frame))) => {
                if let Some((span, sleep)) = &mut self.silence {
                    sleep.as_mut().reset(Instant::now() + *span);
                }
                self.taken =
                    self.taken.saturating_add(frame.data_ref().map_or(0, Bytes::len) as u64);
                if self.taken > self.max {
                    self.told.limit("http_response_bytes");
                    return Poll::Ready(Some(Err(HttpError::ResponseBody(self.taken))));
                }
                Poll::Ready(Some(Ok(frame)))
            }
            // The connection has the same deadline, and may be the first to end for it: that is no
            // end of a body, even of one that ends with its connection.
            Poll::Ready(None | Some(Err(_))) if Instant::now() >= self.deadline.deadline() => {
                Poll::Ready(Some(Err(HttpError::Timeout)))
            }
            Poll::Ready(Some(Err(error))) => {
                let known = self.verdict.get().cloned();
                Poll::Ready(Some(Err(known.unwrap_or_else(|| HttpError::of_body(&error)))))
            }
            Poll::Ready(None) => Poll::Ready(None),
            Poll::Pending => {
                let Some((_, sleep)) = &mut self.silence else { return Poll::Pending };
                sleep.as_mut().poll(cx).map(|()| Some(Err(HttpError::Silence)))
            }
        }
    }

    /// What goes on of a frame. None: nothing yet.
    fn passed(&mut self, frame: Frame<Bytes>) -> Option<Frame<Bytes>> {
        let Some((redaction, stream)) = &mut self.redaction else { return Some(frame) };
        match frame.into_data() {
            Ok(data) => some_data(stream.push(&data)),
            Err(frame) => {
                let mut trailers = frame.into_trailers().ok()?;
                redact_headers(&mut trailers, redaction);
                self.trailers = Some(trailers);
                self.rest()
            }
        }
    }

    /// What is held back when nothing more comes.
    fn rest(&mut self) -> Option<Frame<Bytes>> {
        let (_, stream) = self.redaction.as_mut()?;
        some_data(stream.end()).or_else(|| self.trailers.take().map(Frame::trailers))
    }
}

fn some_data(data: Vec<u8>) -> Option<Frame<Bytes>> {
    (!data.is_empty()).then(|| Frame::data(data.into()))
}

/// Takes secrets out of the values of headers.
pub(super) fn redact_headers(headers: &mut HeaderMap, redaction: &Redaction) {
    for value in headers.values_mut() {
        if !redaction.finds(value.as_bytes()) {
            continue;
        }
        let clean = redaction.bytes(value.as_bytes());
        // Stand-ins are visible text, so what was a value stays one.
        *value = http::HeaderValue::from_bytes(&clean)
            .unwrap_or(http::HeaderValue::from_static("redacted"));
    }
}

impl Body for ResponseBody {
    type Data = Bytes;
    type Error = HttpError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, HttpError>>> {
        while self.connection.is_some() {
            match std::task::ready!(self.poll_raw(cx)) {
                Some(Ok(frame)) => {
                    if let Some(frame) = self.passed(frame) {
                        return Poll::Ready(Some(Ok(frame)));
                    }
                }
                Some(Err(error)) => {
                    // What is held back may be the front of a secret.
                    self.connection = None;
                    self.redaction = None;
                    return Poll::Ready(Some(Err(error)));
                }
                None => self.connection = None,
            }
        }
        Poll::Ready(self.rest().map(Ok))
    }
}
