//! What a run consumed, for `baton show`.

use baton_core::handoff::Usage;

use super::detailed;
use super::task::line;
use crate::text::{count, one_line, plural, signed_dollars};
use crate::totals::{Startup, Totals};

/// Lines of names and values; none for a run that used neither models nor agents that say what they
/// consumed.
#[must_use]
pub fn totals(totals: &Totals) -> String {
    if totals.is_plain() {
        return String::new();
    }
    let mut out = line("tokens", &detailed(&totals.used));
    out.push_str(&line("known by", &sources(totals)));
    if totals.failed.attempts > 0 {
        let attempts = plural(totals.failed.attempts, "failed attempt");
        out.push_str(&line("lost", &joined(attempts, &totals.failed.usage)));
    }
    if totals.startup.agents > 1 {
        out.push_str(&line("start-up", &startup(totals)));
    }
    for (title, usage) in &totals.phases {
        let consumed = detailed(usage);
        let title = if title.is_empty() { "no phase".to_owned() } else { one_line(title) };
        if !consumed.is_empty() {
            out.push_str(&line("phase", &format!("{title}: {consumed}")));
        }
    }
    for (backend, used) in &totals.models {
        let calls = match used.calls {
            0 => String::new(),
            calls => format!("{}, ", plural(calls, "call")),
        };
        let consumed = detailed(&used.usage);
        let consumed = if consumed.is_empty() { "nothing" } else { &consumed };
        out.push_str(&line("model", &format!("{}: {calls}{consumed}", one_line(backend))));
    }
    let ladders = &totals.ladders;
    if !ladders.passed.is_empty() {
        let passed = ladders.passed.iter().map(|((rung, backend), tasks)| {
            format!("{tasks} at step {} ({})", u64::from(*rung) + 1, one_line(backend))
        });
        let passed: Vec<String> = passed.collect();
        let saved = signed_dollars(ladders.saved_micro_usd);
        let what = "against the last step alone";
        out.push_str(&line("ladders", &format!("{}; saved {saved} {what}", passed.join(", "))));
    }
    out
}

/// What agents were sent before they had done anything, and its share of all that was sent.
fn startup(totals: &Totals) -> String {
    let Startup { agents, input_tokens, cached_tokens } = totals.startup;
    let share = input_tokens.saturating_mul(100) / totals.used.input_tokens.max(1);
    let cached = match cached_tokens {
        0 => String::new(),
        cached => format!(", {} of it cached", count(cached)),
    };
    format!(
        "{} in ({share} % of all) in the first calls of {}{cached}",
        count(input_tokens),
        plural(agents, "agent")
    )
}

/// How much of it who says.
fn sources(totals: &Totals) -> String {
    let estimated = Usage { estimated_calls: 0, ..totals.estimated };
    let calls = totals.estimated.estimated_calls;
    let parts = [
        ("metered".to_owned(), detailed(&totals.metered)),
        (format!("estimated in {}", plural(calls, "call")), detailed(&estimated)),
        ("claimed by agents".to_owned(), detailed(&totals.claimed)),
    ];
    let parts = parts.into_iter().filter(|(_, consumed)| !consumed.is_empty());
    parts.map(|(how, consumed)| format!("{how}: {consumed}")).collect::<Vec<_>>().join("\n")
}

fn joined(what: String, usage: &Usage) -> String {
    let consumed = detailed(usage);
    if consumed.is_empty() { what } else { format!("{what}: {consumed}") }
}
