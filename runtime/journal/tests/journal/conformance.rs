//! What every journal promises, on every implementation.

use baton_core::ids::Timestamp;
use baton_core::record::Body;
use baton_journal::error::JournalError;
use baton_journal::store::{BatchRow, Blob, Control, Lease, LetterState};

use crate::fixtures::*;

on_both!(
    what_was_appended_is_read_back,
    records_are_paged,
    a_run_is_created_once,
    a_run_begins_with_its_start,
    a_gap_is_refused_and_changes_nothing,
    an_unknown_run_is_named,
    a_living_owner_keeps_its_run,
    a_dead_owners_run_is_taken_over,
    a_released_run_can_be_claimed,
    a_stale_lease_is_fenced,
    a_stale_release_changes_nothing,
    blobs_come_with_the_records,
    blobs_are_kept_by_themselves,
    large_records_come_back_whole,
    letters_reach_the_owner_until_obeyed,
    letters_are_marked_with_what_they_cause,
    an_imported_run_is_there_whole_and_owned_by_nobody,
    letters_wait_for_the_next_owner,
    batches_are_kept,
    time_never_goes_back,
    appends_take_effect_in_the_order_of_the_calls,
    an_intact_journal_verifies,
);

async fn what_was_appended_is_read_back(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
    journal.append(&lease, one_agent(), vec![]).await.unwrap();
    let mut expected = vec![started(&run, "audit")];
    expected.extend(one_agent());
    assert_eq!(journal.records(&run, 0, 100).await.unwrap(), expected);
    // Another process reads the same, also while the owner holds the run.
    assert_eq!(home.open().records(&run, 0, 100).await.unwrap(), expected);
}

async fn records_are_paged(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    journal.append(&lease, one_agent(), vec![]).await.unwrap();
    for (after, limit, seqs) in [
        (0, 2, vec![1, 2]),
        (2, 2, vec![3, 4]),
        (3, u64::MAX, vec![4]),
        (4, 9, vec![]),
        (99, 9, vec![]),
        (0, 0, vec![]),
    ] {
        let page = journal.records(&run, after, limit).await.unwrap();
        let found: Vec<u64> = page.iter().map(|record| record.seq).collect();
        assert_eq!(found, seqs, "after {after}, at most {limit}");
    }
}

async fn a_run_is_created_once(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    journal.create(started(&run, "first"), vec![]).await.unwrap();
    let again = home.open().create(started(&run, "second"), vec![]).await;
    assert!(matches!(again, Err(JournalError::Exists(named)) if named == run));
    assert_eq!(journal.run(&run).await.unwrap().unwrap().name, "first");
}

async fn a_run_begins_with_its_start(home: &dyn Home) {
    let journal = home.open();
    assert!(journal.create(spawned(1, "1", "x"), vec![]).await.is_err());
    let mut late = started(&run_id(1), "audit");
    late.seq = 2;
    let refused = journal.create(late, vec![]).await;
    assert!(matches!(refused, Err(JournalError::Gap { expected: 1, got: 2, .. })));
    assert_eq!(journal.runs(&Default::default()).await.unwrap(), vec![]);
}

async fn a_gap_is_refused_and_changes_nothing(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    let before = journal.run(&run).await.unwrap();
    let blob = Blob::new(b"of a refused append".to_vec());
    for (records, expected, got) in [
        (vec![spawned(3, "1", "x")], 2, 3),
        (vec![spawned(1, "1", "x")], 2, 1),
        (vec![spawned(2, "1", "x"), spawned(4, "2", "x")], 3, 4),
        (vec![spawned(2, "1", "x"), spawned(2, "2", "x")], 3, 2),
    ] {
        match journal.append(&lease, records, vec![blob.clone()]).await {
            Err(JournalError::Gap { run: named, expected: due, got: came }) => {
                assert_eq!((named, due, came), (run.clone(), expected, got));
            }
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(journal.run(&run).await.unwrap(), before);
    assert_eq!(journal.tasks(&run).await.unwrap(), vec![]);
    assert!(matches!(journal.blob(&blob.digest).await, Err(JournalError::NoBlob(_))));
    journal.append(&lease, one_agent(), vec![]).await.unwrap();
}

async fn an_unknown_run_is_named(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(9));
    // So that this process is an owner of something.
    journal.create(started(&run_id(1), "audit"), vec![]).await.unwrap();
    let lease = Lease { run: run.clone(), epoch: 1 };
    let errors = [
        journal.claim(&run).await.map(|_| ()).unwrap_err(),
        journal.append(&lease, vec![], vec![]).await.unwrap_err(),
        journal.tasks(&run).await.map(|_| ()).unwrap_err(),
        journal.records(&run, 0, 1).await.map(|_| ()).unwrap_err(),
        journal.send(&run, "me", Control::Pause).await.map(|_| ()).unwrap_err(),
    ];
    for error in errors {
        assert!(matches!(&error, JournalError::NoRun(named) if *named == run), "{error}");
    }
    assert_eq!(journal.run(&run).await.unwrap(), None);
}

async fn a_living_owner_keeps_its_run(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    let lease = owner.create(started(&run, "audit"), vec![]).await.unwrap();
    for claimant in [&other, &owner] {
        match claimant.claim(&run).await {
            Err(JournalError::Owned { run: named, owner }) => {
                assert_eq!(named, run);
                assert!(owner.starts_with("process "), "{owner}");
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(other.run(&run).await.unwrap().unwrap().owned);
    owner.append(&lease, one_agent(), vec![]).await.unwrap();
}

async fn a_dead_owners_run_is_taken_over(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    let lease = owner.create(started(&run, "audit"), vec![]).await.unwrap();
    owner.append(&lease, one_agent(), vec![]).await.unwrap();
    drop(owner);
    assert!(!other.run(&run).await.unwrap().unwrap().owned);
    let (taken, records) = other.claim(&run).await.unwrap();
    assert!(taken.epoch > lease.epoch);
    assert_eq!(records.len(), 4);
    let row = other.run(&run).await.unwrap().unwrap();
    assert_eq!((row.owned, row.epoch), (true, taken.epoch));
    other.append(&taken, vec![spawned(5, "2", "more")], vec![]).await.unwrap();
}

async fn a_released_run_can_be_claimed(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    let lease = owner.create(started(&run, "audit"), vec![]).await.unwrap();
    owner.release(&lease).await.unwrap();
    assert!(!owner.run(&run).await.unwrap().unwrap().owned);
    let (second, _) = other.claim(&run).await.unwrap();
    other.release(&second).await.unwrap();
    let (third, _) = owner.claim(&run).await.unwrap();
    assert!(lease.epoch < second.epoch && second.epoch < third.epoch);
}

async fn a_stale_lease_is_fenced(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    let stale = owner.create(started(&run, "audit"), vec![]).await.unwrap();
    owner.release(&stale).await.unwrap();
    let fenced = |result: Result<(), JournalError>| match result {
        Err(JournalError::Fenced { run: named, held }) => {
            assert_eq!((named, held), (run.clone(), stale.epoch));
        }
        other => panic!("{other:?}"),
    };
    let late = || vec![spawned(2, "1", "late")];
    fenced(owner.append(&stale, late(), vec![]).await);
    let (lease, _) = other.claim(&run).await.unwrap();
    fenced(owner.append(&stale, late(), vec![]).await);
    // The same epoch in other hands is no better.
    fenced(other.append(&stale, late(), vec![]).await);
    fenced(owner.append(&lease, late(), vec![]).await.map_err(|error| match error {
        JournalError::Fenced { run, .. } => JournalError::Fenced { run, held: stale.epoch },
        error => error,
    }));
    other.append(&lease, vec![spawned(2, "1", "in time")], vec![]).await.unwrap();
    assert_eq!(other.records(&run, 0, 9).await.unwrap().len(), 2);
}

async fn a_stale_release_changes_nothing(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    let stale = owner.create(started(&run, "audit"), vec![]).await.unwrap();
    owner.release(&stale).await.unwrap();
    let (lease, _) = other.claim(&run).await.unwrap();
    owner.release(&stale).await.unwrap();
    assert!(other.run(&run).await.unwrap().unwrap().owned);
    other.append(&lease, one_agent(), vec![]).await.unwrap();
}

async fn blobs_come_with_the_records(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    let blob = Blob::new(vec![7_u8; 100_000]);
    let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
    journal.append(&lease, one_agent(), vec![blob.clone()]).await.unwrap();
    let reader = home.open();
    assert_eq!(reader.blob(&blob.digest).await.unwrap(), blob.bytes);
    assert_eq!(reader.blob(&component().digest).await.unwrap(), component().bytes);
}

async fn blobs_are_kept_by_themselves(home: &dyn Home) {
    let journal = home.open();
    let blobs = [Blob::new(b"one".to_vec()), Blob::new(Vec::new())];
    let missing = Blob::new(b"never kept".to_vec());
    for _ in 0..2 {
        journal.put_blobs(blobs.to_vec()).await.unwrap();
    }
    for blob in &blobs {
        assert_eq!(journal.blob(&blob.digest).await.unwrap(), blob.bytes);
    }
    let absent = journal.blob(&missing.digest).await;
    assert!(matches!(absent, Err(JournalError::NoBlob(digest)) if digest == missing.digest));
}

async fn large_records_come_back_whole(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    let large: Vec<_> = (2..6)
        .map(|seq| spawned(seq, &(seq - 1).to_string(), &"ä\"".repeat(4_000 * seq as usize)))
        .collect();
    journal.append(&lease, large.clone(), vec![]).await.unwrap();
    assert_eq!(journal.records(&run, 1, 9).await.unwrap(), large);
    journal.release(&lease).await.unwrap();
    assert_eq!(home.open().claim(&run).await.unwrap().1[1..], large);
}

async fn letters_reach_the_owner_until_obeyed(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    owner.create(started(&run, "audit"), vec![]).await.unwrap();
    other.create(started(&run_id(2), "other"), vec![]).await.unwrap();
    let cancel = Control::Cancel { task: path("3/1") };
    let first = other.send(&run, "anna", Control::Pause).await.unwrap();
    let second = other.send(&run, "ben", cancel.clone()).await.unwrap();
    assert!(first < second);

    let letters = owner.inbox().await.unwrap();
    let read: Vec<_> = letters
        .iter()
        .map(|letter| (letter.id, &letter.run, letter.by.as_str(), &letter.control))
        .collect();
    assert_eq!(read, [(first, &run, "anna", &Control::Pause), (second, &run, "ben", &cancel)]);
    assert_eq!(other.inbox().await.unwrap(), vec![]);
    assert_eq!(other.pending(&run).await.unwrap(), letters, "whoever owns it");
    assert_eq!(other.pending(&run_id(2)).await.unwrap(), vec![]);

    let open = LetterState { obeyed: false, reply: None };
    assert_eq!(other.letter(first).await.unwrap(), Some(open.clone()));
    for _ in 0..2 {
        owner.obeyed(first, Some("there is no such task".into())).await.unwrap();
    }
    let taken = LetterState { obeyed: true, reply: Some("there is no such task".into()) };
    assert_eq!(other.letter(first).await.unwrap(), Some(taken));
    assert_eq!(other.letter(second).await.unwrap(), Some(open));
    assert_eq!(other.letter(99).await.unwrap(), None);
    let left: Vec<u64> = owner.inbox().await.unwrap().iter().map(|letter| letter.id).collect();
    assert_eq!(left, [second]);
    let left: Vec<u64> = other.pending(&run).await.unwrap().iter().map(|one| one.id).collect();
    assert_eq!(left, [second]);
}

async fn an_imported_run_is_there_whole_and_owned_by_nobody(home: &dyn Home) {
    let (one, other, run) = (home.open(), home.open(), run_id(1));
    let lease = one.create(started(&run, "audit"), vec![component()]).await.unwrap();
    one.append(&lease, vec![spawned(2, "1", "x")], vec![]).await.unwrap();
    let mut records = one.records(&run, 0, 9).await.unwrap();
    let again = one.import(records.clone(), vec![]).await;
    assert!(matches!(again, Err(JournalError::Exists(_))), "{again:?}");

    let copy = run_id(2);
    if let Body::RunStarted(first) = &mut records[0].body {
        first.run = copy.clone();
    }
    let gap = other.import(vec![records[0].clone(), spawned(3, "1", "x")], vec![]).await;
    assert!(matches!(gap, Err(JournalError::Gap { expected: 2, .. })), "{gap:?}");
    assert_eq!(other.run(&copy).await.unwrap(), None);
    let blob = Blob::new(b"part".to_vec());
    other.import(records.clone(), vec![blob.clone()]).await.unwrap();
    let row = one.run(&copy).await.unwrap().unwrap();
    assert_eq!((row.owned, row.records, row.tasks), (false, 2, 1));
    assert_eq!(one.blob(&blob.digest).await.unwrap(), blob.bytes);
    let (lease, read) = one.claim(&copy).await.unwrap();
    assert_eq!((lease.epoch, read), (2, records));
    assert!(one.verify().await.unwrap().damage.is_empty());
}

async fn letters_are_marked_with_what_they_cause(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    let mut ids = Vec::new();
    for _ in 0..3 {
        ids.push(journal.send(&run, "anna", Control::Pause).await.unwrap());
    }
    let letters = vec![(ids[0], None), (ids[1], Some("not now".to_owned()))];
    // What is refused marks nothing.
    let gap = journal.append_obeying(&lease, vec![spawned(7, "1", "x")], vec![], letters.clone());
    assert!(matches!(gap.await, Err(JournalError::Gap { .. })));
    assert_eq!(journal.inbox().await.unwrap().len(), 3);
    journal.append_obeying(&lease, one_agent(), vec![], letters).await.unwrap();
    let left: Vec<u64> = journal.inbox().await.unwrap().iter().map(|letter| letter.id).collect();
    assert_eq!(left, ids[2..]);
    let replies = [journal.letter(ids[0]).await.unwrap(), journal.letter(ids[1]).await.unwrap()];
    let taken = |reply: Option<&str>| {
        Some(LetterState { obeyed: true, reply: reply.map(ToOwned::to_owned) })
    };
    assert_eq!(replies, [taken(None), taken(Some("not now"))]);
}

async fn letters_wait_for_the_next_owner(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    let lease = owner.create(started(&run, "audit"), vec![]).await.unwrap();
    owner.release(&lease).await.unwrap();
    let id = owner.send(&run, "anna", Control::Pause).await.unwrap();
    assert_eq!(owner.inbox().await.unwrap(), vec![]);
    assert_eq!(owner.pending(&run).await.unwrap().len(), 1, "nobody owns it");
    other.claim(&run).await.unwrap();
    assert_eq!(other.inbox().await.unwrap().first().map(|letter| letter.id), Some(id));
    assert_eq!(owner.inbox().await.unwrap(), vec![]);
}

async fn batches_are_kept(home: &dyn Home) {
    let journal = home.open();
    let batch = BatchRow { id: "batch_1".into(), created: Timestamp(5), spec: "{\"a\": 1}".into() };
    journal.create_batch(batch.clone()).await.unwrap();
    assert!(journal.create_batch(batch.clone()).await.is_err());
    assert_eq!(home.open().batch("batch_1").await.unwrap(), Some(batch));
    assert_eq!(journal.batch("batch_2").await.unwrap(), None);
}

async fn time_never_goes_back(home: &dyn Home) {
    let (owner, other, run) = (home.open(), home.open(), run_id(1));
    let ahead = owner.now().plus_ms(3_600_000);
    let mut first = started(&run, "audit");
    first.at = ahead;
    let lease = owner.create(first, vec![]).await.unwrap();
    owner.release(&lease).await.unwrap();
    assert!(other.now() < ahead);
    // What a process appends must not be before what it found.
    other.claim(&run).await.unwrap();
    assert!(other.now() >= ahead);
}

async fn appends_take_effect_in_the_order_of_the_calls(home: &dyn Home) {
    let (journal, run) = (home.open(), run_id(1));
    let lease = journal.create(started(&run, "audit"), vec![]).await.unwrap();
    let calls: Vec<_> = (2..600_u64)
        .map(|seq| journal.append(&lease, vec![spawned(seq, &seq.to_string(), "x")], vec![]))
        .collect();
    // Awaited in the reverse order, which must not matter.
    for call in calls.into_iter().rev() {
        call.await.unwrap();
    }
    assert_eq!(journal.records(&run, 0, 1_000).await.unwrap().len(), 599);
}

async fn an_intact_journal_verifies(home: &dyn Home) {
    let journal = home.open();
    for n in 1..4 {
        let run = run_id(n);
        let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
        journal.append(&lease, one_agent(), vec![]).await.unwrap();
        if n == 2 {
            journal.release(&lease).await.unwrap();
            journal.claim(&run).await.unwrap();
        }
    }
    let report = journal.verify().await.unwrap();
    assert_eq!((report.runs, report.records, report.blobs), (3, 12, 1));
    assert_eq!(report.damage, Vec::<String>::new());
}
