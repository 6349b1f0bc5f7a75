use super::Made;
use crate::{ChangedFile, DiffInput, ShowInput, Status, diff, show};

fn between(from: &str, to: &str) -> DiffInput {
    DiffInput { from: from.into(), to: Some(to.into()), ..DiffInput::default() }
}

/// Status, path and numbers of lines, as `git diff --numstat` and `--name-status` have them.
fn rows(files: &[ChangedFile]) -> Vec<(Status, &str, usize, usize)> {
    files.iter().map(|one| (one.status, one.path.as_str(), one.additions, one.deletions)).collect()
}

#[test]
fn patches_turn_one_revision_into_the_other() {
    let made = Made::new();
    let lines =
        |range: std::ops::Range<u32>| range.map(|line| format!("{line}\n")).collect::<String>();
    made.commit(
        "before",
        &[
            ("changed", Some(&lines(0..60))),
            ("gone", Some("x\n")),
            ("no-end", Some("a\nb")),
            ("moved \"so\"", Some(&lines(0..9))),
            ("empty", Some("")),
            ("binary", Some("\0a")),
            ("same", Some("same\n")),
            ("turns", Some("a file\n")),
        ],
    );
    let before = made.git(&["rev-parse", "HEAD"]);
    std::fs::remove_file(made.path().join("turns")).unwrap();
    let changed = lines(0..60)
        .replace("\n5\n", "\nfive\n")
        .replace("\n12\n", "\n")
        .replace("\n50\n", "\n50\nmore\n");
    made.commit(
        "after",
        &[
            ("changed", Some(&changed)),
            ("gone", None),
            ("no-end", Some("a\nc")),
            ("moved \"so\"", None),
            ("sub/moved", Some(&lines(0..9))),
            ("empty", None),
            ("also-empty", Some("")),
            ("binary", Some("\0b")),
            ("turns/into", Some("a folder\n")),
        ],
    );
    for context in [None, Some(0), Some(1), Some(50)] {
        let input = DiffInput { context, ..between(&before, "HEAD") };
        let output = diff(&made.tree(), &input).unwrap();
        assert!(!output.truncated);
        let patch: String = output.files.iter().filter_map(|file| file.patch.clone()).collect();
        made.git(&["checkout", "--quiet", &before]);
        let mut arguments = vec!["apply", "--index"];
        if context == Some(0) {
            arguments.push("--unidiff-zero");
        }
        made.git_with(&arguments, &patch);
        let left = made.git(&["diff", "--cached", "--name-only", "main"]);
        assert_eq!(left, "binary", "{patch}");
        made.git(&["reset", "--quiet", "--hard", "main"]);
        made.git(&["clean", "-fdq"]);
    }
    let output = diff(&made.tree(), &between(&before, "main")).unwrap();
    let expected = [
        (Status::Renamed, "also-empty", 0, 0),
        (Status::Modified, "binary", 0, 0),
        (Status::Modified, "changed", 2, 2),
        (Status::Deleted, "gone", 0, 1),
        (Status::Modified, "no-end", 1, 1),
        (Status::Renamed, "sub/moved", 0, 0),
        (Status::Deleted, "turns", 0, 1),
        (Status::Added, "turns/into", 1, 0),
    ];
    assert_eq!(rows(&output.files), expected);
    assert_eq!(output.files[5].old_path.as_deref(), Some("moved \"so\""));
    assert!(output.files[1].binary && output.files[1].patch.is_none());
}

#[test]
fn a_branch_is_compared_with_where_it_began() {
    let made = Made::merged();
    let name = |input: &DiffInput| -> Vec<String> {
        let output = diff(&made.tree(), input).unwrap();
        output.files.into_iter().map(|file| file.path).collect()
    };
    assert_eq!(name(&between("HEAD~2", "topic")), ["a.txt", "dir/c.txt"]);
    let base = DiffInput { merge_base: true, ..between("HEAD~2", "topic") };
    assert_eq!(name(&base), ["dir/c.txt"]);
    let expected = made.git(&["merge-base", "HEAD~2", "topic"]);
    assert_eq!(diff(&made.tree(), &base).unwrap().from, expected);
    let below = DiffInput { path: "dir".into(), ..between("HEAD~2", "topic") };
    assert_eq!(name(&below), ["dir/c.txt"]);

    made.git(&["checkout", "--quiet", "--orphan", "alone"]);
    made.commit("alone", &[]);
    let none = DiffInput { merge_base: true, ..between("main", "alone") };
    assert_eq!(diff(&made.tree(), &none).unwrap_err().code, "no-merge-base");
}

#[test]
fn a_commit_is_shown_against_its_first_parent() {
    let made = Made::merged();
    let at = |revision: &str, patch| {
        let input = ShowInput { revision: Some(revision.into()), patch, ..ShowInput::default() };
        show(&made.tree(), &input).unwrap()
    };
    let last = at("HEAD", true);
    assert_eq!(last.commit.subject, "last");
    assert_eq!(rows(&last.files), [(Status::Modified, "dir/b.txt", 1, 0)]);
    let patch = last.files[0].patch.as_deref().unwrap();
    assert!(patch.ends_with("@@ -1,1 +1,2 @@\n b\n+b\n"), "{patch}");
    let merge = at("HEAD~1", false);
    assert_eq!(rows(&merge.files), [(Status::Added, "dir/c.txt", 1, 0)]);
    assert_eq!(merge.files[0].patch, None);
    assert_eq!(at("HEAD~3", false).files.len(), 2);
}

#[test]
fn large_differences_are_cut_and_told() {
    let made = Made::new();
    let wide = |number: usize| format!("{number}{}\n", "x".repeat(150 << 10));
    made.commit("none", &[]);
    let texts: Vec<String> = (0..5).map(wide).collect();
    let paths = ["a", "b", "c", "d", "e"];
    let files: Vec<(&str, Option<&str>)> =
        paths.iter().zip(&texts).map(|(path, text)| (*path, Some(text.as_str()))).collect();
    made.commit("wide", &files);
    let output = diff(&made.tree(), &between("HEAD~1", "HEAD")).unwrap();
    let patches: usize =
        output.files.iter().filter_map(|file| file.patch.as_ref()).map(String::len).sum();
    assert_eq!(output.files.len(), 5);
    assert!(output.truncated && patches > 0 && patches <= 400 << 10);
    // What is larger than an object may be is as good as no text.
    made.commit("huge", &[("huge", Some(&"y\n".repeat(5 << 20))), ("small", Some("z\n"))]);
    let huge = diff(&made.tree(), &between("HEAD~1", "HEAD")).unwrap();
    assert_eq!((huge.files[0].binary, huge.files[1].additions), (true, 1));
    let summary = DiffInput { summary: true, ..between("HEAD~1", "HEAD") };
    assert!(!diff(&made.tree(), &summary).unwrap().truncated);
}
