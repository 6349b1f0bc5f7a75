//! What one agent consumes, before it does.

use std::collections::BTreeMap;

use baton_core::handoff::Usage;
use baton_core::model::{Price, TokenUsage};
use serde_json::Value;

use crate::figures::Title;
use crate::history::{Past, Rate};
use crate::tokens::Counter;

/// Answers of a model that has tools or files to look at, where nothing is known.
pub const TURNS: u64 = 5;
/// Tokens of an answer that calls tools.
pub const CALL_TOKENS: u64 = 150;
/// Tokens of what a call of a tool brings.
pub const RESULT_TOKENS: u64 = 1_200;
/// Tokens of a listing of files, or of what a search for words finds.
const LISTING_TOKENS: u64 = 200;
/// Tokens of what is handed in around the result: summary, evidence, reasoning.
pub const HANDOFF_TOKENS: u64 = 250;
/// Tokens of a result that is a text.
pub const TEXT_TOKENS: u64 = 500;
/// Tokens of a text within a result.
pub const STRING_TOKENS: u64 = 25;
/// Time until an answer of a model begins, in milliseconds.
pub const ANSWER_MS: u64 = 1_500;
/// Time of one token of an answer, in milliseconds.
pub const TOKEN_MS: u64 = 15;
/// Time of an agent that is a component, in milliseconds.
pub const COMPONENT_MS: u64 = 500;
/// Time of an agent that is a program, in milliseconds.
pub const PROGRAM_MS: u64 = 60_000;
/// Time of a call of a tool, in milliseconds.
pub const TOOL_MS: u64 = 1_000;
/// The share of attempts that pass what checks them, where nothing is known.
pub const PASSES: f64 = 0.6;
/// How many times more, or less, agents consume than what is written here says.
pub const SPREAD: f64 = 2.0;
/// The same where earlier runs told.
pub const SPREAD_KNOWN: f64 = 1.35;

/// What one agent consumes, and how long it takes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Spend {
    pub(crate) usage: Usage,
    pub(crate) ms: u64,
}

impl Spend {
    /// Adds what comes after it.
    pub(crate) fn add(&mut self, more: &Self) {
        self.usage.add(&more.usage);
        self.ms += more.ms;
    }
}

/// A request as far as it decides what a conversation consumes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Talk {
    /// Tokens of the first request.
    pub(crate) opening: u64,
    /// Tokens of what one look at something brings; none: there is nothing to look at before an
    /// answer, neither files nor tools.
    pub(crate) look: Option<u64>,
    /// Answers at the most.
    pub(crate) turns_max: Option<u64>,
    /// Tokens of the result.
    pub(crate) result: u64,
}

/// What agents of earlier runs consumed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Rates {
    exact: BTreeMap<(Title, String), Rate>,
    backends: BTreeMap<String, Rate>,
}

impl Rates {
    pub(crate) fn of(past: &[Past]) -> Self {
        let mut rates = Self::default();
        for ((phase, backend), rate) in past.iter().flat_map(|past| &past.rates) {
            rates.exact.entry((phase.clone(), backend.clone())).or_default().add(rate);
            rates.backends.entry(backend.clone()).or_default().add(rate);
        }
        rates
    }

    /// Whether anything is known.
    pub(crate) fn is_empty(&self) -> bool {
        self.backends.is_empty()
    }

    /// The share of agents of that phase and backend that failed. One more that did not is added to
    /// them: a few that all failed are no proof that all do.
    pub(crate) fn risk(&self, phase: &Title, backend: &str) -> f64 {
        let rate = self.rate(phase, backend).copied().unwrap_or_default();
        rate.failed as f64 / (rate.agents + 1) as f64
    }

    fn rate(&self, phase: &Title, backend: &str) -> Option<&Rate> {
        let key = (phase.clone(), backend.to_owned());
        self.exact.get(&key).or_else(|| self.backends.get(backend))
    }

    /// What an agent of that phase and backend consumed on average; of the phase in other runs, else
    /// of the backend in any phase.
    pub(crate) fn known(&self, phase: &Title, backend: &str, weight: f64) -> Option<Spend> {
        let rate = self.rate(phase, backend)?;
        let each = |sum: u64| times(sum.div_ceil(rate.agents.max(1)), weight);
        let usage = Usage {
            input_tokens: each(rate.input_tokens),
            output_tokens: each(rate.output_tokens),
            cost_micro_usd: each(rate.cost_micro_usd),
            ..Usage::default()
        };
        Some(Spend { usage, ms: each(rate.ms) })
    }
}

/// Tokens of what one look brings, where files are so long on average: as many are listed and searched
/// as are read.
pub(crate) fn look(file_tokens: Option<u64>) -> u64 {
    file_tokens.map_or(RESULT_TOKENS, |tokens| (tokens + LISTING_TOKENS) / 2)
}

/// What a conversation with a model consumes. Every answer but the last calls tools, and what they
/// bring is sent with all that was said before; what was sent before comes from the provider's cache.
pub(crate) fn conversation(talk: Talk, price: Option<&Price>, weight: f64) -> Spend {
    let turns = if talk.look.is_some() { times(TURNS, weight).max(1) } else { 1 };
    let turns = talk.turns_max.map_or(turns, |max| turns.min(max.max(1)));
    let more = CALL_TOKENS + talk.look.unwrap_or_default();
    let input: u64 = (0..turns).map(|turn| talk.opening + turn * more).sum();
    let fresh = talk.opening + (turns - 1) * more;
    let output = (turns - 1) * CALL_TOKENS + times(talk.result + HANDOFF_TOKENS, weight);
    let tokens = TokenUsage { input, output, cached: input - fresh, cache_written: 0 };
    let usage = price.copied().unwrap_or_default().usage(&tokens);
    Spend { usage, ms: turns * ANSWER_MS + output * TOKEN_MS }
}

/// What a worker takes that is no model: its time. What it consumes nobody knows before it tells.
pub(crate) fn worker(backend: &str, weight: f64) -> Spend {
    let is_component = backend.starts_with(baton_core::backend::COMPONENT);
    let ms = if is_component { COMPONENT_MS } else { PROGRAM_MS };
    Spend { usage: Usage::default(), ms: times(ms, weight) }
}

/// Tokens of a result of that shape: texts are longer in earnest than the words that stand for them.
pub(crate) fn result(counter: Counter, shaped: &Value, is_text: bool) -> u64 {
    if is_text {
        return TEXT_TOKENS;
    }
    match shaped {
        Value::Null | Value::Bool(_) | Value::Number(_) => 2,
        Value::String(text) if text.contains(' ') => counter.text(text).max(STRING_TOKENS),
        Value::String(text) => counter.text(text) + 1,
        Value::Array(items) => {
            2 + items.iter().map(|item| result(counter, item, false)).sum::<u64>()
        }
        Value::Object(map) => {
            let each = map.iter();
            2 + each.map(|(key, v)| 3 + counter.text(key) + result(counter, v, false)).sum::<u64>()
        }
    }
}

/// A number times another, rounded.
pub(crate) fn times(number: u64, by: f64) -> u64 {
    // A float that does not fit becomes the nearest number that does.
    (number as f64 * by).round() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRICE: Price = Price {
        input: 1_000_000,
        output: 10_000_000,
        cached: 100_000,
        cache_write: 0,
        output_max: 0,
        context: 0,
    };

    #[test]
    fn a_model_with_nothing_to_look_at_answers_once() {
        let talk = Talk { opening: 1_000, look: None, turns_max: None, result: 50 };
        let spend = conversation(talk, Some(&PRICE), 1.0);
        assert_eq!((spend.usage.input_tokens, spend.usage.output_tokens), (1_000, 300));
        assert_eq!(spend.usage.cost_micro_usd, 1_000 + 3_000);
        assert_eq!(spend.ms, 1_500 + 300 * 15);
        let more = conversation(talk, Some(&PRICE), 2.0);
        assert_eq!((more.usage.input_tokens, more.usage.output_tokens), (1_000, 600));
    }

    #[test]
    fn what_was_said_is_sent_again() {
        let talk = Talk { opening: 1_000, look: Some(1_200), turns_max: None, result: 50 };
        let spend = conversation(talk, Some(&PRICE), 1.0);
        let input = 5 * 1_000 + 1_350 * (1 + 2 + 3 + 4);
        assert_eq!((spend.usage.input_tokens, spend.usage.output_tokens), (input, 4 * 150 + 300));
        let fresh = 1_000 + 4 * 1_350;
        assert_eq!(spend.usage.cached_tokens, input - fresh);
        assert_eq!(spend.usage.cost_micro_usd, fresh + (input - fresh) / 10 + 9_000);
        let limited = conversation(Talk { turns_max: Some(1), ..talk }, Some(&PRICE), 1.0);
        assert_eq!(limited.usage.input_tokens, 1_000);
    }

    #[test]
    fn what_earlier_agents_consumed_is_known_by_phase_and_else_by_backend() {
        let rate = |agents, output_tokens| Rate {
            agents,
            output_tokens,
            ms: 10 * agents,
            ..Rate::default()
        };
        let past = |phase: &str, rate| Past {
            same_program: true,
            same_input: true,
            outturn: Default::default(),
            rates: BTreeMap::from([((Some(phase.to_owned()), "m".to_owned()), rate)]),
        };
        let rates =
            Rates::of(&[past("a", rate(2, 20)), past("a", rate(2, 60)), past("b", rate(4, 0))]);
        let known = |phase: &str, weight| {
            rates.known(&Some(phase.to_owned()), "m", weight).unwrap_or_default()
        };
        assert_eq!(known("a", 1.0).usage.output_tokens, 20);
        assert_eq!(known("a", 2.0).usage.output_tokens, 40);
        assert_eq!((known("c", 1.0).usage.output_tokens, known("c", 1.0).ms), (10, 10));
        assert_eq!(rates.known(&None, "other", 1.0), None);
    }

    #[test]
    fn a_look_brings_as_much_as_files_hold() {
        assert_eq!(look(None), RESULT_TOKENS);
        assert_eq!((look(Some(0)), look(Some(2_000))), (100, 1_100));
    }

    #[test]
    fn who_failed_before_may_fail_again() {
        let rate = |agents, failed| Rate { agents, failed, ..Rate::default() };
        let all = BTreeMap::from([
            ((Some("a".to_owned()), "m".to_owned()), rate(1, 1)),
            ((Some("b".to_owned()), "m".to_owned()), rate(18, 1)),
        ]);
        let past =
            Past { same_program: true, same_input: true, outturn: Default::default(), rates: all };
        let rates = Rates::of(&[past]);
        let cases = [(Some("a"), "m", 0.5), (None, "m", 0.1), (Some("a"), "other", 0.0)];
        for (phase, backend, expected) in cases {
            let risk = rates.risk(&phase.map(str::to_owned), backend);
            assert!((risk - expected).abs() < 1e-9, "{phase:?} {backend}: {risk}");
        }
    }

    #[test]
    fn results_are_as_long_as_what_they_hold() {
        let tokens = |value: Value| result(Counter::Estimate, &value, false);
        let one = serde_json::json!({ "title": "some words", "line": 3 });
        let few = tokens(serde_json::json!([one]));
        let many = tokens(serde_json::json!([one, one, one]));
        assert!(few > STRING_TOKENS && many > 2 * few, "{few} {many}");
        assert_eq!(result(Counter::Estimate, &Value::Null, true), TEXT_TOKENS);
    }
}
