//! One call of the tool.

use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_agents::backend::{BackendError, JobContext, Notice};
use baton_core::handoff::{Failure, FailureKind};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::scope::{Authority, ExecScope, GlobLayer, PathScope};
use baton_core::tool::Denial;
use baton_tools::ToolJob;
use baton_tools::exec::ExecTool;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::sync::{mpsc, watch};

/// The supervisor as a program; cargo builds it with the tests of the workspace.
pub fn supervisor() -> Supervisor {
    let own = std::env::current_exe().unwrap();
    let program = own.parent().unwrap().parent().unwrap().join("examples/supervise");
    assert!(program.is_file(), "{} is missing: run `cargo test --workspace`", program.display());
    Supervisor { program, args: Vec::new() }
}

pub fn files(patterns: &[&str]) -> Option<PathScope> {
    let include = patterns.iter().map(ToString::to_string).collect();
    Some(PathScope { layers: vec![GlobLayer { include, ..GlobLayer::default() }] })
}

/// One call and what came of it.
pub struct Call {
    pub directory: TempDir,
    pub job: ToolJob,
    pub noticed: Vec<Notice>,
}

impl Call {
    pub fn new(argv: &[&str]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let root = directory.path().canonicalize().unwrap().join("root");
        fs::create_dir_all(root.join("sub")).unwrap();
        let authority = Authority {
            read: files(&["**"]),
            exec: Some(ExecScope::default()),
            ..Authority::default()
        };
        let job = ToolJob {
            task: TaskId {
                run: RunId::from_ulid(ulid::Ulid::nil()),
                path: TaskPath::root().child(3),
            },
            attempt: 1,
            tool: "exec".into(),
            input: json!({ "argv": argv }).into(),
            authority: Arc::new(authority),
            root: Some(root),
            limits: Arc::new(Limits::default()),
            timeout_ms: 600_000,
            idempotency_key: "the-key".into(),
            traceparent: Some("the-context".into()),
        };
        Self { directory, job, noticed: Vec::new() }
    }

    pub fn shell(script: &str) -> Self {
        Self::new(&["sh", "-c", script])
    }

    pub fn with(mut self, name: &str, value: &str) -> Self {
        let mut input = self.job.input.value();
        input[name] = value.into();
        self.job.input = input.into();
        self
    }

    pub fn granted(mut self, change: impl FnOnce(&mut Authority)) -> Self {
        change(Arc::make_mut(&mut self.job.authority));
        self
    }

    pub fn limited(mut self, change: impl FnOnce(&mut Limits)) -> Self {
        change(Arc::make_mut(&mut self.job.limits));
        self
    }

    pub fn root(&self) -> PathBuf {
        self.job.root.clone().unwrap()
    }

    pub async fn result(&mut self) -> Result<Value, BackendError> {
        let (_cancel, cancelled) = watch::channel(false);
        let (notices, mut noticed) = mpsc::unbounded_channel();
        let context = JobContext::alone(cancelled, notices);
        let answer = ExecTool::new(supervisor()).call(&self.job, &context).await;
        drop(context);
        while let Some(notice) = noticed.recv().await {
            self.noticed.push(notice);
        }
        answer.result.map(|handoff| handoff.output.value())
    }

    pub async fn output(&mut self) -> Value {
        self.result().await.unwrap()
    }

    pub async fn stdout(&mut self) -> String {
        let output = self.output().await;
        assert_eq!((&output["status"], &output["stderr"]), (&json!(0), &json!("")), "{output}");
        output["stdout"].as_str().unwrap().to_owned()
    }

    pub async fn failure(&mut self) -> Failure {
        match self.result().await.unwrap_err() {
            BackendError::Permanent(failure) => failure,
            other => panic!("{other:?}"),
        }
    }

    /// A failure because of a denial that is on record.
    pub async fn denial(&mut self) -> Denial {
        let failure = self.failure().await;
        let denials: Vec<_> = self
            .noticed
            .iter()
            .filter_map(|notice| match notice {
                Notice::Denied(denial) => Some(denial.clone()),
                _ => None,
            })
            .collect();
        let [denial] = <[Denial; 1]>::try_from(denials).unwrap();
        assert_eq!((failure.kind, &failure.code), (FailureKind::Refused, &denial.code));
        assert!(!self.started(), "nothing was started");
        denial
    }

    pub fn started(&self) -> bool {
        self.noticed.iter().any(|notice| matches!(notice, Notice::Process { .. }))
    }
}
