#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::fs;

use baton_guest::ToolErrorKind;
use tempfile::TempDir;

use crate::{Selection, Tree, extension, inside};

fn tree(files: &[(&str, &str)]) -> (TempDir, Tree) {
    let folder = tempfile::tempdir().unwrap();
    for (path, text) in files {
        let place = folder.path().join(path);
        fs::create_dir_all(place.parent().unwrap()).unwrap();
        fs::write(place, text).unwrap();
    }
    let tree = Tree::new(folder.path());
    (folder, tree)
}

fn paths(tree: &Tree, start: &str, selection: &Selection) -> Vec<String> {
    tree.select(start, selection).unwrap().files.into_iter().map(|file| file.path).collect()
}

#[test]
fn paths_stay_inside() {
    for (path, expected) in
        [("", ""), (".", ""), ("a/b", "a/b"), ("./a//b/", "a/b"), ("a b/ü", "a b/ü")]
    {
        assert_eq!(inside(path).unwrap(), expected);
    }
    for path in ["/etc/passwd", "..", "a/../b", "a\0b", &"x".repeat(5_000)] {
        let error = inside(path).unwrap_err();
        assert_eq!(
            (error.kind, error.code.as_str()),
            (ToolErrorKind::InvalidInput, "invalid-path")
        );
    }
    assert_eq!(extension("a/B.RS"), "rs");
    assert_eq!(extension("a/.gitignore"), "");
}

#[test]
fn hidden_and_ignored_files_are_left_out_unless_asked_for() {
    let (_folder, tree) = tree(&[
        (".gitignore", "/target\n*.log\n!keep.log\n"),
        (".github/ci.yml", ""),
        (".git/config", ""),
        ("a.rs", ""),
        ("b.log", ""),
        ("keep.log", ""),
        ("sub/.gitignore", "!b.log\n"),
        ("sub/.ignore", "c.rs\n"),
        ("sub/b.log", ""),
        ("sub/c.rs", ""),
        ("sub/target/d.rs", ""),
        ("target/x.rs", ""),
    ]);
    let plain = ["a.rs", "keep.log", "sub/b.log", "sub/target/d.rs"];
    assert_eq!(paths(&tree, "", &Selection::default()), plain);

    let hidden = Selection { hidden: true, ..Selection::default() };
    let found = paths(&tree, "", &hidden);
    assert!(found.contains(&".github/ci.yml".to_owned()));
    assert!(!found.iter().any(|path| path.starts_with(".git/")));

    let ignored = Selection { ignored: true, ..Selection::default() };
    assert_eq!(
        paths(&tree, "", &ignored),
        ["a.rs", "b.log", "keep.log", "sub/b.log", "sub/c.rs", "sub/target/d.rs", "target/x.rs"]
    );
    // The rules of the directories above count below a start, too.
    assert_eq!(paths(&tree, "sub", &Selection::default()), ["sub/b.log", "sub/target/d.rs"]);
}

#[test]
fn patterns_choose() {
    let (_folder, tree) =
        tree(&[("a.rs", ""), ("src/b.rs", ""), ("src/c.md", ""), ("src/deep/d.rs", "")]);
    let cases: &[(&[&str], &[&str], &[&str])] = &[
        (&["*.rs"], &[], &["a.rs", "src/b.rs", "src/deep/d.rs"]),
        (&["src/*.rs"], &[], &["src/b.rs"]),
        (&["src/**"], &["*.md"], &["src/b.rs", "src/deep/d.rs"]),
        (&[], &["src/deep"], &["a.rs", "src/b.rs", "src/c.md"]),
        (&["./src/*.{rs,md}"], &[], &["src/b.rs", "src/c.md"]),
    ];
    for (include, exclude, expected) in cases {
        let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect();
        let selection =
            Selection { include: owned(include), exclude: owned(exclude), ..Selection::default() };
        assert_eq!(paths(&tree, "", &selection), *expected);
    }
    let wrong = Selection { include: vec!["a[".into()], ..Selection::default() };
    assert_eq!(tree.select("", &wrong).unwrap_err().code, "invalid-pattern");
    let many = Selection { exclude: vec!["a".into(); 257], ..Selection::default() };
    assert_eq!(tree.select("", &many).unwrap_err().code, "too-many-patterns");
}

#[test]
fn a_listing_is_cut_at_what_may_be_read() {
    let (_folder, tree) = tree(&[("a", "12345"), ("b", "1234567890"), ("c", "123"), ("d", "1")]);
    for (bytes_max, file_bytes_max, expected, truncated) in [
        (100, 100, &["a", "b", "c", "d"][..], false),
        (15, 100, &["a", "b"], true),
        (14, 100, &["a"], true),
        (9, 9, &["a", "b", "c", "d"], false),
        (4, 9, &[], true),
    ] {
        let mut listing = tree.select("", &Selection::default()).unwrap();
        listing.cut(bytes_max, file_bytes_max);
        let names: Vec<&str> = listing.files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!((names.as_slice(), listing.truncated), (expected, truncated));
    }
}

#[test]
fn one_file_is_a_selection() {
    let (_folder, tree) = tree(&[("src/b.rs", "fn b() {}")]);
    let listing = tree.select("src/b.rs", &Selection::default()).unwrap();
    assert_eq!(listing.files.len(), 1);
    assert_eq!(listing.files[0].size, 9);
    assert_eq!(tree.select("absent", &Selection::default()).unwrap_err().code, "not-found");
}

#[cfg(unix)]
#[test]
fn links_are_passed_over() {
    let (folder, tree) = tree(&[("a.rs", "")]);
    std::os::unix::fs::symlink("/etc", folder.path().join("out")).unwrap();
    std::os::unix::fs::symlink("a.rs", folder.path().join("b.rs")).unwrap();
    assert_eq!(paths(&tree, "", &Selection::default()), ["a.rs"]);
}

#[test]
fn reading_has_a_limit_and_says_what_is_wrong() {
    let (folder, tree) = tree(&[("a", "12345"), ("d/x", "")]);
    assert_eq!(tree.read("a", 5).unwrap(), b"12345");
    assert_eq!(tree.read("a", 4).unwrap_err().code, "too-large");
    assert_eq!(tree.read("b", 4).unwrap_err().code, "not-found");
    assert_eq!(tree.read("a/b", 4).unwrap_err().code, "not-found");
    assert_eq!(tree.read("d", 4).unwrap_err().code, "not-a-file");
    fs::write(folder.path().join("bytes"), [0xff]).unwrap();
    assert_eq!(tree.read_text("bytes").unwrap_err().code, "not-text");
    assert!(tree.is_file("a") && !tree.is_file("d") && tree.is_directory("d"));
}
