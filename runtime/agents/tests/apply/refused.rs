//! What is told and not written.

use std::fs;
use std::process::Command;

use baton_agents::isolation::apply::{Applier, ApplyError, Planned};
use baton_agents::isolation::head;

use crate::repository::{Applied, Repository, TEXT, git};

#[tokio::test]
async fn conflicts_are_told_by_file_and_place_and_nothing_is_written() {
    let repository = Repository::new();
    let patch =
        repository.patch("", "sed -i 's/two/TWO/; s/nine/NINE/' a.txt; echo more >> b.txt").await;
    repository.write(
        "a.txt",
        format!("zero\n{}", TEXT.replace("two", "zwei\nund mehr").replace("nine", "neun")),
    );
    let before = repository.files();
    let Applied::Conflicts(conflicts) = repository.apply(&patch).await else { panic!("it fits") };
    assert_eq!(repository.files(), before);
    let [conflict] = &conflicts[..] else { panic!("{conflicts:?}") };
    assert_eq!((&*conflict.path, &*conflict.kind), ("a.txt", "content"));
    let places: Vec<_> =
        conflict.hunks.iter().map(|h| (h.line, h.lines, &*h.yours, &*h.patch)).collect();
    assert_eq!(places, [(3, 2, "zwei\nund mehr\n", "TWO\n"), (11, 1, "neun\n", "NINE\n")]);
}

/// What the patch does, what the person does, and the paths and kinds of conflicts.
type InTheWay = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

#[tokio::test]
async fn what_is_in_the_way_is_named() {
    let cases: &[InTheWay] = &[
        ("echo new > new", "echo mine > new", &[("new", "untracked")]),
        (
            "echo new > ignored; git add -f ignored",
            "echo mine > ignored",
            &[("ignored", "untracked")],
        ),
        ("mkdir new; echo x > new/x", "echo mine > new", &[("new/x", "in-the-way")]),
        ("echo x > new", "mkdir new; echo mine > new/x", &[("new", "in-the-way")]),
        ("mkdir new; echo x > new/x", "ln -s /tmp new", &[("new/x", "in-the-way")]),
        ("echo x > new", "mkfifo new", &[("new", "in-the-way")]),
        ("rm gone", "echo more > gone", &[("gone", "modify-delete")]),
        ("echo more > gone", "rm gone", &[("gone", "modify-delete")]),
        ("printf '\\001\\000' > bytes", "printf '\\002\\000' > bytes", &[("bytes", "binary")]),
        (
            "sed -i s/two/TWO/ a.txt",
            "git update-index --assume-unchanged a.txt; echo mine >> a.txt",
            &[("a.txt", "hidden")],
        ),
        (
            "sed -i s/two/TWO/ a.txt",
            "git update-index --skip-worktree a.txt; echo mine >> a.txt",
            &[("a.txt", "hidden")],
        ),
        ("git rm -q b.txt; mkdir b.txt; echo x > b.txt/x", "echo mine >> b.txt", &[("b.txt", "")]),
    ];
    for (theirs, mine, expected) in cases {
        let repository = Repository::new();
        let patch = repository.patch("", theirs).await;
        let mut shell = Command::new("sh");
        let done = shell.args(["-ec", mine]).current_dir(repository.top()).status().unwrap();
        assert!(done.success(), "{mine}");
        if *mine == "mkfifo new" {
            // It cannot be read for a comparison.
            let Applied::Conflicts(found) = repository.apply(&patch).await else {
                panic!("{mine}")
            };
            assert_eq!((&*found[0].path, &*found[0].kind), expected[0]);
            continue;
        }
        let found = repository.conflicts(&patch).await;
        for ((path, kind), (wanted, what)) in found.iter().zip(*expected) {
            assert!(path.starts_with(wanted), "{theirs} / {mine}: {found:?}");
            assert!(what.is_empty() || kind == what, "{theirs} / {mine}: {found:?}");
        }
    }
}

#[tokio::test]
async fn what_no_patch_may_bring_is_refused() {
    let cases: &[(&str, &str, &str, &str)] = &[
        ("", "ln -s /etc/passwd link", "link", "link-outside"),
        ("", "ln -s ../../x dir/link", "dir/link", "link-outside"),
        ("", "ln -s .git/config link", "link", "link-outside"),
        ("dir/", "echo x >> a.txt; echo x >> dir/c.txt", "a.txt", "outside-root"),
        ("dir/", "ln -s ../a.txt dir/link", "dir/link", "link-outside"),
        (
            "",
            "git init -q sub; cd sub; git -c user.name=a -c user.email=b commit -q --allow-empty -m x",
            "sub",
            "submodule",
        ),
    ];
    for (root, script, path, kind) in cases {
        let repository = Repository::new();
        let patch = repository.patch(root, script).await;
        let found = repository.conflicts(&patch).await;
        assert_eq!(found, [((*path).to_owned(), (*kind).to_owned())], "{script}");
    }
    // What git itself takes for no path.
    for path in ["../out", "/tmp/out", ".git/hooks/x", "a/../../out", ".GIT/config"] {
        let repository = Repository::new();
        let base = head(repository.top()).await.unwrap();
        let patch = format!(
            "Baton-Task: run_A/1\nBaton-Base: {base}\nBaton-Root: \n\ndiff --git a/{path} b/{path}\n\
             new file mode 100644\n--- /dev/null\n+++ b/{path}\n@@ -0,0 +1 @@\n+x\n"
        );
        let before = repository.files();
        let refused = repository.apply_with(patch.as_bytes(), true).await;
        assert!(matches!(refused, Err(ApplyError::Git(_))), "{path}: {refused:?}");
        assert_eq!(repository.files(), before);
        assert!(!repository.top().join("../out").exists());
    }
}

#[tokio::test]
async fn programs_of_the_repository_do_not_run() {
    let repository = Repository::new();
    let top = repository.top();
    let marker = top.join(".git/ran");
    let run = format!("sh -c 'touch {}; cat' %f", marker.display());
    let patch = repository.patch("", "sed -i s/two/TWO/ a.txt").await;
    repository.write(".gitattributes", "* filter=own merge=own diff=own\n");
    for name in [
        "filter.own.clean",
        "filter.own.smudge",
        "merge.own.driver",
        "diff.own.textconv",
        "diff.own.command",
        "core.fsmonitor",
    ] {
        git(top, &["config", name, &run]);
    }
    fs::write(top.join("a.txt"), TEXT.replace("ten", "TEN")).unwrap();
    let applied = repository.apply(&patch).await;
    assert!(!marker.exists(), "{applied:?}");
}

#[tokio::test]
async fn a_patch_of_another_repository_is_refused() {
    let (one, other) = (Repository::new(), Repository::new());
    one.write("more", "more\n");
    git(one.top(), &["add", "."]);
    git(one.top(), &["commit", "--quiet", "-m", "second"]);
    let patch = one.patch("", "echo x >> a.txt").await;
    let refused = other.apply_with(&patch, true).await;
    assert!(matches!(refused, Err(ApplyError::NoBase { .. })), "{refused:?}");
    let refused = one.apply_with(b"diff --git a/a b/a\n", true).await;
    assert!(matches!(refused, Err(ApplyError::NoPatch)), "{refused:?}");
    let outside = tempfile::tempdir().unwrap();
    let refused = Applier::open(outside.path()).await.err();
    assert!(matches!(refused, Some(ApplyError::Repository { .. })), "{refused:?}");
}

/// Whoever writes a file between the plan and its writing keeps it, and the rest is taken back.
#[tokio::test]
async fn a_file_that_changes_in_between_is_kept_and_all_is_taken_back() {
    for (name, bytes) in [("a.txt", Some("mine\n")), ("new", Some("mine\n")), ("b.txt", None)] {
        let repository = Repository::new();
        let script = "rm gone; echo x >> a.txt; echo x >> b.txt; echo x > new; echo x >> dir/c.txt";
        let patch = repository.patch("", script).await;
        let applier = Applier::open(repository.top()).await.unwrap();
        let Planned::Fits(plan) = applier.plan(&patch, true).await.unwrap() else { panic!("no") };
        match bytes {
            Some(bytes) => repository.write(name, bytes),
            None => fs::remove_file(repository.top().join(name)).unwrap(),
        }
        let before = repository.files();
        let raced = applier.write(plan).unwrap_err();
        assert_eq!(raced, ApplyError::Raced(vec![name.to_owned()]));
        assert_eq!(repository.files(), before);
        assert_eq!(repository.leftovers(), [] as [&str; 0]);
    }
}
