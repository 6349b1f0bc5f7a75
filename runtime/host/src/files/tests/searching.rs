//! Searches.

use std::time::Duration;

use baton_core::files::FileErrorKind::InvalidQuery;
use baton_core::files::{Match, SelectionOptions};
use baton_core::limits::FileLimits;

use super::super::search::{LINE_BYTES_MAX, Matches};
use super::{Tree, layer, refused, search, selection};

fn all() -> baton_core::files::Selection {
    selection(&[], &[], SelectionOptions::default())
}

fn found(path: &str, line: u32, column: u32, text: &str) -> Match {
    Match { path: path.into(), line, column, text: text.into() }
}

#[test]
fn lines_are_matched_one_by_one() {
    let tree = Tree::new();
    tree.file("a.md", "one\r\ntwo two\n\nthree");
    tree.file("b.md", "\u{e4}\u{e4} two\n");
    tree.file("binary", b"two\xff\ntwo");
    tree.file(".hidden", "two");
    let files = tree.files();
    let table: &[(&str, &[Match])] = &[
        ("two", &[found("a.md", 2, 0, "two two"), found("b.md", 1, 5, "\u{e4}\u{e4} two")]),
        ("^one$", &[found("a.md", 1, 0, "one")]),
        ("(?i)THREE", &[found("a.md", 4, 0, "three")]),
        ("^$", &[found("a.md", 3, 0, "")]),
        ("one\\s+two", &[]),
        ("(?s)o.*two two", &[]),
        ("[[:upper:]]", &[]),
    ];
    for (pattern, expected) in table {
        let (matches, truncated) = search(&files, pattern, &all()).unwrap();
        assert_eq!((&matches[..], truncated), (*expected, false), "{pattern}");
    }
}

#[test]
fn only_selected_files_in_scope_are_searched() {
    let tree = Tree::of(&["docs/a.md", "docs/b.txt", "docs/.env", "src/c.md"]);
    tree.link("docs/env.md", ".env");
    tree.link("docs/alias.md", "a.md");
    let files = tree.layered(&[layer(&["docs/**"], &["**/.env"])]);
    let mut options = super::everything();
    options.limit = Some(10);
    let (matches, truncated) = search(&files, ".", &selection(&["**/*.md"], &[], options)).unwrap();
    let paths: Vec<&str> = matches.iter().map(|found| found.path.as_str()).collect();
    assert_eq!((paths, truncated), (vec!["docs/a.md", "docs/alias.md"], false));
}

#[test]
fn malformed_expressions_are_refused() {
    let tree = Tree::of(&["a"]);
    let files = tree.files();
    let table = [
        ("(", "bad-expression"),
        ("a{2,1}", "bad-expression"),
        (r"(a)\1", "bad-expression"),
        ("(?:a{1000}){1000}", "expression-too-large"),
        ("x{5000}{50}", "expression-too-large"),
    ];
    for (pattern, code) in table {
        refused(search(&files, pattern, &all()), InvalidQuery, code);
    }
    let nested = "(".repeat(2_000) + &")".repeat(2_000);
    refused(search(&files, &nested, &all()), InvalidQuery, "bad-expression");
    let long = "x".repeat(4_097);
    refused(search(&files, &long, &all()), InvalidQuery, "expression-too-long");
    let common = r"\b(?:NOTE|deprecated)\b.*\w{1,16}\s*(\d{4}-\d{2}-\d{2})?";
    assert!(search(&files, common, &all()).unwrap().0.is_empty());
}

#[test]
fn matches_are_cut_at_the_limits() {
    let tree = Tree::new();
    tree.file("a", "x\nx\nx");
    tree.file("b", "x\nx");
    let ask = |limits: FileLimits, limit: Option<u64>| {
        let options = SelectionOptions { limit, ..SelectionOptions::default() };
        let files = tree.limited(&[], &limits);
        let (matches, truncated) = search(&files, "x", &selection(&[], &[], options)).unwrap();
        (matches.len(), truncated)
    };
    let limits = FileLimits::default();
    assert_eq!(ask(limits, None), (5, false));
    assert_eq!(ask(limits, Some(5)), (5, false));
    assert_eq!(ask(limits, Some(4)), (4, true));
    let few = FileLimits { matches: 2, ..limits };
    assert_eq!(ask(few, Some(4)), (2, true));
    let bytes = |searched_bytes| FileLimits { searched_bytes, ..limits };
    assert_eq!(ask(bytes(8), None), (5, false));
    assert_eq!(ask(bytes(7), None), (3, true));
    assert_eq!(ask(bytes(4), None), (0, true));
    // A file beyond the limit of one read is passed over, like one that is not text.
    let small = FileLimits { read_bytes: 3, ..limits };
    assert_eq!(ask(small, None), (2, false));
}

#[test]
fn the_line_shown_is_cut_between_characters() {
    let tree = Tree::new();
    tree.file("a", format!("{}needle", "\u{e4}".repeat(600)));
    for (match_bytes, expected) in [(1_024, 1_024), (1_023, 1_022), (1, 0), (5_000, 1_206)] {
        let limits = FileLimits { match_bytes, ..FileLimits::default() };
        let (matches, _) = search(&tree.limited(&[], &limits), "needle", &all()).unwrap();
        let shown: Vec<_> = matches.iter().map(|m| (m.text.len(), m.column)).collect();
        assert_eq!(shown, [(expected, 1_200)]);
    }
}

#[test]
fn a_search_without_time_left_is_refused() {
    let expression = regex::Regex::new("x").unwrap();
    let mut matches = Matches::new(10, 10, Duration::ZERO);
    let searched = matches.search("a", "one line", &expression);
    refused(searched, InvalidQuery, "search-too-slow");
}

#[test]
fn only_the_beginning_of_a_very_long_line_is_searched() {
    let tree = Tree::new();
    tree.file("fits", format!("{}x", "a".repeat(LINE_BYTES_MAX - 1)));
    tree.file("beyond", format!("{}x\nx", "a".repeat(LINE_BYTES_MAX)));
    let (matches, _) = search(&tree.files(), "x", &all()).unwrap();
    let places: Vec<_> = matches.iter().map(|m| (m.path.as_str(), m.line)).collect();
    assert_eq!(places, [("beyond", 2), ("fits", 1)]);
}
