//! A granted directory, and an agent in it.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use baton_agents::backend::Activity;
use baton_agents::{AcpBackend, Answer, Backend, BackendError, Job, Notice, Sessions};
use baton_core::handoff::Failure;
use baton_core::scope::{Authority, GlobLayer, HttpScope, PathScope, Scope};
use baton_core::tool::Denial;
use tempfile::TempDir;

use crate::common::{context, example, job, supervisor};

/// A directory with `src/main.rs`, `docs/read.md` and `.env`; `src` may be read, `src/gen` written.
pub struct World {
    pub root: TempDir,
    pub job: Job,
    /// What the attempts at the task remember.
    pub sessions: Sessions,
}

/// What came of an attempt.
pub struct Came {
    pub answer: Answer,
    pub denials: Vec<Denial>,
    pub activities: Vec<Activity>,
    pub logs: Vec<String>,
}

impl Came {
    /// The last message of the agent.
    pub fn text(&self) -> String {
        let handoff = self.answer.result.as_ref().expect("a handoff");
        serde_json::from_str(handoff.output.as_str()).expect("a text")
    }

    pub fn failure(&self) -> &Failure {
        match self.answer.result.as_ref().expect_err("a failure") {
            BackendError::Permanent(failure)
            | BackendError::Retryable { failure, .. }
            | BackendError::Unavailable { failure, .. } => failure,
            BackendError::Cancelled => panic!("cancelled"),
        }
    }

    /// What was tried in vain.
    pub fn tried(&self) -> Vec<&str> {
        self.denials.iter().map(|denial| denial.tried.as_str()).collect()
    }
}

pub fn layer(include: &[&str]) -> PathScope {
    let include = include.iter().map(ToString::to_string).collect();
    let grant = GlobLayer { include, ..GlobLayer::default() };
    PathScope { layers: vec![grant, GlobLayer::no_secrets()] }
}

pub fn exec(patterns: &[&str]) -> baton_core::scope::ExecScope {
    let patterns = patterns.iter().map(|pattern| pattern.parse().unwrap()).collect();
    baton_core::scope::ExecScope { layers: vec![patterns], except: Vec::new() }
}

pub fn http(rules: &[&str]) -> HttpScope {
    let rules = rules.iter().map(|rule| rule.parse().unwrap()).collect();
    HttpScope { layers: vec![rules], except: Vec::new() }
}

impl World {
    pub fn new(prompt: &str) -> Self {
        let root = tempfile::tempdir().unwrap();
        for (path, text) in [
            ("src/main.rs", "fn main() {}\nsecond\nthird\n"),
            ("docs/read.md", "words"),
            ("src/.env", "KEY=canary"),
        ] {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let mut job = job(Some(root.path()));
        job.scope = Arc::new(Scope { read: Some(layer(&["src/**"])), ..Scope::default() });
        job.authority =
            Arc::new(Authority { write: Some(layer(&["src/gen/**"])), ..Authority::default() });
        let mut world = Self { root, job, sessions: Sessions::default() };
        world.prompt(prompt);
        world
    }

    pub fn prompt(&mut self, prompt: &str) {
        Arc::make_mut(&mut self.job.spec).prompt = prompt.replace("ROOT", &self.root());
    }

    pub fn authority(&mut self) -> &mut Authority {
        Arc::make_mut(&mut self.job.authority)
    }

    pub fn root(&self) -> String {
        self.root.path().to_str().unwrap().to_owned()
    }

    pub async fn perform(&self, arguments: &str) -> Came {
        self.perform_with(&backend(arguments)).await
    }

    pub async fn perform_with(&self, backend: &dyn Backend) -> Came {
        let (mut context, _cancel, mut noticed) = context();
        context.sessions = self.sessions.clone();
        let answer = backend.perform(&self.job, &context).await;
        let mut came =
            Came { answer, denials: Vec::new(), activities: Vec::new(), logs: Vec::new() };
        while let Ok(notice) = noticed.try_recv() {
            match notice {
                Notice::Denied(denial) => came.denials.push(denial),
                Notice::Activity(activity) => came.activities.push(activity),
                Notice::Report(baton_core::report::Report::Log { text, .. }) => {
                    came.logs.push(text);
                }
                _ => {}
            }
        }
        came
    }
}

pub fn backend(arguments: &str) -> AcpBackend {
    let program = example("acp_agent");
    AcpBackend::new(&format!("'{}' {arguments}", program.display()), supervisor()).unwrap()
}

pub fn exists(path: &Path) -> bool {
    path.try_exists().unwrap()
}
