#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use super::{Anchors, Destination, links, resolve};

#[test]
fn every_form_of_link_is_found_with_its_line_and_destination() {
    let text = "\
# One
[a](b.md#c) and ![d](e%20f.png)
<https://example.org/x> <a href=\"g.md\">g</a>
[h][i] [j](#one)
[k](HTTP://example.org) [l](mailto:m@example.org) [n](https://example.org/{version})

[i]: ../o.md
";
    let path = |path: &str, fragment: Option<&str>| Destination::Path {
        path: path.into(),
        fragment: fragment.map(str::to_owned),
    };
    let expected = [
        (2, path("b.md", Some("c"))),
        (2, path("e f.png", None)),
        (3, Destination::Web("https://example.org/x".into())),
        (3, path("g.md", None)),
        (4, Destination::Anchor("one".into())),
        (5, Destination::Web("HTTP://example.org".into())),
        (5, Destination::Other),
        (5, Destination::Other),
        (7, path("../o.md", None)),
    ];
    let found: Vec<_> = links(text).into_iter().map(|link| (link.line, link.destination)).collect();
    assert_eq!(found, expected);
}

#[test]
fn paths_are_relative_to_the_file() {
    assert_eq!(resolve("docs/a.md", "../b.md").as_deref(), Some("b.md"));
    assert_eq!(resolve("a.md", "../b.md"), None);
}

#[test]
fn anchors_are_those_of_the_headings() {
    let anchors = Anchors::of("# One Thing\n## Two\n");
    assert!(anchors.has("one-thing") && !anchors.has("three"));
    assert_eq!(anchors.nearest("one-things"), Some("one-thing"));
}
