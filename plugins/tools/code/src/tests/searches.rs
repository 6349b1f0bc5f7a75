use std::fs;

use super::folder;
use crate::{SearchInput, SearchOutput, TreeInput, search, tree};

const FILES: &[(&str, &str)] = &[
    ("a.txt", "one\ntwo\nthree\nfour\nfive\n"),
    ("src/b.rs", "fn one() {}\nlet x = ONE;\nlet (a.b)\n"),
    ("src/deep/c.rs", "// two\n"),
];

fn input(pattern: &str) -> SearchInput {
    SearchInput { pattern: pattern.into(), ..SearchInput::default() }
}

fn places(output: &SearchOutput) -> Vec<(&str, usize, usize)> {
    output.matches.iter().map(|found| (found.path.as_str(), found.line, found.column)).collect()
}

#[test]
fn patterns_find_lines() {
    let (_folder, tree) = folder(FILES);
    type Places = &'static [(&'static str, usize, usize)];
    let cases: &[(SearchInput, Places)] = &[
        (input("t.o"), &[("a.txt", 2, 1), ("src/deep/c.rs", 1, 4)]),
        (
            SearchInput { ignore_case: true, ..input("one") },
            &[("a.txt", 1, 1), ("src/b.rs", 1, 4), ("src/b.rs", 2, 9)],
        ),
        (SearchInput { literal: true, ..input("(a.b)") }, &[("src/b.rs", 3, 5)]),
        (SearchInput { word: true, ..input("a|o") }, &[("src/b.rs", 3, 6)]),
        (SearchInput { path: "src/deep".into(), ..input("two") }, &[("src/deep/c.rs", 1, 4)]),
        (SearchInput { include: vec!["*.rs".into()], ..input("two") }, &[("src/deep/c.rs", 1, 4)]),
        (SearchInput { exclude: vec!["src".into()], ..input("two") }, &[("a.txt", 2, 1)]),
        (SearchInput { files_only: true, ..input("e") }, &[("a.txt", 1, 3), ("src/b.rs", 1, 6)]),
        (input("absent"), &[]),
    ];
    for (input, expected) in cases {
        let output = search(&tree, input).unwrap();
        assert_eq!(places(&output), *expected, "{input:?}");
        assert!(!output.truncated);
    }
}

#[test]
fn context_is_shown_on_both_sides() {
    let (_folder, tree) = folder(FILES);
    let found = |pattern: &str, context| {
        let input = SearchInput { context, path: "a.txt".into(), ..input(pattern) };
        let matches = search(&tree, &input).unwrap().matches;
        matches.into_iter().map(|found| (found.before, found.after)).collect::<Vec<_>>()
    };
    let owned = |list: &[&str]| list.iter().map(|one| (*one).to_owned()).collect::<Vec<_>>();
    assert_eq!(found("three", 1), [(owned(&["two"]), owned(&["four"]))]);
    assert_eq!(found("three", 9), [(owned(&["one", "two"]), owned(&["four", "five"]))]);
    assert_eq!(
        found("one|two", 1),
        [(owned(&[]), owned(&["two"])), (owned(&["one"]), owned(&["three"])),]
    );
    assert_eq!(found("three", 0), [(owned(&[]), owned(&[]))]);
}

#[test]
fn limits_hold_and_are_told() {
    let (folder, tree) = folder(&[("many", &"hit\n".repeat(9_000)), ("wide", &"x".repeat(5_000))]);
    let limited = |limit| {
        let input = SearchInput { limit, include: vec!["many".into()], ..input("hit") };
        search(&tree, &input).unwrap()
    };
    for (limit, expected) in [(None, 200), (Some(7), 7), (Some(0), 1), (Some(100_000), 5_000)] {
        let output = limited(limit);
        assert_eq!((output.matches.len(), output.truncated), (expected, true));
    }
    let wide = SearchInput { path: "wide".into(), ..input("x{10}") };
    assert_eq!(search(&tree, &wide).unwrap().matches[0].text.len(), 400);

    fs::write(folder.path().join("lines"), format!("{}\n", "y".repeat(390)).repeat(3_000)).unwrap();
    let large = SearchInput { limit: Some(5_000), path: "lines".into(), ..input("y") };
    let output = search(&tree, &large).unwrap();
    let bytes: usize = output.matches.iter().map(|found| found.text.len()).sum();
    assert!(output.truncated && bytes <= 410 << 10, "{bytes}");
}

#[test]
fn a_long_line_is_cut_around_the_match() {
    let line = format!("{}needle{}", "ä".repeat(1_000), "ö".repeat(1_000));
    let (_folder, tree) = folder(&[("wide", &line)]);
    let found = &search(&tree, &input("needle")).unwrap().matches[0];
    assert_eq!(found.column, 2_001);
    assert!(found.text.contains("needle") && found.text.len() <= 400);
}

#[test]
fn bytes_and_large_files_are_passed_over() {
    let (folder, tree) = folder(&[("a", "hit\n"), ("b", "\0hit\n")]);
    fs::write(folder.path().join("c"), vec![b'h'; (8 << 20) + 1]).unwrap();
    fs::write(folder.path().join("d"), b"hit \xff\n").unwrap();
    let output = search(&tree, &input("hit")).unwrap();
    assert_eq!((output.files_searched, output.files_skipped), (2, 2));
    assert_eq!(places(&output), [("a", 1, 1), ("d", 1, 1)]);
}

#[test]
fn what_cannot_be_searched_for_is_refused() {
    let (_folder, tree) = folder(FILES);
    let long = "x".repeat(5_000);
    for pattern in ["", "(", r"(?=a)", "(?:a{1000}){1000}", &long] {
        let error = search(&tree, &input(pattern)).unwrap_err();
        assert_eq!(error.code, "invalid-pattern", "{pattern:.20}");
    }
    let gone = SearchInput { path: "gone".into(), ..input("a") };
    assert_eq!(search(&tree, &gone).unwrap_err().code, "not-found");
    let out = SearchInput { path: "../x".into(), ..input("a") };
    assert_eq!(search(&tree, &out).unwrap_err().code, "invalid-path");
}

#[test]
fn a_tree_is_summed_up_below_its_depth() {
    let (_folder, tree_) = folder(FILES);
    let rows = |input: TreeInput| {
        let output = tree(&tree_, &input).unwrap();
        let rows: Vec<_> =
            output.entries.into_iter().map(|one| (one.path, one.bytes, one.files)).collect();
        (rows, output.files, output.truncated)
    };
    let row = |path: &str, bytes, files| (path.to_owned(), bytes, files);
    let one = TreeInput { depth: Some(1), ..TreeInput::default() };
    let expected = vec![row("a.txt", 24, None), row("src/", 42, Some(2))];
    assert_eq!(rows(one), (expected, 3, false));
    let below = TreeInput { path: "src".into(), ..TreeInput::default() };
    let expected = vec![
        row("src/b.rs", 35, None),
        row("src/deep/", 7, Some(1)),
        row("src/deep/c.rs", 7, None),
    ];
    assert_eq!(rows(below), (expected, 2, false));
    let (cut, files, truncated) = rows(TreeInput { limit: Some(1), ..TreeInput::default() });
    assert_eq!((cut.len(), files, truncated), (1, 3, true));
}
