//! One exchange: out, back, and what came of it.

use std::sync::Arc;
use std::time::{Duration, SystemTime};

use bytes::Bytes;
use futures::StreamExt as _;
use reqwest::header::{CONTENT_ENCODING, CONTENT_TYPE, HeaderMap};
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, sleep, timeout};

use super::classify::{self, Refused, error, malformed};
use super::frames::{FrameError, Frames};
use super::parcel::{Outcome, Parcel};
use super::upstream::{self, Unsendable};
use super::watch::{Watch, framing};
use crate::api::Activity;
use crate::error::{ModelError, Trouble};
use crate::recorded::{Answered, Asked};

/// Bytes that are read of an answer which says why it is none.
const REFUSAL_MAX: usize = 64 << 10;

/// How long the end of an answer is waited for after its last event, so that the connection can be
/// used again.
const REST: Duration = Duration::from_secs(1);

/// A sign of life of bytes without words, at most so often.
const SIGN: Duration = Duration::from_secs(1);

/// So few characters of a key tell nothing of it.
const KEY_PART: usize = 4;

type Events = mpsc::Sender<std::io::Result<Bytes>>;

/// Carries a request out and its answer to `events`, until the answer ends, time is up, it is not
/// wanted any more, or nobody waits for the outcome.
pub(super) async fn carry(
    parcel: Parcel,
    body: Bytes,
    events: Events,
    mut done: oneshot::Sender<Outcome>,
) {
    let mut trip = Trip::new(&parcel, &events);
    let result = tokio::select! {
        biased;
        () = unwanted(parcel.context.cancelled.clone()) => {
            Err(error(Trouble::Cancelled, "cancelled", "The answer was not wanted any more."))
        }
        () = done.closed() => return,
        () = sleep(parcel.context.deadline) => Err(late(&parcel, "deadline", parcel.context.deadline)),
        result = trip.go(&body) => result,
    };
    let Trip { watch, served, key, .. } = trip;
    let result = result.map_err(|error| without(error, key.as_deref()));
    let _ = done.send(Outcome { result, seen: watch.seen, served });
}

/// Providers repeat what they were sent. Where their words were cut, part of it may stand at the end.
fn without(mut error: ModelError, key: Option<&str>) -> ModelError {
    let Some(key) = key.filter(|key| !key.is_empty()) else { return error };
    error.message = error.message.replace(key, "[key]");
    let cut = (KEY_PART..key.len())
        .rev()
        .find(|length| key.get(..*length).is_some_and(|part| error.message.ends_with(part)));
    if let Some(length) = cut {
        error.message.truncate(error.message.len() - length);
        error.message.push_str("[key]");
    }
    error
}

/// Ends when the answer is not wanted any more.
async fn unwanted(mut cancelled: watch::Receiver<bool>) {
    if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
        // Nobody is left who could cancel.
        std::future::pending::<()>().await;
    }
}

fn late(parcel: &Parcel, code: &'static str, after: Duration) -> ModelError {
    let Parcel { provider, .. } = parcel;
    let what = if code == "silent" { "was silent for" } else { "took longer than" };
    error(Trouble::Retryable, code, format!("{provider} {what} {} s.", after.as_secs_f64()))
}

struct Trip<'a> {
    parcel: &'a Parcel,
    events: &'a Events,
    frames: Frames,
    watch: Watch,
    served: bool,
    /// The key that was sent.
    key: Option<Arc<str>>,
    /// What came, for a recording.
    record: Option<Vec<u8>>,
    sign: Instant,
}

impl<'a> Trip<'a> {
    fn new(parcel: &'a Parcel, events: &'a Events) -> Self {
        Self {
            parcel,
            events,
            frames: Frames::new(framing(parcel.api), parcel.answer_max, parcel.event_max),
            watch: Watch::new(parcel.api),
            served: false,
            key: None,
            record: parcel.exchange.is_some().then(Vec::new),
            sign: Instant::now(),
        }
    }

    async fn go(&mut self, body: &[u8]) -> Result<(), ModelError> {
        let Parcel { provider, model, api, exchange, .. } = self.parcel;
        let path = upstream::path(*api, model);
        let body = self.parcel.adjust.apply(body)?;
        let asked = Asked { provider, api: *api, path: &path, body: &body };
        self.tell(Activity::Sent);
        if let Some(answer) = exchange.as_ref().and_then(|exchange| exchange.replay(&asked)) {
            return self.replay(answer?, body.len()).await;
        }
        let response = self.send(&path, body.clone()).await?;
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let result = self.receive(response, body.len()).await;
        let decides = match &result {
            Ok(()) => true,
            Err(error) => !(200..300).contains(&status) && error.trouble == Trouble::Permanent,
        };
        if let (true, Some(exchange), Some(body)) = (decides, exchange, self.record.take()) {
            let headers = kept(&headers);
            exchange.keep(&asked, &Answered { status, headers, body: body.into() });
        }
        result
    }

    async fn send(&mut self, path: &str, body: Bytes) -> Result<reqwest::Response, ModelError> {
        let Parcel { provider, upstream, key, context, .. } = self.parcel;
        let unusable = |why: &str| {
            error(Trouble::Auth, "no-key", format!("There is no usable key for {provider}: {why}"))
        };
        if let Some(source) = key {
            self.key = Some(source().await.map_err(|why| unusable(&why))?);
        }
        self.served = true;
        let traceparent = context.traceparent.as_deref();
        let sent =
            timeout(context.silence, upstream.send(path, body, self.key.as_ref(), traceparent));
        match sent.await {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(Unsendable::Key)) => {
                self.served = false;
                Err(unusable("it holds characters that no header can."))
            }
            Ok(Err(Unsendable::Failed(failure))) => {
                let error = classify::unsent(provider, &failure);
                self.served = error.code == "reset";
                Err(error)
            }
            Err(_) => Err(late(self.parcel, "silent", context.silence)),
        }
    }

    async fn receive(
        &mut self,
        response: reqwest::Response,
        sent: usize,
    ) -> Result<(), ModelError> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        let length = response.content_length();
        let mut body = response.bytes_stream();
        if !(200..300).contains(&status) {
            let mut refusal = Vec::new();
            while let Ok(Some(Ok(bytes))) = timeout(self.parcel.context.silence, body.next()).await
            {
                refusal.extend_from_slice(&bytes);
                if refusal.len() >= REFUSAL_MAX {
                    refusal.truncate(REFUSAL_MAX);
                    break;
                }
            }
            return Err(self.refused(status, &headers, refusal, sent));
        }
        self.begin(&headers)?;
        loop {
            let bytes = match timeout(self.parcel.context.silence, body.next()).await {
                Err(_) => return Err(late(self.parcel, "silent", self.parcel.context.silence)),
                Ok(None) => return self.end().await,
                Ok(Some(Err(_))) => return Err(self.truncated()),
                Ok(Some(Ok(bytes))) => bytes,
            };
            self.take(&bytes).await?;
            // Where the length is known, the answer is whole when all of it is there.
            if self.watch.seen.done && length.is_none() {
                tokio::spawn(timeout(
                    REST,
                    async move { while let Some(Ok(_)) = body.next().await {} },
                ));
                return Ok(());
            }
        }
    }

    async fn replay(&mut self, answered: Answered, sent: usize) -> Result<(), ModelError> {
        let Answered { status, headers, body } = answered;
        let pairs = headers.iter().filter_map(|(name, value)| {
            Some((name.parse::<http::HeaderName>().ok()?, value.parse::<http::HeaderValue>().ok()?))
        });
        let headers: HeaderMap = pairs.collect();
        if !(200..300).contains(&status) {
            return Err(self.refused(status, &headers, body.to_vec(), sent));
        }
        self.begin(&headers)?;
        self.take(&body).await?;
        self.end().await
    }

    fn refused(
        &mut self,
        status: u16,
        headers: &HeaderMap,
        body: Vec<u8>,
        sent: usize,
    ) -> ModelError {
        self.served = false;
        let refused = Refused {
            provider: &self.parcel.provider,
            model: &self.parcel.model,
            status,
            headers,
            body: &body,
            sent,
            now: SystemTime::now(),
        };
        let error = classify::refused(&refused);
        if let Some(record) = &mut self.record {
            *record = body;
        }
        error
    }

    /// The head of an answer that is not a refusal.
    fn begin(&mut self, headers: &HeaderMap) -> Result<(), ModelError> {
        let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
        let id = header("request-id").or_else(|| header("x-request-id"));
        self.watch.seen.request_id = id.map(str::to_owned);
        if let Some(encoding) = header(CONTENT_ENCODING.as_str())
            && !encoding.eq_ignore_ascii_case("identity")
        {
            let Parcel { provider, .. } = self.parcel;
            let message = format!("{provider} sent a compressed answer, which was not asked for.");
            return Err(error(Trouble::Permanent, "encoded", message));
        }
        if header(CONTENT_TYPE.as_str()).is_some_and(|kind| kind.starts_with("text/html")) {
            return Err(malformed("it is a page for people"));
        }
        self.tell(Activity::Begun);
        Ok(())
    }

    async fn take(&mut self, bytes: &[u8]) -> Result<(), ModelError> {
        if let Some(record) = &mut self.record {
            record.extend_from_slice(bytes);
        }
        let frames = self.frames.push(bytes).map_err(|error| self.unreadable(error))?;
        let mut quiet = true;
        for frame in frames {
            if let Some(bytes) = self.watch.frame(&frame)? {
                quiet = false;
                self.pass(bytes).await;
            }
        }
        if quiet && self.sign.elapsed() >= SIGN {
            self.sign = Instant::now();
            self.tell(Activity::Thinking(String::new()));
        }
        Ok(())
    }

    /// The bytes ended without an error.
    async fn end(&mut self) -> Result<(), ModelError> {
        let last = self.frames.end().map_err(|error| self.unreadable(error))?;
        if let Some(frame) = last {
            // Half a line is no line.
            match self.watch.frame(&frame) {
                Ok(Some(bytes)) => self.pass(bytes).await,
                Ok(None) => {}
                Err(error) if error.code == "malformed" => return Err(self.truncated()),
                Err(error) => return Err(error),
            }
        }
        if let Some(bytes) = self.watch.end() {
            self.pass(bytes).await;
        }
        if self.watch.seen.done { Ok(()) } else { Err(self.truncated()) }
    }

    /// If the library does not listen any more, what was consumed still counts.
    async fn pass(&self, bytes: Vec<u8>) {
        let _ = self.events.send(Ok(bytes.into())).await;
    }

    fn tell(&self, activity: Activity) {
        let _ = self.parcel.context.activity.send(activity);
    }

    fn truncated(&self) -> ModelError {
        let Parcel { provider, .. } = self.parcel;
        let message = format!("The answer of {provider} broke off before its end.");
        error(Trouble::Retryable, "truncated", message)
    }

    fn unreadable(&self, failure: FrameError) -> ModelError {
        let Parcel { provider, answer_max, event_max, .. } = self.parcel;
        let too_large = |code, what: &str, max: &usize| {
            let message = format!("{what} of {provider} is larger than {max} bytes.");
            error(Trouble::Permanent, code, message)
        };
        match failure {
            FrameError::Answer => too_large("answer-too-large", "The answer", answer_max),
            FrameError::Event => too_large("event-too-large", "An event in the answer", event_max),
            FrameError::Utf8 => malformed("it is not UTF-8"),
        }
    }
}

/// Headers that matter when an answer is given again.
fn kept(headers: &HeaderMap) -> Vec<(String, String)> {
    ["content-type", "retry-after", "request-id", "x-request-id"]
        .into_iter()
        .filter_map(|name| Some((name.to_owned(), headers.get(name)?.to_str().ok()?.to_owned())))
        .collect()
}
