//! Memory of runs that wait for a timer. `BATON_BENCH_RUNS` says how many; 20,000 unless told.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use std::time::Duration;

use baton_benches::figure::Figure;
use baton_benches::raw::Raw;
use baton_benches::{disk, memory, runs};
use baton_engine::Engine;
use futures::future::join_all;

const RUNS: u32 = 20_000;
/// Live instances, as the command line has them.
const LIVE: u32 = 4_000;
/// Runs that are being started at once.
const STARTS: u32 = 200;
/// Instances that the neighbour holds.
const HELD: u32 = 1_000;
/// Longer than an instance is kept while it waits.
const SETTLE: Duration = Duration::from_secs(8);

fn main() {
    let runs = std::env::var("BATON_BENCH_RUNS").ok().and_then(|n| n.parse().ok()).unwrap_or(RUNS);
    let neighbour = held();
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    let host = runs::host(LIVE);
    host.load(runs::guest("nap")).unwrap();
    let runtime = runs::runtime();
    let before = disk::rates(home.path());
    let resident_before = memory::resident_kib();
    let began = std::time::Instant::now();
    runtime.block_on(async {
        let engine = runs::engine(&journal, &host, runs);
        join_all((0..STARTS).map(|place| {
            tokio::spawn(start(engine.clone(), runs / STARTS + u32::from(place < runs % STARTS)))
        }))
        .await;
        let started = began.elapsed().as_secs_f64();
        Figure::new("waiting_runs/starts", f64::from(runs) / started, "runs/s")
            .beside("fdatasync of a page", before.fdatasync)
            .on_disk(before, disk::rates(home.path()))
            .print();
        runs::all_wait(&journal, runs).await;
        tokio::time::sleep(SETTLE).await;
        let each = (memory::resident_kib() - resident_before) / f64::from(runs);
        Figure::new("waiting_runs/resident_per_run", each, "KiB")
            .beside("a parked instance of wasmtime", neighbour)
            .with("runs", f64::from(runs))
            .with("resident_mib", memory::resident_kib() / 1_024.0)
            .print();
    });
    runtime.shutdown_background();
}

async fn start(engine: Engine, count: u32) {
    for _ in 0..count {
        let new = runs::new("nap", serde_json::json!({ "ms": 3_600_000 }));
        drop(engine.start(new).await.unwrap());
    }
}

/// KiB that an instance holds while nothing happens in it.
fn held() -> f64 {
    let raw = Raw::new(runs::guest("nap"), HELD + 1);
    drop(raw.instance());
    let before = memory::resident_kib();
    let instances: Vec<_> = (0..HELD).map(|_| raw.instance()).collect();
    let held = memory::resident_kib() - before;
    held / instances.len() as f64
}
