#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;

use serde_json::Value;

use super::*;

/// Every kind of record there is: a kind without a line here is noticed by the golden tests.
const RECORDS: [&str; 4] = [
    include_str!("../../tests/golden/records_v1.jsonl"),
    include_str!("../../tests/golden/records_v1_reuse.jsonl"),
    include_str!("../../tests/golden/records_v1_agents.jsonl"),
    include_str!("samples.jsonl"),
];

/// Where digests stand that are the names of no blob: of requests, of seeds, of states, of files
/// as they were somewhere. `*` is any key or place in a list.
const NO_BLOBS: &[&str] = &[
    "/run-started/seed",
    "/spawned/digest",
    "/spawned/work/workflow/component",
    "/refused/digest",
    "/observed/digest",
    "/reported/digest",
    "/agent-read/reads/*/digest",
    "/snapshot/digest",
    "/completed/outcome/done/evidence/*/digest",
    "/finished/outcome/done/evidence/*/digest",
];

/// The records, each digest in them another one.
fn records() -> Vec<Record> {
    let mut number = 0_u64;
    let lines = RECORDS.iter().flat_map(|text| text.lines());
    let read = |line: &str| {
        let parts: Vec<&str> = line.split("sha256:").collect();
        let mut text = parts[0].to_owned();
        for part in &parts[1..] {
            number += 1;
            text.push_str(&format!("{}{}", Digest::of(&number.to_le_bytes()), &part[64..]));
        }
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{error}: {text}"))
    };
    lines.map(read).collect()
}

/// Digests in a value, with their places.
fn walk(value: &Value, place: &str, found: &mut Vec<(String, Digest)>) {
    match value {
        Value::String(text) => {
            if let Some(digest) =
                text.strip_prefix("sha256:").and_then(|digits| digits.parse().ok())
            {
                found.push((place.to_owned(), digest));
            }
        }
        Value::Array(items) => {
            items.iter().for_each(|item| walk(item, &format!("{place}/*"), found));
        }
        Value::Object(map) => {
            map.iter().for_each(|(key, value)| walk(value, &format!("{place}/{key}"), found));
        }
        _ => {}
    }
}

#[test]
fn no_digest_of_any_record_is_forgotten() {
    let mut blobs = 0;
    for record in records() {
        let mut found = Vec::new();
        walk(&serde_json::to_value(&record.body).unwrap(), "", &mut found);
        let named: BTreeSet<Digest> = named(&record).iter().map(|named| named.digest).collect();
        for (place, digest) in found {
            let is_blob = named.contains(&digest);
            let is_other = NO_BLOBS.contains(&place.as_str());
            assert!(
                is_blob || is_other,
                "{place} holds a digest that `named` does not know: add it there, or to NO_BLOBS"
            );
            blobs += usize::from(is_blob);
        }
    }
    assert!(blobs >= 12, "the samples hold only {blobs} names of blobs");
}

#[test]
fn whatever_is_named_is_mentioned() {
    let mut seen = 0;
    for record in records() {
        let text = serde_json::to_vec(&record).unwrap();
        let mentioned: BTreeSet<Digest> = mentioned(&text).collect();
        for Named { digest, .. } in named(&record) {
            seen += 1;
            assert!(mentioned.contains(&digest), "{digest} of {record:?}");
        }
    }
    assert!(seen >= 12, "only {seen}");
}

#[test]
fn a_digest_is_found_wherever_it_stands() {
    let (one, two) = (Digest::of(b"1"), Digest::of(b"2"));
    for text in [
        format!("{one}{two}"),
        format!("{{\"a\":\"{one}\",\"{two}\":1}}"),
        format!("sha256:sha256:{one} sha256:sha2 {two}sha256:"),
        format!("\\\"{one}\\\" ü{two}ü"),
    ] {
        assert_eq!(mentioned(text.as_bytes()).collect::<Vec<_>>(), [one, two], "{text}");
    }
    let hex = "0123456789abcdef".repeat(4);
    for text in ["", "sha256:", &hex, &format!("sha256:{}", &hex[1..]), &format!("sha256:+{hex}")] {
        assert_eq!(mentioned(text.as_bytes()).count(), 0, "{text}");
    }
    assert_eq!(mentioned(b"\xffsha256:\xff\xfe").count(), 0);
}
