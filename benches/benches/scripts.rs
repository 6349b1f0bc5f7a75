//! What a script costs above a component: calls of agents, a start, and memory while it waits.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use std::sync::Arc;
use std::time::Duration;

use baton_benches::figure::Figure;
use baton_benches::{disk, measure, memory, runs};
use baton_engine::NewRun;
use baton_host::Host;
use criterion::Criterion;
use serde_json::{Value, json};
use tokio::runtime::Runtime;

/// Agents of one run.
const AGENTS: u32 = 1_000;
/// Runs that wait at once.
const WAITING: u32 = 2_000;
/// Runs that are being started at once.
const STARTS: u32 = 50;
/// Longer than an instance is kept while it waits.
const SETTLE: Duration = Duration::from_secs(8);

const FAN_OUT: &str = "\
export const meta = { name: 'fan-out', description: 'Greets everybody at once.' }
const greetings = await parallel(args.names.map((name) => () => agent(`Say hello to ${name}.`)))
return { greetings }
";

const EMPTY: &str = "\
export const meta = { name: 'empty', description: 'Does nothing.' }
return null
";

const WAIT: &str = "\
export const meta = { name: 'wait', description: 'Waits for an hour.' }
await new Promise((wake) => setTimeout(wake, 3_600_000))
";

fn main() {
    let mut criterion = measure::criterion().sample_size(10);
    let runtime = runs::runtime();
    let host = runs::host(512);
    host.load(baton_plugins::script_runner()).unwrap();
    calls(&mut criterion, &runtime, &host);
    start(&mut criterion, &runtime, &host);
    criterion.final_summary();
    waiting(&runtime, &host);
    runtime.shutdown_background();
}

/// The same fan-out, written in Rust with the SDK and as a script.
fn calls(criterion: &mut Criterion, runtime: &Runtime, host: &Arc<Host>) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    let engine = runtime.block_on(async { runs::engine(&journal, host, 4) });
    let before = disk::rates(home.path());
    let once = |new: NewRun| runtime.block_on(runs::finish(&engine, new));
    let pair = measure::pair(
        criterion,
        "scripts/1000_agents",
        |iterations| measure::time(iterations, || once(runs::script(FAN_OUT, runs::names(AGENTS)))),
        |iterations| measure::time(iterations, || once(runs::new("hello", runs::names(AGENTS)))),
    );
    let after = disk::rates(home.path());
    Figure::new("scripts/1000_agents", pair.ours * 1e3, "ms")
        .beside("the same in Rust", pair.raw * 1e3)
        .on_disk(before, after)
        .print();
    let above = (pair.ours - pair.raw) / f64::from(AGENTS);
    Figure::new("scripts/call_above_rust", above * 1e6, "us").on_disk(before, after).print();
}

/// A whole run that does nothing, of a runner that is loaded.
fn start(criterion: &mut Criterion, runtime: &Runtime, host: &Arc<Host>) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    let engine = runtime.block_on(async { runs::engine(&journal, host, 4) });
    let before = disk::rates(home.path());
    let once = |new: NewRun| runtime.block_on(runs::finish(&engine, new));
    let pair = measure::pair(
        criterion,
        "scripts/start",
        |iterations| measure::time(iterations, || once(runs::script(EMPTY, Value::Null))),
        |iterations| {
            let empty = json!({ "step": "agent", "times": 0 });
            measure::time(iterations, || once(runs::new("nap", empty.clone())))
        },
    );
    Figure::new("scripts/start", pair.ours * 1e3, "ms")
        .beside("a component that does nothing", pair.raw * 1e3)
        .on_disk(before, disk::rates(home.path()))
        .print();
}

/// Memory of scripts that wait for a timer, live and evicted.
fn waiting(runtime: &Runtime, host: &Arc<Host>) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    let before = memory::resident_kib();
    runtime.block_on(async {
        let engine = runs::engine(&journal, host, WAITING);
        let starts = (0..STARTS).map(|_| {
            let engine = engine.clone();
            tokio::spawn(async move {
                for _ in 0..WAITING / STARTS {
                    drop(engine.start(runs::script(WAIT, Value::Null)).await.unwrap());
                }
            })
        });
        futures::future::join_all(starts).await;
        runs::all_wait(&journal, WAITING).await;
        tokio::time::sleep(SETTLE).await;
        let each = (memory::resident_kib() - before) / f64::from(WAITING);
        Figure::new("scripts/resident_per_waiting_run", each, "KiB")
            .with("runs", f64::from(WAITING))
            .print();
    });
}
