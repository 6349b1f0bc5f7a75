//! Coming back: folding the records of a run, and driving a guest through them again.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_benches::figure::Figure;
use baton_benches::raw::Raw;
use baton_benches::{disk, measure, records, runs};
use baton_core::record::Record;
use baton_core::run::Run;
use baton_engine::ResumeOptions;
use baton_host::Host;
use tokio::runtime::Runtime;

/// Records of the run that is folded.
const RECORDS: usize = 120_000;
/// Agents of the run that is driven again.
const AGENTS: u32 = 1_000;

fn main() {
    let mut criterion = measure::criterion().sample_size(10);
    fold(&mut criterion);
    again(&mut criterion);
    criterion.final_summary();
}

/// The neighbour of a fold is the least one can do with the records: copy them.
fn fold(criterion: &mut criterion::Criterion) {
    let first = records::started(&records::run(1));
    let journal: Vec<Record> =
        std::iter::once(first).chain(records::agents()).take(RECORDS).collect();
    let timed = |iterations: u64, act: &dyn Fn(Vec<Record>)| -> Duration {
        (0..iterations)
            .map(|_| {
                let copy = journal.clone();
                let began = Instant::now();
                act(copy);
                began.elapsed()
            })
            .sum()
    };
    let pair = measure::pair(
        criterion,
        "replay/fold",
        |iterations| timed(iterations, &|copy| drop(Run::from_records(copy).unwrap())),
        |iterations| timed(iterations, &|copy| drop(copy.clone())),
    );
    let rate = |seconds: f64| RECORDS as f64 / seconds;
    Figure::new("replay/fold", rate(pair.ours), "records/s")
        .beside("copying them", rate(pair.raw))
        .print();
}

/// From a journal on disk to the end of a run of which everything but the end is recorded.
fn again(criterion: &mut criterion::Criterion) {
    let runtime = runs::runtime();
    let host = runs::host(64);
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
    let journal = recorded(&runtime, &host, folder);
    let raw = Raw::new(runs::guest("hello"), 4);
    let input = runs::names(AGENTS).to_string();
    let before = disk::rates(folder);
    let pair = measure::pair(
        criterion,
        "replay/again",
        |iterations| (0..iterations).map(|_| resume(&runtime, &host, folder, &journal)).sum(),
        |iterations| raw.time(iterations, &input),
    );
    let after = disk::rates(folder);
    Figure::new("replay/again", pair.ours * 1e3, "ms")
        .beside("wasmtime alone, same calls", pair.raw * 1e3)
        .with("records", journal.len() as f64)
        .with("records_per_s", journal.len() as f64 / pair.ours)
        .on_disk(before, after)
        .print();
}

/// The records of a run of `hello`, without the last.
fn recorded(runtime: &Runtime, host: &Arc<Host>, folder: &Path) -> Vec<Record> {
    let home = tempfile::tempdir_in(folder).unwrap();
    let journal = runs::journal(home.path());
    runtime.block_on(async {
        let engine = runs::engine(&journal, host, 4);
        let report = runs::finish(&engine, runs::new("hello", runs::names(AGENTS))).await;
        let mut records = journal.records(&report.run, 0, u64::MAX >> 1).await.unwrap();
        records.pop();
        records
    })
}

fn resume(runtime: &Runtime, host: &Arc<Host>, folder: &Path, records: &[Record]) -> Duration {
    let home = tempfile::tempdir_in(folder).unwrap();
    let journal = runs::journal(home.path());
    runtime.block_on(async {
        let blobs = ["hello", "echo-agent"].map(runs::blob);
        let mut records = records.to_vec();
        let rest = records.split_off(1);
        let lease = journal.create(records.remove(0), blobs.to_vec()).await.unwrap();
        journal.append(&lease, rest, Vec::new()).await.unwrap();
        journal.release(&lease).await.unwrap();
        let engine = runs::engine(&journal, host, 4);
        let began = Instant::now();
        let handle = engine.resume(&lease.run, ResumeOptions::default()).await.unwrap();
        let report = handle.wait().await;
        assert!(report.outcome.is_some_and(|end| end.handoff().is_some()));
        began.elapsed()
    })
}
