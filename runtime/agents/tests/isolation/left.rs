//! What is left of worktrees, and how it is taken away.

use std::path::Path;
use std::sync::Arc;

use baton_agents::isolation::{FileChange, Repair, Worktrees, remains, remains_of};

use crate::{LOOK, common, git, isolated, output, repository};

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

/// What a process leaves that is killed at any moment while it makes a worktree, or takes it away.
#[tokio::test]
async fn what_a_killed_host_left_is_listed_and_does_not_keep_the_next_from_work() {
    let task = common::job(None).task.to_string();
    let name = task.replace('/', "-");
    let moments =
        ["entry cut", "entry", "branch", "half made", "no files", "complete", "half gone"];
    for moment in moments {
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
            "no files" | "complete" | "half gone" => {
                let ready = match moment {
                    "complete" => "ready\n",
                    "half gone" => "ready\nleaving\n",
                    _ => "",
                };
                std::fs::write(&entry, format!("{facts}{ready}")).unwrap();
                let path = left.to_str().unwrap();
                let add = ["worktree", "add", "--quiet", "-b", &branch, path, "HEAD"];
                git(&root, &add[..]);
                if moment == "half gone" {
                    std::fs::remove_file(left.join("sub/tracked")).unwrap();
                }
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
