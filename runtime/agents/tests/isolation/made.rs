//! Where worktrees can be made, and what of the repository acts then.

use std::sync::Arc;

use baton_agents::BackendError;
use baton_agents::isolation::{Worktrees, head, resolve};
use baton_core::ids::TaskPath;

use crate::{common, git, isolated, isolated_job, output, repository};

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

#[tokio::test]
async fn a_repository_whose_settings_name_a_working_tree_elsewhere_is_not_used() {
    for elsewhere in ["victim", "above", "bare"] {
        let home = tempfile::tempdir().unwrap();
        let (above, victim) = (home.path().join("above"), home.path().join("victim"));
        let root = above.join("root");
        for path in [&root, &victim] {
            std::fs::create_dir_all(path).unwrap();
            git(path, &["init", "--quiet", "--initial-branch=main"]);
            git(path, &["commit", "--quiet", "--allow-empty", "-m", "first"]);
        }
        match elsewhere {
            // As a clone brings it: among the files of another repository.
            "bare" => {
                let own = root.join(".git");
                for name in ["HEAD", "config", "objects", "refs"] {
                    std::fs::rename(own.join(name), root.join(name)).unwrap();
                }
                std::fs::remove_dir_all(own).unwrap();
            }
            name => {
                let named = home.path().join(name);
                git(&root, &["config", "core.worktree", named.to_str().unwrap()]);
            }
        }
        let worktrees = Arc::new(Worktrees::new(home.path().join("worktrees")));
        let ran = home.path().join("ran");
        let script = format!("touch '{}'\n", ran.display());
        let done = isolated(&root, &worktrees, &script, 1).await;
        let Err(BackendError::Permanent(failure)) = done.answer.result else {
            panic!("{elsewhere}: {:?}", done.answer.result);
        };
        let words = if elsewhere == "bare" { "bare" } else { "a working tree elsewhere" };
        assert!(failure.message.contains(words) && !ran.exists(), "{elsewhere}: {failure}");
    }
}
