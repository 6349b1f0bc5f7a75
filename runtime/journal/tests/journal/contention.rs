//! Several owners of one run.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::process::{Command, Stdio};

use baton_journal::error::JournalError;
use baton_journal::sqlite::SqliteJournal;
use baton_journal::store::Journal;
use tempfile::tempdir;

use crate::fixtures::*;

/// Names the home to the child that [`a_killed_process_loses_its_runs_at_once`] starts.
const CHILD_HOME: &str = "BATON_TEST_JOURNAL_HOME";

/// The operating system proves a death: a process that is killed loses its runs, one that lives
/// does not. The test starts itself as the other process.
#[tokio::test]
async fn a_killed_process_loses_its_runs_at_once() {
    let run = run_id(1);
    if let Some(home) = std::env::var_os(CHILD_HOME) {
        let journal = SqliteJournal::open(home.as_ref()).unwrap();
        let lease = journal.create(started(&run, "audit"), vec![component()]).await.unwrap();
        journal.append(&lease, one_agent(), vec![]).await.unwrap();
        // Not by a macro: what those print, the test harness may keep.
        std::io::stdout().write_all(b"\nready\n").unwrap();
        // Until it is killed, or the parent has failed.
        let _ = std::io::stdin().read(&mut [0]);
        return;
    }

    let home = tempdir().unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "contention::a_killed_process_loses_its_runs_at_once", "--nocapture"])
        .env(CHILD_HOME, home.path())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
    assert!(lines.any(|line| line.unwrap() == "ready"));

    let journal = home.open();
    match journal.claim(&run).await {
        Err(JournalError::Owned { owner, .. }) => {
            assert_eq!(owner, format!("process {}", child.id()));
        }
        other => panic!("{other:?}"),
    }
    // The dead owner's lock is only had when the system has let go of it.
    child.kill().unwrap();
    child.wait().unwrap();
    let (lease, records) = journal.claim(&run).await.unwrap();
    assert_eq!((lease.epoch, records.len()), (2, 4));
    journal.append(&lease, vec![spawned(5, "2", "go on")], vec![]).await.unwrap();
    assert_eq!(journal.verify().await.unwrap().damage, Vec::<String>::new());
}

/// Of many that claim one run at once, one gets it, time and again; whoever held it before is
/// fenced.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn exactly_one_of_many_claimants_proceeds() {
    let (home, run) = (tempdir().unwrap(), run_id(1));
    let journals: Vec<SqliteJournal> =
        (0..4).map(|_| SqliteJournal::open(home.path()).unwrap()).collect();
    let mut lease = journals[0].create(started(&run, "audit"), vec![component()]).await.unwrap();
    let mut holder = 0;
    for seq in 2..30 {
        journals[holder].release(&lease).await.unwrap();
        let claims: Vec<_> = journals.iter().map(|journal| journal.claim(&run)).collect();
        let mut taken = Vec::new();
        for (index, claim) in claims.into_iter().enumerate() {
            match claim.await {
                Ok((lease, _)) => taken.push((index, lease)),
                Err(JournalError::Owned { .. }) => {}
                Err(other) => panic!("{other:?}"),
            }
        }
        assert_eq!(taken.len(), 1, "round {seq}");
        let (winner, new) = taken.remove(0);
        let record = || vec![spawned(seq, &seq.to_string(), "x")];
        let stale = journals[holder].append(&lease, record(), vec![]).await;
        assert!(matches!(stale, Err(JournalError::Fenced { .. })), "{stale:?}");
        journals[winner].append(&new, record(), vec![]).await.unwrap();
        (holder, lease) = (winner, new);
    }
    assert_eq!(journals[0].verify().await.unwrap().damage, Vec::<String>::new());
}

/// Writers of several processes wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn several_writers_share_a_file() {
    let home = tempdir().unwrap();
    let journals: Vec<SqliteJournal> =
        (0..3).map(|_| SqliteJournal::open(home.path()).unwrap()).collect();
    let mut appends = Vec::new();
    for (n, journal) in (1..).zip(&journals) {
        let lease = journal.create(started(&run_id(n), "audit"), vec![component()]).await.unwrap();
        for seq in 2..60 {
            let record = spawned(seq, &seq.to_string(), "x");
            appends.push(journal.append(&lease, vec![record], vec![]));
        }
    }
    for append in appends {
        append.await.unwrap();
    }
    let report = journals[0].verify().await.unwrap();
    assert_eq!((report.runs, report.records), (3, 177));
    assert_eq!(report.damage, Vec::<String>::new());
}

/// Many processes that start at once on an empty home agree on one journal.
#[test]
fn openers_of_an_empty_home_do_not_collide() {
    for _ in 0..5 {
        let home = tempdir().unwrap();
        std::thread::scope(|scope| {
            let openers: Vec<_> = (0..6)
                .map(|_| scope.spawn(|| SqliteJournal::open(home.path()).map(drop)))
                .collect();
            for opener in openers {
                opener.join().unwrap().unwrap();
            }
        });
    }
}
