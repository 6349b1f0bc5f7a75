//! What one call of a guest costs: many calls in one instance, divided.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use baton_benches::figure::Figure;
use baton_benches::port::Instant;
use baton_benches::raw::Raw;
use baton_benches::{measure, runs};
use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::limits::Limits;

/// Calls of one instance: enough for the instance itself not to show.
const CALLS: u32 = 20_000;

fn main() {
    let mut criterion = measure::criterion();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let host = runs::host(4);
    let guest = host.load(runs::guest("nap")).unwrap();
    let raw = Raw::new(runs::guest("nap"), 4);
    let (limits, seed) = (Limits::default(), Digest::of(b"seed"));
    for (name, step) in [
        ("host_call/report", "log"),
        ("host_call/now", "clock"),
        ("host_call/spawn_and_wait", "agent"),
    ] {
        let input = serde_json::json!({ "step": step, "times": CALLS });
        let text = input.to_string();
        let input = Json::from(input);
        let one = || {
            runtime.block_on(async {
                let slot = host.slot().await;
                let port = Box::new(Instant::default());
                let end = host.run_workflow(&guest, slot, &limits, &seed, &input, port).await;
                assert!(end.outcome.is_ok_and(|outcome| outcome.handoff().is_some()));
            });
        };
        let pair = measure::pair(
            &mut criterion,
            name,
            |iterations| measure::time(iterations, one),
            |iterations| raw.time(iterations, &text),
        );
        let each = 1e9 / f64::from(CALLS);
        Figure::new(name, pair.ours * each, "ns").beside("wasmtime alone", pair.raw * each).print();
    }
    criterion.final_summary();
}
