//! What is removed, and what never is.

use std::collections::BTreeSet;

use baton_core::digest::Digest;
use baton_core::handoff::{Handoff, Outcome};
use baton_core::ids::{RunId, Timestamp};
use baton_core::record::{Body, Record, Reuse};
use baton_core::report::Report;
use baton_journal::error::JournalError;
use baton_journal::housekeeping::{Housekeeping, Removal, Swept};
use baton_journal::memory::MemoryJournal;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::{BatchRow, Blob, Lease};
use serde_json::json;
use tempfile::TempDir;

use crate::fixtures::*;

/// A place that can be tidied up.
pub trait Place {
    fn process(&self) -> Box<dyn Housekeeping>;
}

impl Place for MemoryJournal {
    fn process(&self) -> Box<dyn Housekeeping> {
        Box::new(self.sibling())
    }
}

impl Place for TempDir {
    fn process(&self) -> Box<dyn Housekeeping> {
        Box::new(SqliteJournal::open(self.path()).unwrap())
    }
}

on_both!(
    a_run_that_ended_goes_with_all_that_is_its_own,
    what_has_not_ended_stays,
    what_an_unfinished_run_reuses_stays,
    a_run_cannot_begin_with_one_that_is_gone,
    a_batch_goes_before_its_runs,
    what_a_living_process_holds_stays,
    what_a_batch_names_stays,
    a_census_tells_what_takes_room,
    an_import_without_its_blobs_is_refused,
);

fn artifact(seq: u64, blob: &Blob) -> Record {
    let digest = blob.digest;
    let artifact = json!({"name": "a", "media_type": "text/plain", "digest": digest, "size": 1});
    let report = Report::Artifact(serde_json::from_value(artifact).unwrap());
    let digest = Digest::of(b"request");
    record(seq, Body::Reported { workflow: path(""), digest, fuel: 1, report })
}

fn done(seq: u64) -> Record {
    finished(seq, Outcome::Done(Handoff::default()), 1)
}

/// A run with an artifact, a record that is a blob, and perhaps an end.
pub async fn run_of(journal: &dyn Housekeeping, n: u128, own: &Blob, ends: bool) -> (RunId, Lease) {
    let run = run_id(n);
    let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
    let long = spawned(2, "1", &format!("{n} long ").repeat(10_000));
    let records = vec![long, artifact(3, own)];
    journal.append(&lease, records, vec![own.clone()]).await.unwrap();
    if ends {
        journal.append(&lease, vec![done(4)], vec![]).await.unwrap();
    }
    (run, lease)
}

pub async fn is_sound(journal: &dyn Housekeeping) {
    assert_eq!(journal.verify().await.unwrap().damage, Vec::<String>::new());
}

async fn a_run_that_ended_goes_with_all_that_is_its_own(place: &dyn Place) {
    let journal = place.process();
    let (own, other) = (Blob::new(b"own".to_vec()), Blob::new(b"other".to_vec()));
    let (first, _) = run_of(&*journal, 1, &own, true).await;
    let (second, _) = run_of(&*journal, 2, &other, true).await;
    assert_eq!(journal.remove(&first).await.unwrap(), Removal::Removed);
    assert_eq!(journal.remove(&first).await.unwrap(), Removal::Gone);
    assert_eq!(journal.run(&first).await.unwrap(), None);
    assert!(matches!(journal.records(&first, 0, 9).await, Err(JournalError::NoRun(_))));
    is_sound(&*journal).await;
    // Until it is swept, and by another process.
    journal.blob(&own.digest).await.unwrap();
    let swept = place.process().sweep().await.unwrap();
    assert!(swept.blobs >= 1 && swept.bytes >= 3, "{swept:?}");
    assert!(matches!(journal.blob(&own.digest).await, Err(JournalError::NoBlob(_))));
    for kept in [&other.digest, &component().digest] {
        journal.blob(kept).await.unwrap();
    }
    assert_eq!(journal.records(&second, 0, 9).await.unwrap().len(), 4);
    assert_eq!(place.process().sweep().await.unwrap(), Swept::default());
    is_sound(&*journal).await;
    // Its name is free again, and what it needs is put again.
    run_of(&*journal, 1, &own, true).await;
    journal.blob(&own.digest).await.unwrap();
    is_sound(&*journal).await;
}

async fn what_has_not_ended_stays(place: &dyn Place) {
    let journal = place.process();
    let own = Blob::new(b"own".to_vec());
    let (run, lease) = run_of(&*journal, 1, &own, false).await;
    assert_eq!(journal.remove(&run).await.unwrap(), Removal::NotEnded);
    journal.release(&lease).await.unwrap();
    assert_eq!(place.process().remove(&run).await.unwrap(), Removal::NotEnded);
    assert_eq!(place.process().sweep().await.unwrap(), Swept::default());
    journal.blob(&own.digest).await.unwrap();
    // One that ended and that somebody looks at with the right to go on.
    let (lease, _) = journal.claim(&run).await.unwrap();
    journal.append(&lease, vec![done(4)], vec![]).await.unwrap();
    let (lease, _) = journal.claim(&run).await.unwrap();
    assert_eq!(place.process().remove(&run).await.unwrap(), Removal::Owned);
    journal.release(&lease).await.unwrap();
    assert_eq!(place.process().remove(&run).await.unwrap(), Removal::Removed);
}

fn reusing(run: &RunId, other: &RunId) -> Record {
    let mut first = started(run, "audit");
    if let Body::RunStarted(started) = &mut first.body {
        started.reuse = Some(serde_json::from_value::<Reuse>(json!({ "run": other })).unwrap());
    }
    first
}

async fn what_an_unfinished_run_reuses_stays(place: &dyn Place) {
    let journal = place.process();
    let (first, _) = run_of(&*journal, 1, &Blob::new(b"own".to_vec()), true).await;
    let second = run_id(2);
    let lease = journal.create(reusing(&second, &first), vec![component()]).await.unwrap();
    assert_eq!(journal.remove(&first).await.unwrap(), Removal::Needed(second));
    journal.append(&lease, vec![done(2)], vec![]).await.unwrap();
    assert_eq!(journal.remove(&first).await.unwrap(), Removal::Removed);
}

async fn a_run_cannot_begin_with_one_that_is_gone(place: &dyn Place) {
    let journal = place.process();
    let (first, _) = run_of(&*journal, 1, &Blob::new(b"own".to_vec()), true).await;
    journal.remove(&first).await.unwrap();
    let refused = journal.create(reusing(&run_id(2), &first), vec![component()]).await;
    assert!(matches!(refused, Err(JournalError::NoRun(run)) if run == first));
    // One that comes from elsewhere goes on without.
    journal.import(vec![reusing(&run_id(3), &first)], vec![component()]).await.unwrap();
}

async fn a_batch_goes_before_its_runs(place: &dyn Place) {
    let journal = place.process();
    let inputs = Blob::new(b"inputs".to_vec());
    let spec = json!({ "inputs": inputs.digest }).to_string();
    let batch = BatchRow { id: "batch_1".into(), created: Timestamp(1), spec };
    journal.put_blobs(vec![inputs.clone()]).await.unwrap();
    journal.create_batch(batch).await.unwrap();
    let run = run_id(1);
    let first = started_in(&run, "audit", Some(("batch_1", 1)));
    let lease = journal.create(first, vec![component()]).await.unwrap();
    assert!(!journal.remove_batch("batch_1").await.unwrap());
    journal.append(&lease, vec![done(2)], vec![]).await.unwrap();
    assert_eq!(journal.remove(&run).await.unwrap(), Removal::InBatch("batch_1".into()));
    assert!(journal.remove_batch("batch_1").await.unwrap());
    assert_eq!(journal.batch("batch_1").await.unwrap(), None);
    assert_eq!(journal.remove(&run).await.unwrap(), Removal::Removed);
    drop(journal);
    let next = place.process();
    next.sweep().await.unwrap();
    assert!(matches!(next.blob(&inputs.digest).await, Err(JournalError::NoBlob(_))));
}

async fn what_a_living_process_holds_stays(place: &dyn Place) {
    let (writer, other) = (place.process(), place.process());
    let early = Blob::new(b"put before it is named".to_vec());
    let beside = Blob::new(b"put with a record that does not name it".to_vec());
    let run = run_id(1);
    let lease = writer.create(started(&run, "audit"), vec![component()]).await.unwrap();
    writer.put_blobs(vec![early.clone()]).await.unwrap();
    let records = vec![spawned(2, "1", "x")];
    writer.append(&lease, records, vec![beside.clone()]).await.unwrap();
    assert_eq!(other.sweep().await.unwrap(), Swept::default());
    // It is named at last.
    writer.append(&lease, vec![artifact(3, &early)], vec![]).await.unwrap();
    drop(writer);
    assert_eq!(other.sweep().await.unwrap().blobs, 1);
    other.blob(&early.digest).await.unwrap();
    assert!(matches!(other.blob(&beside.digest).await, Err(JournalError::NoBlob(_))));
    is_sound(&*other).await;
    // Somebody who holds what is there already keeps it, too.
    let third = place.process();
    third.put_blobs(vec![early.clone()]).await.unwrap();
    let (lease, _) = other.claim(&run).await.unwrap();
    other.append(&lease, vec![done(4)], vec![]).await.unwrap();
    assert_eq!(other.remove(&run).await.unwrap(), Removal::Removed);
    other.sweep().await.unwrap();
    other.blob(&early.digest).await.unwrap();
    drop(third);
    other.sweep().await.unwrap();
    assert!(matches!(other.blob(&early.digest).await, Err(JournalError::NoBlob(_))));
}

async fn what_a_batch_names_stays(place: &dyn Place) {
    let journal = place.process();
    let blob = Blob::new(b"inputs".to_vec());
    journal.put_blobs(vec![blob.clone()]).await.unwrap();
    let spec = json!({ "any": { "form": [format!("see {}", blob.digest)] } }).to_string();
    let batch = BatchRow { id: "batch_1".into(), created: Timestamp(1), spec };
    journal.create_batch(batch).await.unwrap();
    drop(journal);
    let next = place.process();
    assert_eq!(next.sweep().await.unwrap(), Swept::default());
    next.blob(&blob.digest).await.unwrap();
}

async fn a_census_tells_what_takes_room(place: &dyn Place) {
    let journal = place.process();
    let own = Blob::new(b"own".to_vec());
    let (first, _) = run_of(&*journal, 1, &own, true).await;
    let second = run_id(2);
    journal.create(reusing(&second, &first), vec![component()]).await.unwrap();
    let held = Blob::new(b"held".to_vec());
    journal.put_blobs(vec![held.clone()]).await.unwrap();
    let census = place.process().census().await.unwrap();
    let found = |n: &RunId| census.runs.iter().find(|run| run.row.run == *n).unwrap();
    let blobs: BTreeSet<Digest> = found(&first).blobs.iter().copied().collect();
    assert!(blobs.contains(&own.digest) && blobs.contains(&component().digest));
    assert!(!blobs.contains(&held.digest));
    assert_eq!(found(&second).needs, [first]);
    assert!(found(&second).row.owned);
    assert_eq!(census.blobs.get(&own.digest), Some(&3));
    assert_eq!(census.held, [held.digest]);
}

async fn an_import_without_its_blobs_is_refused(place: &dyn Place) {
    let journal = place.process();
    let run = run_id(1);
    let own = Blob::new(b"own".to_vec());
    let records = vec![started(&run, "audit"), artifact(2, &own)];
    for (blobs, missing) in [(vec![], component().digest), (vec![component()], own.digest)] {
        let refused = journal.import(records.clone(), blobs).await;
        assert!(matches!(refused, Err(JournalError::NoBlob(digest)) if digest == missing));
        assert_eq!(journal.run(&run).await.unwrap(), None);
    }
    journal.import(records, vec![component(), own]).await.unwrap();
    is_sound(&*journal).await;
}
