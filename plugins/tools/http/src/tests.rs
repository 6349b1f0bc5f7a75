#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::cell::RefCell;
use std::rc::Rc;

use baton_guest::http::Request;
use baton_guest::testing::{HttpAnswer, with_http};
use baton_guest::{ToolError, ToolErrorKind};
use serde_json::json;

use crate::{FetchInput, FetchOutput, Show, fetch, plain};

fn get(url: &str) -> FetchInput {
    FetchInput { url: url.into(), ..FetchInput::default() }
}

/// Fetches, and brings the requests that were sent.
fn fetched(
    input: &FetchInput,
    answer: impl Fn(&Request) -> HttpAnswer + 'static,
) -> (Result<FetchOutput, ToolError>, Vec<Request>) {
    let requests = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&requests);
    let answer = move |request: &Request| {
        seen.borrow_mut().push(request.clone());
        answer(request)
    };
    let output = with_http(answer, || fetch(input));
    (output, requests.take())
}

#[test]
fn a_request_is_sent_as_it_was_asked_for() {
    let headers = [("X-A".to_owned(), "1".to_owned())].into();
    let input = FetchInput {
        method: Some("post".into()),
        headers,
        json: Some(json!({"a": 1})),
        ..get("https://example.org/x?y=z")
    };
    let (output, requests) = fetched(&input, |_| {
        HttpAnswer::text(201, "made")
            .header("Location", "/1")
            .header("Vary", "a")
            .header("vary", "b")
    });
    let output = output.unwrap();
    assert_eq!((output.status, output.text.as_deref(), output.bytes), (201, Some("made"), 4));
    assert_eq!(output.headers["vary"], "a, b");
    assert_eq!(output.url, "https://example.org/x?y=z");
    let [request] = requests.as_slice() else { panic!("one request") };
    assert_eq!((request.method.as_str(), request.body.as_slice()), ("POST", &br#"{"a":1}"#[..]));
    let header = |name: &str| {
        let found = request.headers.iter().find(|(own, _)| own.eq_ignore_ascii_case(name));
        found.map(|(_, value)| value.as_str())
    };
    assert_eq!(header("x-a"), Some("1"));
    assert_eq!(header("content-type"), Some("application/json"));
    assert_eq!(header("user-agent"), Some("baton"));
}

#[test]
fn bodies_of_every_kind_are_sent() {
    let cases = [
        (FetchInput { text: Some("ü".into()), ..get("http://a/") }, "ü".as_bytes()),
        (FetchInput { base64: Some("AP8=".into()), ..get("http://a/") }, &[0, 0xff]),
        (get("http://a/"), &[]),
    ];
    for (input, body) in cases {
        let (output, requests) = fetched(&input, |_| HttpAnswer::text(404, ""));
        assert_eq!(output.unwrap().status, 404);
        assert_eq!(requests[0].body, body);
    }
}

#[test]
fn redirects_are_followed_as_far_as_asked() {
    let answer = |request: &Request| match request.url.as_str() {
        "http://a/0" => HttpAnswer::text(302, "").header("location", "/1"),
        "http://a/1" => HttpAnswer::text(302, "").header("location", "http://b/2"),
        _ => HttpAnswer::text(200, "end"),
    };
    let with = |redirects| fetched(&FetchInput { redirects, ..get("http://a/0") }, answer);
    let (output, requests) = with(None);
    assert_eq!((output.unwrap().url.as_str(), requests.len()), ("http://b/2", 3));
    let (output, requests) = with(Some(0));
    assert_eq!((output.unwrap().status, requests.len()), (302, 1));
    assert_eq!(with(Some(1)).0.unwrap_err().code, "too-many-redirects");
}

#[test]
fn bodies_are_shown_as_asked_and_cut() {
    let html =
        "<html><head><title>No</title></head><body><h1>Hi</h1><p>a &amp; b</p></body></html>";
    let answer = move |_: &Request| {
        HttpAnswer::text(200, html).header("content-type", "text/html; charset=utf-8")
    };
    let with = |show, bytes_max| {
        fetched(&FetchInput { show, bytes_max, ..get("http://a/") }, answer).0.unwrap()
    };
    assert_eq!(with(Show::Auto, None).text.as_deref(), Some(html));
    assert_eq!(with(Show::Plain, None).text.as_deref(), Some("# Hi\na & b"));
    assert_eq!(with(Show::Base64, Some(3)).base64.as_deref(), Some("PGh0"));
    let nothing = with(Show::Nothing, None);
    assert!(nothing.text.is_none() && nothing.base64.is_none() && !nothing.truncated);
    let cut = with(Show::Auto, Some(6));
    assert_eq!((cut.text.as_deref(), cut.truncated, cut.bytes), (Some("<html>"), true, html.len()));

    let bytes =
        |_: &Request| HttpAnswer::Response { status: 200, headers: vec![], body: vec![0xff; 4] };
    let output = fetched(&get("http://a/"), bytes).0.unwrap();
    assert_eq!((output.base64.as_deref(), output.text), (Some("/////w=="), None));
    // Between characters, never within one.
    let wide = |_: &Request| HttpAnswer::text(200, "aü");
    let output = fetched(&FetchInput { bytes_max: Some(2), ..get("http://a/") }, wide).0.unwrap();
    assert_eq!((output.text.as_deref(), output.truncated), (Some("a"), true));
}

#[test]
fn what_cannot_be_sent_is_refused() {
    let two = FetchInput { text: Some("a".into()), json: Some(json!(1)), ..get("http://a/") };
    let broken = FetchInput { base64: Some("!".into()), ..get("http://a/") };
    let method = FetchInput { method: Some("GET X".into()), ..get("http://a/") };
    for (input, code) in [
        (two, "invalid-body"),
        (broken, "invalid-body"),
        (method, "invalid-method"),
        (get("ftp://a/"), "bad-url"),
    ] {
        let (output, requests) = fetched(&input, |_| HttpAnswer::text(200, ""));
        assert_eq!(output.unwrap_err().code, code);
        assert!(requests.is_empty());
    }
    assert_eq!(fetch(&get("http://a/")).unwrap_err().kind, ToolErrorKind::Denied);
    let (output, _) =
        fetched(&get("http://a/"), |_| HttpAnswer::text(200, "x".repeat((8 << 20) + 1)));
    assert_eq!(output.unwrap_err().code, "response-body");
}

#[test]
fn pages_become_text() {
    let cases = [
        ("a<br>b", "a\nb"),
        ("<ul><li>one</li><li>two <b>and</b> half</li></ul>", "- one\n- two and half"),
        ("<script>if (a < b) {}</script>x<!-- no -->y", "xy"),
        ("<p title='a > b'>x</p>", "x"),
        ("1 < 2 &lt; 3 &#65;&#x42; &unknown; &", "1 < 2 < 3 AB &unknown; &"),
        ("<table><tr><td>a</td><td>b</td></tr></table>", "a b"),
        ("<style>x", ""),
        ("<", "<"),
        ("a\n  b\t c", "a b c"),
    ];
    for (html, expected) in cases {
        assert_eq!(plain(html), expected, "{html}");
    }
}
