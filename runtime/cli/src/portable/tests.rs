//! A run that is written, and its file as it must be read.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests")]

mod archive;
mod hostile;
mod written;

use baton_core::digest::Digest;
use baton_core::ids::Timestamp;
use baton_core::record::Record;
use baton_journal::memory::MemoryJournal;
use baton_journal::rows::RunRow;
use baton_journal::store::{Blob, Journal};
use serde_json::json;

use super::{open, same, write};
use crate::error::Result;
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

fn all(file: &[u8]) -> Result<Brought> {
    let mut reading = open(file, &std::env::temp_dir(), NOW, false)?;
    let mut blobs = Vec::new();
    while let Some(blob) = reading.blob()? {
        blobs.push(blob.digest);
    }
    // A second reader sees all of them, too.
    assert_eq!(reading.records.records().count() as u64, reading.manifest.records);
    let records = reading.records.records().collect::<std::result::Result<_, _>>()?;
    Ok((records, blobs))
}

/// Whether records are the same but for what belongs to a machine.
fn alike(one: &[Record], other: &[Record]) -> bool {
    one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
}
