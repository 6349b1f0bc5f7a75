//! Damage is found and named, and never read as data.

use baton_core::digest::Digest;
use baton_journal::error::JournalError;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::Journal;
use rusqlite::Connection;
use tempfile::{TempDir, tempdir};

use crate::fixtures::*;

/// A journal with two runs of four records, of which record 2 is in a blob.
async fn written() -> TempDir {
    let home = tempdir().unwrap();
    let journal = home.open();
    for n in 1..3 {
        let lease = journal.create(started(&run_id(n), "audit"), vec![component()]).await.unwrap();
        let mut records = one_agent();
        records[0] = spawned(2, "1", &"long ".repeat(10_000));
        journal.append(&lease, records, vec![]).await.unwrap();
    }
    drop(journal);
    home
}

fn spilled() -> Digest {
    Digest::of(&serde_json::to_vec(&spawned(2, "1", &"long ".repeat(10_000)).body).unwrap())
}

/// Changes the file behind the journal's back.
fn harm(home: &TempDir, statements: &str) {
    let raw = Connection::open(home.path().join("journal.db")).unwrap();
    raw.execute_batch(&format!("PRAGMA foreign_keys = OFF; {statements}")).unwrap();
    assert!(raw.changes() > 0, "`{statements}` changed nothing");
}

async fn damage(home: &TempDir) -> Vec<String> {
    SqliteJournal::open_read_only(home.path()).unwrap().verify().await.unwrap().damage
}

#[tokio::test]
async fn each_harm_is_named() {
    let (one, two) = (run_id(1), run_id(2));
    let (component, spilled) = (component().digest, spilled());
    let component_blob = format!("x'{}'", component.hex());
    let spilled_blob = format!("x'{}'", spilled.hex());
    let bad_sum = |seq| format!("{one} record {seq} is damaged: its checksum does not fit");
    let missing = |seq| format!("{one} record {seq} is damaged: it is missing");
    let row = format!("the row of {one} does not follow from its records");
    let task = format!("the row of {one}/1 does not follow from its records");
    let cases: Vec<(String, Vec<String>)> = vec![
        // One byte of a body, which stays JSON.
        (
            "UPDATE record SET body = replace(body, 'fine', 'fins') WHERE run = 1 AND seq = 4"
                .into(),
            vec![bad_sum(4)],
        ),
        ("UPDATE record SET at = at + 1 WHERE run = 1 AND seq = 3".into(), vec![bad_sum(3)]),
        ("UPDATE record SET crc = crc + 1 WHERE run = 1 AND seq = 1".into(), vec![bad_sum(1)]),
        ("UPDATE record SET version = 9 WHERE run = 1 AND seq = 3".into(), vec![bad_sum(3)]),
        ("DELETE FROM record WHERE run = 1 AND seq = 3".into(), vec![missing(3)]),
        (
            "DELETE FROM record WHERE run = 1 AND seq = 4".into(),
            vec![format!("{one} is damaged: it has 3 records where its row says 4")],
        ),
        ("DELETE FROM record WHERE run = 1 AND seq = 1".into(), vec![missing(1)]),
        // Records 3 and 4 change places.
        (
            "UPDATE record SET seq = 9 WHERE run = 1 AND seq = 3;
             UPDATE record SET seq = 3 WHERE run = 1 AND seq = 4;
             UPDATE record SET seq = 4 WHERE run = 1 AND seq = 9"
                .into(),
            vec![bad_sum(3), bad_sum(4)],
        ),
        // A record of another run in place of one of this.
        (
            "UPDATE record SET (at, version, crc, size, body) =
                 (SELECT at, version, crc, size, body FROM record WHERE run = 2 AND seq = 3)
             WHERE run = 1 AND seq = 3"
                .into(),
            vec![bad_sum(3)],
        ),
        (
            format!("UPDATE blob SET bytes = substr(bytes, 2) WHERE digest = {component_blob}"),
            vec![format!("blob {component} is damaged: its 8 bytes have another digest")],
        ),
        (
            format!("DELETE FROM blob WHERE digest = {component_blob}"),
            vec![
                format!("{one} record 1 names blob {component}, which is missing"),
                format!("{two} record 1 names blob {component}, which is missing"),
            ],
        ),
        (
            format!("DELETE FROM blob WHERE digest = {spilled_blob}"),
            vec![
                format!("{one} record 2 is damaged: its body, blob {spilled}, is missing"),
                format!("{two} record 2 is damaged: its body, blob {spilled}, is missing"),
            ],
        ),
        ("UPDATE run SET tasks = 7 WHERE no = 1".into(), vec![row.clone()]),
        ("UPDATE run SET state = 'done' WHERE no = 1".into(), vec![row.clone()]),
        ("UPDATE run SET usage = '{}' WHERE no = 1".into(), vec![row]),
        ("UPDATE task SET state = 'failed' WHERE run = 1".into(), vec![task.clone()]),
        ("DELETE FROM task WHERE run = 1".into(), vec![task]),
        (
            "INSERT INTO task SELECT 1, '5', kind, label, phase, backend, state, attempts, spawned,
                 started, ended, usage, failure_code, failure_message FROM task WHERE run = 2"
                .into(),
            vec![format!("the row of {one}/5 stands for no task of its records")],
        ),
        (
            "DELETE FROM run WHERE no = 1".into(),
            vec![
                "4 records belong to a run that is missing".into(),
                "1 tasks belong to a run that is missing".into(),
            ],
        ),
    ];
    for (statements, expected) in cases {
        let home = written().await;
        assert_eq!(damage(&home).await, Vec::<String>::new());
        harm(&home, &statements);
        assert_eq!(damage(&home).await, expected, "{statements}");
    }
}

/// Readers refuse what `verify` would name, each at its own place.
#[tokio::test]
async fn readers_refuse_damage() {
    let run = run_id(1);
    let spilled_blob = format!("x'{}'", spilled().hex());
    for (statements, seq) in [
        ("UPDATE record SET body = replace(body, 'fine', 'fins') WHERE seq = 4".to_owned(), 4),
        ("DELETE FROM record WHERE seq = 3".to_owned(), 3),
        ("DELETE FROM record WHERE seq = 4".to_owned(), 4),
        (format!("DELETE FROM blob WHERE digest = {spilled_blob}"), 2),
        (format!("UPDATE blob SET bytes = substr(bytes, 2) WHERE digest = {spilled_blob}"), 2),
    ] {
        let home = written().await;
        harm(&home, &statements);
        let journal = home.open();
        let errors = [
            journal.records(&run, 0, 100).await.unwrap_err(),
            journal.claim(&run).await.unwrap_err(),
        ];
        for error in errors {
            match error {
                JournalError::Damaged { place, .. } => {
                    assert_eq!(place, format!("{run} record {seq}"), "{statements}");
                }
                other => panic!("{statements}: {other:?}"),
            }
        }
        // A run that could not be read is not kept from others.
        assert!(!journal.run(&run).await.unwrap().unwrap().owned);
        // What is in front of the damage can still be read.
        assert_eq!(journal.records(&run, 0, 1).await.unwrap().len(), 1);
    }
}

#[tokio::test]
async fn a_changed_blob_is_refused() {
    let home = written().await;
    let digest = component().digest;
    harm(&home, &format!("UPDATE blob SET bytes = x'00' WHERE digest = x'{}'", digest.hex()));
    match home.open().blob(&digest).await {
        Err(JournalError::Damaged { place, .. }) => assert_eq!(place, format!("blob {digest}")),
        other => panic!("{other:?}"),
    }
}

/// A single bit of a body in the file itself, below SQLite, which has no checksums of its own.
#[tokio::test]
async fn a_bit_flipped_in_the_file_is_found() {
    let home = written().await;
    let file = home.path().join("journal.db");
    let mut bytes = std::fs::read(&file).unwrap();
    let body = b"{\"completed\":{\"task\":\"1\"";
    let at = bytes.windows(body.len()).position(|window| window == body).unwrap();
    bytes[at + 22] ^= 1;
    std::fs::write(&file, bytes).unwrap();
    let damage = damage(&home).await;
    assert_eq!(damage.len(), 1);
    assert!(damage[0].ends_with("record 4 is damaged: its checksum does not fit"), "{damage:?}");
}

/// Damage of the file's own structure is reported, not a panic or a success.
#[tokio::test]
async fn a_broken_page_is_found() {
    let home = written().await;
    let file = home.path().join("journal.db");
    let bytes = std::fs::read(&file).unwrap();
    let mut found = 0;
    for page in 1..bytes.len() / 4_096 {
        let mut broken = bytes.clone();
        broken[page * 4_096..page * 4_096 + 64].fill(0xff);
        std::fs::write(&file, broken).unwrap();
        let journal = SqliteJournal::open_read_only(home.path()).unwrap();
        match journal.verify().await {
            Ok(report) if report.damage.is_empty() => {}
            Ok(_) | Err(JournalError::Damaged { .. }) => found += 1,
            Err(other) => panic!("page {page}: {other:?}"),
        }
    }
    assert_eq!(found, bytes.len() / 4_096 - 1);
}
