use super::Made;
use crate::{Author, CommitInput, FileChange, commit};

fn text(path: &str, text: &str) -> FileChange {
    FileChange { path: path.into(), text: Some(text.into()), ..FileChange::default() }
}

fn gone(path: &str) -> FileChange {
    FileChange { path: path.into(), delete: true, ..FileChange::default() }
}

fn input(branch: &str, files: &[FileChange]) -> CommitInput {
    CommitInput {
        branch: branch.into(),
        message: "Change things\n\nBecause.".into(),
        files: files.to_vec(),
        ..CommitInput::default()
    }
}

#[test]
fn files_are_committed_without_touching_the_working_tree() {
    let made = Made::new();
    let head = made.git(&["rev-parse", "HEAD"]);
    let mut bytes = text("new/deep/c.bin", "");
    (bytes.text, bytes.base64) = (None, Some("AP8=".into()));
    let mut run = text("new/run", "x");
    run.executable = Some(true);
    let files = [text("a.txt", "A\n"), text("run", "changed\n"), gone("dir/b.txt"), bytes, run];
    let author = Some(Author { name: "Zoë".into(), email: "zoe@example.org".into() });
    let output = commit(&made.tree(), &CommitInput { author, ..input("fix/one", &files) }).unwrap();
    assert!(output.created && output.parent == head && output.branch == "fix/one");

    assert_eq!(made.git(&["rev-parse", "fix/one"]), output.commit);
    let listing = made.git(&["ls-tree", "-r", "--format=%(objectmode) %(path)", "fix/one"]);
    assert_eq!(listing, "100644 a.txt\n100644 new/deep/c.bin\n100755 new/run\n100755 run");
    assert_eq!(made.git(&["show", "fix/one:a.txt"]), "A");
    let log = made.git(&["log", "-1", "--format=%an <%ae>|%B", "fix/one"]);
    assert_eq!(log, "Zoë <zoe@example.org>|Change things\n\nBecause.");
    made.git(&["fsck", "--strict"]);
    assert_eq!(made.git(&["status", "--porcelain"]), "");
    assert_eq!(made.git(&["rev-parse", "HEAD"]), head);

    let more = commit(&made.tree(), &input("fix/one", &[text("a.txt", "AA\n")])).unwrap();
    assert_eq!(more.parent, output.commit);
    let other = CommitInput { base: Some("fix/one~1".into()), ..input("two", &[text("x", "y")]) };
    assert_eq!(commit(&made.tree(), &other).unwrap().parent, output.commit);
}

#[test]
fn the_same_key_brings_the_same_commit() {
    let made = Made::new();
    let keyed = |key: &str, content: &str| {
        let key = Some(key.to_owned());
        commit(&made.tree(), &CommitInput { key, ..input("fix", &[text("a.txt", content)]) })
            .unwrap()
    };
    let first = keyed("run_1/2", "one\n");
    let again = keyed("run_1/2", "one\n");
    assert_eq!((again.commit.as_str(), again.created), (first.commit.as_str(), false));
    assert_eq!(again.parent, first.parent);
    let second = keyed("run_1/3", "two\n");
    assert!(second.created && second.parent == first.commit);
    // It is found below others, too, and a part of it is another key.
    assert_eq!(keyed("run_1/2", "one\n").commit, first.commit);
    assert!(keyed("run_1", "three\n").created);
    assert_eq!(made.git(&["rev-list", "--count", "main..fix"]), "3");
}

#[test]
fn a_branch_that_is_checked_out_is_refused() {
    let made = Made::new();
    let files = [text("a.txt", "A\n")];
    assert_eq!(
        commit(&made.tree(), &input("main", &files)).unwrap_err().code,
        "branch-checked-out"
    );
    made.git(&["worktree", "add", "--quiet", "-b", "elsewhere", "other-tree"]);
    let error = commit(&made.tree(), &input("elsewhere", &files)).unwrap_err();
    assert_eq!(error.code, "branch-checked-out");
}

#[test]
fn what_cannot_be_committed_is_refused_and_changes_nothing() {
    let made = Made::new();
    let both = FileChange { delete: true, ..text("a.txt", "x") };
    let neither = FileChange { path: "a.txt".into(), ..FileChange::default() };
    let broken = FileChange { base64: Some("!".into()), ..neither.clone() };
    let many = vec![text("x", "y"); 1_001];
    let cases: Vec<(Vec<FileChange>, &str)> = vec![
        (vec![], "invalid-file"),
        (many, "invalid-file"),
        (vec![both], "invalid-file"),
        (vec![neither], "invalid-file"),
        (vec![broken], "invalid-file"),
        (vec![text("x", "1"), text("./x", "2")], "invalid-file"),
        (vec![text(".git/config", "x")], "invalid-file"),
        (vec![text("sub/.GIT/hooks/x", "x")], "invalid-file"),
        (vec![text("", "x")], "invalid-file"),
        (vec![text("../x", "x")], "invalid-path"),
        (vec![text("/x", "x")], "invalid-path"),
        (vec![text("dir", "x")], "is-a-directory"),
        (vec![text("a.txt/x", "x")], "not-a-directory"),
        (vec![gone("absent")], "not-found"),
        (vec![text("a.txt", "a\n")], "nothing-to-commit"),
    ];
    for (files, code) in cases {
        let error = commit(&made.tree(), &input("fix", &files)).unwrap_err();
        assert_eq!(error.code, code, "{}", error.message);
    }
    let good = input("fix", &[text("a.txt", "A")]);
    let wrong_author = Author { name: "a>b".into(), email: "x".into() };
    let cases = [
        (CommitInput { message: " \n".into(), ..good.clone() }, "invalid-message"),
        (CommitInput { message: "x".repeat(70_000), ..good.clone() }, "invalid-message"),
        (CommitInput { key: Some("a\nb".into()), ..good.clone() }, "invalid-key"),
        (CommitInput { key: Some("x".repeat(201)), ..good.clone() }, "invalid-key"),
        (CommitInput { author: Some(wrong_author), ..good.clone() }, "invalid-author"),
        (CommitInput { base: Some("absent".into()), ..good.clone() }, "unknown-revision"),
        (CommitInput { branch: "a b".into(), ..good }, "invalid-branch"),
    ];
    for (input, code) in cases {
        assert_eq!(commit(&made.tree(), &input).unwrap_err().code, code);
    }
    assert_eq!(made.git(&["branch", "--format=%(refname:short)"]), "main");
}

#[test]
fn the_last_file_can_be_removed() {
    let made = Made::new();
    let files = [gone("a.txt"), gone("dir/b.txt"), gone("run")];
    commit(&made.tree(), &input("empty", &files)).unwrap();
    assert_eq!(made.git(&["ls-tree", "-r", "empty"]), "");
}
