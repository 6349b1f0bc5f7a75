//! What a program may answer, and what is made of everything else.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use baton_agents::CommandBackend;
use baton_core::handoff::FailureKind;
use baton_core::spec::AgentSpec;
use serde_json::{Value, json};

use crate::common::{context, job, perform, pids, runs, shell, supervisor};
use crate::{failure_of, permanent};

#[tokio::test]
async fn an_exit_status_quotes_the_end_of_standard_error() {
    let failure = failure_of(
        "i=0; while [ $i -lt 400 ]; do echo \"line $i of what nobody needs\" >&2; i=$((i+1)); done
         echo 'no such model' >&2; echo '{\"output\":\"not counted\"}'; exit 3",
    )
    .await;
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Failed, "exit-status"));
    assert!(failure.message.contains("status 3"), "{failure}");
    assert!(failure.message.ends_with("no such model"), "{failure}");
    let detail = failure.detail.value();
    assert_eq!(detail["status"], 3);
    let stderr = detail["stderr"].as_str().unwrap();
    assert!(stderr.len() <= 4096 && stderr.len() > 2048, "{}", stderr.len());
    assert!(stderr.ends_with("no such model"));
}

#[tokio::test]
async fn a_signal_is_told_from_a_status() {
    let failure = failure_of("kill -KILL $$").await;
    assert_eq!(failure.code, "signal");
    assert_eq!(failure.detail.value()["signal"], 9);
    assert_eq!(failure_of("exit 137").await.code, "exit-status");
}

#[tokio::test]
async fn an_answer_that_is_not_json_is_quoted() {
    let failure = failure_of("echo 'I am afraid'; echo 'key missing' >&2").await;
    assert_eq!(failure.code, "bad-answer");
    assert!(failure.message.contains("I am afraid") && failure.message.contains("key missing"));
}

#[tokio::test]
async fn a_flood_on_standard_output_ends_the_program() {
    let directory = tempfile::tempdir().unwrap();
    let script = "echo $$ > pids; echo end >> pids; while :; do echo 0123456789abcdef; done";
    let answer = perform(&shell(directory.path(), script), &job(Some(directory.path()))).await;
    let failure = permanent(answer.result.unwrap_err());
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::Limit, "stdout-bytes"));
    assert!(!runs(pids(&directory.path().join("pids")).await[0]));
}

#[tokio::test]
async fn a_flood_on_standard_error_does_no_harm() {
    let directory = tempfile::tempdir().unwrap();
    let script = "head -c 9000000 /dev/zero >&2; echo '{\"output\":\"fine\"}'";
    let answer = perform(&shell(directory.path(), script), &job(Some(directory.path()))).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"fine\"");
}

async fn check_unstartable(file: &Path, code: &str, hint: &str) {
    let backend = CommandBackend::new(&format!("'{}'", file.display()), supervisor()).unwrap();
    let failure = permanent(perform(&backend, &job(None)).await.result.unwrap_err());
    assert_eq!(failure.code, code, "{failure}");
    assert!(failure.message.contains(hint), "{failure}");
}

#[tokio::test]
async fn a_program_that_cannot_start_is_a_failure_with_a_hint() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    fs::write(at("text"), "#!/bin/sh\n").unwrap();
    // Written by another process: this one may fork for another test while a file is open, and a
    // file that is open for writing cannot be executed.
    let made = std::process::Command::new("/bin/sh")
        .args(["-c", "printf '#!/no/such/interpreter\\n' > \"$1\"; chmod +x \"$1\"", "sh"])
        .arg(at("script"))
        .status();
    assert!(made.unwrap().success());
    assert_ne!(fs::metadata(at("script")).unwrap().permissions().mode() & 0o111, 0);

    check_unstartable(&at("absent"), "program-not-found", "install it").await;
    check_unstartable(&at("text"), "program-not-executable", "chmod +x").await;
    check_unstartable(directory.path(), "program-not-executable", "regular file").await;
    check_unstartable(&at("script"), "program-not-started", "interpreter").await;
    check_unstartable(Path::new("no-such-program-anywhere"), "program-not-found", "PATH").await;
}

#[tokio::test]
async fn a_schema_is_enforced_with_corrections() {
    let directory = tempfile::tempdir().unwrap();
    // Says how many corrections it was given, first as a text, then as a number.
    let script = r#"task=$(cat); printf '%s\n' "$task" >> tasks
if [ "$BATON_ATTEMPT" = 1 ]; then echo '{"output":{"n":"one"}}'; else echo '{"output":{"n":1}}'; fi"#;
    let mut job = job(Some(directory.path()));
    job.spec = Arc::new(AgentSpec {
        prompt: "count".into(),
        schema: Some(json!({"properties": {"n": {"type": "integer"}}}).into()),
        ..AgentSpec::default()
    });
    let backend = shell(directory.path(), script);
    let (context, _cancel, _noticed) = context();
    let answer = baton_agents::work(&backend, job, &context).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "{\"n\":1}");

    let tasks = fs::read_to_string(directory.path().join("tasks")).unwrap();
    let corrections: Vec<Value> = tasks
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap()["corrections"].clone())
        .collect();
    assert_eq!(corrections[0], json!([]));
    let told = corrections[1][0].as_str().unwrap();
    assert!(corrections.len() == 2 && told.starts_with("at /n: "), "{corrections:?}");
}
