//! Worktrees of a real repository, for real programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

#[path = "../common/mod.rs"]
mod common;
mod kept;
mod left;
mod made;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use baton_agents::backend::Redact;
use baton_agents::isolation::{Worktrees, head};
use baton_agents::{Answer, Job, Notice};
use baton_core::handoff::Artifact;
use baton_core::report::Report;

/// Runs git as a person would.
fn git(directory: &Path, arguments: &[&str]) -> String {
    let identity = ["-c", "user.name=Ada", "-c", "user.email=ada@example.org"];
    let output =
        Command::new("git").args(identity).arg("-C").arg(directory).args(arguments).output();
    let output = output.unwrap();
    assert!(output.status.success(), "{arguments:?}: {output:?}");
    String::from_utf8(output.stdout).unwrap().trim().to_owned()
}

/// A repository with one commit and one untracked file.
fn repository() -> tempfile::TempDir {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path();
    git(path, &["init", "--quiet", "--initial-branch=main"]);
    std::fs::create_dir(path.join("sub")).unwrap();
    std::fs::write(path.join("sub/tracked"), "first\n").unwrap();
    git(path, &["add", "."]);
    git(path, &["commit", "--quiet", "-m", "first"]);
    std::fs::write(path.join("sub/untracked"), "mine\n").unwrap();
    directory
}

/// What an isolated attempt came to.
struct Done {
    answer: Answer,
    told: Vec<String>,
    blobs: Vec<Vec<u8>>,
    reported: Vec<Artifact>,
}

async fn isolated(root: &Path, worktrees: &Arc<Worktrees>, script: &str, attempt: u32) -> Done {
    let mut job = common::job(Some(root));
    job.attempt = attempt;
    isolated_job(job, worktrees, script).await
}

async fn isolated_job(job: Job, worktrees: &Arc<Worktrees>, script: &str) -> Done {
    redacted_job(job, worktrees, script, Redact::default()).await
}

async fn redacted_job(job: Job, worktrees: &Arc<Worktrees>, script: &str, redact: Redact) -> Done {
    let scripts = tempfile::tempdir().unwrap();
    let backend = common::shell(scripts.path(), script);
    let base = head(job.root.as_deref().unwrap()).await.unwrap_or_else(|| "0".repeat(40));
    let (mut context, _cancel, mut noticed) = common::context();
    context.redact = redact;
    let task = job.task.clone();
    let work = async |job: Job| {
        let root = worktrees.root_of(&task);
        assert_eq!(root, job.root, "where its tools work");
        baton_agents::work(&backend, job, &context).await
    };
    let answer = worktrees.work(&base, job, &context, work).await;
    assert_eq!(worktrees.root_of(&task), None, "it works no more");
    drop(context);
    let mut done = Done { answer, told: Vec::new(), blobs: Vec::new(), reported: Vec::new() };
    while let Some(notice) = noticed.recv().await {
        match notice {
            Notice::Report(Report::Log { text, .. }) => done.told.push(text),
            Notice::Report(Report::Artifact(artifact)) => done.reported.push(artifact),
            Notice::Artifact(bytes) => done.blobs.push(bytes),
            _ => {}
        }
    }
    done
}

fn output(done: &Done) -> String {
    done.answer.result.as_ref().unwrap().output.value().as_str().unwrap().to_owned()
}

/// Says where it is, and which files are there.
const LOOK: &str = r#"printf '{"output":"%s %s"}' "$(pwd)" "$(ls | tr '\n' ' ')""#;
