//! Unusual names.

use std::ffi::OsStr;
use std::fs;
use std::os::unix::ffi::OsStrExt as _;

use super::{Tree, everything, listed, read, search, selection, stat};

#[test]
fn unusual_names_are_listed_and_read_as_they_are() {
    let long = "n".repeat(255);
    let names = [
        " ",
        "*",
        "a b",
        "line\nbreak.md",
        "quote\".md",
        "rtl-\u{202e}dm.txt",
        "tab\t",
        "\u{1b}[31mred",
        "ä-composed",
        "a\u{308}-decomposed",
        "…",
        long.as_str(),
    ];
    let tree = Tree::of(&names);
    let files = tree.files();
    let mut expected = names.to_vec();
    expected.sort_unstable();
    let all = selection(&[], &[], everything());
    assert_eq!(listed(&files, &all), expected);
    for name in names {
        assert_eq!(read(&files, name).unwrap(), name.as_bytes());
        assert_eq!(stat(&files, name).unwrap().size, name.len() as u64);
    }
    let (matches, _) = search(&files, "^line$", &all).unwrap();
    let found = matches.iter().map(|found| (found.path.as_str(), found.line));
    assert_eq!(found.collect::<Vec<_>>(), [("line\nbreak.md", 1)]);
}

#[test]
fn names_that_guests_cannot_write_are_passed_over() {
    let tree = Tree::of(&["a.md", "z.md"]);
    let root = tree.root();
    fs::write(root.join(OsStr::from_bytes(b"m\xff.md")), "hidden").unwrap();
    fs::write(root.join("m\\n.md"), "hidden").unwrap();
    let directory = root.join(OsStr::from_bytes(b"d\xff"));
    fs::create_dir(&directory).unwrap();
    fs::write(directory.join("in.md"), "hidden").unwrap();
    tree.link("to-bytes", OsStr::from_bytes(b"m\xff.md"));
    let files = tree.files();
    let all = selection(&[], &[], everything());
    for _ in 0..3 {
        assert_eq!(listed(&files, &all), ["a.md", "z.md"]);
        assert!(search(&files, "hidden", &all).unwrap().0.is_empty());
    }
    super::refused(
        read(&files, "to-bytes"),
        baton_core::files::FileErrorKind::Denied,
        "link-outside",
    );
}
