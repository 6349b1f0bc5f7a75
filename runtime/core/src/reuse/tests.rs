//! Tests of read sets. Keys and indexes are tested with the runs they are made of.

#![allow(clippy::unwrap_used, reason = "tests")]

use super::*;
use crate::digest::Digest;
use crate::files::{
    Entry as FileEntry, EntryKind, FileAnswer, FileError, FileErrorKind, FileRequest, Match,
    Selection,
};

fn read(path: &str) -> FileRequest {
    FileRequest::Read { path: path.into() }
}

fn content(text: &str) -> Result<FileAnswer, FileError> {
    let bytes = text.as_bytes().to_vec();
    Ok(FileAnswer::Content { digest: Digest::of(&bytes), bytes })
}

#[test]
fn each_request_with_each_answer_is_kept_once() {
    let mut set = ReadSet::default();
    assert!(set.is_empty());
    for (path, text) in [("a", "1"), ("b", "1"), ("a", "1"), ("a", "2"), ("b", "1")] {
        set.note(Seen::new(read(path), &content(text)));
    }
    let (reads, complete) = set.finish();
    assert!(complete);
    let expected = [("a", "1"), ("b", "1"), ("a", "2")];
    assert_eq!(reads, expected.map(|(path, text)| Seen::new(read(path), &content(text))));
}

#[test]
fn a_set_beyond_its_bounds_is_incomplete() {
    let long = "x".repeat(2_000);
    for (count, name, complete) in [
        (READS_MAX, "", true),
        (READS_MAX + 1, "", false),
        (READ_BYTES_MAX / 2_200, long.as_str(), true),
        (READ_BYTES_MAX / 2_000, long.as_str(), false),
    ] {
        let mut set = ReadSet::default();
        for number in 0..count {
            set.note(Seen::new(read(&format!("{name}{number}")), &content("")));
        }
        let (reads, whole) = set.finish();
        assert_eq!(whole, complete, "{count} of {} bytes", name.len());
        assert!(reads.len() <= READS_MAX);
        assert!(serde_json::to_string(&reads).unwrap().len() <= READ_BYTES_MAX + READS_MAX + 2);
    }
}

#[test]
fn answers_differ_by_what_a_guest_sees() {
    let entry = |size| FileEntry { path: "a".into(), kind: EntryKind::File, size };
    let found = |text: &str| Match { path: "a".into(), line: 1, column: 0, text: text.into() };
    let error = |kind, code: &str, message: &str| Err(FileError::new(kind, code, message));
    let answers = [
        content("1"),
        content("2"),
        Ok(FileAnswer::Listing { entries: vec![entry(1)], truncated: false }),
        Ok(FileAnswer::Listing { entries: vec![entry(1)], truncated: true }),
        Ok(FileAnswer::Listing { entries: vec![entry(2)], truncated: false }),
        Ok(FileAnswer::Matches { matches: vec![found("x")], truncated: false }),
        Ok(FileAnswer::Matches { matches: vec![found("y")], truncated: false }),
        Ok(FileAnswer::Entry(entry(1))),
        error(FileErrorKind::NotFound, "not-found", "there is no a"),
        error(FileErrorKind::Denied, "out-of-scope", "there is no a"),
    ];
    let digests: std::collections::BTreeSet<Digest> = answers.iter().map(answer_digest).collect();
    assert_eq!(digests.len(), answers.len());
    let words = error(FileErrorKind::NotFound, "not-found", "other words");
    assert_eq!(answer_digest(&words), answer_digest(&answers[8]));
}

#[test]
fn requests_have_names() {
    let selection = |include: &[&str]| Selection {
        include: include.iter().map(ToString::to_string).collect(),
        ..Selection::default()
    };
    for (request, name) in [
        (read("a.md"), "a.md"),
        (FileRequest::Stat { path: "b".into() }, "b"),
        (FileRequest::List { selection: selection(&["*.md", "c"]) }, "the list of *.md c"),
        (FileRequest::List { selection: selection(&[]) }, "the list of all files"),
        (
            FileRequest::Search { pattern: "x".into(), selection: selection(&["d"]) },
            "the search for \"x\" in d",
        ),
    ] {
        assert_eq!(request_name(&request), name);
    }
}
