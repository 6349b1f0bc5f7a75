//! Changes: kept in their worktree, and a patch on record.

use std::path::Path;
use std::sync::Arc;

use baton_agents::BackendError;
use baton_agents::backend::Redact;
use baton_agents::isolation::{Head, PATCH_NAME, PATCH_TYPE, Worktrees, remains_of};
use baton_core::digest::Digest;
use baton_core::handoff::FailureKind;
use baton_core::limits::Limits;

use crate::{common, git, isolated, isolated_job, output, redacted_job, repository};

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
