//! Recording, replaying, and what is said when nothing was recorded.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use baton_core::model::{Models, Price, ProviderDefinition};
use baton_core::record::BackendChoice;
use baton_core::tool::SecretSource;
use serde_json::{Value, json};

use super::exchange::{ANSWER_BYTES_MAX, REQUEST_BYTES_MAX};
use super::*;
use crate::error::Trouble;

fn plain() -> Redact {
    Arc::new(str::to_owned)
}

fn provider() -> ProviderDefinition {
    ProviderDefinition {
        api: Api::Anthropic,
        base_url: "https://example.invalid/v1/".to_owned(),
        key: Some(SecretSource::Env("KEY_OF_SOMEBODY".to_owned())),
        requests_per_minute: Some(5),
        tokens_per_minute: Some(6),
        concurrency: Some(7),
        recorded: None,
    }
}

fn models() -> Models {
    Models {
        providers: BTreeMap::from([("anthropic".to_owned(), provider())]),
        tiers: BTreeMap::from([("small".to_owned(), "anthropic:mini".to_owned())]),
        prices: BTreeMap::from([("anthropic:mini".to_owned(), Price::default())]),
    }
}

fn choice(all: &str) -> BackendChoice {
    BackendChoice { all: Some(all.to_owned()), ..BackendChoice::default() }
}

fn asked<'a>(path: &'a str, body: &'a str) -> Asked<'a> {
    Asked { provider: "anthropic", api: Api::Anthropic, path, body: body.as_bytes() }
}

fn answered(text: &str) -> Answered {
    Answered {
        status: 200,
        headers: vec![("content-type".to_owned(), "text/event-stream".to_owned())],
        body: Bytes::copy_from_slice(text.as_bytes()),
    }
}

fn recorded(directory: &Path, exchanges: &[(&str, &str)]) {
    Recording::create(directory, &models(), &choice("anthropic:mini")).unwrap();
    let recorder = Recorder::open(directory, plain()).unwrap();
    for (body, answer) in exchanges {
        assert!(recorder.replay(&asked("messages", body)).is_none());
        recorder.keep(&asked("messages", body), &answered(answer));
    }
    assert_eq!(recorder.trouble(), None);
}

fn ask(replay: &Replay, body: &str) -> Result<Answered, ModelError> {
    replay.replay(&asked("messages", body)).unwrap()
}

fn text(replay: &Replay, body: &str) -> String {
    String::from_utf8(ask(replay, body).unwrap().body.to_vec()).unwrap()
}

fn files(directory: &Path) -> String {
    let mut all = fs::read_to_string(directory.join("recording.json")).unwrap();
    for entry in fs::read_dir(directory.join("exchanges")).unwrap() {
        let file = entry.unwrap().path();
        all.push_str(file.to_str().unwrap());
        all.push_str(&fs::read_to_string(file).unwrap());
    }
    all
}

#[test]
fn models_and_choice_come_back_answered_by_the_recording() {
    let directory = tempfile::tempdir().unwrap();
    recorded(directory.path(), &[]);
    let (models, backends) = Recording::open(directory.path()).unwrap();
    assert_eq!(backends, choice("anthropic:mini"));
    let provider = &models.providers["anthropic"];
    let place = directory.path().canonicalize().unwrap();
    assert_eq!(provider.recorded.as_deref(), place.to_str());
    assert_eq!(
        (&provider.key, provider.requests_per_minute, provider.tokens_per_minute),
        (&None, None, None)
    );
    assert_eq!(models.tiers["small"], "anthropic:mini");
    assert_eq!(models.prices["anthropic:mini"], Price::default());
    assert!(!files(directory.path()).contains("KEY_OF_SOMEBODY"));
}

#[test]
fn equal_requests_are_answered_in_order_and_then_by_the_last_answer() {
    let directory = tempfile::tempdir().unwrap();
    let (one, two) = (r#"{"a":1,"b":[true]}"#, r#"{"a":2}"#);
    recorded(directory.path(), &[(one, "first"), (two, "other"), (one, "second")]);
    // Another process goes on with it.
    recorded(directory.path(), &[(one, "third")]);
    let replay = Replay::open(directory.path(), plain()).unwrap();
    let spaced = r#"{ "b": [true], "a": 1 }"#;
    let said: Vec<_> =
        [one, spaced, one, spaced, one].into_iter().map(|body| text(&replay, body)).collect();
    assert_eq!(said, ["first", "second", "third", "third", "third"]);
    assert_eq!(text(&replay, two), "other");
}

#[test]
fn an_answer_comes_back_byte_for_byte_with_the_headers_that_say_something() {
    let directory = tempfile::tempdir().unwrap();
    Recording::create(directory.path(), &models(), &choice("anthropic:mini")).unwrap();
    let recorder = Recorder::open(directory.path(), plain()).unwrap();
    let body = "event: x\ndata: {\"t\":\"é\u{1F600}\\u0000\"}\r\n\n";
    let mut given = answered(body);
    given.status = 404;
    given.headers.push(("Request-Id".to_owned(), "req_1".to_owned()));
    given.headers.push(("set-cookie".to_owned(), "session=1".to_owned()));
    given.headers.push(("date".to_owned(), "today".to_owned()));
    recorder.keep(&asked("messages", "{}"), &given);
    let replay = Replay::open(directory.path(), plain()).unwrap();
    let answer = ask(&replay, "{}").unwrap();
    assert_eq!(answer.body, body);
    assert_eq!(answer.status, 404);
    let names: Vec<_> = answer.headers.iter().map(|(name, _)| name.as_str()).collect();
    assert_eq!(names, ["content-type", "request-id"]);
}

#[test]
fn a_miss_names_the_nearest_request_and_where_it_differs() {
    let directory = tempfile::tempdir().unwrap();
    let long = "The beginning is the same for a long while, and then it ends with ";
    let body = |model: &str, end: &str, extra: Value| {
        let mut body = json!({
            "model": model, "max_tokens": 10,
            "messages": [{"role": "user", "content": format!("{long}{end}")}],
        });
        if !extra.is_null() {
            body["a/b"] = extra;
        }
        body.to_string()
    };
    let near = body("mini", "apples", Value::Null);
    let far = json!({"model": "maxi", "tools": [1, 2, 3], "system": "x", "n": 4}).to_string();
    recorded(directory.path(), &[(&far, "far"), (&near, "near")]);
    let replay = Replay::open(directory.path(), plain()).unwrap();
    let error = ask(&replay, &body("mini", "pears", json!({"c": 1}))).unwrap_err();
    assert_eq!((error.trouble, error.code), (Trouble::Permanent, "not-recorded"));
    let said = error.message;
    assert!(said.contains("/messages/0/content: recorded \"…"), "{said}");
    assert!(said.contains("ends with apples\", asked \"…"), "{said}");
    assert!(said.contains("ends with pears\""), "{said}");
    assert!(said.contains("/a~1b: recorded nothing, asked {\"c\":1}"), "{said}");
    assert!(!said.contains("/model"), "{said}");
    assert!(said.contains("nearest"), "{said}");
}

#[test]
fn a_miss_without_anything_near_says_so() {
    let directory = tempfile::tempdir().unwrap();
    recorded(directory.path(), &[("{}", "x")]);
    let replay = Replay::open(directory.path(), plain()).unwrap();
    let other = replay.replay(&asked("elsewhere", "{}")).unwrap().unwrap_err();
    assert!(other.message.contains("none to any request of anthropic to elsewhere"), "{other}");
    let gemini = Asked { api: Api::Gemini, ..asked("messages", "{}") };
    let other = replay.replay(&gemini).unwrap().unwrap_err();
    assert!(other.message.ends_with("none to any request of gemini"), "{other}");
}

#[test]
fn differences_are_short_and_few() {
    let old = json!({"list": [1, 2], "deep": {"a": "x".repeat(500)}, "gone": true, "same": [null]});
    let new = json!({"list": [1, 3, 4], "deep": {"a": [1]}, "same": [null], "kind": 1.5});
    let found: Vec<_> = difference::between(&old, &new).iter().map(ToString::to_string).collect();
    assert_eq!(
        found,
        [
            "/list/1: recorded 2, asked 3".to_owned(),
            "/list: recorded 2 items, asked 3 items".to_owned(),
            format!("/deep/a: recorded \"{}…\", asked [1]", "x".repeat(60)),
            "/gone: recorded true, asked nothing".to_owned(),
            "/kind: recorded nothing, asked 1.5".to_owned(),
        ]
    );
    let many: Value = (0..1_000).collect();
    let others: Value = (1_000..2_000).collect();
    assert_eq!(difference::between(&many, &others).len(), 64);
    assert_eq!(
        difference::between(&json!(1), &json!("1"))[0].to_string(),
        "the whole: recorded 1, asked \"1\""
    );
}

#[test]
fn secrets_are_in_no_file_and_no_message_and_change_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let secret = "s3cr\"et";
    let redact: Redact = Arc::new(move |text: &str| text.replace(secret, "[gone]"));
    Recording::create(directory.path(), &models(), &choice("anthropic:mini")).unwrap();
    let recorder = Recorder::open(directory.path(), Arc::clone(&redact)).unwrap();
    let body = json!({"content": format!("it is {secret}"), secret: [secret]}).to_string();
    let mut given = answered(&format!("you said {secret}"));
    given.headers.push(("request-id".to_owned(), secret.to_owned()));
    recorder.keep(&asked("messages?of=1", &body), &given);
    assert_eq!(recorder.trouble(), None);
    let all = files(directory.path());
    assert!(!all.contains("s3cr"), "{all}");

    let replay = Replay::open(directory.path(), redact).unwrap();
    let answer = replay.replay(&asked("messages?of=1", &body)).unwrap().unwrap();
    assert_eq!(answer.body, "you said [gone]");
    // Whoever runs it without the secret asks the same.
    let open = json!({"content": "it is [gone]", "[gone]": ["[gone]"]}).to_string();
    assert!(replay.replay(&asked("messages?of=1", &open)).unwrap().is_ok());
    let other = json!({"content": format!("now {secret}")}).to_string();
    let miss = replay.replay(&asked("messages?of=1", &other)).unwrap().unwrap_err();
    assert!(!miss.message.contains("s3cr"), "{miss}");
}

#[test]
fn what_cannot_be_recorded_is_said_and_stops_nothing() {
    let directory = tempfile::tempdir().unwrap();
    Recording::create(directory.path(), &models(), &choice("anthropic:mini")).unwrap();
    let large = format!("\"{}\"", "x".repeat(usize::try_from(REQUEST_BYTES_MAX).unwrap()));
    let flood = "x".repeat(usize::try_from(ANSWER_BYTES_MAX).unwrap() + 1);
    let binary = Answered { body: Bytes::from_static(&[0xff]), ..answered("") };
    let cases: [(&[u8], Answered, &str); 5] = [
        (b"no json", answered("x"), "a request cannot be recorded: not JSON"),
        (b"\xff", answered("x"), "a request cannot be recorded: it is not text"),
        (large.as_bytes(), answered("x"), "33554434 bytes of JSON where 33554432 are the limit"),
        (b"{}", answered(&flood), "33554433 bytes where 33554432 are the limit"),
        (b"{}", binary, "an answer cannot be recorded: it is not text"),
    ];
    for (body, given, said) in cases {
        let recorder = Recorder::open(directory.path(), plain()).unwrap();
        recorder.keep(&Asked { body, ..asked("messages", "") }, &given);
        let trouble = recorder.trouble().unwrap();
        assert!(trouble.contains(said), "{trouble}");
        recorder.keep(&asked("messages", "{}"), &answered("good"));
        assert_eq!(recorder.trouble(), Some(trouble), "the first one is told");
    }
    let replay = Replay::open(directory.path(), plain()).unwrap();
    assert_eq!(text(&replay, "{}"), "good");
    let broken = ask(&replay, "no json").unwrap_err();
    assert_eq!((broken.trouble, broken.code), (Trouble::Permanent, "not-recorded"));
}

#[test]
fn a_directory_of_something_else_is_left_alone() {
    let directory = tempfile::tempdir().unwrap();
    let mine = directory.path().join("mine.txt");
    fs::write(&mine, "mine").unwrap();
    let error = Recording::create(directory.path(), &models(), &choice("x")).unwrap_err();
    assert!(matches!(error, RecordingError::Occupied(_)), "{error}");
    assert_eq!(fs::read_dir(directory.path()).unwrap().count(), 1);
    for result in [
        Recording::open(directory.path()).map(|_| ()),
        Replay::open(directory.path(), plain()).map(|_| ()),
        Recorder::open(directory.path(), plain()).map(|_| ()),
    ] {
        assert!(matches!(result, Err(RecordingError::None(_))));
    }
}

#[test]
fn damage_is_told_with_the_file() {
    let directory = tempfile::tempdir().unwrap();
    recorded(directory.path(), &[("{}", "x")]);
    let exchanges = directory.path().join("exchanges");
    let file = fs::read_dir(&exchanges).unwrap().next().unwrap().unwrap().path();
    let whole = fs::read_to_string(&file).unwrap();
    let replay = Replay::open(directory.path(), plain()).unwrap();
    for (content, said) in [
        (whole[..whole.len() / 2].to_owned(), "EOF"),
        (whole.replace("\"format\": 1", "\"format\": 9"), "form 9"),
        (whole.replace("\"request\": {}", "\"request\": {\"a\": 1}"), "of another request"),
        (whole.replace("\"format\"", "\"more\": 0, \"format\""), "unknown field"),
    ] {
        assert_ne!(content, whole);
        fs::write(&file, content).unwrap();
        let error = ask(&replay, "{}").unwrap_err();
        assert!(error.message.contains(said), "{error}");
        assert!(error.message.contains(file.file_name().unwrap().to_str().unwrap()), "{error}");
    }
    let index = directory.path().join("recording.json");
    let text = fs::read_to_string(&index).unwrap().replace("\"format\": 1", "\"format\": 2");
    fs::write(&index, text).unwrap();
    let error = Recording::open(directory.path()).unwrap_err();
    assert!(error.to_string().contains("recording.json: form 2"), "{error}");
    // What cannot be understood is not written over.
    assert!(Recording::create(directory.path(), &models(), &choice("x")).is_err());
}

#[test]
fn a_recording_that_goes_on_keeps_the_models_it_knew() {
    let directory = tempfile::tempdir().unwrap();
    recorded(directory.path(), &[]);
    let more = Models {
        providers: BTreeMap::from([("other".to_owned(), provider())]),
        ..Models::default()
    };
    Recording::create(directory.path(), &more, &choice("other:big")).unwrap();
    let (models, backends) = Recording::open(directory.path()).unwrap();
    assert_eq!(backends, choice("other:big"));
    assert_eq!(models.providers.keys().collect::<Vec<_>>(), ["anthropic", "other"]);
    assert_eq!(models.prices.len(), 1);
}

#[test]
fn a_recording_that_is_full_takes_no_more() {
    use super::directory::EXCHANGES_MAX;
    let directory = tempfile::tempdir().unwrap();
    recorded(directory.path(), &[]);
    let exchanges = directory.path().join("exchanges");
    for number in 1..EXCHANGES_MAX {
        fs::File::create(exchanges.join(format!("other-{number}.json"))).unwrap();
    }
    let recorder = Recorder::open(directory.path(), plain()).unwrap();
    recorder.keep(&asked("messages", "{}"), &answered("last"));
    assert_eq!(recorder.trouble(), None);
    recorder.keep(&asked("messages", "{}"), &answered("too much"));
    assert!(recorder.trouble().unwrap().ends_with("holds 10000 exchanges, and that is the limit"));
    let replay = Replay::open(directory.path(), plain()).unwrap();
    assert_eq!((text(&replay, "{}"), text(&replay, "{}")), ("last".to_owned(), "last".to_owned()));
    fs::File::create(exchanges.join("other-0.json")).unwrap();
    assert!(matches!(Replay::open(directory.path(), plain()), Err(RecordingError::Full(_))));
}

#[test]
fn files_that_no_recording_writes_are_not_read() {
    let directory = tempfile::tempdir().unwrap();
    recorded(directory.path(), &[("{}", "x")]);
    let exchanges = directory.path().join("exchanges");
    let file = fs::read_dir(&exchanges).unwrap().next().unwrap().unwrap().path();
    let replay = Replay::open(directory.path(), plain()).unwrap();
    let grow = |file: &Path, bytes: u64| {
        fs::File::options().write(true).open(file).unwrap().set_len(bytes).unwrap();
    };
    grow(&file, (384 << 20) + 1);
    let error = ask(&replay, "{}").unwrap_err();
    assert!(error.message.contains("402653185 bytes where 402653184 are the limit"), "{error}");
    grow(&directory.path().join("recording.json"), (4 << 20) + 1);
    let error = ModelError::from(Recording::open(directory.path()).unwrap_err());
    assert!(error.message.contains("4194305 bytes where 4194304 are the limit"), "{error}");
    assert_eq!((error.trouble, error.code), (Trouble::Permanent, "recording"));
}
