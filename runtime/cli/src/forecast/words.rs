//! Forecasts in words.

use baton_core::budget::{Cap, Caps};
use baton_core::forecast::{Figures, Forecast, Range};

use crate::text::{count, dollars, duration, hang, one_line, plural};

/// Phases that are shown before it is said how many more there are.
const PHASES_MAX: usize = 20;

/// A forecast, a line each: figures, phases, what it rests on, what to know.
#[must_use]
pub fn lines(forecast: &Forecast, concurrency: u32) -> Vec<String> {
    let Forecast { total, basis, complete, notes, .. } = forecast;
    let mut lines = Vec::new();
    if is_unknown(forecast) {
        lines.push("unknown: no dry run came to an end".to_owned());
    } else {
        figures_of(forecast, concurrency, &mut lines);
    }
    let earlier = match basis.runs {
        0 => String::new(),
        runs => format!(" and {}", plural(runs.into(), "earlier run")),
    };
    let counted = match basis.tokenizer.as_str() {
        "none" => String::new(),
        "estimate" => "; tokens of prompts by estimate".into(),
        name => format!("; tokens of prompts by {}", one_line(name)),
    };
    let seeds = plural(basis.seeds.into(), "dry run");
    lines.push(format!("from {seeds} with made-up answers{earlier}{counted}"));
    lines.push(certainty(&total.agents, basis.runs, *complete).into());
    lines.extend(notes.iter().map(|note| one_line(note)));
    lines
}

/// Lines of a forecast below each other, each behind its mark. `columns`: those of the terminal that
/// shows them, where lines are broken between words; none: nobody breaks them.
#[must_use]
pub fn marked(mark: &str, lines: &[String], columns: Option<usize>) -> Vec<String> {
    let behind = |line: &String| {
        // Lines of phases stand further in, and so does what follows of them.
        let text = line.trim_start();
        let lead = format!("  {mark} {}", " ".repeat(line.len() - text.len()));
        hang(&lead, text, columns)
    };
    lines.iter().flat_map(behind).collect()
}

/// Whether its figures tell nothing: no dry run asked for an agent, and none of them came to an end.
#[must_use]
pub fn is_unknown(forecast: &Forecast) -> bool {
    !forecast.complete && forecast.total.agents.high == 0
}

/// The figures of the whole and of its phases.
fn figures_of(forecast: &Forecast, concurrency: u32, lines: &mut Vec<String>) {
    let Forecast { total, phases, .. } = forecast;
    lines.push(likely(&total.agents, agents(&total.agents), |number| number.to_string()));
    if total.input_tokens.high + total.output_tokens.high > 0 {
        let (input, output) = (span(&total.input_tokens, count), span(&total.output_tokens, count));
        lines.push(format!("{input} tokens in, {output} out"));
    }
    if total.cost_micro_usd.high > 0 {
        let cost = &total.cost_micro_usd;
        lines.push(likely(cost, span(cost, dollars), dollars));
    }
    let time = &total.wall_ms;
    lines.push(format!("{}, {concurrency} at once", likely(time, span(time, duration), duration)));
    if phases.len() > 1 || phases.iter().any(|phase| phase.title.is_some()) {
        for phase in phases.iter().take(PHASES_MAX) {
            let title = phase.title.as_deref().map_or("outside of phases".into(), one_line);
            lines.push(format!("  {title}: {}", figures(&phase.figures)));
        }
        let more = phases.len().saturating_sub(PHASES_MAX);
        if more > 0 {
            lines.push(format!("  and {}", plural(more as u64, "more phase")));
        }
    }
}

/// How sure it is.
fn certainty(agents: &Range, runs: u32, complete: bool) -> &'static str {
    match (complete, agents.low == agents.high, runs) {
        (false, ..) => "NOT complete: the real figures can be far higher or lower",
        (_, true, _) => "sure of the agents: no answer changes how many; the rest is an estimate",
        (_, _, 0) => "rough: what agents answer decides, and no earlier run tells what they do",
        (_, _, 1..3) => "fair: few earlier runs tell what agents do",
        _ => "good: earlier runs tell what agents do",
    }
}

/// A cap, what is expected of it, its word, and how its numbers are written.
type Check<'a> = (Option<u64>, &'a Range, &'a str, fn(u64) -> String);

/// The caps of a run that a forecast may pass, a line each. At a cap the run pauses; nothing is lost.
#[must_use]
pub fn bounds(forecast: &Forecast, caps: &Caps) -> Vec<String> {
    let mut lines = passed(&forecast.total, &caps.run, "");
    for phase in &forecast.phases {
        let cap = phase.title.as_ref().and_then(|title| Some((title, caps.phases.get(title)?)));
        if let Some((title, cap)) = cap {
            lines.extend(passed(
                &phase.figures,
                cap,
                &format!(" in the phase {}", one_line(title)),
            ));
        }
    }
    lines
}

fn passed(figures: &Figures, cap: &Cap, place: &str) -> Vec<String> {
    let sum = |a: &Range, b: &Range| Range {
        low: a.low + b.low,
        likely: a.likely + b.likely,
        high: a.high + b.high,
    };
    let tokens = sum(&figures.input_tokens, &figures.output_tokens);
    let number = |n: u64| n.to_string();
    let checks: [Check<'_>; 6] = [
        (cap.agents, &figures.agents, "agents", number),
        (cap.tokens, &tokens, "tokens", count),
        (cap.input_tokens, &figures.input_tokens, "input tokens", count),
        (cap.output_tokens, &figures.output_tokens, "output tokens", count),
        (cap.cost_micro_usd, &figures.cost_micro_usd, "", dollars),
        (cap.wall_ms, &figures.wall_ms, "", duration),
    ];
    let told = |(cap, range, what, show): Check<'_>| {
        let cap = cap.filter(|cap| range.high > *cap)?;
        let sure = match cap {
            cap if range.low > cap => "will",
            cap if range.likely > cap => "will probably",
            _ => "may",
        };
        let space = if what.is_empty() { "" } else { " " };
        Some(format!(
            "it {sure} pass the cap of {}{space}{what}{place} ({}): it pauses there, and `baton resume` \
             with a higher cap goes on",
            show(cap),
            span(range, show)
        ))
    };
    checks.into_iter().filter_map(told).collect()
}

/// The figures of a phase in one line.
fn figures(figures: &Figures) -> String {
    let mut parts = vec![agents(&figures.agents)];
    let Figures { input_tokens, output_tokens, cost_micro_usd, .. } = figures;
    if input_tokens.high + output_tokens.high > 0 {
        let (input, output) = (span(input_tokens, count), span(output_tokens, count));
        parts.push(format!("{input} tokens in, {output} out"));
    }
    if cost_micro_usd.high > 0 {
        parts.push(span(cost_micro_usd, dollars));
    }
    parts.join(" · ")
}

fn agents(range: &Range) -> String {
    if range.low == range.high {
        return plural(range.high, "agent");
    }
    format!("{} agents", span(range, |number| number.to_string()))
}

/// A range, and what is likely in it where it is one.
fn likely(range: &Range, shown: String, show: impl Fn(u64) -> String) -> String {
    let middle = show(range.likely);
    if [show(range.low), show(range.high)].contains(&middle) {
        return shown;
    }
    format!("{shown}, likely {middle}")
}

/// A range, such as `9–14`, `$0.20–$0.45` or, where both ends read the same, `9`.
pub(super) fn span(range: &Range, show: impl Fn(u64) -> String) -> String {
    let (low, high) = (show(range.low), show(range.high));
    if low == high { low } else { format!("{low}–{high}") }
}

#[cfg(test)]
mod tests;
