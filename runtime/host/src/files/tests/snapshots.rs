//! The state of a directory as one digest.

use std::time::{Duration, SystemTime};

use baton_core::digest::Digest;
use baton_core::scope::GlobLayer;

use super::super::snapshot::Snapshots;
use super::{Tree, fs, layer};

const PATHS: &[&str] = &[
    ".gitignore",
    ".hidden/h.md",
    ".git/config",
    ".env",
    "a.md",
    "ignored.log",
    "own.js",
    "sub/b.md",
    "sub/c.md",
];

fn tree() -> Tree {
    let tree = Tree::of(PATHS);
    tree.file(".gitignore", "*.log\n");
    tree
}

fn snapshots(tree: &Tree) -> Snapshots {
    Snapshots::new(tree.layered(&[GlobLayer::no_secrets()]), ["own.js".to_owned()])
}

fn digest(tree: &Tree) -> Digest {
    let taken = snapshots(tree).take();
    assert_eq!(taken.problem, None);
    taken.digest.unwrap()
}

#[test]
fn what_counts_and_what_does_not() {
    type Change = fn(&Tree);
    let table: &[(&str, Change, bool)] = &[
        ("nothing", |_| {}, false),
        ("the same bytes again", |tree| tree.file("a.md", "a.md"), false),
        ("a content of the same size", |tree| tree.file("a.md", "b.md"), true),
        ("a content in a directory", |tree| tree.file("sub/b.md", "x"), true),
        ("a hidden file", |tree| tree.file(".hidden/h.md", "x"), true),
        ("a rule about files", |tree| tree.file(".gitignore", "*.log\n\n"), true),
        ("an ignored file", |tree| tree.file("ignored.log", "x"), false),
        ("a secret", |tree| tree.file(".env", "x"), false),
        ("the history", |tree| tree.file(".git/config", "x"), false),
        ("a skipped file", |tree| tree.file("own.js", "x"), false),
        ("a new file", |tree| tree.file("sub/d.md", ""), true),
        ("a new link", |tree| tree.link("sub/d.md", "b.md"), true),
        ("a link outside", |tree| tree.link("sub/d.md", "../../outside"), false),
        ("a file less", |tree| fs::remove_file(tree.root().join("a.md")).unwrap(), true),
        (
            "another name",
            |tree| fs::rename(tree.root().join("a.md"), tree.root().join("b.md")).unwrap(),
            true,
        ),
        (
            "two contents exchanged",
            |tree| {
                tree.file("sub/b.md", "sub/c.md");
                tree.file("sub/c.md", "sub/b.md");
            },
            true,
        ),
        ("an empty directory", |tree| fs::create_dir(tree.root().join("new")).unwrap(), false),
    ];
    for (name, change, counts) in table {
        let tree = tree();
        let before = digest(&tree);
        change(&tree);
        assert_eq!(digest(&tree) != before, *counts, "{name}");
    }
}

#[test]
fn a_scope_bounds_it() {
    let tree = tree();
    let scope = [layer(&["sub/**"], &[])];
    let mut narrow = Snapshots::new(tree.layered(&scope), Vec::new());
    let before = narrow.take();
    assert_eq!((before.files, before.bytes), (2, 16));
    tree.file("a.md", "x");
    assert!(narrow.take().equals(&before));
    tree.file("sub/b.md", "x");
    assert!(!narrow.take().equals(&before));
}

#[test]
fn it_is_of_the_tree_alone() {
    assert_eq!(digest(&tree()), digest(&tree()));
}

/// Makes a file old enough for its times to tell a change.
fn age(tree: &Tree, path: &str) {
    let file = fs::File::options().write(true).open(tree.root().join(path)).unwrap();
    file.set_modified(SystemTime::now() - Duration::from_secs(3_600)).unwrap();
}

#[test]
fn only_what_changed_is_read_again() {
    let tree = Tree::of(&["a.md", "b.md", "c.md"]);
    for path in ["a.md", "b.md", "c.md"] {
        age(&tree, path);
    }
    let mut snapshots = Snapshots::new(tree.files(), Vec::new());
    // The time of the last change of an inode cannot be set: it has to pass.
    let first = loop {
        let taken = snapshots.take();
        if snapshots.remembered() == 3 {
            break taken;
        }
        std::thread::sleep(Duration::from_millis(100));
    };
    let read = snapshots.read;
    assert!(snapshots.take().equals(&first));
    assert_eq!(snapshots.read, read, "nothing was read again");
    tree.file("b.md", "x");
    let second = snapshots.take();
    assert!(!second.equals(&first));
    assert_eq!(snapshots.read, read + 1, "one file was read again");
    // Changed a moment ago: its times would not tell another change.
    tree.file("b.md", "y");
    assert!(!snapshots.take().equals(&second));
    assert_eq!(snapshots.read, read + 2);
}

#[test]
fn bounds_are_kept() {
    let tree = Tree::of(&["a", "b", "c"]);
    for (files, bytes, fits) in [(3, 3, true), (2, 3, false), (3, 2, false)] {
        let mut snapshots = Snapshots::new(tree.files(), Vec::new());
        snapshots.bounds.files = files;
        snapshots.bounds.bytes = bytes;
        let taken = snapshots.take();
        assert_eq!(taken.digest.is_some(), fits, "{files} files, {bytes} bytes");
        assert_eq!(taken.problem.is_none(), fits);
        assert_eq!(snapshots.read, if fits { 3 } else { 0 }, "a tree too large is not read");
    }
}

#[test]
fn entries_beyond_the_limit_leave_no_digest() {
    let tree = Tree::of(&["a", "b", "c"]);
    let limits = baton_core::limits::FileLimits { visited: 2, ..Default::default() };
    let taken = Snapshots::new(tree.limited(&[], &limits), Vec::new()).take();
    assert_eq!(taken.digest, None);
}
