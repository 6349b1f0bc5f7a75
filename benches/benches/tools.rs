//! Calls of a tool: in fresh instances and in kept ones, beside wasmtime alone doing the same; and as
//! tasks of a durable run.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use std::sync::Arc;

use baton_benches::figure::Figure;
use baton_benches::raw::Raw;
use baton_benches::{disk, measure, runs};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::scope::Authority;
use baton_host::tool::{ToolCall, ToolGrant};
use baton_host::{Guest, Host};
use criterion::Criterion;
use serde_json::json;
use tokio::runtime::Runtime;

/// Calls of one sitting.
const CALLS: u32 = 10_000;
/// Instances that a run keeps: as many as work at once.
const WARM: u32 = 16;

fn main() {
    let mut criterion = measure::criterion().sample_size(10);
    let runtime = runs::runtime();
    let host = runs::host(256);
    let guest = host.load(runs::guest("echo-tool")).unwrap();
    let raw = Raw::new(runs::guest("echo-tool"), 64);
    fresh(&mut criterion, &runtime, &host, &guest, &raw);
    warm(&mut criterion, &runtime, &host, &guest, &raw);
    durable(&mut criterion, &runtime, &host);
    criterion.final_summary();
    runtime.shutdown_background();
}

fn call() -> ToolCall {
    let input = Json::from(json!({ "text": "hello" }));
    ToolCall { name: "echo".into(), input, traceparent: None }
}

/// A grant of nothing.
fn grant() -> ToolGrant {
    ToolGrant {
        root: None,
        authority: Arc::new(Authority::default()),
        environment: Vec::new(),
        secrets: Vec::new(),
        certificates: Arc::default(),
        denied: Arc::new(|_| {}),
    }
}

fn print(name: &str, ours: f64, raw: f64) {
    Figure::new(name, ours * 1e6, "us").beside("wasmtime alone", raw * 1e6).print();
    Figure::new(&format!("{name}_per_second"), 1.0 / ours, "calls/s")
        .beside("wasmtime alone", 1.0 / raw)
        .print();
}

fn fresh(
    criterion: &mut Criterion,
    runtime: &Runtime,
    host: &Arc<Host>,
    guest: &Arc<Guest>,
    raw: &Raw,
) {
    let input = call().input.to_string();
    let limits = Limits::default();
    let ours = || {
        runtime.block_on(async {
            for _ in 0..CALLS {
                let slot = host.slot().await;
                let end = host.call_tool(guest, slot, &limits, call(), grant()).await;
                assert!(end.end.outcome.is_ok_and(|outcome| outcome.handoff().is_some()));
            }
        });
    };
    let theirs = || {
        for _ in 0..CALLS {
            let (mut store, instance) = raw.instance();
            raw.call(&mut store, instance, "echo", &input);
        }
    };
    let pair = measure::pair(
        criterion,
        "tools/fresh",
        |iterations| measure::time(iterations, ours),
        |iterations| measure::time(iterations, theirs),
    );
    let calls = f64::from(CALLS);
    print("tools/fresh", pair.ours / calls, pair.raw / calls);
}

fn warm(
    criterion: &mut Criterion,
    runtime: &Runtime,
    host: &Arc<Host>,
    guest: &Arc<Guest>,
    raw: &Raw,
) {
    let input = call().input.to_string();
    let limits = Limits::default();
    let ours = || {
        runtime.block_on(async {
            let mut kept = host.warm_tool(guest, &limits, grant());
            for _ in 0..CALLS {
                if !kept.is_fit() {
                    kept = host.warm_tool(guest, &limits, grant());
                }
                let end = kept.call(host.slot().await, call()).await;
                assert!(end.end.outcome.is_ok_and(|outcome| outcome.handoff().is_some()));
            }
        });
    };
    let theirs = || {
        let (mut store, instance) = raw.instance();
        for _ in 0..CALLS {
            raw.call(&mut store, instance, "echo", &input);
        }
    };
    let pair = measure::pair(
        criterion,
        "tools/warm",
        |iterations| measure::time(iterations, ours),
        |iterations| measure::time(iterations, theirs),
    );
    let calls = f64::from(CALLS);
    print("tools/warm", pair.ours / calls, pair.raw / calls);
}

/// The same calls as tasks of a run: each with an intent, a start and an end on record.
fn durable(criterion: &mut Criterion, runtime: &Runtime, host: &Arc<Host>) {
    let home = tempfile::tempdir_in(env!("CARGO_TARGET_TMPDIR")).unwrap();
    let journal = runs::journal(home.path());
    host.load(baton_plugins::script_runner()).unwrap();
    let engine = runtime.block_on(async { runs::engine(&journal, host, 4) });
    let before = disk::rates(home.path());
    let once = |warm| runtime.block_on(runs::finish(&engine, runs::calls(CALLS, warm)));
    let pair = measure::pair(
        criterion,
        "tools/durable",
        |iterations| measure::time(iterations, || once(0)),
        |iterations| measure::time(iterations, || once(WARM)),
    );
    Figure::new("tools/durable_calls", f64::from(CALLS) / pair.ours, "calls/s")
        .beside("the same with kept instances", f64::from(CALLS) / pair.raw)
        .on_disk(before, disk::rates(home.path()))
        .print();
}
