//! Malformed paths are refused before the disk is touched.

use baton_core::files::FileErrorKind::{Denied, InvalidPath, NotFound, WrongKind};

use super::{Tree, layer, list, read, refused, selection, stat};

#[test]
fn malformed_paths_have_their_own_codes() {
    let tree = Tree::of(&["a/b.md"]);
    let files = tree.files();
    let long = "x/".repeat(2_100);
    let table = [
        ("", "empty-path"),
        ("/", "absolute-path"),
        ("/etc/passwd", "absolute-path"),
        ("//a", "absolute-path"),
        ("..", "parent-part"),
        ("../root/a/b.md", "parent-part"),
        ("a/../a/b.md", "parent-part"),
        ("a/..", "parent-part"),
        (".", "dot-part"),
        ("./a/b.md", "dot-part"),
        ("a/./b.md", "dot-part"),
        ("a//b.md", "empty-part"),
        ("a/", "trailing-slash"),
        ("a/b.md/", "trailing-slash"),
        ("a/b.md\0", "nul"),
        ("a\\b.md", "backslash"),
        ("..\\outside", "backslash"),
        (long.as_str(), "path-too-long"),
    ];
    for (path, code) in table {
        refused(read(&files, path), InvalidPath, code);
        refused(stat(&files, path), InvalidPath, code);
    }
}

#[test]
fn well_formed_paths_fail_by_what_is_there() {
    let tree = Tree::of(&["a/b.md"]);
    let files = tree.files();
    let name = "n".repeat(256);
    refused(read(&files, "c"), NotFound, "not-found");
    refused(stat(&files, "a/c"), NotFound, "not-found");
    refused(read(&files, "a"), WrongKind, "is-directory");
    refused(read(&files, "a/b.md/c"), WrongKind, "not-directory");
    refused(read(&files, &name), InvalidPath, "name-too-long");
    assert_eq!(read(&files, "a/b.md").unwrap(), b"a/b.md");
    assert_eq!(stat(&files, "a/b.md").unwrap().size, 6);
}

#[test]
fn a_malformed_path_is_reported_before_the_scope_and_the_scope_before_the_disk() {
    let tree = Tree::of(&["a.md"]);
    let files = tree.layered(&[layer(&["docs/**"], &[])]);
    refused(read(&files, "../a.md"), InvalidPath, "parent-part");
    refused(read(&files, "a.md"), Denied, "out-of-scope");
    refused(read(&files, "missing.md"), Denied, "out-of-scope");
}

#[test]
fn a_tree_deeper_than_the_limit_is_refused_and_cut() {
    let tree = Tree::new();
    let deep = |levels: usize| format!("{}f", "d/".repeat(levels));
    tree.file(&deep(super::super::DEPTH_MAX + 1), "x");
    tree.file(&deep(super::super::DEPTH_MAX), "x");
    let files = tree.files();
    assert_eq!(read(&files, &deep(super::super::DEPTH_MAX)).unwrap(), b"x");
    let too_deep = deep(super::super::DEPTH_MAX + 1);
    refused(read(&files, &too_deep), InvalidPath, "too-deep");
    let (entries, truncated) = list(&files, &selection(&[], &[], super::everything())).unwrap();
    assert!(truncated);
    assert!(entries.iter().all(|entry| entry.path != too_deep));
}
