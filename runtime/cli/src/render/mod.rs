//! Rows and records as text for people. Pure: values in, text out.

pub mod record;
pub mod runs;
pub mod task;
pub mod totals;
pub mod tree;

use anstyle::Style;
use baton_core::handoff::Usage;
use baton_journal::rows::State;

use crate::output::{BAD, BUSY, DIM, GOOD, WARN};
use crate::text;

/// How a state looks: a sign, a word and a style.
#[must_use]
pub fn state(state: State, owned: bool) -> (&'static str, &'static str, Style) {
    match state {
        // Nobody works on it though nothing ended it.
        State::Running | State::Queued if !owned => ("‖", "interrupted", WARN),
        State::Queued => ("○", "queued", DIM),
        State::Running => ("●", "running", BUSY),
        State::Waiting => ("?", "waiting", WARN),
        State::Paused => ("‖", "paused", WARN),
        State::Done => ("✓", "done", GOOD),
        State::Failed => ("✗", "failed", BAD),
        State::Cancelled => ("–", "cancelled", DIM),
    }
}

/// Why something has no result, from its code and its message, which may say the same.
#[must_use]
pub fn why(code: &str, message: &str) -> String {
    let message = text::one_line(message);
    let rest = message.strip_prefix(code);
    let is_said = rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(' '));
    if is_said { message } else { format!("{code}: {message}") }
}

/// What was consumed, in a few words; empty if nothing was.
#[must_use]
pub fn usage(usage: &Usage) -> String {
    let mut parts = Vec::new();
    if usage.agents > 0 {
        parts.push(text::plural(usage.agents, "agent"));
    }
    parts.extend(spent(usage));
    parts.join(" · ")
}

/// Tokens and money, with `~` in front where a part of them is an estimate.
#[must_use]
pub fn spent(usage: &Usage) -> Vec<String> {
    let mut parts = Vec::new();
    let about = if usage.estimated_calls > 0 { "~" } else { "" };
    if usage.tokens() > 0 {
        parts.push(format!("{about}{} tokens", text::count(usage.tokens())));
    }
    if usage.cost_micro_usd > 0 {
        parts.push(format!("{about}{}", text::dollars(usage.cost_micro_usd)));
    }
    parts
}

/// The same with tokens by kind, such as `12.0k in (8.0k cached) · 950 out · $0.25`.
#[must_use]
pub fn detailed(usage: &Usage) -> String {
    let mut parts = Vec::new();
    let about = if usage.estimated_calls > 0 { "~" } else { "" };
    if usage.tokens() > 0 {
        let cached = match usage.cached_tokens {
            0 => String::new(),
            cached => format!(" ({} cached)", text::count(cached)),
        };
        parts.push(format!("{about}{} in{cached}", text::count(usage.input_tokens)));
        parts.push(format!("{about}{} out", text::count(usage.output_tokens)));
    }
    if usage.cost_micro_usd > 0 {
        parts.push(format!("{about}{}", text::dollars(usage.cost_micro_usd)));
    }
    parts.join(" · ")
}

/// Rows of cells as aligned columns, two spaces between them. A cell is its text and its style;
/// the last column is cut so that no line exceeds `columns`.
#[must_use]
pub fn table(rows: &[Vec<(String, Style)>], columns: usize) -> String {
    let mut widths: Vec<usize> = Vec::new();
    for row in rows {
        for (index, (cell, _)) in row.iter().enumerate() {
            match widths.get_mut(index) {
                Some(width) => *width = (*width).max(text::width(cell)),
                None => widths.push(text::width(cell)),
            }
        }
    }
    let mut out = String::new();
    for row in rows {
        let mut used = 0;
        let mut line = String::new();
        for (index, (cell, style)) in row.iter().enumerate() {
            let width = widths.get(index).copied().unwrap_or_default();
            let last = index + 1 == row.len();
            let shown = if last {
                text::fit(cell, columns.saturating_sub(used))
            } else {
                text::pad(cell, width)
            };
            // Trailing blanks stay outside of the style, so that a stripped line can be trimmed.
            let body = shown.trim_end();
            line.push_str(&text::paint(*style, body));
            line.push_str(&" ".repeat(shown.len() - body.len()));
            if !last {
                line.push_str("  ");
            }
            used += width + 2;
        }
        out.push_str(line.trim_end());
        out.push('\n');
    }
    out
}

#[cfg(test)]
mod tests;
