use super::{folder, rows};
use crate::LinkStatus::{Broken, Ok, Skipped};
use crate::{CheckInput, Counts, check};

const FILES: &[(&str, &str)] = &[
    (
        "README.md",
        "# Big title\n[a](docs/guide.md#start) [b](docs/guide.md#starts)\n[c](absent.md) [d](docs/)\n[e](#big-title) [f](#tip)\n[g](a%20b.txt) [h](../out.md) [i](mailto:x@y.org)\n",
    ),
    ("a b.txt", ""),
    ("docs/guide.md", "# Start\n[up](../README.md) <https://example.org/>\n"),
    ("old/x.md", "[gone](gone.md)\n"),
    ("text.txt", "[no](no.md)\n"),
];

#[test]
fn links_that_lead_nowhere_are_told() {
    let (_folder, tree) = folder(FILES);
    let input = CheckInput { exclude: vec!["old".into()], ..CheckInput::default() };
    let output = check(&tree, &input).unwrap();
    assert_eq!(
        rows(&output),
        [
            ("README.md", 2, "docs/guide.md#starts", Broken),
            ("README.md", 3, "absent.md", Broken),
            ("README.md", 4, "#tip", Broken),
        ]
    );
    assert!(output.results[0].message.contains("`#start` is close"));
    let counts = Counts { ok: 5, broken: 3, skipped: 3, ..Counts::default() };
    assert_eq!((output.files, output.counts, output.truncated), (2, counts, false));
}

#[test]
fn every_link_is_returned_where_asked_for() {
    let (_folder, tree) = folder(FILES);
    let input = CheckInput { path: "docs/guide.md".into(), all: true, ..CheckInput::default() };
    assert_eq!(
        rows(&check(&tree, &input).unwrap()),
        [
            ("docs/guide.md", 2, "../README.md", Ok),
            ("docs/guide.md", 2, "https://example.org/", Skipped),
        ]
    );
}

#[test]
fn results_have_a_limit_and_counts_have_none() {
    let (_folder, tree) = folder(FILES);
    let input = CheckInput { limit: Some(1), ..CheckInput::default() };
    let output = check(&tree, &input).unwrap();
    assert_eq!((output.results.len(), output.counts.broken, output.truncated), (1, 4, true));
    let gone = CheckInput { path: "gone".into(), ..CheckInput::default() };
    assert_eq!(check(&tree, &gone).unwrap_err().code, "not-found");
}
