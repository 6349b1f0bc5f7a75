//! Order, selection and limits of listings.

use std::fs;

use baton_core::files::FileErrorKind::InvalidQuery;
use baton_core::files::{EntryKind, SelectionOptions};
use baton_core::limits::FileLimits;

use super::{Tree, everything, layer, list, listed, refused, selection};

const TREE: [&str; 9] = [
    "a/b/deep.md",
    "a/one.md",
    "a-1.md",
    "a.md",
    "b.txt",
    ".hidden.md",
    ".config/x.md",
    "src/lib.rs",
    "src/docs/lib.md",
];

fn options(text: &str) -> SelectionOptions {
    serde_json::from_str(text).unwrap()
}

#[test]
fn selections() {
    // Include, exclude, options, and what is listed.
    let tree = Tree::of(&TREE);
    tree.link("link.md", "a/one.md");
    tree.link("linked-directory", "a");
    tree.link("dangling", "nowhere");
    let files = tree.files();
    type Case<'a> = (&'a [&'a str], &'a [&'a str], &'a str, &'a [&'a str]);
    let table: &[Case<'_>] = &[
        (
            &[],
            &[],
            "{}",
            &[
                "a-1.md",
                "a.md",
                "a/b/deep.md",
                "a/one.md",
                "b.txt",
                "link.md",
                "src/docs/lib.md",
                "src/lib.rs",
            ],
        ),
        (&["*.md"], &[], "{}", &["a-1.md", "a.md", "link.md"]),
        (&["a/**"], &[], "{}", &["a/b/deep.md", "a/one.md"]),
        (&["a/*"], &[], "{}", &["a/one.md"]),
        (&["*/*/*.md"], &[], "{}", &["a/b/deep.md", "src/docs/lib.md"]),
        (&["{a,src}/**/*.md"], &["**/b/**"], "{}", &["a/one.md", "src/docs/lib.md"]),
        (&["src/lib.rs"], &[], "{}", &["src/lib.rs"]),
        (&["[ab].*"], &[], "{}", &["a.md", "b.txt"]),
        (&["**/*.MD"], &[], "{}", &[]),
        (&[], &["**/*.MD"], "{}", &["b.txt", "src/lib.rs"]),
        (&[], &["a", "src"], "{}", &["a-1.md", "a.md", "b.txt", "link.md"]),
        (&["linked-directory/**"], &[], "{}", &[]),
        (
            &["**/*.md"],
            &["a*", "src/**", "link.md"],
            r#"{"hidden":true}"#,
            &[".config/x.md", ".hidden.md"],
        ),
        (&["a", "a/**"], &[], r#"{"directories":true}"#, &["a", "a/b", "a/b/deep.md", "a/one.md"]),
    ];
    for (include, exclude, given, expected) in table {
        let selection = selection(include, exclude, options(given));
        assert_eq!(&listed(&files, &selection), expected, "{selection:?}");
    }
}

#[test]
fn directories_stand_in_byte_order_with_size_zero() {
    let tree = Tree::of(&TREE);
    let (entries, _) = list(&tree.files(), &selection(&[], &[], everything())).unwrap();
    assert!(entries.is_sorted_by(|left, right| left.path.as_bytes() < right.path.as_bytes()));
    let directories = entries
        .iter()
        .filter(|entry| entry.kind == EntryKind::Directory && entry.size == 0)
        .map(|entry| entry.path.as_str());
    let expected = [".config", "a", "a/b", "src", "src/docs"];
    assert_eq!(directories.collect::<Vec<_>>(), expected);
    assert_eq!(entries.len(), TREE.len() + expected.len());
}

#[test]
fn links_are_listed_only_where_their_target_passes() {
    let tree = Tree::of(&["docs/a.md", "docs/.env", "private/key.md"]);
    tree.link("docs/alias.md", "a.md");
    tree.link("docs/env.md", ".env");
    tree.link("docs/key.md", "../private/key.md");
    tree.link("docs/outside.md", "../../outside.md");
    tree.link("docs/absolute.md", tree.root().join("docs/a.md"));
    fs::write(tree.holder.path().join("outside.md"), "x").unwrap();
    let files = tree.layered(&[layer(&["docs/**"], &["**/.env"])]);
    let all = selection(&[], &[], everything());
    assert_eq!(listed(&files, &all), ["docs", "docs/a.md", "docs/alias.md"]);
}

#[test]
fn five_thousand_files_in_a_directory_are_cut_at_every_limit() {
    let tree = Tree::new();
    for index in 0..5_000 {
        fs::write(tree.root().join(format!("{index:04}")), "").unwrap();
    }
    let first = |count: usize| -> Vec<String> { (0..count).map(|n| format!("{n:04}")).collect() };
    let asked = |limits: FileLimits, limit: Option<u64>| {
        let mut options = everything();
        options.limit = limit;
        let files = tree.limited(&[], &limits);
        let (entries, truncated) = list(&files, &selection(&[], &[], options)).unwrap();
        let paths: Vec<String> = entries.into_iter().map(|entry| entry.path).collect();
        (paths, truncated)
    };
    let limits = FileLimits::default();
    assert_eq!(asked(limits, None), (first(5_000), false));
    assert_eq!(asked(limits, Some(5_000)), (first(5_000), false));
    assert_eq!(asked(limits, Some(4_999)), (first(4_999), true));
    assert_eq!(asked(limits, Some(0)), (first(0), true));
    let few = FileLimits { entries: 7, ..limits };
    assert_eq!(asked(few, Some(100)), (first(7), true));
    let visited = |visited| FileLimits { visited, ..limits };
    assert_eq!(asked(visited(5_000), None), (first(5_000), false));
    assert_eq!(asked(visited(4_999), None), (first(0), true));
}

#[test]
fn directories_that_cannot_match_are_not_visited() {
    let tree = Tree::of(&["docs/a.md", "docs/x/b.md"]);
    for index in 0..100 {
        tree.file(&format!("other/{index}"), "");
    }
    // Two names in the root, two in `docs`, one in `docs/x`.
    let limits = FileLimits { visited: 5, ..FileLimits::default() };
    let files = tree.limited(&[], &limits);
    for (include, exclude) in [(["docs/**"], ["none"]), (["**"], ["other"]), (["**"], ["Other/**"])]
    {
        let selection = selection(&include, &exclude, SelectionOptions::default());
        assert_eq!(listed(&files, &selection), ["docs/a.md", "docs/x/b.md"]);
    }
    let limits = FileLimits { visited: 4, ..limits };
    let scoped = tree.limited(&[layer(&["docs/*"], &[])], &limits);
    let all = selection(&[], &[], SelectionOptions::default());
    assert_eq!(listed(&scoped, &all), ["docs/a.md"]);
}

#[test]
fn malformed_selections_are_refused() {
    let tree = Tree::of(&["a.md"]);
    let files = tree.files();
    let ask = |include: &[&str]| list(&files, &selection(include, &[], everything()));
    for pattern in
        ["", "/a.md", "a/", "./a.md", "a//b", "../a.md", "a/../b", "[", "{a", "a}", "[z-a]", "a\\"]
    {
        refused(ask(&[pattern]), InvalidQuery, "bad-pattern");
    }
    let nested = format!("{}a{}", "{".repeat(2_000), "}".repeat(2_000));
    refused(ask(&[&nested]), InvalidQuery, "bad-pattern");
    refused(ask(&["x"; 257]), InvalidQuery, "too-many-patterns");
    refused(ask(&[&"x".repeat(4_097)]), InvalidQuery, "pattern-too-long");
}
