#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::sync::Arc;

use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::record::Outage;
use baton_core::spec::AgentSpec;
use serde_json::json;

use super::*;
use crate::process::Kept;

fn job(schema: bool) -> Job {
    let spec = AgentSpec { schema: schema.then(|| json!({}).into()), ..AgentSpec::default() };
    Job {
        task: TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) },
        attempt: 1,
        spec: Arc::new(spec),
        corrections: Vec::new(),
        earlier: Vec::new(),
        scope: Arc::default(),
        root: None,
        limits: Arc::new(Limits::default()),
        timeout_ms: 1_000,
        definition: None,
        authority: Arc::default(),
        rung: 0,
        guidance: Arc::default(),
        traceparent: None,
    }
}

fn judge(schema: bool, stdout: &str, ended: Ended) -> Answer {
    let remains = Remains {
        ended: Some(ended),
        stdout: Kept { first: stdout.into(), ..Kept::default() },
        stderr: Kept { last: b"the end of stderr\n".to_vec(), ..Kept::default() },
    };
    answer::judge(&job(schema), &remains).0
}

fn code(answer: Answer) -> (&'static str, FailureKind, String) {
    match answer.result.unwrap_err() {
        BackendError::Retryable { failure, .. } => ("retryable", failure.kind, failure.code),
        BackendError::Permanent(failure) => ("permanent", failure.kind, failure.code),
        BackendError::Unavailable { failure, .. } => ("quota", failure.kind, failure.code),
        BackendError::Cancelled => panic!("cancelled"),
    }
}

#[test]
fn outputs_that_are_taken() {
    for (schema, stdout, output) in [
        (false, r#"{"output":"x"}"#, r#""x""#),
        (false, "\n {\"output\" : \"x\", \"error\":null, \"new\":{}}\n\n", r#""x""#),
        (true, r#"{"output":null,"summary":null,"evidence":null,"usage":null}"#, "null"),
        (true, r#"{"output":{"b":1,"a":[ 2 ]}}"#, r#"{"b":1,"a":[ 2 ]}"#),
        (true, r#"{"output":"x","usage":{"new":1}}"#, r#""x""#),
    ] {
        let answer = judge(schema, stdout, Ended::Exited(0));
        assert_eq!(answer.result.unwrap().output.as_str(), output, "{stdout}");
    }
}

#[test]
fn answers_that_are_not() {
    let deep = format!(r#"{{"output":{}{}}}"#, "[".repeat(70), "]".repeat(70));
    let deepest_in_limit = format!(r#"{{"output":{}{}}}"#, "[".repeat(64), "]".repeat(64));
    assert!(judge(true, &deepest_in_limit, Ended::Exited(0)).result.is_ok());
    let wide = format!(r#"{{"output":"{}"}}"#, "x".repeat(8 << 20));
    let crowd = format!(
        r#"{{"output":"","evidence":[{}{{"path":"a","claim":""}}]}}"#,
        r#"{"path":"a","claim":""},"#.repeat(4096)
    );
    for (schema, stdout, kind, code_wanted) in [
        (false, "", FailureKind::Failed, "bad-answer"),
        (false, "words", FailureKind::Failed, "bad-answer"),
        (false, "[]", FailureKind::Failed, "bad-answer"),
        (false, "{}", FailureKind::Failed, "bad-answer"),
        (false, r#"{"output":"x"} {"output":"y"}"#, FailureKind::Failed, "bad-answer"),
        (
            false,
            r#"{"output":"x","error":{"kind":"permanent","message":""}}"#,
            FailureKind::Failed,
            "bad-answer",
        ),
        (
            false,
            r#"{"error":{"kind":"unheard-of","message":""}}"#,
            FailureKind::Failed,
            "bad-answer",
        ),
        (false, r#"{"output":"x","usage":{"input_tokens":-1}}"#, FailureKind::Failed, "bad-answer"),
        (false, r#"{"output":"x","evidence":[{"path":"a"}]}"#, FailureKind::Failed, "bad-answer"),
        (
            false,
            r#"{"output":"x","evidence":[{"path":"a","claim":"","lines":{"first":3,"last":2}}]}"#,
            FailureKind::Failed,
            "bad-answer",
        ),
        (false, r#"{"output":7}"#, FailureKind::InvalidOutput, "output-not-text"),
        (false, r#"{"output":null}"#, FailureKind::InvalidOutput, "output-not-text"),
        (true, &deep, FailureKind::Failed, "bad-answer"),
        (false, &wide, FailureKind::Limit, "result-bytes"),
        (false, &crowd, FailureKind::Limit, "list-items"),
    ] {
        let found = code(judge(schema, stdout, Ended::Exited(0)));
        let start: String = stdout.chars().take(80).collect();
        assert_eq!(found, ("permanent", kind, code_wanted.to_owned()), "{start}");
    }
}

#[test]
fn errors_a_program_names() {
    for (error, expected) in [
        (
            r#"{"kind":"permanent","message":"m"}"#,
            BackendError::Permanent(agent_error("agent-error")),
        ),
        (
            r#"{"kind":"retryable","message":"m","retry_after_ms":7}"#,
            BackendError::Retryable { failure: agent_error("agent-error"), after_ms: Some(7) },
        ),
        (
            r#"{"kind":"quota","message":"m"}"#,
            BackendError::Unavailable {
                outage: Outage::Quota,
                failure: agent_error("quota"),
                after_ms: None,
            },
        ),
    ] {
        let stdout = format!(r#"{{"error":{error},"usage":{{"output_tokens":3}}}}"#);
        // Its word says more than its exit status.
        for status in [0, 1] {
            let answer = judge(true, &stdout, Ended::Exited(status));
            assert_eq!(answer.result.unwrap_err(), expected);
            assert_eq!(answer.usage.output_tokens, 3);
        }
    }
}

fn agent_error(code: &str) -> Failure {
    Failure::new(FailureKind::Failed, code, "m")
}

#[test]
fn ends_that_leave_no_answer() {
    let good = r#"{"output":"x","usage":{"output_tokens":3}}"#;
    for (ended, expected) in [
        (Ended::Exited(1), ("permanent", FailureKind::Failed, "exit-status")),
        (Ended::Signalled(11), ("permanent", FailureKind::Failed, "signal")),
        (Ended::NotStarted("no".into()), ("permanent", FailureKind::Failed, "program-not-started")),
        (Ended::Killed, ("retryable", FailureKind::Internal, "supervisor-ended")),
    ] {
        let answer = judge(false, good, ended);
        assert_eq!(answer.usage.output_tokens, 3, "what was consumed counts all the same");
        let (how, kind, code) = code(answer);
        assert_eq!((how, kind, code.as_str()), expected);
    }
}

#[test]
fn texts_of_a_program_are_bounded() {
    let long = "é".repeat(16 << 10);
    let stdout = format!(r#"{{"output":"","summary":"{long}"}}"#);
    let summary = judge(false, &stdout, Ended::Exited(0)).result.unwrap().summary;
    assert_eq!(summary.len(), 16 << 10);

    let claim = format!(r#"{{"output":"","evidence":[{{"path":"a","claim":"{long}"}}]}}"#);
    assert_eq!(code(judge(false, &claim, Ended::Exited(0))).2, "text-bytes");

    let noise = judge(false, &"z".repeat(5_000), Ended::Exited(0));
    let BackendError::Permanent(failure) = noise.result.unwrap_err() else {
        panic!("not permanent")
    };
    assert!(failure.message.len() < 1_000, "{failure}");
    assert!(failure.message.ends_with("the end of stderr"), "{failure}");
}

#[test]
fn commands_are_split_into_words() {
    let words = |text: &str| program::split(text);
    assert_eq!(words(r#"a 'b c' "d\"e" f\ g"#).unwrap(), ["a", "b c", "d\"e", "f g"]);
    assert_eq!(words("a $B *.c | d").unwrap(), ["a", "$B", "*.c", "|", "d"]);
    assert_eq!(words(" "), Err(CommandError::Empty));
    assert_eq!(words("''"), Err(CommandError::Empty));
    assert_eq!(words("a 'b"), Err(CommandError::Words { text: "a 'b".into() }));
    assert_eq!(words("a\0b"), Err(CommandError::Nul));
}

#[test]
fn a_path_is_taken_from_the_hosts_directory_and_a_name_is_not() {
    let here = std::env::current_dir().unwrap();
    for (word, expected) in [
        ("sh", Path::new("sh").to_path_buf()),
        ("/bin/sh", "/bin/sh".into()),
        ("./sh", here.join("sh")),
        ("bin/sh", here.join("bin/sh")),
    ] {
        assert_eq!(*program::anchored(&[word.to_owned()]).unwrap(), *expected, "{word}");
    }
    assert!(program::find(Path::new("sh")).unwrap().is_absolute());
}
