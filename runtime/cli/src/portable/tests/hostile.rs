//! Files that are refused.

use baton_core::digest::Digest;
use serde_json::json;

use super::archive::{gzip, pack, parts, plain, why, with_records};
use super::{RUN, all, exported};
use crate::codes::Code;

#[test]
fn a_file_that_is_cut_off_or_damaged_is_refused() {
    let file = exported();
    for length in (0..file.len()).step_by(7) {
        why(&file[..length]);
    }
    let mut accepted = 0;
    for at in 0..file.len() {
        let mut bad = file.clone();
        bad[at] ^= 0x10;
        // Some bits of a gzip stream mean nothing: in its header, and after its last block.
        if let Ok(found) = all(&bad) {
            assert_eq!(found, all(&file).unwrap(), "byte {at}");
            accepted += 1;
        }
    }
    assert!(accepted < 12, "{accepted} of {} bytes mean nothing", file.len());
    let mut long = file.clone();
    long.extend(gzip(b"more"));
    assert!(why(&long).contains("something follows"), "{}", why(&long));
}

#[test]
fn parts_come_in_their_order_and_under_their_names() {
    let good = parts(&exported());
    all(&plain(&good)).unwrap();
    let mut swapped = good.clone();
    swapped.swap(2, 3);
    let mut fewer = good.clone();
    fewer.pop();
    let mut more = good.clone();
    more.push(("blobs/sha256/../../../evil".into(), b"x".to_vec()));
    let mut other = good.clone();
    other[3].1 = b"other bytes".to_vec();
    let mut elsewhere = good.clone();
    elsewhere[3].0 = format!("/{}", elsewhere[3].0);
    for (bad, what) in [
        (swapped, "does not come where it must"),
        (fewer, "does not come where it must"),
        (more, "something follows"),
        (elsewhere, "does not come where it must"),
        (other, "have another digest"),
        (good[1..].to_vec(), "manifest.json does not come"),
        (vec![good[0].clone(), good[2].clone()], "records.jsonl does not come"),
    ] {
        assert!(why(&plain(&bad)).contains(what), "{what}: {}", why(&plain(&bad)));
    }
    // Names and kinds that lead out of a folder are not even looked at.
    for kind in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Directory,
        tar::EntryType::GNULongName,
        tar::EntryType::XHeader,
        tar::EntryType::Fifo,
    ] {
        let bad = pack(&good, |index, header| {
            if index == 2 {
                header.set_entry_type(kind);
            }
        });
        assert!(why(&bad).contains("does not come where it must"), "{kind:?}");
    }
}

#[test]
fn sizes_are_bounded_before_anything_is_read() {
    let good = parts(&exported());
    for (index, what) in [(0, "manifest.json has"), (1, "another size"), (2, "has")] {
        // A header that promises much, and a stream that would never end.
        let mut header = tar::Header::new_ustar();
        header.set_path(&good[index].0).unwrap();
        header.set_size(1 << 50);
        header.set_cksum();
        let mut bytes = Vec::new();
        for (name, content) in &good[..index] {
            let mut header = tar::Header::new_ustar();
            header.set_path(name).unwrap();
            header.set_size(content.len() as u64);
            header.set_cksum();
            bytes.extend(header.as_bytes());
            bytes.extend(content);
            bytes.resize(bytes.len().next_multiple_of(512), 0);
        }
        bytes.extend(header.as_bytes());
        bytes.extend([0; 4_096]);
        assert!(why(&gzip(&bytes)).contains(what), "{}", why(&gzip(&bytes)));
    }
}

#[test]
fn records_that_are_no_run_are_refused() {
    type Lines = Vec<serde_json::Value>;
    type Case = (&'static str, fn(&mut Lines));
    let cases: [Case; 16] = [
        ("record 7 has a message of 65537 bytes; 65536 are the limit", |lines| {
            lines.push(json!({"seq": 7, "at": 2_000, "body": {"messaged": {
                "sender": "x", "text": "m".repeat(65_537)}}}));
        }),
        ("record 3 has a prompt of", |lines| {
            let max = baton_core::limits::RunLimits::default().prompt_bytes as usize;
            lines[2]["body"]["spawned"]["work"]["agent"]["spec"]["prompt"] =
                json!("p".repeat(max + 1));
        }),
        ("record 7 has a note of 65537 bytes", |lines| {
            lines.push(json!({"seq": 7, "at": 2_000, "body": {"restart-ordered": {
                "task": "1", "by": "x", "note": "m".repeat(65_537)}}}));
        }),
        ("shares more", |lines| {
            lines[0]["body"]["run-started"]["fork"] = json!({
                "run": "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG", "at": 9, "records": 7, "made": 1});
        }),
        ("shares more", |lines| {
            lines[0]["body"]["run-started"]["fork"] =
                json!({"run": RUN, "at": 2, "records": 2, "made": 1});
        }),
        ("does not begin with the start", |lines| lines.clear()),
        ("record 1 has the number 2", |lines| {
            lines.remove(0);
        }),
        ("has the number", |lines| lines.swap(2, 3)),
        ("was made before", |lines| lines[3]["at"] = json!(1)),
        ("still to be made", |lines| {
            lines.iter_mut().for_each(|line| line["at"] = json!(u64::MAX));
        }),
        ("is none", |lines| lines[2]["body"] = json!({ "invented": {} })),
        ("are of run_", |lines| {
            lines[0]["body"]["run-started"]["run"] = json!("run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG");
        }),
        ("which it lacks", |lines| {
            lines[1]["body"]["observed"]["observation"]["content"]["digest"] =
                json!(Digest::of(b"else"));
        }),
        ("none of its records names", |lines| {
            lines[1]["body"]["observed"]["observation"] = json!({
                "failed": {"kind": "io", "code": "c", "message": "m"}});
        }),
        ("are no run", |lines| {
            lines[5]["body"]["completed"]["task"] = json!("7");
        }),
        ("an epoch", |lines| {
            let seq = lines.len() + 1;
            lines.push(json!({"seq": seq, "at": 2_000, "body": {"resumed": {
                "by": "x", "epoch": u64::MAX, "caps": {}, "engine": ""}}}));
        }),
    ];
    for (what, change) in cases {
        let file = with_records(change);
        assert!(why(&file).contains(what), "{what}: {}", why(&file));
    }
    all(&with_records(|_| {})).unwrap();
    // Without changing the manifest.
    let mut parts = parts(&exported());
    let text = String::from_utf8(parts[1].1.clone()).unwrap();
    parts[1].1 = text.replace("\"p\\nq\"", "\"q\\np\"").into_bytes();
    assert!(why(&plain(&parts)).contains("not those that its manifest stands for"));
}

#[test]
fn a_newer_file_is_named() {
    let mut parts = parts(&exported());
    for (key, value) in [("version", 2), ("format", 99)] {
        let mut manifest: serde_json::Value = serde_json::from_slice(&parts[0].1).unwrap();
        manifest[key] = json!(value);
        let before = std::mem::replace(&mut parts[0].1, manifest.to_string().into_bytes());
        let Err(error) = all(&plain(&parts)) else { panic!("{key} was accepted") };
        assert_eq!(error.code(), Some(Code::TooNew), "{error}");
        parts[0].1 = before;
    }
    assert!(why(b"").contains("cut off"));
    assert!(why(&gzip(&[7; 5_000])).contains("manifest.json does not come"));
}
