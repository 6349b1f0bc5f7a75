use std::convert::Infallible;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bytes::Bytes;
use http::header::ETAG;
use http::{HeaderMap, HeaderValue};
use http_body_util::Full;
use hyper::body::{Body, Frame};

use super::super::client::Patience;
use super::super::error::HttpError;
use super::server::{Answer, Server};
use super::{Call, fetch, get, read};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

#[tokio::test]
async fn a_body_of_a_response_has_a_size() {
    let (max, small, large) = (10_000_u64, "a".repeat(10_000), "a".repeat(10_001));
    let until_the_end = format!("HTTP/1.1 200 OK\r\n\r\n{large}");
    let chunked = format!("{CHUNKED}{:x}\r\n{large}\r\n0\r\n\r\n", large.len());
    for answer in [
        Answer::ok(&large),
        Answer::raw(until_the_end),
        Answer::raw(chunked),
        Answer::endless(CHUNKED, "5\r\nhello\r\n".repeat(100), 0),
        Answer::endless("HTTP/1.1 200 OK\r\n\r\n", "hello".repeat(100), 0),
        Answer::silence(format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1_u64 << 40)),
    ] {
        let server = Server::start(answer).await;
        let mut call = Call::granted(&[server.rule()]);
        call.limits.http_response_bytes = max;
        let refused = call.fetch(get(server.url("/"))).await.unwrap_err();
        assert!(matches!(refused, HttpError::ResponseBody(bytes) if bytes > max), "{refused:?}");
        assert_eq!(call.codes(), ["http-limit"]);
    }
    let server = Server::start(Answer::ok(&small)).await;
    let mut call = Call::granted(&[server.rule()]);
    call.limits.http_response_bytes = max;
    assert_eq!(call.fetch(get(server.url("/"))).await.unwrap().body, small);
}

#[tokio::test]
async fn a_response_without_a_body_may_tell_of_a_large_one() {
    let head = "HTTP/1.1 200 OK\r\nContent-Length: 20000\r\n\r\n";
    let server = Server::start(Answer::raw(head)).await;
    let rules = [server.rule()];
    let mut call = Call::granted(&rules).with_secret("api", "some-secret", &rules);
    call.limits.http_response_bytes = 10_000;
    let fetched = call.fetch(get(server.url("/")).method("HEAD")).await.unwrap();
    assert!(fetched.headers.contains("\"content-length\": \"20000\""), "{fetched:?}");
    assert_eq!((fetched.status, fetched.body.as_str()), (200, ""));
}

#[tokio::test]
async fn a_body_of_a_request_has_a_size() {
    let server = Server::start(Answer::ok("")).await;
    let mut call = Call::granted(&[server.rule()]);
    call.limits.http_request_bytes = 10_000;
    let client = call.client();
    let post = || get(server.url("/")).method("POST");
    let sent = fetch(&client, post(), &"a".repeat(10_000)).await.unwrap();
    assert_eq!(sent.status, 200);

    // Whose length is said before, and whose length only shows.
    let known = post().header("Content-Length", "10001");
    let refused = fetch(&client, known, &"a".repeat(10_001)).await.unwrap_err();
    assert_eq!(refused, HttpError::RequestBody(10_001));
    let pieces = Pieces { piece: "a".repeat(1_000).into(), left: 11, trailers: None };
    let request = post().body(pieces).unwrap();
    let refused = client.send(request, Patience::default()).await.err();
    assert_eq!(refused, Some(HttpError::RequestBody(11_000)));
    assert_eq!(call.codes(), ["http-limit", "http-limit"]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn requests_have_no_trailers() {
    let server = Server::start(Answer::ok("")).await;
    let call = Call::granted(&[server.rule()]);
    let trailers = HeaderMap::from_iter([(ETAG, HeaderValue::from_static("1"))]);
    let body = Pieces { piece: "a".into(), left: 1, trailers: Some(trailers) };
    let request = get(server.url("/")).method("POST").body(body).unwrap();
    let refused = call.client().send(request, Patience::default()).await.err();
    assert_eq!(refused, Some(HttpError::RequestTrailers));
}

#[tokio::test]
async fn a_server_that_trickles_cannot_put_the_deadline_off() {
    for answer in [
        Answer::endless(CHUNKED, "1\r\na\r\n", 5),
        Answer::endless("HTTP/1.1 200 OK\r\n\r\n", "a", 5),
        Answer::endless("HTTP/1.1 200 OK\r\n", "X: a\r\n", 50),
        Answer::endless("", "HTTP/1.1 100 Continue\r\n\r\n", 5),
        Answer::silence(""),
        Answer::silence("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello"),
    ] {
        let server = Server::start(answer).await;
        let mut call = Call::granted(&[server.rule()]);
        call.limits.http_request_ms = 300;
        // Only the deadline can end it.
        call.limits.http_header_bytes = 1 << 30;
        call.limits.http_response_bytes = 1 << 30;
        assert_eq!(call.fetch(get(server.url("/"))).await.unwrap_err(), HttpError::Timeout);
    }
}

#[tokio::test]
async fn a_guest_that_reads_late_finds_the_deadline_passed() {
    let server = Server::start(Answer::endless(CHUNKED, "1\r\na\r\n", 5)).await;
    let mut call = Call::granted(&[server.rule()]);
    call.limits.http_request_ms = 2_000;
    let request = get(server.url("/")).body(Full::new(Bytes::new())).unwrap();
    let response = call.client().send(request, Patience::default()).await.unwrap();
    tokio::time::sleep(Duration::from_millis(2_100)).await;
    assert_eq!(read(response).await.unwrap_err(), HttpError::Timeout);
}

#[tokio::test]
async fn a_guest_may_be_less_patient() {
    let server = Server::start(Answer::silence("")).await;
    let call = Call::granted(&[server.rule()]);
    let request = || get(server.url("/")).body(Full::new(Bytes::new())).unwrap();
    let short = Some(Duration::from_millis(50));
    let patience = Patience { first_byte: short, ..Patience::default() };
    let error = call.client().send(request(), patience).await.err();
    assert_eq!(error, Some(HttpError::Silence));

    let server = Server::start(Answer::silence(format!("{CHUNKED}1\r\na\r\n"))).await;
    let call = Call::granted(&[server.rule()]);
    let request = || get(server.url("/")).body(Full::new(Bytes::new())).unwrap();
    let patience = Patience { between_bytes: short, ..Patience::default() };
    let response = call.client().send(request(), patience).await.unwrap();
    assert_eq!(read(response).await.unwrap_err(), HttpError::Silence);
    // Silence ends with every byte: what is slow may take longer altogether.
    let server = Server::start(Answer::endless("HTTP/1.1 200 OK\r\n\r\n", "a", 10)).await;
    let mut call = Call::granted(&[server.rule()]);
    call.limits.http_response_bytes = 100;
    let request = get(server.url("/")).body(Full::new(Bytes::new())).unwrap();
    let patience =
        Patience { between_bytes: Some(Duration::from_millis(700)), ..Patience::default() };
    let response = call.client().send(request, patience).await.unwrap();
    assert_eq!(read(response).await.unwrap_err(), HttpError::ResponseBody(101));

    let server = Server::start(Answer::silence(format!("{CHUNKED}1\r\na\r\n"))).await;
    let call = Call::granted(&[server.rule()]);
    let request = || get(server.url("/")).body(Full::new(Bytes::new())).unwrap();
    let forever = Some(Duration::MAX);
    let patience = Patience { connect: forever, first_byte: forever, between_bytes: short };
    assert!(call.client().send(request(), patience).await.is_ok());
}

#[tokio::test]
async fn what_is_no_complete_response_is_an_error() {
    for (answer, error) in [
        ("", HttpError::Incomplete),
        ("HTTP/1.1 200 OK\r\nContent-", HttpError::Incomplete),
        ("HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhello", HttpError::Incomplete),
        ("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhel", HttpError::Incomplete),
        ("SSH-2.0-OpenSSH_9.9\r\n", HttpError::Protocol),
        (
            "HTTP/1.1 200 OK\r\nTransfer-Encoding: gzip, chunked\r\n\r\n0\r\n\r\n",
            HttpError::TransferCoding("gzip".into()),
        ),
    ] {
        let server = Server::start(Answer::raw(answer)).await;
        let call = Call::granted(&[server.rule()]);
        assert_eq!(call.fetch(get(server.url("/"))).await.unwrap_err(), error, "{answer:?}");
    }
}

#[tokio::test]
async fn a_call_has_so_many_connections_at_once() {
    let server = Server::start(Answer::silence(CHUNKED)).await;
    let call = Call::granted(&[server.rule()]);
    let client = call.client();
    let send = async || {
        let request = get(server.url("/")).body(Full::new(Bytes::new())).unwrap();
        client.send(request, Patience::default()).await
    };
    let mut open = Vec::new();
    let error = loop {
        match send().await {
            Ok(response) => open.push(response),
            Err(error) => break error,
        }
    };
    assert_eq!((open.len(), error), (32, HttpError::TooManyConnections));
    open.pop();
    // The place is free when the connection has ended.
    while send().await.is_err() {
        tokio::task::yield_now().await;
    }
}

/// A body whose length only shows, with trailers or without.
struct Pieces {
    piece: Bytes,
    left: usize,
    trailers: Option<HeaderMap>,
}

impl Body for Pieces {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        if self.left == 0 {
            return Poll::Ready(self.trailers.take().map(|trailers| Ok(Frame::trailers(trailers))));
        }
        self.left -= 1;
        Poll::Ready(Some(Ok(Frame::data(self.piece.clone()))))
    }
}
