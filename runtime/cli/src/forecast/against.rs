//! What a run came to, against what was forecast.

use baton_core::forecast::{Figures, Forecast, Range};
use baton_core::handoff::Usage;

use super::words::{is_unknown, span};
use crate::render;
use crate::text::{count, dollars, duration, plural};

/// What was consumed, each with what was forecast of it, such as `12 agents (forecast 9–14)`.
#[must_use]
pub fn against(usage: &Usage, forecast: &Forecast) -> Vec<String> {
    let Figures { agents, input_tokens, output_tokens, cost_micro_usd, .. } = &forecast.total;
    let tokens = Range {
        low: input_tokens.low + output_tokens.low,
        likely: input_tokens.likely + output_tokens.likely,
        high: input_tokens.high + output_tokens.high,
    };
    let about = if usage.estimated_calls > 0 { "~" } else { "" };
    let known = !is_unknown(forecast);
    let mut parts = vec![told(plural(usage.agents, "agent"), known, agents, |n| n.to_string())];
    if usage.tokens() > 0 || tokens.high > 0 {
        parts.push(told(format!("{about}{} tokens", count(usage.tokens())), known, &tokens, count));
    }
    if usage.cost_micro_usd > 0 || cost_micro_usd.high > 0 {
        let cost = format!("{about}{}", dollars(usage.cost_micro_usd));
        parts.push(told(cost, known, cost_micro_usd, dollars));
    }
    parts
}

/// A figure beside what was forecast of it, if anything was known.
fn told(actual: String, known: bool, range: &Range, show: impl Fn(u64) -> String) -> String {
    if known { format!("{actual} (forecast {})", span(range, show)) } else { actual }
}

/// Time and consumption of a run in one line, against its forecast where it had one.
#[must_use]
pub fn footer(usage: &Usage, forecast: Option<&Forecast>) -> Vec<String> {
    let Some(forecast) = forecast else {
        let consumed = render::usage(usage);
        let time = duration(usage.wall_ms);
        return if consumed.is_empty() { vec![time] } else { vec![time, consumed] };
    };
    let (time, known) = (duration(usage.wall_ms), !is_unknown(forecast));
    let mut parts = vec![told(time, known, &forecast.total.wall_ms, duration)];
    parts.extend(against(usage, forecast));
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn actual_figures_stand_beside_what_was_forecast() {
        let range = |low, likely, high| Range { low, likely, high };
        let total = Figures {
            agents: range(9, 12, 14),
            input_tokens: range(100_000, 200_000, 300_000),
            output_tokens: range(10_000, 20_000, 30_000),
            cost_micro_usd: range(200_000, 310_000, 450_000),
            wall_ms: range(60_000, 90_000, 120_000),
        };
        let forecast = Forecast { total, ..Forecast::default() };
        let usage = Usage {
            agents: 12,
            input_tokens: 150_000,
            output_tokens: 5_000,
            cost_micro_usd: 310_000,
            wall_ms: 61_000,
            ..Usage::default()
        };
        let cases = [
            (
                &usage,
                Some(&forecast),
                "1m01s (forecast 1m00s–2m00s) · 12 agents (forecast 9–14) · 155k tokens (forecast 110k–330k) · \
              $0.31 (forecast $0.20–$0.45)",
            ),
            (&usage, None, "1m01s · 12 agents · 155k tokens · $0.31"),
            (&Usage::default(), None, "0.0s"),
            (
                &Usage { agents: 1, ..Usage::default() },
                Some(&Forecast { complete: true, ..Forecast::default() }),
                "0.0s (forecast 0.0s) · 1 agent (forecast 0)",
            ),
            (&Usage::default(), Some(&Forecast::default()), "0.0s · 0 agents"),
        ];
        for (usage, forecast, expected) in cases {
            assert_eq!(footer(usage, forecast).join(" · "), expected);
        }
    }
}
