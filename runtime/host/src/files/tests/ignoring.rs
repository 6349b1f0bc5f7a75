//! `.gitignore` and `.ignore` files.

use baton_core::files::FileErrorKind::TooLarge;
use baton_core::files::SelectionOptions;

use super::super::IGNORE_BYTES_MAX;
use super::{Tree, list, listed, read, refused, selection};

#[test]
fn rules() {
    const PATHS: [&str; 6] =
        ["a.log", "b.md", "build/x.md", "sub/a.log", "sub/build/y.md", "sub/keep.log"];
    // Ignore files as (path, content), and what is left of the paths above.
    type Case = (&'static [(&'static str, &'static str)], &'static [&'static str]);
    let table: &[Case] = &[
        (&[], &PATHS),
        (&[(".gitignore", "*.log")], &["b.md", "build/x.md", "sub/build/y.md"]),
        (&[(".ignore", "*.log\r\n")], &["b.md", "build/x.md", "sub/build/y.md"]),
        (
            &[(".gitignore", "\u{feff}*.log\n# *.md\n\n!keep.log")],
            &["b.md", "build/x.md", "sub/build/y.md", "sub/keep.log"],
        ),
        (
            &[(".gitignore", "/a.log\n/build/")],
            &["b.md", "sub/a.log", "sub/build/y.md", "sub/keep.log"],
        ),
        (&[(".gitignore", "build/")], &["a.log", "b.md", "sub/a.log", "sub/keep.log"]),
        (&[(".gitignore", "sub/*.log")], &["a.log", "b.md", "build/x.md", "sub/build/y.md"]),
        // The deeper file decides.
        (
            &[(".gitignore", "*.log"), ("sub/.gitignore", "!a.log")],
            &["b.md", "build/x.md", "sub/a.log", "sub/build/y.md"],
        ),
        (
            &[(".gitignore", "!*.log"), ("sub/.gitignore", "*.log")],
            &["a.log", "b.md", "build/x.md", "sub/build/y.md"],
        ),
        // `.ignore` decides over `.gitignore`, even a deeper one.
        (
            &[(".ignore", "!a.log"), ("sub/.gitignore", "*.log")],
            &["a.log", "b.md", "build/x.md", "sub/a.log", "sub/build/y.md"],
        ),
        // What is left out as a whole is not brought back in parts.
        (
            &[(".gitignore", "sub/"), ("sub/.gitignore", "!keep.log")],
            &["a.log", "b.md", "build/x.md"],
        ),
        // A rule of a directory holds below it only, relative to it.
        (
            &[("sub/.gitignore", "/build\nb.md")],
            &["a.log", "b.md", "build/x.md", "sub/a.log", "sub/keep.log"],
        ),
        // A malformed line spoils nothing else.
        (&[(".gitignore", "{a\n*.log")], &["b.md", "build/x.md", "sub/build/y.md"]),
    ];
    for (ignores, expected) in table {
        let tree = Tree::of(&PATHS);
        for (path, content) in *ignores {
            tree.file(path, content);
        }
        let files = tree.files();
        let mut options = SelectionOptions::default();
        let left = listed(&files, &selection(&[], &[], options.clone()));
        assert_eq!(&left, expected, "{ignores:?}");
        options.ignored = true;
        let all = listed(&files, &selection(&[], &[], options));
        assert_eq!(all, PATHS, "{ignores:?}");
    }
}

#[test]
fn ignored_files_can_be_read_and_ignore_files_need_not_be_in_scope() {
    let tree = Tree::of(&["a.log", "b.md"]);
    tree.file(".gitignore", "*.log");
    let files = tree.layered(&[super::layer(&["*.log", "*.md"], &[".gitignore"])]);
    let all = selection(&[], &[], SelectionOptions::default());
    assert_eq!(listed(&files, &all), ["b.md"]);
    assert_eq!(read(&files, "a.log").unwrap(), b"a.log");
}

#[test]
fn ignore_files_are_limited_together() {
    let tree = Tree::of(&["a.md"]);
    let half = usize::try_from(IGNORE_BYTES_MAX / 2).unwrap();
    tree.file(".gitignore", "#".repeat(half));
    tree.file("sub/.gitignore", "#".repeat(half));
    let mut options = SelectionOptions::default();
    let all = |options: &SelectionOptions| selection(&[], &[], options.clone());
    assert_eq!(listed(&tree.files(), &all(&options)), ["a.md"]);
    tree.file("sub/.ignore", "#");
    let listing = list(&tree.files(), &all(&options));
    refused(listing, TooLarge, "ignore-files-too-large");
    options.ignored = true;
    assert_eq!(listed(&tree.files(), &all(&options)), ["a.md"]);
}
