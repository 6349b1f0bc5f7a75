//! What a program gets: its task, its environment, its directory.

use std::fs;
use std::sync::Arc;

use baton_agents::CommandBackend;
use baton_core::json::Json;
use baton_core::manifest::AgentType;
use baton_core::spec::{AgentOptions, AgentSpec};
use serde_json::{Value, json};

use crate::common::{job, perform, shell, supervisor};
use crate::permanent;

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
