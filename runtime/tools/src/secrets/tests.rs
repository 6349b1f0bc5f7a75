#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::time::Duration;

use baton_core::json::Json;
use baton_core::tool::{SecretDefinition, SecretSource};
use serde_json::{Value, json};

use super::source::command;
use super::{SECRET_BYTES_MAX, SecretError, SecretProblem, Secrets};

const CANARY: &str = "canary/7q+\"é";

fn secrets(sources: impl IntoIterator<Item = (&'static str, SecretSource)>) -> Secrets {
    let define =
        |(name, from): (&str, _)| (name.to_owned(), SecretDefinition { from, hosts: Vec::new() });
    Secrets::new(sources.into_iter().map(define).collect())
}

fn one(source: SecretSource) -> Secrets {
    secrets([("it", source)])
}

fn in_file(folder: &Path, content: impl AsRef<[u8]>) -> SecretSource {
    let path = folder.join("secret");
    fs::write(&path, content).unwrap();
    SecretSource::File(path.to_str().unwrap().to_owned())
}

fn argv(words: &[&str]) -> Vec<String> {
    words.iter().map(|word| (*word).to_owned()).collect()
}

async fn problem(source: SecretSource) -> SecretProblem {
    let SecretError { name, problem } = one(source).get("it").await.unwrap_err();
    assert_eq!(name, "it");
    problem
}

#[tokio::test]
async fn values_come_from_variables_files_and_commands() {
    let folder = tempfile::tempdir().unwrap();
    let path = std::env::var("PATH").unwrap();
    assert_eq!(*one(SecretSource::Env("PATH".into())).get("it").await.unwrap(), *path);
    for (content, value) in [
        ("long-enough", "long-enough"),
        ("long-enough\n", "long-enough"),
        ("long-enough\r\n", "long-enough"),
        ("long-enough\n\n", "long-enough\n"),
        (" long-enough ", " long-enough "),
    ] {
        let file = in_file(folder.path(), content);
        assert_eq!(*one(file).get("it").await.unwrap(), *value, "{content:?}");
        let printed = SecretSource::Command(argv(&["printf", "%s", content]));
        assert_eq!(*one(printed).get("it").await.unwrap(), *value, "{content:?}");
    }
    // No shell has seen it.
    let words = SecretSource::Command(argv(&["echo", "$HOME; exit 1"]));
    assert_eq!(*one(words).get("it").await.unwrap(), *"$HOME; exit 1");
}

#[tokio::test]
async fn what_cannot_be_kept_secret_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for content in ["", "\n", "1234567", "1234567\n", "a      b\n\n", "ééééééé"] {
        if content.trim().chars().count() < 8 {
            let file = in_file(folder.path(), content);
            assert_eq!(problem(file).await, SecretProblem::TooShort, "{content:?}");
        }
    }
    let file = in_file(folder.path(), "éééééééé");
    assert_eq!(*one(file).get("it").await.unwrap(), *"éééééééé");
    let file = in_file(folder.path(), [0xff; 20]);
    assert_eq!(problem(file).await, SecretProblem::NotText);

    let longest = "x".repeat(SECRET_BYTES_MAX);
    let file = in_file(folder.path(), format!("{longest}\r\n"));
    assert_eq!(one(file).get("it").await.unwrap().len(), SECRET_BYTES_MAX);
    for content in [format!("{longest}x"), format!("{longest}{longest}")] {
        assert_eq!(problem(in_file(folder.path(), content)).await, SecretProblem::TooLong);
    }
}

#[tokio::test]
async fn a_source_that_brings_nothing_says_so() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["BATON_TEST_NOT_SET", "", "A=B", "A\0B"] {
        assert_eq!(
            problem(SecretSource::Env(name.into())).await,
            SecretProblem::NotSet(name.into())
        );
    }
    for path in [folder.path().to_str().unwrap(), "/no/such/file", "/dev/zero", "a\0b"] {
        let found = problem(SecretSource::File(path.into())).await;
        assert!(matches!(&found, SecretProblem::File { path: p, .. } if p == path), "{found}");
    }
    for program in ["/no/such/program", ""] {
        let found = problem(SecretSource::Command(argv(&[program]))).await;
        assert!(matches!(found, SecretProblem::Start { .. }), "{found}");
    }
    let found = problem(SecretSource::Command(vec![])).await;
    assert!(matches!(found, SecretProblem::Start { .. }), "{found}");
    let found =
        problem(SecretSource::Command(argv(&["sh", "-c", "echo long-enough; exit 3"]))).await;
    assert!(
        matches!(&found, SecretProblem::Failed { status, .. } if status.contains('3')),
        "{found}"
    );
    let found = problem(SecretSource::Command(argv(&["yes", "much too long"]))).await;
    assert_eq!(found, SecretProblem::TooLong);
    let unknown = one(SecretSource::Env("PATH".into())).get("other").await.unwrap_err();
    assert_eq!(unknown.problem, SecretProblem::Unknown);
}

#[tokio::test]
async fn a_command_that_takes_too_long_ends_with_all_it_started() {
    let folder = tempfile::tempdir().unwrap();
    let pids = folder.path().join("pids");
    // The inner one keeps the pipe open after the outer one is killed.
    let script = format!("sleep 1000 & echo $! > {0}.new; mv {0}.new {0}; wait", pids.display());
    let argv = argv(&["sh", "-c", &script]);
    let work = command(&argv, Duration::from_secs(3));
    assert!(matches!(work.await.unwrap_err(), SecretProblem::TimedOut { .. }));
    let pid = fs::read_to_string(&pids).unwrap();
    // Whoever adopts it may take its time to bury it; what is dead has no command line.
    let line = format!("/proc/{}/cmdline", pid.trim());
    while fs::read(&line).is_ok_and(|line| !line.is_empty()) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
}

#[tokio::test]
async fn a_source_is_asked_once() {
    let folder = tempfile::tempdir().unwrap();
    let count = folder.path().join("count");
    for (end, ok) in [("echo long-enough", true), ("exit 1", false)] {
        fs::write(&count, "").unwrap();
        let script = format!("echo x >> {}; {end}", count.display());
        let secrets = one(SecretSource::Command(argv(&["sh", "-c", &script])));
        assert_eq!(fs::read_to_string(&count).unwrap(), "", "nothing is resolved before");
        let (first, second) = tokio::join!(secrets.get("it"), secrets.get("it"));
        let third = secrets.get("it").await;
        assert!([first, second, third].iter().all(|got| got.is_ok() == ok));
        assert_eq!(fs::read_to_string(&count).unwrap(), "x\n");
    }
}

#[tokio::test]
async fn a_file_that_everybody_can_read_is_a_warning() {
    let folder = tempfile::tempdir().unwrap();
    let file = in_file(folder.path(), "long-enough");
    let SecretSource::File(path) = file.clone() else { panic!("a file") };
    for (mode, warned) in [(0o600, false), (0o640, false), (0o644, true), (0o604, true)] {
        fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
        let warnings = one(file.clone()).warnings();
        assert_eq!(warnings.len(), usize::from(warned), "{mode:o}");
        assert!(warnings.iter().all(|text| text.contains(&path) && text.contains("`it`")));
    }
}

#[test]
fn a_stand_in_is_of_one_run_and_fits_a_header() {
    let sources =
        || [("My Key/1", SecretSource::Env("A".into())), ("b", SecretSource::Env("B".into()))];
    let (one, other) = (secrets(sources()), secrets(sources()));
    let stand_in = one.placeholder("My Key/1");
    let random = stand_in.strip_prefix("baton-secret-my-key-1-").unwrap();
    assert!(random.len() == 32 && random.bytes().all(|byte| byte.is_ascii_hexdigit()), "{random}");
    assert_eq!(one.placeholder("My Key/1"), stand_in);
    assert_ne!(other.placeholder("My Key/1"), stand_in);
    assert_ne!(one.placeholder("b").rsplit('-').next(), stand_in.rsplit('-').next());
}

#[tokio::test]
async fn what_was_resolved_is_taken_out() {
    let folder = tempfile::tempdir().unwrap();
    let later = SecretSource::Command(argv(&["echo", "later-secret"]));
    let secrets = secrets([("it", in_file(folder.path(), CANARY)), ("later", later)]);
    let text = format!("a {CANARY} b later-secret c");
    assert_eq!(secrets.redactor().text(&text), text, "nothing is known yet");
    secrets.get("it").await.unwrap();
    let redactor = secrets.redactor();
    assert_eq!(redactor.text(&text), "a [secret it] b later-secret c");
    let stand_in = secrets.placeholder("it");
    assert_eq!(redactor.text(&format!("x{stand_in}y")), "x[secret it]y");
    secrets.get("later").await.unwrap();
    assert_eq!(secrets.redactor().text(&text), "a [secret it] b [secret later] c");
    let clean = secrets.redactor().bytes(text.as_bytes()).into_owned();
    assert_eq!(clean, b"a [secret it] b [secret later] c");

    let mut stream = secrets.redactor().stream();
    let mut clean: Vec<u8> =
        text.as_bytes().chunks(2).flat_map(|piece| stream.push(piece)).collect();
    clean.extend(stream.end());
    assert_eq!(clean, b"a [secret it] b [secret later] c");
    let mut stream = super::Redactor::default().stream();
    assert_eq!((stream.push(b"as it is"), stream.end()), (b"as it is".to_vec(), vec![]));
}

#[tokio::test]
async fn json_is_cleaned_in_keys_values_and_numbers() {
    let folder = tempfile::tempdir().unwrap();
    let digits = SecretSource::Command(argv(&["echo", "12345678"]));
    let precise = SecretSource::Command(argv(&["echo", "98765432.10"]));
    let secrets =
        secrets([("it", in_file(folder.path(), CANARY)), ("digits", digits), ("precise", precise)]);
    for name in ["it", "digits", "precise"] {
        secrets.get(name).await.unwrap();
    }
    let redactor = secrets.redactor();
    for (given, clean) in [
        (json!({"a": [CANARY, 1]}), json!({"a": ["[secret it]", 1]})),
        (
            json!({CANARY: {"b": format!("<{CANARY}>")}}),
            json!({"[secret it]": {"b": "<[secret it]>"}}),
        ),
        (json!([12_345_678, -912_345_678]), json!(["[secret digits]", "-9[secret digits]"])),
        (json!(format!("{{\"a\": {}}}", json!(CANARY))), json!("{\"a\": \"[secret it]\"}")),
    ] {
        assert_eq!(redactor.json(&given.clone().into()).value(), clean, "{given}");
    }
    // However it is written.
    let escaped: String = CANARY.chars().map(|c| format!("\\u{:04x}", u32::from(c))).collect();
    let written = Json::parse(&format!("[\"{escaped}\"]"), 1_000, 10).unwrap();
    assert_eq!(redactor.json(&written).as_str(), r#"["[secret it]"]"#);
    let written = Json::parse("[98765432.10]", 1_000, 10).unwrap();
    assert_eq!(redactor.json(&written).value(), Value::from("[[secret precise]]"));
    let plain = Json::parse("{ \"b\" : 1.50 , \"a\" : [ ] }", 1_000, 10).unwrap();
    assert_eq!(redactor.json(&plain).as_str(), plain.as_str(), "as it was written");
}

#[tokio::test]
async fn nothing_shows_a_value() {
    let folder = tempfile::tempdir().unwrap();
    let bad =
        SecretSource::Command(argv(&["sh", "-c", "echo canary-out; echo canary-err >&2; exit 1"]));
    let secrets = secrets([("it", in_file(folder.path(), "canary-value")), ("bad", bad)]);
    let value = secrets.get("it").await.unwrap();
    let error = secrets.get("bad").await.unwrap_err();
    let shown = format!("{secrets:?} {:?} {error} {:?}", secrets.redactor(), error.problem);
    assert!(!shown.contains(&*value) && !shown.contains("canary-value"), "{shown}");
    assert!(!error.to_string().contains("canary-out"), "{error}");
    let _: BTreeMap<String, SecretDefinition> = secrets.definitions().clone();
}
