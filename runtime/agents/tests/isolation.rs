//! Worktrees of a real repository, for real programs.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod common;

use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use baton_agents::backend::Redact;
use baton_agents::isolation::{
    FileChange, Head, PATCH_NAME, PATCH_TYPE, Repair, Worktrees, head, remains, remains_of, resolve,
};
use baton_agents::{Answer, BackendError, Job, Notice};
use baton_core::digest::Digest;
use baton_core::handoff::{Artifact, FailureKind};
use baton_core::ids::TaskPath;
use baton_core::limits::Limits;
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
async fn changes_are_kept_and_are_a_patch_and_do_not_appear_in_the_checkout() {
    let identity = "git -c user.name=A -c user.email=a@b";
    let commit = format!("echo changed > tracked; {identity} commit -qam second");
    let part = format!("echo changed > tracked; {identity} commit -qam second; echo new > another");
    let cases = [
        ("an edit", "echo changed > tracked", &["modified sub/tracked"][..]),
        ("a new file", "echo new > another", &["added sub/another"]),
        ("what is staged", "echo new > another; git add another", &["added sub/another"]),
        ("a commit", &commit, &["modified sub/tracked"]),
        ("a commit and more", &part, &["added sub/another", "modified sub/tracked"]),
        ("a rename", "mv tracked other", &["renamed sub/other from sub/tracked"]),
        ("a deletion", "rm tracked", &["deleted sub/tracked"]),
        ("bytes", "printf '\\000\\377' > bytes", &["added sub/bytes"]),
        ("outside the granted directory", "echo x > ../top", &["added top"]),
    ];
    for (what, change, files) in cases {
        let repository = repository();
        let (root, home) = (repository.path().join("sub"), tempfile::tempdir().unwrap());
        let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
        let script = format!("set -e; {change}; printf '{{\"output\":\"ok\"}}'");
        let done = isolated(&root, &worktrees, &script, 1).await;
        assert_eq!(output(&done), "ok", "{what}");
        assert_eq!(done.told.len(), 1, "{what}");
        assert!(done.told[0].contains("changes are kept in"), "{what}: {:?}", done.told);
        assert_eq!(std::fs::read_to_string(root.join("tracked")).unwrap(), "first\n", "{what}");
        assert!(!root.join("another").exists(), "{what}");
        assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 2, "{what}");
        let [patch] = &done.blobs[..] else { panic!("{what}") };
        let [artifact] = &done.answer.result.as_ref().unwrap().artifacts[..] else { panic!() };
        assert_eq!((&*artifact.name, &*artifact.media_type), (PATCH_NAME, PATCH_TYPE));
        assert_eq!((artifact.digest, artifact.size), (Digest::of(patch), patch.len() as u64));
        let (head, _) = Head::read(patch).unwrap();
        assert_eq!(head.base, git(repository.path(), &["rev-parse", "HEAD"]), "{what}");
        assert_eq!(head.root, "sub/");
        let text = String::from_utf8_lossy(patch);
        let listed: Vec<&str> =
            text.lines().skip(4).take_while(|line| !line.is_empty()).map(str::trim).collect();
        assert_eq!(listed, files, "{what}");
        // Git takes it as it is, with the lines before it.
        let file = home.path().join("changes.patch");
        std::fs::write(&file, patch).unwrap();
        git(repository.path(), &["apply", "--check", file.to_str().unwrap()]);
        // The same patch comes out as long as nothing changes.
        let found = remains_of(&home.path().join("worktrees"), &head.task, u64::MAX).await.unwrap();
        assert_eq!(found.patch.as_ref(), Some(patch), "{what}");
        assert_eq!(found.has_commits, change.contains("commit"), "{what}");
    }
}

#[tokio::test]
async fn a_retry_goes_on_with_what_the_attempt_before_left() {
    let repository = repository();
    let (root, home) = (repository.path().join("sub"), tempfile::tempdir().unwrap());
    let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
    let failed = isolated(&root, &worktrees, "echo one > one; exit 3", 1).await;
    assert!(failed.answer.result.is_err());
    let [reported] = &failed.reported[..] else { panic!("the changes of a failure are reported") };
    assert_eq!(reported.digest, Digest::of(&failed.blobs[0]));
    // A git that was killed in it left its lock.
    let own = git(&root, &["rev-parse", "--path-format=absolute", "--git-common-dir"]);
    let name = common::job(None).task.to_string().replace('/', "-");
    let lock = Path::new(&own).join("worktrees").join(&name).join("index.lock");
    std::fs::write(&lock, "").unwrap();
    let list = r#"echo two > two; printf '{"output":"%s"}' "$(ls | tr '\n' ' ')""#;
    let done = isolated(&root, &worktrees, &format!("git add one; {list}"), 2).await;
    assert_eq!(output(&done).trim(), "one tracked two");
    assert!(done.told[0].starts_with("goes on in "), "{:?}", done.told);
    let patch = String::from_utf8_lossy(&done.blobs[0]).into_owned();
    assert!(patch.contains("added sub/one") && patch.contains("added sub/two"), "{patch}");
    assert_eq!(git(&root, &["worktree", "list"]).lines().count(), 2);
    // Its files are taken away by somebody; its commits are still there.
    let commit = "git add -A; git -c user.name=A -c user.email=a@b commit -qm x";
    isolated(&root, &worktrees, &format!("{commit}; {list}"), 3).await;
    std::fs::remove_dir_all(home.path().join("worktrees").join(&name)).unwrap();
    let done = isolated(&root, &worktrees, list, 4).await;
    assert_eq!(output(&done).trim(), "one tracked two");
}

#[tokio::test]
async fn what_cannot_be_a_patch_fails_the_task_and_keeps_the_worktree() {
    let ok = "printf '{\"output\":\"ok\"}'";
    let nested = "git init -q inner; echo x > inner/x";
    let large = "seq 1 10000 > large";
    for (what, script, bytes, kind, code) in [
        ("too large", large, 1000, FailureKind::Limit, "artifact-bytes"),
        ("no commit in it", nested, 1 << 20, FailureKind::Failed, "isolation"),
    ] {
        let repository = repository();
        let home = tempfile::tempdir().unwrap();
        let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
        let mut job = common::job(Some(repository.path()));
        let mut limits = Limits::default();
        limits.run.artifact_bytes = bytes;
        job.limits = Arc::new(limits);
        let done = isolated_job(job, &worktrees, &format!("{script}; {ok}")).await;
        let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("{what}") };
        assert_eq!((failure.kind, &*failure.code), (kind, code), "{what}: {failure}");
        assert!(failure.message.contains("kept in"), "{what}: {failure}");
        assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 2, "{what}");
        assert!(done.blobs.is_empty(), "{what}");
    }
}

#[tokio::test]
async fn changes_that_hold_a_secret_are_not_put_on_record() {
    let repository = repository();
    let home = tempfile::tempdir().unwrap();
    let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
    let job = common::job(Some(repository.path()));
    let script = "echo CANARY > a; printf '{\"output\":\"ok\"}'";
    let redact = Redact::new(|text| text.replace("CANARY", "…"));
    let done = redacted_job(job, &worktrees, script, redact).await;
    let Err(BackendError::Permanent(failure)) = done.answer.result else { panic!("it is done") };
    assert_eq!(failure.code, "secret-in-changes");
    assert!(failure.message.contains("kept in"), "{failure}");
    assert!(done.blobs.is_empty());
    assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 2);
}

/// What a process leaves that is killed at any moment while it makes a worktree.
#[tokio::test]
async fn what_a_killed_host_left_is_listed_and_does_not_keep_the_next_from_work() {
    let task = common::job(None).task.to_string();
    let name = task.replace('/', "-");
    for moment in ["entry cut", "entry", "branch", "half made", "no files", "complete"] {
        let repository = repository();
        let (root, home) = (repository.path().to_owned(), tempfile::tempdir().unwrap());
        let directory = home.path().canonicalize().unwrap().join("worktrees");
        let worktrees = Arc::new(Worktrees::new(directory.clone()));
        let base = git(&root, &["rev-parse", "HEAD"]);
        std::fs::create_dir(&directory).unwrap();
        let top = root.canonicalize().unwrap();
        let facts = format!(
            "{{\"task\":\"{task}\",\"repository\":\"{}\",\"base\":\"{base}\",\"root\":\"\"}}\n",
            top.display()
        );
        let entry = directory.join(format!("{name}.json"));
        let (branch, left) = (format!("baton/{name}"), directory.join(&name));
        match moment {
            "entry cut" => std::fs::write(&entry, &facts[..20]).unwrap(),
            "entry" => std::fs::write(&entry, &facts).unwrap(),
            "branch" => {
                std::fs::write(&entry, &facts).unwrap();
                git(&root, &["branch", &branch]);
                std::fs::write(root.join(".git/refs/heads").join(format!("{branch}.lock")), "")
                    .unwrap();
            }
            "half made" => {
                std::fs::write(&entry, &facts).unwrap();
                git(&root, &["branch", &branch]);
                std::fs::create_dir_all(root.join(".git/worktrees").join(&name)).unwrap();
                std::fs::write(
                    root.join(".git/worktrees").join(&name).join("locked"),
                    "initializing",
                )
                .unwrap();
                std::fs::create_dir(&left).unwrap();
            }
            "no files" | "complete" => {
                let ready = if moment == "complete" { "ready\n" } else { "" };
                std::fs::write(&entry, format!("{facts}{ready}")).unwrap();
                let path = left.to_str().unwrap();
                let add = ["worktree", "add", "--quiet", "-b", &branch, path, "HEAD"];
                git(&root, &add[..]);
            }
            _ => unreachable!(),
        }
        let found = remains(&directory, std::slice::from_ref(&root), u64::MAX).await;
        assert_eq!(found.len(), 1, "{moment}: {found:?}");
        assert_eq!(found[0].name(), name, "{moment}");
        assert!(!found[0].is_held, "{moment}");
        assert!(found[0].is_unchanged() || moment == "entry cut", "{moment}: {found:?}");
        let done = isolated(&root, &worktrees, LOOK, 2).await;
        assert!(done.answer.result.is_ok(), "{moment}: {:?}", done.answer.result);
        assert!(!left.exists() && !entry.exists(), "{moment}");
        assert_eq!(git(&root, &["branch", "--list", "baton/*"]), "", "{moment}");
        assert_eq!(git(&root, &["worktree", "list"]).lines().count(), 1, "{moment}");
        let found = remains(&directory, &[root], u64::MAX).await;
        assert!(found.is_empty(), "{moment}: {found:?}");
    }
}

#[tokio::test]
async fn what_is_left_is_taken_away_with_its_branch_unless_somebody_works_in_it() {
    let repository = repository();
    let (root, home) = (repository.path().to_owned(), tempfile::tempdir().unwrap());
    let directory = home.path().join("worktrees");
    let worktrees = Arc::new(Worktrees::new(directory.clone()));
    let task = common::job(None).task.to_string();
    let gate = home.path().join("gate");
    let script = format!(
        "echo x > x; until [ -e '{}' ]; do sleep 0.01; done; printf '{{\"output\":\"ok\"}}'",
        gate.display()
    );
    let other = Arc::clone(&worktrees);
    let place = root.clone();
    let working = tokio::spawn(async move { isolated(&place, &other, &script, 1).await.answer });
    let path = directory.join(task.replace('/', "-"));
    common::until("the agent is at work", || path.join("x").exists()).await;
    let found = remains_of(&directory, &task, u64::MAX).await.unwrap();
    assert!(found.is_held);
    assert_eq!(found.remove().await, Repair::Kept("a process works in it".into()));
    std::fs::write(&gate, "").unwrap();
    assert!(working.await.unwrap().result.is_ok());
    let found = remains_of(&directory, &task, u64::MAX).await.unwrap();
    assert!(!found.is_held && !found.is_unchanged());
    let added = FileChange { kind: "added", path: "x".into(), from: None };
    assert_eq!(found.files, Some(vec![added]));
    assert_eq!(found.remove().await, Repair::Removed);
    assert!(remains(&directory, std::slice::from_ref(&root), u64::MAX).await.is_empty());
    assert_eq!(git(&root, &["branch", "--list", "baton/*"]), "");
    assert_eq!(std::fs::read_dir(&directory).unwrap().count(), 0);
}

#[tokio::test]
async fn many_at_once_have_worktrees_of_their_own() {
    let repository = repository();
    let (root, home) = (repository.path().join("sub"), tempfile::tempdir().unwrap());
    let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
    let tasks = (1..=20).map(|number| {
        let (worktrees, root) = (Arc::clone(&worktrees), root.clone());
        tokio::spawn(async move {
            let mut job = common::job(Some(&root));
            job.task.path = TaskPath::root().child(number);
            let script = format!("echo {number} >> tracked; printf '{{\"output\":\"ok\"}}'");
            isolated_job(job, &worktrees, &script).await
        })
    });
    for (index, done) in futures::future::join_all(tasks).await.into_iter().enumerate() {
        let done = done.unwrap();
        assert_eq!(output(&done), "ok");
        let text = String::from_utf8_lossy(&done.blobs[0]).into_owned();
        assert!(text.ends_with(&format!(" first\n+{}\n", index + 1)), "{text}");
    }
    assert_eq!(git(repository.path(), &["worktree", "list"]).lines().count(), 21);
    assert_eq!(git(repository.path(), &["status", "--porcelain"]), "?? sub/untracked");
}

#[tokio::test]
async fn a_word_for_a_commit_is_resolved() {
    let repository = repository();
    let root = repository.path();
    let first = git(root, &["rev-parse", "HEAD"]);
    git(root, &["commit", "--quiet", "--allow-empty", "-m", "second"]);
    let second = git(root, &["rev-parse", "HEAD"]);
    assert_eq!(resolve(root, "HEAD~1").await, Ok(first));
    assert_eq!(resolve(root, "main").await, Ok(second.clone()));
    assert_eq!(head(root).await, Some(second));
    for word in ["none", "--all", "", "HEAD:sub"] {
        assert!(resolve(root, word).await.is_err(), "{word}");
    }
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
    // Nor do programs that its settings name.
    let run = format!("sh -c 'touch {}; cat'", marker.display());
    std::fs::write(repository.path().join(".gitattributes"), "* filter=own diff=own\n").unwrap();
    git(repository.path(), &["add", ".gitattributes"]);
    git(repository.path(), &["commit", "--quiet", "--no-verify", "-m", "second"]);
    for name in ["filter.own.smudge", "filter.own.clean", "diff.own.textconv", "core.fsmonitor"] {
        git(repository.path(), &["config", name, &run]);
    }
    let script = "echo changed > sub/tracked; printf '{\"output\":\"ok\"}'";
    let done = isolated(repository.path(), &worktrees, script, 1).await;
    assert_eq!((output(&done).as_str(), done.blobs.len()), ("ok", 1));
    assert!(!marker.exists());
}
