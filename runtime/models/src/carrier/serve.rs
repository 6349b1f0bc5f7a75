//! The server's side of the socket.

use std::convert::Infallible;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use futures::stream;
use http::{Request, Response, StatusCode};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Empty, Limited, StreamBody};
use hyper::body::{Frame, Incoming};
use hyper_util::rt::TokioIo;
use tokio::net::{UnixListener, UnixStream};
use tokio::sync::mpsc;

use super::{Outcome, Seen, Waiting, carry, error};
use crate::error::Trouble;

/// The most that one request to a model may be.
pub(super) const REQUEST_MAX: usize = 32 << 20;

/// Events that may wait for the library.
const AHEAD: usize = 16;

type Body = UnsyncBoxBody<Bytes, std::io::Error>;

/// Takes connections for ever.
pub(super) async fn serve(listener: UnixListener, waiting: Arc<Waiting>) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                tokio::spawn(connection(stream, Arc::clone(&waiting)));
            }
            // Descriptors are scarce; they come back.
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

async fn connection(stream: UnixStream, waiting: Arc<Waiting>) {
    let service = hyper::service::service_fn(move |request| {
        let waiting = Arc::clone(&waiting);
        async move { Ok::<_, Infallible>(answer(request, &waiting).await) }
    });
    // A broken connection is the library's loss; the outcome goes another way.
    let _ = hyper::server::conn::http1::Builder::new()
        .serve_connection(TokioIo::new(stream), service)
        .await;
}

async fn answer(request: Request<Incoming>, waiting: &Waiting) -> Response<Body> {
    let name = request.uri().path().split('/').nth(1).unwrap_or_default();
    let Some((parcel, done)) = waiting.with(|waiting| waiting.remove(name)) else {
        return refusal(StatusCode::NOT_FOUND);
    };
    let Ok(body) = Limited::new(request.into_body(), REQUEST_MAX).collect().await else {
        let message = format!("A request of more than {REQUEST_MAX} bytes is not sent.");
        let result = Err(error(Trouble::Permanent, "too-large", message));
        let _ = done.send(Outcome { result, seen: Seen::default(), served: false });
        return refusal(StatusCode::PAYLOAD_TOO_LARGE);
    };
    let (events, mut more) = mpsc::channel(AHEAD);
    tokio::spawn(carry::carry(parcel, body.to_bytes(), events, done));
    // The library learns nothing of a refusal but that it was one.
    let Some(first) = more.recv().await else { return refusal(StatusCode::BAD_GATEWAY) };
    let events = stream::unfold((Some(first), more), |(first, mut more)| async {
        let event = match first {
            Some(event) => event,
            None => more.recv().await?,
        };
        Some((event.map(Frame::data), (None, more)))
    });
    let mut response = Response::new(StreamBody::new(events).boxed_unsync());
    let stream = http::HeaderValue::from_static("text/event-stream");
    response.headers_mut().insert(http::header::CONTENT_TYPE, stream);
    response
}

fn refusal(status: StatusCode) -> Response<Body> {
    let mut response = Response::new(Empty::new().map_err(|never| match never {}).boxed_unsync());
    *response.status_mut() = status;
    response
}
