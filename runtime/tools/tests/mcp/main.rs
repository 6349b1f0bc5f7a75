//! Servers that are programs, through a real supervisor.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeMap;
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_agents::Supervisor;
use baton_agents::backend::{BackendError, JobContext, Notice};
use baton_core::handoff::Failure;
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::scope::Denials;
use baton_core::tool::{SecretDefinition, SecretSource, Server};
use baton_tools::ToolJob;
use baton_tools::mcp::McpServers;
use baton_tools::secrets::Secrets;
use serde_json::json;
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// Far more than anything here takes; only a test that fails waits so long.
const LONG: Duration = Duration::from_secs(300);

const SECRET: &str = "a secret of some length";

/// The supervisor as a program; cargo builds it with the tests of the workspace.
fn supervisor() -> Supervisor {
    let own = std::env::current_exe().unwrap();
    let program = own.parent().unwrap().parent().unwrap().join("examples/supervise");
    assert!(program.is_file(), "{} is missing: run `cargo test --workspace`", program.display());
    Supervisor { program, args: Vec::new() }
}

/// A server, and what is known of it.
struct Fixture {
    folder: TempDir,
    servers: McpServers,
    cancel: watch::Sender<bool>,
    context: JobContext,
    notices: mpsc::UnboundedReceiver<Notice>,
}

impl Fixture {
    fn new() -> Self {
        let script = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/mcp/server.sh");
        Self::of(&["/bin/sh", script.to_str().unwrap()])
    }

    fn of(argv: &[&str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join("root")).unwrap();
        fs::write(folder.path().join("secret"), SECRET).unwrap();
        let at = folder.path().to_str().unwrap().to_owned();
        let from = SecretSource::File(format!("{at}/secret"));
        let secret = SecretDefinition { from, hosts: Vec::new() };
        let secrets = Secrets::new(BTreeMap::from([("token".to_owned(), secret)]));
        let env = [("TOKEN", "secret:token"), ("PLAIN", "as it is")];
        let server = Server::Stdio {
            argv: argv.iter().map(ToString::to_string).chain([at]).collect(),
            env: env.map(|(name, value)| (name.to_owned(), value.to_owned())).into(),
            cwd: None,
        };
        let root = folder.path().join("root").canonicalize().unwrap();
        let servers = McpServers::new(
            BTreeMap::from([("sh".to_owned(), server)]),
            Arc::new(secrets),
            supervisor(),
            Some(root),
            Arc::new(Limits::default()),
        );
        let (cancel, cancelled) = watch::channel(false);
        let (sender, notices) = mpsc::unbounded_channel();
        let context = JobContext::alone(cancelled, sender);
        Self { folder, servers, cancel, context, notices }
    }

    async fn call(&self, tool: &str) -> Result<String, BackendError> {
        self.call_within(tool, LONG).await
    }

    async fn call_within(&self, tool: &str, time: Duration) -> Result<String, BackendError> {
        let task =
            TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) };
        let job = ToolJob {
            task,
            attempt: 1,
            tool: tool.to_owned(),
            input: json!({}).into(),
            authority: Arc::default(),
            root: None,
            limits: Arc::default(),
            timeout_ms: time.as_millis().try_into().unwrap(),
            idempotency_key: "key".into(),
            traceparent: Some("the-context".into()),
        };
        let answer = self.servers.call("sh", tool, &job, &self.context).await;
        let output = answer.result.map(|handoff| handoff.output.value());
        output.map(|output| output["content"][0]["text"].as_str().unwrap().to_owned())
    }

    fn lines(&self, file: &str) -> Vec<String> {
        let text = fs::read_to_string(self.folder.path().join(file)).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// Waits until everything that was started is gone.
    async fn wait_until_gone(&self) {
        let began = Instant::now();
        while self.lines("starts").iter().any(|pid| runs(pid)) {
            assert!(began.elapsed() < LONG, "a process is left");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }
}

fn runs(pid: &str) -> bool {
    let Ok(stat) = fs::read_to_string(format!("/proc/{pid}/stat")) else { return false };
    let state = stat.rsplit_once(')').map(|(_, rest)| rest.trim_start().chars().next());
    !matches!(state, Some(Some('Z' | 'X')))
}

fn retryable(result: Result<String, BackendError>) -> Failure {
    match result {
        Err(BackendError::Retryable { failure, .. }) => failure,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_server_serves_all_calls_and_ends_with_the_run() {
    let mut fixture = Fixture::new();
    assert!(fixture.lines("starts").is_empty());
    assert_eq!(fixture.servers.list("sh").await.unwrap().tools.len(), 1);
    let first = fixture.call("say").await.unwrap();
    assert_eq!(fixture.call("say").await.unwrap(), first);
    assert_eq!(fixture.lines("starts"), std::slice::from_ref(&first));
    assert!(runs(&first));
    fixture.servers.close().await;
    assert!(!runs(&first));
    // Started again by a call, which tells whose process it is.
    assert!(fixture.notices.try_recv().is_err());
    let second = fixture.call("say").await.unwrap();
    assert_ne!(first, second);
    let Ok(Notice::Process { pid, ticks }) = fixture.notices.try_recv() else { panic!() };
    assert!(runs(&pid.to_string()) && ticks > 0);
    fixture.servers.close().await;
    fixture.servers.close().await;
    assert!(!runs(&second) && !runs(&pid.to_string()));
}

#[tokio::test]
async fn a_server_loses_what_is_denied_of_its_secrets_and_ends_by_its_name() {
    let fixture = Fixture::new();
    let loses = |server: &str, secret: &str| {
        let denied = Denials { secrets: vec![secret.to_owned()], ..Denials::default() };
        fixture.servers.loses(server, &denied)
    };
    assert!(loses("sh", "token") && loses("sh", "tok*"));
    assert!(!loses("sh", "other") && !loses("other", "token"));
    let pid = fixture.call("say").await.unwrap();
    fixture.servers.close_those(&["other".to_owned()]).await;
    assert!(runs(&pid));
    fixture.servers.close_those(&fixture.servers.names()).await;
    assert!(!runs(&pid));
}

#[tokio::test]
async fn a_server_gets_what_is_meant_for_it() {
    let fixture = Fixture::new();
    let root = fixture.folder.path().canonicalize().unwrap().join("root");
    let expected = format!("{} {SECRET} as it is unset the-context", root.display());
    assert!(std::env::var_os("CARGO_MANIFEST_DIR").is_some(), "there is something to scrub");
    assert_eq!(fixture.call("where").await.unwrap(), expected);
}

#[tokio::test]
async fn a_server_that_ended_between_calls_is_started_again() {
    let fixture = Fixture::new();
    assert_eq!(fixture.call("last").await.unwrap(), "last");
    fixture.wait_until_gone().await;
    // That it is gone shows a moment later than it is.
    let second = loop {
        match fixture.call("say").await {
            Ok(second) => break second,
            error => assert_eq!(retryable(error).code, "mcp-closed"),
        }
    };
    assert_eq!(fixture.lines("starts").len(), 2);
    assert_eq!(fixture.lines("starts").last(), Some(&second));
}

#[tokio::test]
async fn a_server_that_ends_in_the_middle_says_how() {
    let fixture = Fixture::new();
    let failure = retryable(fixture.call("die").await);
    assert_eq!(failure.code, "mcp-closed");
    for word in ["exited with status 9", "standard error ends: out of luck"] {
        assert!(failure.message.contains(word), "{failure}");
    }
    assert!(fixture.call("say").await.is_ok());
    assert_eq!(fixture.lines("starts").len(), 2);
}

#[tokio::test]
async fn nothing_is_left_of_a_call_that_hangs() {
    for close in [true, false] {
        let fixture = Fixture::new();
        let hung = async {
            let began = Instant::now();
            while fixture.lines("hangs").is_empty() {
                assert!(began.elapsed() < LONG, "the call never came");
                tokio::time::sleep(Duration::from_millis(5)).await;
            }
            fixture.cancel.send(true).unwrap();
        };
        let (result, ()) = tokio::join!(fixture.call("hang"), hung);
        assert_eq!(result, Err(BackendError::Cancelled));
        let processes = fixture.lines("starts");
        assert!(processes.len() == 2 && processes.iter().all(|pid| runs(pid)));
        if close {
            fixture.servers.close().await;
            assert!(!processes.iter().any(|pid| runs(pid)));
        } else {
            let Fixture { folder, servers, cancel, context, notices } = fixture;
            drop(servers);
            let servers = Fixture::new().servers;
            let fixture = Fixture { folder, servers, cancel, context, notices };
            fixture.wait_until_gone().await;
        }
    }
}

#[tokio::test]
async fn a_server_that_never_greets_is_ended_in_time() {
    let fixture = Fixture::new();
    fs::write(fixture.folder.path().join("mute"), "").unwrap();
    let Err(BackendError::Permanent(failure)) =
        fixture.call_within("say", Duration::from_secs(1)).await
    else {
        panic!()
    };
    assert_eq!(failure.code, "timeout");
    fixture.wait_until_gone().await;
}

#[tokio::test]
async fn a_program_that_is_no_server_is_told() {
    for (argv, says) in [
        (&["no-such-program-anywhere"][..], "there is no program `no-such-program-anywhere`"),
        (
            &["/bin/sh", "-c", "echo sorry >&2; exit 4"],
            "exited with status 4; standard error ends: sorry",
        ),
        (&["/bin/sh", "-c", "kill -TERM $$"], "signal 15 ended it"),
        (&["/bin/sh", "-c", "echo hello"], "exited with status 0"),
        (&["/etc/passwd"], "`/etc/passwd` cannot be executed"),
    ] {
        let fixture = Fixture::of(argv);
        let failure = retryable(fixture.call("say").await);
        assert_eq!(failure.code, "mcp-start", "{failure}");
        assert!(failure.message.contains(says), "{failure}: {says}");
        let error = fixture.servers.list("sh").await.unwrap_err().to_string();
        assert!(error.contains(says), "{error}: {says}");
    }
}
