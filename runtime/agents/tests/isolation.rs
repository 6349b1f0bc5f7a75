//! Worktrees of a real repository, for real programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use baton_agents::isolation::{Worktrees, head};
use baton_agents::{Answer, BackendError, Notice};
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

struct Done {
    answer: Answer,
    told: Vec<String>,
}

async fn isolated(root: &Path, worktrees: &Arc<Worktrees>, script: &str, attempt: u32) -> Done {
    let scripts = tempfile::tempdir().unwrap();
    let backend = common::shell(scripts.path(), script);
    let base = head(root).await.unwrap_or_else(|| "0".repeat(40));
    let mut job = common::job(Some(root));
    job.attempt = attempt;
    let (context, _cancel, mut noticed) = common::context();
    let answer = worktrees.work(&base, &backend, job, &context).await;
    drop(context);
    let mut told = Vec::new();
    while let Some(notice) = noticed.recv().await {
        if let Notice::Report(Report::Log { text, .. }) = notice {
            told.push(text);
        }
    }
    Done { answer, told }
}

fn output(done: &Done) -> String {
    done.answer.result.as_ref().unwrap().output.value().as_str().unwrap().to_owned()
}

const LOOK: &str = r#"printf '{"output":"%s %s"}' "$(pwd)" "$(ls | tr '\n' ' ')""#;

#[tokio::test]
async fn an_agent_without_changes_leaves_nothing_behind() {
    let repository = repository();
    let (root, home) = (repository.path().join("sub"), tempfile::tempdir().unwrap());
    let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
    let done = isolated(&root, &worktrees, LOOK, 1).await;
    let (place, files) = output(&done).split_once(' ').map(|(a, b)| (a.into(), b.into())).unwrap();
    let (place, files): (String, String) = (place, files);
    assert!(Path::new(&place).starts_with(home.path().canonicalize().unwrap()), "{place}");
    assert!(place.ends_with("/sub"), "the granted directory in the worktree: {place}");
    assert_eq!(files.trim(), "tracked", "untracked files are not there");
    assert!(done.told.is_empty(), "{:?}", done.told);
    assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 1);
    assert_eq!(git(repository.path(), &["branch", "--list", "baton/*"]), "");
}

#[tokio::test]
async fn changes_are_kept_and_named_and_do_not_appear_in_the_checkout() {
    let cases = [
        ("an edit", "echo changed > tracked"),
        ("a new file", "echo new > another"),
        (
            "a commit",
            "echo changed > tracked; git -c user.name=A -c user.email=a@b commit -qam second",
        ),
    ];
    for (what, change) in cases {
        let repository = repository();
        let (root, home) = (repository.path().join("sub"), tempfile::tempdir().unwrap());
        let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
        let script = format!("{change}; printf '{{\"output\":\"ok\"}}'");
        let done = isolated(&root, &worktrees, &script, 1).await;
        assert_eq!(output(&done), "ok", "{what}");
        assert_eq!(done.told.len(), 1, "{what}");
        assert!(done.told[0].contains("changes are kept in"), "{what}: {:?}", done.told);
        assert_eq!(std::fs::read_to_string(root.join("tracked")).unwrap(), "first\n", "{what}");
        assert!(!root.join("another").exists(), "{what}");
        assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 2, "{what}");
        // The next attempt has a name of its own.
        let again = isolated(&root, &worktrees, LOOK, 2).await;
        assert!(output(&again).contains("-2/sub"), "{what}: {}", output(&again));
        assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 2, "{what}");
    }
}

#[tokio::test]
async fn a_worktree_that_a_killed_host_left_unchanged_is_removed_by_the_next_attempt() {
    let repository = repository();
    let (root, home) = (repository.path().to_owned(), tempfile::tempdir().unwrap());
    let directory = home.path().join("worktrees");
    let worktrees = Arc::new(Worktrees::new(directory.clone()));
    let task = common::job(None).task.to_string().replace('/', "-");
    let left = directory.join(format!("{task}-1"));
    let branch = format!("baton/{task}-1");
    git(&root, &["worktree", "add", "--quiet", "-b", &branch, left.to_str().unwrap(), "HEAD"]);
    isolated(&root, &worktrees, LOOK, 2).await;
    assert!(!left.exists());
    assert_eq!(git(&root, &["branch", "--list", "baton/*"]), "");
}

#[tokio::test]
async fn where_no_worktree_can_be_made_nothing_runs() {
    let plain = tempfile::tempdir().unwrap();
    let home = tempfile::tempdir().unwrap();
    let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
    let script = "echo ran > ran; printf '{\"output\":\"ok\"}'";
    let done = isolated(plain.path(), &worktrees, script, 1).await;
    let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("it ran") };
    assert_eq!(failure.code, "isolation");
    assert!(!plain.path().join("ran").exists());

    let repository = repository();
    let untracked = repository.path().join("new");
    std::fs::create_dir(&untracked).unwrap();
    let done = isolated(&untracked, &worktrees, script, 1).await;
    let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("it ran") };
    assert_eq!(failure.code, "isolation");
    assert!(failure.message.contains("`new/` is not in the commit"), "{failure}");
    assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 1);

    let blocked = tempfile::NamedTempFile::new().unwrap();
    let worktrees = Arc::new(Worktrees::new(blocked.path().to_owned()));
    let done = isolated(repository.path(), &worktrees, script, 1).await;
    let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("it ran") };
    assert_eq!(failure.code, "isolation");
    assert!(failure.message.contains("nothing was run"), "{failure}");
    assert!(!repository.path().join("ran").exists());
}

#[tokio::test]
async fn hooks_of_the_repository_do_not_run() {
    let repository = repository();
    let hook = repository.path().join(".git/hooks/post-checkout");
    std::fs::create_dir_all(hook.parent().unwrap()).unwrap();
    let marker = repository.path().join("hooked");
    std::fs::write(&hook, format!("#!/bin/sh\necho > '{}'\n", marker.display())).unwrap();
    let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&hook, mode).unwrap();
    let home = tempfile::tempdir().unwrap();
    let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
    isolated(repository.path(), &worktrees, LOOK, 1).await;
    assert!(!marker.exists());
}
