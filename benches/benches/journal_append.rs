//! Durable records per second: 1, 16 and 256 to an append, and one each of 256 runs at once.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_benches::figure::Figure;
use baton_benches::{disk, measure, records, runs};
use baton_core::record::Record;
use baton_journal::store::Lease;
use criterion::Criterion;
use futures::future::join_all;
use tokio::runtime::Runtime;

/// A run that grows.
struct Growing {
    lease: Lease,
    records: Box<dyn Iterator<Item = Record>>,
}

fn main() {
    let mut criterion = measure::criterion();
    let runtime = runs::runtime();
    for (name, at_once, batch) in [
        ("journal_append/1", 1, 1),
        ("journal_append/16", 1, 16),
        ("journal_append/256", 1, 256),
        ("journal_append/1_of_256_runs", 256, 1),
    ] {
        line(&mut criterion, &runtime, name, at_once, batch);
    }
    criterion.final_summary();
}

fn line(criterion: &mut Criterion, runtime: &Runtime, name: &str, at_once: u64, batch: usize) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    let mut growing = runtime.block_on(join_all((0..at_once).map(|number| {
        let journal = Arc::clone(&journal);
        async move {
            let first = records::started(&records::run(number));
            let lease = journal.create(first, vec![records::component()]).await.unwrap();
            Growing { lease, records: Box::new(records::agents()) }
        }
    })));
    let before = disk::rates(home.path());
    let appends = |iterations: u64| -> Duration {
        let mut took = Duration::ZERO;
        for _ in 0..iterations {
            let work: Vec<(&Lease, Vec<Record>)> = growing
                .iter_mut()
                .map(|run| (&run.lease, run.records.by_ref().take(batch).collect()))
                .collect();
            let began = Instant::now();
            let appends =
                work.into_iter().map(|(lease, new)| journal.append(lease, new, Vec::new()));
            for appended in runtime.block_on(join_all(appends)) {
                appended.unwrap();
            }
            took += began.elapsed();
        }
        took
    };
    let seconds = measure::alone(criterion, name, appends);
    let after = disk::rates(home.path());
    let rate = (at_once as f64) * (batch as f64) / seconds;
    Figure::new(name, rate, "records/s")
        .beside("fdatasync of a page", (before.fdatasync + after.fdatasync) / 2.0)
        .on_disk(before, after)
        .print();
}
