//! A fresh store and instance, one spawn, one wait, one handoff: the host beside wasmtime alone.

#![allow(clippy::unwrap_used, reason = "a bench that cannot run has nothing to report")]

use baton_benches::figure::Figure;
use baton_benches::port::Instant;
use baton_benches::raw::Raw;
use baton_benches::{measure, runs};
use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::limits::Limits;

fn main() {
    let mut criterion = measure::criterion();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let host = runs::host(64);
    let guest = host.load(runs::guest("nap")).unwrap();
    let raw = Raw::new(runs::guest("nap"), 64);
    let (limits, seed) = (Limits::default(), Digest::of(b"seed"));
    // Without a step what remains is the instance itself and the call of its export.
    for (name, times) in [("instance_start/one_agent", 1), ("instance_start/empty", 0)] {
        let input = serde_json::json!({ "step": "agent", "times": times });
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
        Figure::new(name, pair.ours * 1e6, "us").beside("wasmtime alone", pair.raw * 1e6).print();
    }
    criterion.final_summary();
}
