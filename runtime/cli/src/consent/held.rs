//! Caps and budgets in words.

use baton_core::budget::{Cap, Caps};

use super::agents;
use super::screen::Plan;
use crate::text::{count, dollars, duration, one_line, plural};

/// What the run is held to, a line each.
pub fn held(plan: &Plan<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if plan.runs > 1 {
        lines.push(format!("{} runs, each with the caps below", plan.runs));
    }
    let budget = plan.budget;
    let own = [
        budget.agents.map(|agents| plural(agents, "agent")),
        budget.tokens.map(|tokens| format!("{} tokens", count(tokens))),
        budget.output_tokens.map(|tokens| format!("{} output tokens", count(tokens))),
        budget.cost_micro_usd.map(dollars),
    ];
    let own: Vec<String> = own.into_iter().flatten().collect();
    if !own.is_empty() {
        lines.push(format!("its own budget of {}", own.join(", ")));
    }
    let run = &plan.caps.run;
    let named = !run.is_none();
    if !named {
        lines.push("no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)".into());
    }
    lines.extend(caps(plan.caps));
    let metered = !plan.bundle.reach.models.is_empty();
    if metered && named && run.cost_micro_usd.is_none() {
        lines.push("no cap on money (--max-cost)".into());
    }
    if agents::is_unmetered(plan.bundle) && named {
        lines.push(
            "commands and coding agents tell only afterwards what they used: a cap stops what would \
             start then"
                .into(),
        );
    }
    lines
}

/// Caps in words, a line each.
#[must_use]
pub fn caps(caps: &Caps) -> Vec<String> {
    let mut lines = Vec::new();
    if !caps.run.is_none() {
        lines.push(cap(&caps.run).join(", "));
    }
    for (title, own) in &caps.phases {
        lines.push(format!("in the phase {}: {}", one_line(title), cap(own).join(", ")));
    }
    if !caps.task.is_none() {
        lines.push(format!("each agent: {}", cap(&caps.task).join(", ")));
    }
    lines
}

/// The amounts of a cap, in words.
fn cap(cap: &Cap) -> Vec<String> {
    let tokens = |cap: Option<u64>, what: &str| cap.map(|cap| format!("{cap} {what}"));
    let named = [
        cap.agents.map(|cap| plural(cap, "agent")),
        tokens(cap.tokens, "tokens"),
        tokens(cap.input_tokens, "input tokens"),
        tokens(cap.output_tokens, "output tokens"),
        tokens(cap.cached_tokens, "cached tokens"),
        cap.cost_micro_usd.map(dollars),
        cap.wall_ms.map(duration),
    ];
    named.into_iter().flatten().collect()
}
