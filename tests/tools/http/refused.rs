use std::time::Duration;

use serde_json::{Value, json};

use super::server::{Answer, Server};
use super::{denials, get, prepared, send, with};

const CHUNKED: &str = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";

/// What the guest was told, request by request.
fn told(shown: &Value) -> Vec<String> {
    let came = shown["output"].as_array().unwrap().iter();
    came.map(|came| came["error"].as_str().unwrap_or("no answer").to_owned()).collect()
}

fn codes(denials: &[Value]) -> Vec<&str> {
    denials.iter().map(|denial| denial["code"].as_str().unwrap()).collect()
}

fn granting(rules: &[String]) -> String {
    format!("[grant]\nhttp = {}\n", json!(rules))
}

#[test]
fn what_no_rule_grants_is_refused() {
    let server = Server::start(Answer::ok("granted"));
    let hidden = Server::start(Answer::ok("hidden"));
    let redirect = Server::start(Answer::raw(format!(
        "HTTP/1.1 302 Found\r\nLocation: http://{}/\r\nContent-Length: 0\r\n\r\n",
        hidden.address
    )));
    let port = server.address.port();
    let project = prepared(&granting(&[
        format!("GET http://{}", server.address),
        format!("http://{}", redirect.address),
        // Names are granted, but not the addresses of this machine behind them.
        format!("http://*:{}", hidden.address.port()),
    ]));
    let at = |authority: String| with(get(&server, "/"), &json!({ "authority": authority }));
    let requests = [
        get(&server, "/"),
        with(get(&server, "/"), &json!({ "method": "POST" })),
        with(get(&server, "/"), &json!({ "scheme": "https" })),
        at(format!("127.0.0.1:{}", if port == 9 { 10 } else { 9 })),
        at(format!("127.0.0.2:{port}")),
        get(&redirect, "/"),
        get(&hidden, "/"),
        with(
            get(&server, "/"),
            &json!({ "authority": format!("localhost:{}", hidden.address.port()) }),
        ),
    ];
    let shown = send(&project, &requests, &[]);
    assert_eq!(
        told(&shown),
        [
            "",
            "response: HttpRequestDenied",
            "response: HttpRequestDenied",
            "response: HttpRequestDenied",
            "response: HttpRequestDenied",
            "",
            "response: DestinationIpProhibited",
            "response: DestinationIpProhibited",
        ],
        "{shown}"
    );
    assert_eq!(shown["output"][5]["status"], 302);
    let denied = denials(&project, &shown);
    let [not_granted, private] = ["http-not-granted", "http-private-address"];
    assert_eq!(
        codes(&denied),
        [not_granted, not_granted, not_granted, not_granted, private, private],
        "{denied:?}"
    );
    for denial in &denied {
        assert_eq!(denial["capability"], "http");
        assert!(!denial["hint"].as_str().unwrap().is_empty(), "{denial}");
    }
    assert_eq!(denied[0]["tried"], format!("POST http://127.0.0.1:{port}"));
    assert_eq!((server.requests().len(), hidden.requests().len()), (1, 0));
}

#[test]
fn a_request_cannot_be_made_into_another_one() {
    let server = Server::start(Answer::ok(""));
    let project = prepared(&granting(&[format!("http://{}", server.address)]));
    let port = server.address.port();
    let header = |name: &str, value: &str| {
        with(get(&server, "/"), &json!({ "headers": [{ "name": name, "value": value }] }))
    };
    let part = |name: &str, value: &str| with(get(&server, "/"), &json!({ name: value }));
    let cases = [
        (header("X-Mine", "a\r\nX-Evil: 1"), "fields: HeaderError::InvalidSyntax"),
        (header("X-Mine", "a\nb"), "fields: HeaderError::InvalidSyntax"),
        (header("X-Mine", "a\u{0}b"), "fields: HeaderError::InvalidSyntax"),
        (header("X-Mine: 1\r\nX-Evil", "1"), "fields: HeaderError::InvalidSyntax"),
        (header("Host", "evil.test"), "fields: HeaderError::Forbidden"),
        (header("Transfer-Encoding", "chunked"), "fields: HeaderError::Forbidden"),
        (header("Connection", "keep-alive"), "fields: HeaderError::Forbidden"),
        (header("Proxy-Authorization", "x"), "fields: HeaderError::Forbidden"),
        (header("Content-Length", "5"), "handle: HttpRequestBodySize"),
        (part("method", "GET / HTTP/1.1\r\nX-Evil: 1"), "method: refused"),
        (part("method", "CONNECT"), "response: HttpRequestMethodInvalid"),
        (part("method", "TRACE"), "response: HttpRequestMethodInvalid"),
        (part("scheme", "file"), "handle: HttpProtocolError"),
        (part("path", "/ HTTP/1.1\r\nX-Evil: 1\r\n\r\n"), "path: refused"),
        (part("path", "http://evil.test/"), "path: refused"),
        (part("authority", "evil.test\r\nX-Evil: 1"), "authority: refused"),
        (part("authority", &format!("me@127.0.0.1:{port}")), "response: HttpRequestUriInvalid"),
        (part("authority", &format!("me:x@127.0.0.1:{port}")), "response: HttpRequestUriInvalid"),
        (part("authority", &format!("127.1:{port}")), "response: HttpRequestUriInvalid"),
        (part("authority", &format!("2130706433:{port}")), "response: HttpRequestUriInvalid"),
        (part("authority", &format!("0x7f000001:{port}")), "response: HttpRequestUriInvalid"),
    ];
    let requests: Vec<Value> = cases.iter().map(|(request, _)| request.clone()).collect();
    let shown = send(&project, &requests, &[]);
    for ((request, expected), told) in cases.iter().zip(told(&shown)) {
        assert_eq!(told, *expected, "{request}");
    }
    assert_eq!(server.requests(), Vec::<String>::new());
}

#[test]
fn what_is_too_large_or_takes_too_long_is_refused() {
    let large = "a".repeat(20_000);
    let pause = Duration::from_millis(5);
    let servers = [
        // Endless, endless and slow, endless headers, one header that is too large, a body that says
        // how large it is.
        (Answer::endless(CHUNKED, "5\r\nhello\r\n", Duration::ZERO), "body: HttpResponseBodySize"),
        (Answer::endless(CHUNKED, "1\r\na\r\n", pause * 10), "body: HttpResponseTimeout"),
        (
            Answer::endless("", "HTTP/1.1 100 Continue\r\n\r\n", pause),
            "response: HttpResponseTimeout",
        ),
        (
            Answer::endless("HTTP/1.1 200 OK\r\n", &"X: a\r\n".repeat(100), Duration::ZERO),
            "response: HttpResponseHeaderSectionSize",
        ),
        (
            Answer::raw(format!("HTTP/1.1 200 OK\r\nX: {large}\r\n\r\n")),
            "response: HttpResponseHeaderSectionSize",
        ),
        (Answer::ok(&large), "response: HttpResponseBodySize"),
        (
            Answer::raw("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhello"),
            "body: HttpResponseIncomplete",
        ),
    ]
    .map(|(answer, expected)| (Server::start(answer), expected));
    let sink = Server::start(Answer::ok(""));
    let header = json!({ "headers": [{ "name": "X-Mine", "value": "a".repeat(12_000) }] });
    let mut cases: Vec<(Value, &str)> =
        servers.iter().map(|(server, expected)| (get(server, "/"), *expected)).collect();
    cases.extend([
        (with(get(&sink, "/"), &header), "response: HttpRequestHeaderSectionSize"),
        (get(&sink, &format!("/{large}")), "response: HttpRequestUriTooLong"),
        (
            with(get(&sink, "/"), &json!({ "method": "POST", "body_bytes": 20_000 })),
            "response: HttpRequestBodySize",
        ),
    ]);
    let rules: Vec<String> = servers
        .iter()
        .map(|(server, _)| server)
        .chain([&sink])
        .map(|server| format!("http://{}", server.address))
        .collect();
    let project = prepared(&granting(&rules));
    let requests: Vec<Value> = cases.iter().map(|(request, _)| request.clone()).collect();
    let limits = [
        "tools.http_request_ms=3000",
        "tools.http_header_bytes=10000",
        "tools.http_request_bytes=10000",
        "tools.http_response_bytes=10000",
    ];
    let shown = send(&project, &requests, &limits);
    for ((request, expected), told) in cases.iter().zip(told(&shown)) {
        assert_eq!(told, *expected, "{request}");
    }
    let denied = denials(&project, &shown);
    assert!(codes(&denied).iter().all(|code| *code == "http-limit"), "{denied:?}");
    let hint = denied[0]["hint"].as_str().unwrap();
    assert!(hint.contains("--limit tools.http_response_bytes=N"), "{hint}");
    assert_eq!(sink.requests(), Vec::<String>::new());
}
