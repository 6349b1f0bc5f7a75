use baton_guest::testing::{HttpAnswer, with_http};
use baton_guest::{ToolError, ToolErrorKind};
use serde_json::json;

use super::fake::Fake;
use crate::{
    CommentInput, CommentOutput, PullRequestInput, PullRequestOutput, comment, pull_request,
};

fn open(fake: &Fake, input: &PullRequestInput) -> Result<PullRequestOutput, ToolError> {
    let answer = fake.clone();
    with_http(move |request| answer.answer(request), || pull_request(input, "stand-in"))
}

fn write(fake: &Fake, input: &CommentInput) -> Result<CommentOutput, ToolError> {
    let answer = fake.clone();
    with_http(move |request| answer.answer(request), || comment(input, "stand-in"))
}

fn request(head: &str) -> PullRequestInput {
    PullRequestInput {
        repository: "ann/shop".into(),
        head: head.into(),
        base: "main".into(),
        title: "Fix it".into(),
        body: "Because.".into(),
        ..PullRequestInput::default()
    }
}

fn text(body: &str, key: Option<&str>) -> CommentInput {
    CommentInput {
        repository: "ann/shop".into(),
        number: 7,
        body: body.into(),
        key: key.map(str::to_owned),
        ..CommentInput::default()
    }
}

#[test]
fn a_pull_request_is_opened_once() {
    let fake = Fake::default();
    let first = open(&fake, &request("fix/one")).unwrap();
    assert_eq!((first.number, first.id, first.created), (1, 5_001, true));
    assert_eq!(first.url, "https://github.com/ann/shop/pull/1");
    assert_eq!((first.state.as_str(), first.commit.as_str()), ("open", "abc"));
    let again = open(&fake, &request("fix/one")).unwrap();
    assert_eq!((again.number, again.created), (1, false));
    assert_eq!(open(&fake, &request("fix/two")).unwrap().number, 2);
    assert_eq!(open(&fake, &request("eve:fix/one")).unwrap().number, 3);
    assert_eq!(fake.0.borrow().pulls.len(), 3);
    assert_eq!(fake.0.borrow().pulls[0]["body"], "Because.");
}

#[test]
fn a_key_finds_a_pull_request_that_was_closed() {
    let fake = Fake::default();
    let keyed = |key: &str| PullRequestInput { key: Some(key.into()), ..request("fix") };
    let first = open(&fake, &keyed("run_1/2")).unwrap();
    assert!(first.created);
    let body = fake.0.borrow().pulls[0]["body"].clone();
    assert_eq!(body, "Because.\n\n<!-- baton-key: run_1/2 -->");
    fake.0.borrow_mut().pulls[0]["state"] = json!("closed");
    let again = open(&fake, &keyed("run_1/2")).unwrap();
    assert_eq!((again.number, again.created, again.state.as_str()), (1, false, "closed"));
    assert_eq!(open(&fake, &keyed("run_1/3")).unwrap().number, 2);
    assert!(open(&fake, &request("fix")).is_ok_and(|found| found.number == 2 && !found.created));
}

#[test]
fn whoever_is_overtaken_takes_what_is_there() {
    let fake = Fake::default();
    fake.0.borrow_mut().overtaken = true;
    let output = open(&fake, &request("fix")).unwrap();
    assert_eq!((output.number, output.created), (1, false));
    assert_eq!(fake.0.borrow().pulls.len(), 1);
    let error = open(&fake, &request("absent")).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ToolErrorKind::InvalidInput, "validation"));
    assert!(error.message.contains("head is invalid"), "{}", error.message);
}

#[test]
fn a_comment_with_a_key_is_written_once() {
    let fake = Fake::default();
    let first = write(&fake, &text("Hello", Some("run_1/2"))).unwrap();
    assert_eq!((first.number, first.id, first.created), (7, 900, true));
    let again = write(&fake, &text("Hello", Some("run_1/2"))).unwrap();
    assert_eq!((again.id, again.created), (900, false));
    assert_eq!(again.url, first.url);
    assert_eq!(write(&fake, &text("Hello", Some("run_1/21"))).unwrap().id, 901);
    assert_eq!(write(&fake, &text("Hello", None)).unwrap().id, 902);
    assert_eq!(write(&fake, &text("Hello", None)).unwrap().id, 903);
    // Keys do not end the HTML comment that they stand in.
    let evil = write(&fake, &text("Hi", Some("--> <b>"))).unwrap();
    assert!(evil.created);
    let body = fake.0.borrow().comments[4]["body"].as_str().unwrap().to_owned();
    assert_eq!(body, "Hi\n\n<!-- baton-key: %2d%2d%3e%20%3cb%3e -->");
}

#[test]
fn a_key_is_looked_for_on_every_page() {
    let fake = Fake::default();
    write(&fake, &text("Hello", Some("first"))).unwrap();
    let fill = |count| {
        let filler = json!({ "id": 1, "html_url": "", "body": null });
        fake.0.borrow_mut().comments.splice(0..0, vec![filler; count]);
    };
    fill(250);
    fake.0.borrow_mut().requests.clear();
    assert!(!write(&fake, &text("Hello", Some("first"))).unwrap().created);
    assert_eq!(fake.0.borrow().requests.len(), 3);
    fill(2_750);
    let error = write(&fake, &text("Hello", Some("second"))).unwrap_err();
    assert_eq!(error.code, "too-many-comments");
    assert_eq!(fake.0.borrow().comments.len(), 3_001);
}

#[test]
fn what_github_refuses_is_told_in_kind() {
    use ToolErrorKind::{Denied, Failed, InvalidInput, Unavailable};
    let say = |status| HttpAnswer::json(status, &json!({ "message": "No." }));
    let cases = [
        (say(401), Denied, "unauthorized"),
        (say(403), Denied, "forbidden"),
        (say(403).header("X-RateLimit-Remaining", "0"), Unavailable, "rate-limit"),
        (say(403).header("retry-after", "60"), Unavailable, "rate-limit"),
        (say(429), Unavailable, "rate-limit"),
        (say(404), Failed, "not-found"),
        (say(422), InvalidInput, "validation"),
        (say(502), Unavailable, "server-error"),
        (say(302), Failed, "http-status"),
        (HttpAnswer::text(200, "<html>"), Failed, "bad-response"),
    ];
    for (answer, kind, code) in cases {
        let fake = Fake::default();
        fake.0.borrow_mut().next.push(answer);
        let error = write(&fake, &text("Hello", None)).unwrap_err();
        assert_eq!((error.kind, error.code.as_str()), (kind, code), "{}", error.message);
    }
}

#[test]
fn wrong_input_sends_nothing() {
    let fake = Fake::default();
    for repository in ["ann", "ann/", "/shop", "ann/shop/x", "ann/..", "a b/c", "ann/shop?x"] {
        let input = CommentInput { repository: repository.into(), ..text("Hi", None) };
        assert_eq!(write(&fake, &input).unwrap_err().code, "invalid-repository", "{repository}");
    }
    let elsewhere = CommentInput { base_url: Some("ftp://x".into()), ..text("Hi", None) };
    for (input, code) in [
        (elsewhere, "invalid-base-url"),
        (text(" ", None), "invalid-body"),
        (text(&"x".repeat(65_001), None), "invalid-body"),
        (text("Hi", Some("")), "invalid-key"),
        (text("Hi", Some(&"x".repeat(201))), "invalid-key"),
    ] {
        assert_eq!(write(&fake, &input).unwrap_err().code, code);
    }
    assert!(fake.0.borrow().requests.is_empty());
    // Without the secret nothing is sent, either.
    let error = crate::tools::comment(text("Hi", None)).unwrap_err();
    assert_eq!((error.kind, error.code.as_str()), (ToolErrorKind::Denied, "secret-not-granted"));
}
