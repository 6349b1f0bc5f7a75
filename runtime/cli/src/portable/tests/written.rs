//! What is written, and what is read of it.

use baton_core::ids::{RunId, Timestamp};
use baton_core::record::{Body, Record};
use baton_journal::memory::MemoryJournal;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use super::super::{Adapt, open, same, write};
use super::archive::parts;
use super::{NOW, alike, all, component, exported, filled, read_file, records};
use crate::codes::Code;
use crate::home::block_on;

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
fn what_belongs_to_the_other_machine_stays_there() {
    let run: RunId = "run_01JQ4ZK6Y3W8M2V5T7R9XBCDEG".parse().unwrap();
    let adapted = |run: Option<&RunId>| -> Vec<Record> {
        let file = exported();
        let mut reading = open(file.as_slice(), &std::env::temp_dir(), NOW, false).unwrap();
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
