//! Durable runs of component agents: many at once in one run, three in a row, many small runs.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use std::sync::Arc;
use std::time::{Duration, Instant};

use baton_benches::figure::Figure;
use baton_benches::raw::Raw;
use baton_benches::{disk, measure, runs};
use baton_engine::{Engine, NewRun};
use baton_host::Host;
use criterion::Criterion;
use futures::future::join_all;
use tokio::runtime::Runtime;

/// Agents of one run.
const AGENTS: u32 = 1_000;
/// Runs whose latency is taken, one after the other.
const IN_TURN: u32 = 500;
/// Runs at once, and how many each place runs.
const AT_ONCE: u32 = 200;
const EACH: u32 = 20;

fn main() {
    let mut criterion = measure::criterion().sample_size(10);
    let runtime = runs::runtime();
    let host = runs::host(512);
    fan_out(&mut criterion, &runtime, &host);
    three_in_a_row(&runtime, &host);
    criterion.final_summary();
}

/// The neighbour performs the same tasks on one thread, and records nothing.
fn fan_out(criterion: &mut Criterion, runtime: &Runtime, host: &Arc<Host>) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    let engine = runtime.block_on(async { runs::engine(&journal, host, AT_ONCE) });
    let raw = Raw::new(runs::guest("echo-agent"), 4);
    let before = disk::rates(home.path());
    let new = || runs::new("hello", runs::names(AGENTS));
    let pair = measure::pair(
        criterion,
        "fan_out/1000_agents",
        |iterations| measure::time(iterations, || runtime.block_on(runs::finish(&engine, new()))),
        |iterations| measure::time(iterations * u64::from(AGENTS), || raw.perform("Say hello.")),
    );
    Figure::new("fan_out/1000_agents", pair.ours * 1e3, "ms")
        .beside("1000 agents on wasmtime alone", pair.raw * 1e3)
        .on_disk(before, disk::rates(home.path()))
        .print();
}

/// Three tasks, each after the one before it: every one needs two commits.
fn three_in_a_row(runtime: &Runtime, host: &Arc<Host>) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    let engine = runtime.block_on(async { runs::engine(&journal, host, AT_ONCE) });
    let before = disk::rates(home.path());
    let latencies = runtime.block_on(in_turn(&engine));
    let between = disk::rates(home.path());
    for (name, part) in [("fan_out/three_tasks_p50", 0.5), ("fan_out/three_tasks_p99", 0.99)] {
        Figure::new(name, measure::percentile(latencies.clone(), part) * 1e3, "ms")
            .beside("one fdatasync", 1e3 / before.fdatasync)
            .on_disk(before, between)
            .print();
    }
    let took = runtime.block_on(at_once(&engine)).as_secs_f64();
    let after = disk::rates(home.path());
    Figure::new("fan_out/runs_at_200", f64::from(AT_ONCE * EACH) / took, "runs/s")
        .beside("fdatasync of a page", (between.fdatasync + after.fdatasync) / 2.0)
        .on_disk(between, after)
        .print();
}

fn three() -> NewRun {
    runs::new("nap", serde_json::json!({ "step": "agent", "times": 3 }))
}

async fn in_turn(engine: &Engine) -> Vec<f64> {
    let mut latencies = Vec::new();
    for number in 0..IN_TURN + 20 {
        let began = Instant::now();
        runs::finish(engine, three()).await;
        // The first ones compile and warm up.
        if number >= 20 {
            latencies.push(began.elapsed().as_secs_f64());
        }
    }
    latencies
}

async fn at_once(engine: &Engine) -> Duration {
    let began = Instant::now();
    let places = (0..AT_ONCE).map(|_| {
        let engine = engine.clone();
        tokio::spawn(async move {
            for _ in 0..EACH {
                runs::finish(&engine, three()).await;
            }
        })
    });
    for place in join_all(places).await {
        place.unwrap();
    }
    began.elapsed()
}
