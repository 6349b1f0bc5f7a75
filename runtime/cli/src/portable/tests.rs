#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

use std::io::{Read, Write};

use baton_core::ids::Timestamp;
use baton_core::record::{Body, Record};
use baton_journal::memory::MemoryJournal;
use baton_journal::rows::RunRow;
use baton_journal::store::{Blob, Journal};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use serde_json::json;

use super::*;
use crate::codes::Code;
use crate::error::CliError;
use crate::home::block_on;

const RUN: &str = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEF";
/// A moment after all records.
const NOW: Timestamp = Timestamp(10_000);

fn component() -> Blob {
    Blob::new(b"component".to_vec())
}

fn read_file() -> Blob {
    Blob::new(b"content of a file\n".repeat(100))
}

fn record(seq: u64, body: serde_json::Value) -> Record {
    serde_json::from_value(json!({ "seq": seq, "at": 1_000 + seq, "body": body })).unwrap()
}

fn records() -> Vec<Record> {
    let (component, file) = (component().digest, read_file().digest);
    let request = Digest::of(b"request");
    let made_up = Digest::of(b"nobody has this");
    let artifact = json!({"name": "a", "media_type": "x/y", "digest": made_up, "size": 1});
    let read = json!({"workflow": "", "digest": request, "fuel": 1,
        "request": {"read": {"path": "a.md"}},
        "observation": {"content": {"digest": file, "size": 1_800}}});
    let agent = json!({"agent": {"spec": {"prompt": "p\nq"}, "backend": "command:./w",
        "effect": "repeatable"}});
    let done = json!({"done": {"summary": "s", "output": [1], "artifacts": [artifact]}});
    let started = json!({"format": 1, "run": RUN,
        "program": {"name": "flow", "component": component},
        "input": {"a": 1}, "seed": request, "scope": {"agents": true}, "root": "/there",
        "batch": {"batch": "batch_1", "line": 2}});
    vec![
        record(1, json!({ "run-started": started })),
        record(2, json!({ "observed": read })),
        record(3, json!({"spawned": {"task": "1", "digest": request, "fuel": 2, "work": agent}})),
        record(4, json!({"started": {"tasks": [{"task": "1", "attempt": 1}]}})),
        record(5, json!({"process": {"task": "1", "attempt": 1, "pid": 77, "ticks": 5}})),
        record(6, json!({"completed": {"task": "1", "outcome": done, "usage": {}}})),
    ]
}

fn filled() -> (MemoryJournal, RunRow) {
    let journal = MemoryJournal::new();
    let other = Blob::new(b"of another run".to_vec());
    let row = block_on(async {
        journal.put_blobs(vec![other]).await?;
        journal.import(records(), vec![component(), read_file()]).await?;
        Ok(journal.run(&RUN.parse().unwrap()).await?.unwrap())
    });
    (journal, row.unwrap())
}

fn exported() -> Vec<u8> {
    let (journal, row) = filled();
    let mut file = Vec::new();
    block_on(write(&journal, &row, &mut file)).unwrap();
    file
}

type Brought = (Vec<Record>, Vec<Digest>);

fn all(file: &[u8]) -> crate::error::Result<Brought> {
    let mut reading = open(file, &std::env::temp_dir(), NOW)?;
    let mut blobs = Vec::new();
    while let Some(blob) = reading.blob()? {
        blobs.push(blob.digest);
    }
    // A second reader sees all of them, too.
    assert_eq!(reading.records.records().count() as u64, reading.manifest.records);
    let records = reading.records.records().collect::<Result<_, _>>()?;
    Ok((records, blobs))
}

/// Whether records are the same but for what belongs to a machine.
fn alike(one: &[Record], other: &[Record]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}

/// Why a file is refused.
fn why(file: &[u8]) -> String {
    match all(file) {
        Err(CliError::Coded(coded)) if coded.code == Code::NotARun => coded.message,
        Err(other) => panic!("{other}"),
        Ok(_) => panic!("it was accepted"),
    }
}

/// The parts of a file.
fn parts(file: &[u8]) -> Vec<(String, Vec<u8>)> {
    let mut archive = tar::Archive::new(GzDecoder::new(file));
    let entries = archive.entries().unwrap().map(|entry| {
        let mut entry = entry.unwrap();
        let mut bytes = Vec::new();
        entry.read_to_end(&mut bytes).unwrap();
        (entry.path().unwrap().display().to_string(), bytes)
    });
    entries.collect()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut gzip = GzEncoder::new(Vec::new(), Compression::fast());
    gzip.write_all(bytes).unwrap();
    gzip.finish().unwrap()
}

/// An archive of these parts; each may change its header.
fn pack(parts: &[(String, Vec<u8>)], change: impl Fn(usize, &mut tar::Header)) -> Vec<u8> {
    let mut archive = tar::Builder::new(Vec::new());
    for (index, (name, bytes)) in parts.iter().enumerate() {
        let mut header = tar::Header::new_ustar();
        // As it is: no name is too bad to be tried.
        header.as_mut_bytes()[..name.len()].copy_from_slice(name.as_bytes());
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        change(index, &mut header);
        header.set_cksum();
        archive.append(&header, bytes.as_slice()).unwrap();
    }
    gzip(&archive.into_inner().unwrap())
}

fn plain(parts: &[(String, Vec<u8>)]) -> Vec<u8> {
    pack(parts, |_, _| {})
}

/// The file with other records, for which the manifest stands.
fn with_records(change: impl Fn(&mut Vec<serde_json::Value>)) -> Vec<u8> {
    let mut parts = parts(&exported());
    let text = String::from_utf8(parts[1].1.clone()).unwrap();
    let mut lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    change(&mut lines);
    let mut chain = Chain::new();
    let lines: Vec<String> = lines.iter().map(|line| format!("{line}\n")).collect();
    lines.iter().for_each(|line| chain.add(line.as_bytes()));
    parts[1].1 = lines.concat().into_bytes();
    let mut manifest: serde_json::Value = serde_json::from_slice(&parts[0].1).unwrap();
    manifest["records"] = json!(lines.len());
    manifest["bytes"] = json!(parts[1].1.len());
    manifest["chain"] = json!(chain.0);
    parts[0].1 = manifest.to_string().into_bytes();
    plain(&parts)
}

#[test]
fn what_was_written_is_read_and_nothing_else_is_in_it() {
    let file = exported();
    assert_eq!(file, exported(), "the same state gives the same bytes");
    let mut expected = vec![component().digest, read_file().digest];
    expected.sort_unstable();
    let (found, blobs) = all(&file).unwrap();
    assert!(alike(&found, &records()), "{found:?}");
    assert_eq!(blobs, expected);
    let names: Vec<String> = parts(&file).into_iter().map(|(name, _)| name).collect();
    let of_blobs = expected.iter().map(|digest| format!("blobs/sha256/{}", digest.hex()));
    let known = ["manifest.json".to_owned(), "records.jsonl".to_owned()];
    assert_eq!(names, known.into_iter().chain(of_blobs).collect::<Vec<_>>());
}

#[test]
fn a_run_that_goes_on_is_written_as_far_as_it_was() {
    let (journal, row) = filled();
    let mut file = Vec::new();
    block_on(write(&journal, &RunRow { records: 1, ..row }, &mut file)).unwrap();
    let (found, blobs) = all(&file).unwrap();
    assert!(alike(&found, &records()[..1]), "{found:?}");
    assert_eq!(blobs, [component().digest], "what only later records name stays");
}

#[test]
fn an_export_without_one_of_its_blobs_fails() {
    let journal = MemoryJournal::new();
    let lease = block_on(async {
        // Nobody looks for the blobs of a run that is created.
        Ok(journal.create(records().remove(0), vec![]).await?)
    });
    let row = block_on(async { Ok(journal.run(&lease.unwrap().run).await?.unwrap()) }).unwrap();
    let error = block_on(write(&journal, &row, Vec::new())).unwrap_err();
    assert_eq!(error.code(), Some(Code::Damaged), "{error}");
}

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

#[test]
fn what_belongs_to_the_other_machine_stays_there() {
    let run: RunId = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG".parse().unwrap();
    let adapted = |run: Option<&RunId>| -> Vec<Record> {
        let file = exported();
        let mut reading = open(file.as_slice(), &std::env::temp_dir(), NOW).unwrap();
        assert_eq!(reading.started.root.as_deref(), Some("/there"));
        reading.records.adapt(Adapt { root: Some("/here".into()), run: run.cloned() });
        reading.records.records().map(|record| record.unwrap()).collect()
    };
    let other = adapted(Some(&run));
    let Body::RunStarted(started) = &other[0].body else { panic!("no start") };
    assert_eq!((started.root.as_deref(), &started.run), (Some("/here"), &run));
    assert_eq!(started.batch, None);
    assert!(matches!(other[4].body, Body::Process { pid: 0, ticks: 0, .. }));
    // With its own name it is the same run.
    let adapted = adapted(None);
    assert!(records().iter().zip(&adapted).all(|(one, other)| same(one, other)));
    assert_ne!(records(), adapted);
    let mut other = records()[5].clone();
    other.at = Timestamp(0);
    assert!(!same(&records()[5], &other));
}
