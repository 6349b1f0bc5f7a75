#![allow(clippy::unwrap_used, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

use super::*;

#[test]
fn every_code_has_a_page_and_every_page_a_code() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/explain");
    let pages: BTreeSet<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path().file_stem().unwrap().to_str().unwrap().to_owned())
        .collect();
    let codes: BTreeSet<String> = TABLE.iter().map(|row| row.name.to_owned()).collect();
    assert_eq!(codes.len(), TABLE.len(), "a code stands twice in the table");
    assert_eq!(pages, codes);
}

#[test]
fn every_page_says_what_happened_and_what_to_do() {
    for row in TABLE {
        let heading = format!("# {}: {}\n", row.name, row.title);
        assert!(row.page.starts_with(&heading), "{} does not begin with {heading:?}", row.name);
        for part in ["\n## What happened\n", "\n## What to do\n"] {
            assert!(row.page.contains(part), "{} lacks {part:?}", row.name);
        }
    }
}

#[test]
fn a_code_is_found_however_it_is_written() {
    for text in ["B0002", "b0002", "B2", "2"] {
        assert_eq!(find(text).map(|row| row.name), Some("B0002"), "{text}");
    }
    for text in ["", "B", "B9999", "x2", "-2"] {
        assert!(find(text).is_none(), "{text}");
    }
}
