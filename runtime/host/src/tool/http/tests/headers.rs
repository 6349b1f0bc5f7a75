use super::super::error::HttpError;
use super::server::{Answer, Server};
use super::{Call, fetch, get};

#[tokio::test]
async fn headers_that_frame_or_route_a_message_are_the_hosts() {
    let server = Server::start(Answer::ok("")).await;
    let call = Call::granted(&[server.rule()]);
    let request = get(server.url("/"))
        .header("Host", "evil.test")
        .header("Transfer-Encoding", "chunked")
        .header("Connection", "keep-alive, x-mine")
        .header("Proxy-Authorization", "Basic x")
        .header("Upgrade", "websocket")
        .header("X-Mine", "kept");
    call.fetch(request).await.unwrap();
    let [request] = &server.requests()[..] else { panic!("one request") };
    let request = request.to_ascii_lowercase();
    for (name, values) in [
        ("host", vec![server.address.to_string()]),
        ("connection", vec!["close".into()]),
        ("x-mine", vec!["kept".into()]),
        ("transfer-encoding", vec![]),
        ("proxy-authorization", vec![]),
        ("upgrade", vec![]),
    ] {
        let prefix = format!("{name}: ");
        let found: Vec<&str> =
            request.lines().filter_map(|line| line.strip_prefix(prefix.as_str())).collect();
        assert_eq!(found, values, "{name}");
    }
}

#[test]
fn a_header_cannot_hold_a_second_one() {
    for value in ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rb", "a\0b", "a\u{7f}b"] {
        assert!(get("http://a.b/").header("X-Mine", value).body(()).is_err(), "{value:?}");
    }
    for name in ["X Mine", "X-Mine:", "X\r\nEvil", "", "Ünd"] {
        assert!(get("http://a.b/").header(name, "a").body(()).is_err(), "{name:?}");
    }
    for path in ["/a b", "/a\r\nX-Evil: 1", "/ HTTP/1.1\r\nHost: evil.test", "/a\0"] {
        assert!(get(format!("http://a.b{path}")).body(()).is_err(), "{path:?}");
    }
}

#[tokio::test]
async fn headers_of_a_request_have_a_size() {
    let server = Server::start(Answer::ok("")).await;
    let mut call = Call::granted(&[server.rule()]);
    call.limits.http_header_bytes = 1_000;
    let with = |bytes: usize| get(server.url("/")).header("X-Mine", "a".repeat(bytes));
    assert_eq!(call.fetch(with(900)).await.unwrap().status, 200);
    let refused = call.fetch(with(1_000)).await.unwrap_err();
    assert_eq!(refused, HttpError::RequestHeaders(1_010));
    let many =
        (0..100).fold(get(server.url("/")), |get, n| get.header(format!("x-{n}"), "a value"));
    assert!(matches!(call.fetch(many).await.unwrap_err(), HttpError::RequestHeaders(_)));
    let refused = call.fetch(get(server.url(&"/a".repeat(600)))).await.unwrap_err();
    assert_eq!(refused, HttpError::UriTooLong);
    assert_eq!(call.codes(), ["http-limit", "http-limit"]);
    assert_eq!(server.requests().len(), 1);
}

#[tokio::test]
async fn headers_of_a_response_have_a_size() {
    let one = format!("HTTP/1.1 200 OK\r\nX-Big: {}\r\n\r\n", "a".repeat(20_000));
    let many = format!("HTTP/1.1 200 OK\r\n{}\r\n", "X: a\r\n".repeat(5_000));
    for answer in [
        Answer::raw(one),
        Answer::raw(many),
        // Headers that never end, and a header that never ends.
        Answer::endless("HTTP/1.1 200 OK\r\n", "X: a\r\n".repeat(100), 0),
        Answer::endless("HTTP/1.1 200 OK\r\nX: ", "a".repeat(1_000), 0),
    ] {
        let server = Server::start(answer).await;
        let mut call = Call::granted(&[server.rule()]);
        call.limits.http_header_bytes = 10_000;
        let refused = call.fetch(get(server.url("/"))).await.unwrap_err();
        assert_eq!(refused, HttpError::ResponseHeaders);
        assert_eq!(call.codes(), ["http-limit"]);
    }
    // Also where the limit is below what hyper reads at once.
    let server = Server::start(Answer::raw(format!(
        "HTTP/1.1 200 OK\r\nX-Big: {}\r\n\r\n",
        "a".repeat(2_000)
    )))
    .await;
    let mut call = Call::granted(&[server.rule()]);
    call.limits.http_header_bytes = 1_000;
    let refused = call.fetch(get(server.url("/"))).await.unwrap_err();
    assert_eq!(refused, HttpError::ResponseHeaders);
}

#[tokio::test]
async fn requests_of_a_call_are_counted() {
    let server = Server::start(Answer::ok("")).await;
    let mut call = Call::granted(&[server.rule()]);
    call.limits.http_requests = 3;
    let client = call.client();
    for _ in 0..3 {
        assert_eq!(fetch(&client, get(server.url("/")), "").await.unwrap().status, 200);
    }
    let refused = fetch(&client, get(server.url("/")), "").await.unwrap_err();
    assert_eq!(refused, HttpError::Denied);
    assert_eq!(call.codes(), ["http-limit"]);
    assert_eq!(server.requests().len(), 3);
    assert_eq!(call.fetch(get(server.url("/"))).await.unwrap().status, 200, "another call");
}
