//! What agents consume: reserved, settled, charged by estimate, and held against caps.

mod caps;
mod opaque;
mod settled;

use super::fixture::{Bench, agent_with, started};
use crate::budget::Caps;
use crate::digest::Digest;
use crate::handoff::Usage;
use crate::ids::TaskPath;
use crate::record::Pause;

fn path(text: &str) -> TaskPath {
    text.parse().unwrap()
}

fn capped(caps: Caps) -> Bench {
    let mut facts = started();
    facts.caps = caps;
    Bench::of(facts)
}

/// A run with this many agents of the model, all started.
fn at_work(caps: Caps, agents: u64) -> Bench {
    let mut bench = capped(caps);
    for number in 1..=agents {
        bench.spawn(agent_with("x", r#"{"provider":"m","phase":"Review"}"#));
        bench.start(&number.to_string());
    }
    bench
}

fn cost(micro_usd: u64) -> Usage {
    Usage { cost_micro_usd: micro_usd, ..Usage::default() }
}

fn ask(bench: &mut Bench, task: &str, reserve: Usage) {
    let at = bench.later();
    assert!(bench.run.ask(&path(task), "m", "x", reserve, at));
    bench.flush();
}

fn turned(bench: &mut Bench, task: &str, usage: Usage) {
    let at = bench.later();
    bench.run.turned(&path(task), Some(Digest::of(b"said")), usage, false, at);
    bench.flush();
}

/// The cap that leaves no room for a call, and whose it is.
fn lacks(bench: &Bench, task: &str, needs: Usage) -> Option<(String, u64, u64)> {
    let Some(Pause::Cap { cap, short }) = bench.run.lacks_for_call(&path(task), &needs, bench.now)
    else {
        return None;
    };
    let short = short.unwrap();
    Some((cap, short.spent, short.needs))
}
