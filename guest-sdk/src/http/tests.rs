#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::cell::RefCell;
use std::rc::Rc;

use super::url::Url;
use super::{Error, ErrorKind, Request};
use crate::testing::{HttpAnswer, with_http};
use crate::{ToolError, ToolErrorKind};

#[test]
fn urls_are_taken_apart_and_joined() {
    let refused = [
        "",
        "example.org",
        "ftp://a",
        "file:///x",
        "http://",
        "http:///x",
        "http://u@h/",
        "http://a b/",
        "http://a\\b/",
        "//a",
        "http:a",
    ];
    for text in refused {
        assert_eq!(Url::parse(text), None, "{text}");
    }
    let base = Url::parse("HTTPS://Example.org:8443/a/b?q=1#f").unwrap();
    assert_eq!(base.to_string(), "https://example.org:8443/a/b?q=1");
    let rows = [
        ("http://other/x#y", "http://other/x"),
        ("//other/x", "https://other/x"),
        ("/x?y", "https://example.org:8443/x?y"),
        ("x", "https://example.org:8443/a/x"),
        ("../x/./y/..", "https://example.org:8443/x/"),
        ("../../../x", "https://example.org:8443/x"),
        ("?z", "https://example.org:8443/a/b?z"),
        ("", "https://example.org:8443/a/b?q=1"),
        ("x?u=http://other", "https://example.org:8443/a/x?u=http://other"),
    ];
    for (location, joined) in rows {
        assert_eq!(base.join(location).map(|url| url.to_string()).as_deref(), Some(joined));
    }
    for location in ["ftp://a", "http://", "javascript://x"] {
        assert_eq!(base.join(location), None, "{location}");
    }
    let same =
        |one: &str, other: &str| Url::parse(one).unwrap().same_origin(&Url::parse(other).unwrap());
    assert!(same("http://a/x", "http://A:80/y") && same("https://a", "https://a:443"));
    assert!(!same("http://a", "https://a") && !same("http://a", "http://a:81"));
    assert!(!same("http://a", "http://b") && !same("http://[::1]", "http://[::2]"));
}

/// What a server was asked, a line each: method, URL, names of the headers, bytes of the body.
type Asked = Rc<RefCell<Vec<String>>>;

/// A server that answers by the last part of the path: a status, and where it leads.
fn server(asked: &Asked) -> impl Fn(&Request) -> HttpAnswer + use<> {
    let asked = Rc::clone(asked);
    move |request| {
        let names: Vec<_> = request.headers.iter().map(|(name, _)| name.as_str()).collect();
        asked.borrow_mut().push(format!(
            "{} {} {} {}",
            request.method,
            request.url,
            names.join(","),
            request.body.len()
        ));
        let path = request.url.rsplit('/').next().unwrap();
        match path.split_once('-') {
            Some((status, location)) => {
                let location = location.replace('+', "/");
                HttpAnswer::text(status.parse().unwrap(), "moved").header("Location", location)
            }
            None => HttpAnswer::text(path.parse().unwrap_or(200), "here"),
        }
    }
}

fn posted(url: &str, redirects: u32) -> (Result<u16, &'static str>, Vec<String>) {
    let asked = Asked::default();
    let end = with_http(server(&asked), || {
        Request::post(url)
            .header("Authorization", "x")
            .header("content-type", "text/plain")
            .header("accept", "*/*")
            .body("four")
            .follow_redirects(redirects)
            .send()
    });
    let asked = asked.borrow().clone();
    (end.map(|response| response.status).map_err(|error| error.code), asked)
}

#[test]
fn redirects_are_followed_as_far_as_asked() {
    let all = "Authorization,content-type,accept";
    let (end, asked) = posted("http://a/302-200", 0);
    assert_eq!((end, asked.len()), (Ok(302), 1));
    let (end, asked) = posted("http://a/303-200", 1);
    assert_eq!(end, Ok(200));
    assert_eq!(
        asked,
        [
            format!("POST http://a/303-200 {all} 4"),
            "GET http://a/200 Authorization,accept 0".into()
        ]
    );
    let (end, asked) = posted("http://a/307-http:++b+200", 1);
    assert_eq!(end, Ok(200));
    assert_eq!(asked[1], "POST http://b/200 content-type,accept 4");
    let (end, _) = posted("http://a/302-302-200", 1);
    assert_eq!(end, Err("too-many-redirects"));
    let (end, _) = posted("http://a/301-ftp:++b", 5);
    assert_eq!(end, Err("bad-redirect"));
    let (end, asked) = posted("http://a/404-200", 5);
    assert_eq!((end, asked.len()), (Ok(404), 1));
    let (end, asked) = posted("gopher://a/", 5);
    assert_eq!((end, asked.len()), (Err("bad-url"), 0));
}

#[test]
fn a_response_is_read_as_what_was_asked_for() {
    let get =
        |answer: HttpAnswer| with_http(move |_| answer.clone(), || Request::get("http://a").send());
    let response = get(HttpAnswer::json(200, &serde_json::json!({ "a": 1 }))).unwrap();
    assert_eq!((response.url.as_str(), response.is_success()), ("http://a/", true));
    assert_eq!(response.header("Content-Type"), Some("application/json"));
    assert_eq!(response.json::<serde_json::Value>().unwrap()["a"], 1);
    assert_eq!(response.json::<u8>().unwrap_err().code, "not-json");
    let odd = HttpAnswer::Response { status: 200, headers: vec![], body: vec![0xff] };
    assert_eq!(get(odd).unwrap().text().unwrap_err().code, "not-utf8");
    let error = get(HttpAnswer::text(404, "")).unwrap().checked().unwrap_err();
    assert_eq!(error.kind, ErrorKind::Status(404));
    let large =
        with_http(|_| HttpAnswer::text(200, "12345"), || Request::get("http://a").limit(4).send());
    assert_eq!(large.unwrap_err().kind, ErrorKind::TooLarge);
    let broken =
        Request::post("http://a").json(&std::collections::BTreeMap::from([((), ())])).send();
    assert_eq!(broken.unwrap_err().code, "body");
    assert_eq!(Request::get("http://a").send().unwrap_err().kind, ErrorKind::Denied);
}

#[test]
fn an_error_says_whether_another_attempt_may_succeed() {
    let rows = [
        (ErrorKind::Denied, ToolErrorKind::Denied),
        (ErrorKind::Unreachable, ToolErrorKind::Unavailable),
        (ErrorKind::Timeout, ToolErrorKind::Unavailable),
        (ErrorKind::Status(503), ToolErrorKind::Unavailable),
        (ErrorKind::Status(404), ToolErrorKind::Failed),
        (ErrorKind::TooLarge, ToolErrorKind::Failed),
    ];
    for (kind, expected) in rows {
        let error = ToolError::from(Error::new(kind, "c", "m"));
        assert_eq!((error.kind, error.code.as_str()), (expected, "c"), "{kind:?}");
        let status = matches!(kind, ErrorKind::Status(_));
        assert_eq!(error.detail.contains_key("status"), status);
    }
}
