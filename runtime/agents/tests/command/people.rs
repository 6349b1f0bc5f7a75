//! Messages and sessions of programs.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use baton_agents::backend::{Inbox, Message};
use baton_agents::{Answer, Job, Notice, work};
use serde_json::{Value, json};
use tokio::sync::watch;

use crate::common::{context, job, shell, until};

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
