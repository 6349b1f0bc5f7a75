//! Commands as agents: what they get, what they may answer, how they are ended.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::sync::Arc;

use baton_agents::backend::{Inbox, Message};
use baton_agents::{Answer, BackendError, CommandBackend, Job, Notice, work};
use baton_core::handoff::{Failure, FailureKind};
use baton_core::json::Json;
use baton_core::manifest::AgentType;
use baton_core::spec::{AgentOptions, AgentSpec};
use common::{context, family, job, perform, pids, process, runs, shell, spawn, supervisor, until};
use serde_json::{Value, json};
use tokio::sync::watch;

fn permanent(error: BackendError) -> Failure {
    match error {
        BackendError::Permanent(failure) => failure,
        other => panic!("expected a permanent failure, not {other:?}"),
    }
}

async fn failure_of(script: &str) -> Failure {
    let directory = tempfile::tempdir().unwrap();
    let answer = perform(&shell(directory.path(), script), &job(Some(directory.path()))).await;
    permanent(answer.result.unwrap_err())
}

#[tokio::test]
async fn a_program_gets_its_task_and_its_answer_arrives() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"cat > task.json
echo '{"output":"done","summary":"short","further":[1],"usage":{"input_tokens":7,"output_tokens":5,
"cached_tokens":2,"cost_usd":0.25},"evidence":[{"path":"a.md","lines":{"first":1,"last":2},"claim":"c"}]}'"#;
    let mut job = job(Some(directory.path()));
    let text = |text: &str| Some(text.to_owned());
    job.attempt = 2;
    job.corrections = vec!["at /: wrong".into()];
    job.definition = Some(Arc::new(AgentType {
        tools: Some(vec!["Read".into()]),
        disallowed_tools: vec!["Bash".into()],
        ..AgentType::default()
    }));
    job.spec = Arc::new(AgentSpec {
        prompt: "do it".into(),
        input: Some(json!({"n": 1}).into()),
        schema: None,
        options: AgentOptions {
            label: text("l"),
            phase: text("p"),
            agent_type: text("t"),
            model: text("m"),
            effort: text("e"),
            system: text("s"),
            ..AgentOptions::default()
        },
    });
    let answer = perform(&shell(directory.path(), script), &job).await;

    let handoff = answer.result.unwrap();
    assert_eq!(handoff.output.as_str(), "\"done\"");
    assert_eq!(handoff.summary, "short");
    assert_eq!(handoff.evidence.len(), 1);
    let usage = answer.usage;
    assert_eq!((usage.input_tokens, usage.output_tokens, usage.cached_tokens), (7, 5, 2));
    assert_eq!(usage.cost_micro_usd, 250_000);

    let task = fs::read_to_string(directory.path().join("task.json")).unwrap();
    let mut task: Value = serde_json::from_str(&task).unwrap();
    let deadline = task.as_object_mut().unwrap().remove("deadline_ms").unwrap();
    assert!(deadline.as_u64().unwrap() > job.timeout_ms, "a moment, not a duration");
    assert_eq!(
        task,
        json!({
            "task": "run_00000000000000000000000000/3", "attempt": 2, "prompt": "do it",
            "input": {"n": 1}, "label": "l", "phase": "p", "schema": null, "model": "m",
            "effort": "e", "agent_type": "t", "system": "s", "tools": ["Read"],
            "disallowed_tools": ["Bash"], "root": directory.path(),
            "corrections": ["at /: wrong"], "earlier": [], "messages": [], "session": null,
        })
    );
}

#[tokio::test]
async fn the_environment_is_scrubbed() {
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there is something to scrub");
    let directory = tempfile::tempdir().unwrap();
    let script = "tr '\\0' '\\n' < /proc/$$/environ > environment; echo '{\"output\":\"\"}'";
    let mut job = job(Some(directory.path()));
    job.traceparent = Some("the-context".into());
    perform(&shell(directory.path(), script), &job).await.result.unwrap();

    let text = fs::read_to_string(directory.path().join("environment")).unwrap();
    let names: Vec<_> = text.lines().filter_map(|line| Some(line.split_once('=')?.0)).collect();
    let allowed = [
        "PATH",
        "HOME",
        "LANG",
        "TZ",
        "TMPDIR",
        "BATON_RUN",
        "BATON_TASK",
        "BATON_ATTEMPT",
        "TRACEPARENT",
    ];
    for name in &names {
        assert!(allowed.contains(name) || name.starts_with("LC_"), "{name} was passed on");
    }
    for line in [
        "BATON_RUN=run_00000000000000000000000000",
        "BATON_TASK=run_00000000000000000000000000/3",
        "BATON_ATTEMPT=1",
        "TRACEPARENT=the-context",
    ] {
        assert!(text.lines().any(|found| found == line), "{line} is missing in {text}");
    }
    assert!(names.contains(&"PATH"));
}

#[tokio::test]
async fn the_working_directory_is_the_root_or_the_hosts() {
    let script = r#"printf '{"output":"%s"}' "$(pwd -P)""#;
    let directory = tempfile::tempdir().unwrap();
    let here = std::env::current_dir().unwrap();
    for (root, expected) in [(Some(directory.path()), directory.path()), (None, here.as_path())] {
        let answer = perform(&shell(directory.path(), script), &job(root)).await;
        let expected = Json::from(Value::from(expected.canonicalize().unwrap().to_str().unwrap()));
        assert_eq!(answer.result.unwrap().output, expected);
    }
    let gone = directory.path().join("gone");
    let answer = perform(&shell(directory.path(), script), &job(Some(&gone))).await;
    assert_eq!(permanent(answer.result.unwrap_err()).code, "root-missing");
}

#[tokio::test]
async fn a_large_task_arrives_whole_and_can_be_opened_again() {
    let directory = tempfile::tempdir().unwrap();
    let mut job = job(Some(directory.path()));
    let size = 3 << 20;
    job.spec = Arc::new(AgentSpec { prompt: "x".repeat(size), ..AgentSpec::default() });
    let script = r#"printf '{"output":"%s"}' "$(tr -cd x < /dev/stdin | wc -c | tr -d ' ')""#;
    let answer = perform(&shell(directory.path(), script), &job).await;
    let count: u64 = answer.result.unwrap().output.value().as_str().unwrap().parse().unwrap();
    assert!(count >= size as u64, "{count}");
}

#[tokio::test]
async fn a_program_need_not_read_its_task() {
    let directory = tempfile::tempdir().unwrap();
    let mut job = job(Some(directory.path()));
    job.spec = Arc::new(AgentSpec { prompt: "x".repeat(3 << 20), ..AgentSpec::default() });
    let answer = perform(&shell(directory.path(), "echo '{\"output\":\"\"}'"), &job).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"\"");
}

#[tokio::test]
async fn words_reach_the_program_without_a_shell() {
    let directory = tempfile::tempdir().unwrap();
    let file = directory.path().join("echo.sh");
    fs::write(&file, r#"printf '{"output":"%s|%s|%s"}' "$#" "$1" "$2""#).unwrap();
    let words = format!("/bin/sh '{}' 'two words' $HOME;ls", file.display());
    let backend = CommandBackend::new(&words, supervisor()).unwrap();
    let answer = perform(&backend, &job(None)).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"2|two words|$HOME;ls\"");
}

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
async fn time_ends_the_program_and_its_descendants() {
    let directory = tempfile::tempdir().unwrap();
    let backend = shell(directory.path(), &family(directory.path(), false));
    let job = Job { timeout_ms: 2_000, ..job(Some(directory.path())) };
    let failure = permanent(perform(&backend, &job).await.result.unwrap_err());
    assert_eq!((failure.kind, failure.code.as_str()), (FailureKind::TimedOut, "timeout"));
    for pid in pids(&directory.path().join("pids")).await {
        assert!(!runs(pid), "{pid} is left");
    }
}

async fn check_cancelled(stubborn: bool) {
    let directory = tempfile::tempdir().unwrap();
    let backend = shell(directory.path(), &family(directory.path(), stubborn));
    let (task, cancel, mut noticed) = spawn(backend, job(Some(directory.path())));
    let (supervisor, _) = process(&mut noticed).await;
    let pids = pids(&directory.path().join("pids")).await;
    assert!(pids.len() == 4 && pids.iter().all(|pid| runs(*pid)), "{pids:?}");
    cancel.send(true).unwrap();
    assert_eq!(task.await.unwrap().result, Err(BackendError::Cancelled));
    for pid in pids.into_iter().chain([supervisor]) {
        assert!(!runs(pid), "{pid} is left");
    }
}

#[tokio::test]
async fn a_cancel_ends_the_program_and_its_descendants() {
    check_cancelled(false).await;
}

#[tokio::test]
async fn a_cancel_ends_programs_that_ignore_sigterm() {
    check_cancelled(true).await;
}

#[tokio::test]
async fn a_task_cancelled_before_it_starts_starts_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let backend = shell(directory.path(), "touch ran; sleep 3600");
    let (context, cancel, _noticed) = context();
    cancel.send(true).unwrap();
    let job = job(Some(directory.path()));
    let answer = baton_agents::work(&backend, job, &context).await;
    assert_eq!(answer.result, Err(BackendError::Cancelled));
    assert!(!directory.path().join("ran").exists());
}

#[tokio::test]
async fn what_a_program_leaves_behind_ends_with_it() {
    let directory = tempfile::tempdir().unwrap();
    let script = "setsid sleep 3600 </dev/null >/dev/null 2>&1 & echo $! > pids; echo end >> pids
        echo '{\"output\":\"\"}'";
    let answer = perform(&shell(directory.path(), script), &job(Some(directory.path()))).await;
    assert!(answer.result.is_ok());
    assert!(!runs(pids(&directory.path().join("pids")).await[0]));
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

/// A program with sessions: it leaves its task in `task-N`, waits for the file `go` in its first turn,
/// and answers `answer N`.
const KEEPS_A_SESSION: &str = r#"n=$(ls | grep -c '^task-'); n=$((n + 1))
cat > task-$n; touch begun
while ! [ -e go ]; do sleep 0.01; done
printf '{"output":"answer %s","session":"s1","usage":{"input_tokens":10}}' $n"#;

/// Performs a task; when it has begun a person says something, and then the file `go` is there.
async fn told_meanwhile(script: &str, job: &Job) -> (Answer, Vec<Notice>) {
    let directory = job.root.clone().unwrap();
    let (said, inbox) = watch::channel(Arc::from([message(3, "be kind")]));
    let (mut context, _cancel, mut noticed) = context();
    context.inbox = Inbox::new(inbox);
    let say = async {
        until("it begins", || directory.join("begun").exists()).await;
        said.send_replace(Arc::from([message(3, "be kind"), message(7, "be brief")]));
        fs::write(directory.join("go"), "").unwrap();
    };
    let backend = shell(&directory, script);
    let (answer, ()) = tokio::join!(work(&backend, job.clone(), &context), say);
    let mut notices = Vec::new();
    while let Ok(notice) = noticed.try_recv() {
        notices.push(notice);
    }
    (answer, notices)
}

fn message(seq: u64, text: &str) -> Message {
    Message { seq, sender: "ada".into(), text: text.into(), urgent: false }
}

fn task_of(directory: &Path, name: &str) -> Value {
    serde_json::from_str(&fs::read_to_string(directory.join(name)).unwrap()).unwrap()
}

#[tokio::test]
async fn a_program_with_a_session_is_told_in_a_further_turn_before_its_result_is_taken() {
    let directory = tempfile::tempdir().unwrap();
    let (answer, notices) = told_meanwhile(KEEPS_A_SESSION, &job(Some(directory.path()))).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"answer 2\"");
    assert_eq!(answer.usage.input_tokens, 20, "both turns");
    let heard: Vec<u64> = notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Heard { upto } => Some(*upto),
            _ => None,
        })
        .collect();
    assert_eq!(heard, [3, 7]);
    let told: Vec<u64> = notices
        .iter()
        .filter_map(|notice| match notice {
            Notice::Session { session, .. } => Some(session.told),
            _ => None,
        })
        .collect();
    assert_eq!(told, [3, 7], "on record");
    let first = task_of(directory.path(), "task-1");
    let second = task_of(directory.path(), "task-2");
    assert_eq!((&first["session"], &second["session"]), (&Value::Null, &json!("s1")));
    assert_eq!(first["messages"].as_array().unwrap().len(), 1);
    let new = |task: &Value| -> Vec<bool> {
        let messages = task["messages"].as_array().unwrap();
        messages.iter().map(|message| message["new"].as_bool().unwrap()).collect()
    };
    assert_eq!((new(&first), new(&second)), (vec![true], vec![false, true]));
    assert_eq!(second["attempt"], 1, "the same attempt");
}

#[tokio::test]
async fn a_program_without_a_session_is_not_told_after_its_result() {
    let directory = tempfile::tempdir().unwrap();
    let script = KEEPS_A_SESSION.replace(r#""session":"s1","#, "");
    let (answer, notices) = told_meanwhile(&script, &job(Some(directory.path()))).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"answer 1\"");
    let unheard = |notice: &Notice| !matches!(notice, Notice::Heard { upto: 7 });
    assert!(notices.iter().all(unheard), "nobody says that it heard");
}

#[tokio::test]
async fn a_failure_that_names_a_session_is_gone_on_with() {
    let directory = tempfile::tempdir().unwrap();
    let script = r#"n=$(ls | grep -c '^task-'); n=$((n + 1)); cat > task-$n
if [ $n = 1 ]; then
  printf '{"error":{"kind":"retryable","message":"busy"},"session":"s1"}'
else printf '{"output":"done"}'; fi"#;
    let (context, _cancel, _noticed) = context();
    let backend = shell(directory.path(), script);
    let answer = work(&backend, job(Some(directory.path())), &context).await;
    assert_eq!(answer.result.unwrap().output.as_str(), "\"done\"");
    let second = task_of(directory.path(), "task-2");
    assert_eq!((&second["session"], &second["attempt"]), (&json!("s1"), &json!(2)));
}
