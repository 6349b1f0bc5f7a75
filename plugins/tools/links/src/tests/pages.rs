use std::cell::RefCell;
use std::rc::Rc;

use baton_guest::http::{Error, ErrorKind, Request};
use baton_guest::testing::{HttpAnswer, with_http};

use super::{folder, rows};
use crate::LinkStatus::{Broken, Ok, Refused, Skipped, Unreachable};
use crate::{CheckInput, CheckOutput, check};

/// Checks a text, and brings the requests that were sent.
fn checked(text: &str, input: &CheckInput) -> (CheckOutput, Vec<String>) {
    let (_folder, tree) = folder(&[("a.md", text)]);
    let requests = Rc::new(RefCell::new(Vec::new()));
    let seen = Rc::clone(&requests);
    let answer = move |request: &Request| {
        let url = request.url.strip_prefix("https://").unwrap();
        seen.borrow_mut().push(format!("{} {url}", request.method));
        let error = |kind, code| HttpAnswer::Error(Error { kind, code, message: "no".into() });
        match (request.method.as_str(), url) {
            (_, "moved.org/") => HttpAnswer::text(301, "").header("location", "https://a.org/"),
            (_, "astray.org/") => HttpAnswer::text(302, "").header("location", "https://not.org/"),
            (_, "a.org/gone") => HttpAnswer::text(404, ""),
            (_, "a.org/ill") => HttpAnswer::text(503, ""),
            (_, "a.org/mine") => HttpAnswer::text(403, ""),
            ("HEAD", "a.org/get") => HttpAnswer::text(405, ""),
            ("GET", "a.org/large") => error(ErrorKind::TooLarge, "response-body"),
            ("HEAD", "a.org/large") => HttpAnswer::text(501, ""),
            (_, url) if url.starts_with("not.org") => error(ErrorKind::Denied, "denied"),
            (_, "slow.org/") => error(ErrorKind::Timeout, "response-timeout"),
            _ => HttpAnswer::text(200, "x"),
        }
    };
    let input = CheckInput { http: true, all: true, ..input.clone() };
    let output = with_http(answer, || check(&tree, &input).unwrap());
    (output, requests.take())
}

#[test]
fn pages_are_judged_by_what_comes() {
    let cases = [
        ("https://a.org/", Ok, 1),
        ("https://a.org/get", Ok, 2),
        ("https://a.org/large", Ok, 2),
        ("https://moved.org/", Ok, 2),
        ("https://a.org/gone", Broken, 2),
        ("https://a.org/ill", Unreachable, 2),
        ("https://a.org/mine", Unreachable, 2),
        ("https://slow.org/", Unreachable, 2),
        ("https://not.org/x", Refused, 1),
        ("https://astray.org/", Refused, 2),
    ];
    for (url, status, count) in cases {
        let (output, requests) = checked(&format!("[x]({url})\n"), &CheckInput::default());
        assert_eq!(rows(&output), [("a.md", 1, url, status)]);
        assert_eq!(requests.len(), count, "{requests:?}");
    }
}

#[test]
fn a_page_is_asked_for_once_and_a_refused_host_never_again() {
    let text =
        "[a](https://a.org/1) [b](https://a.org/1#x) <https://not.org/1> <https://NOT.org/2>\n";
    let (output, requests) = checked(text, &CheckInput::default());
    assert_eq!((output.counts.ok, output.counts.refused), (2, 2));
    assert_eq!(requests, ["HEAD a.org/1", "HEAD not.org/1"]);
}

#[test]
fn pages_beyond_the_limit_are_skipped() {
    let text = "<https://a.org/1> <https://a.org/2> <https://a.org/3> <https://a.org/1>\n";
    let (output, requests) = checked(text, &CheckInput { pages: Some(2), ..CheckInput::default() });
    let status: Vec<_> = output.results.iter().map(|one| one.status).collect();
    assert_eq!((status, requests.len()), (vec![Ok, Ok, Skipped, Ok], 2));
}
