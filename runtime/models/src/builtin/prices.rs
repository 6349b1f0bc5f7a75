//! The table of prices.
//!
//! What the providers say on platform.claude.com/docs (models, pricing),
//! developers.openai.com/api/docs/pricing and ai.google.dev/gemini-api/docs/pricing, as excerpts and
//! copies of those pages gave it: not compared with the pages themselves row by row, so what matters
//! belongs into `[prices]` of the settings. A price that is announced to rise is given as it will be.
//! Writing into the cache of the `gpt-6.2` models is derived (1.25 times what is sent). Where long requests cost more, `context` ends where the
//! higher price begins, so that what a row says is never less than what is charged.

use std::collections::BTreeMap;

use baton_core::model::Price;

/// The day of which the table is.
pub const DATE: &str = "2026-11-21";

/// Names of providers that share rows, and the rows: model; thousandths of a dollar per million
/// tokens sent, received, read from a cache, written into one; the most tokens of an answer, and of
/// a request with its answer.
type Rows = (&'static [&'static str], &'static [(&'static str, [u64; 4], u64, u64)]);

const ANTHROPIC: Rows = (
    &["anthropic"],
    &[
        ("claude-fable-5-2", [8_000, 40_000, 200, 10_000], 128_000, 1_000_000),
        ("claude-fable-5-1", [10_000, 50_000, 250, 12_500], 128_000, 1_000_000),
        ("claude-opus-5-5", [4_000, 20_000, 200, 5_000], 128_000, 1_000_000),
        ("claude-opus-5", [5_000, 25_000, 500, 6_250], 128_000, 1_000_000),
        ("claude-opus-4-8", [5_000, 25_000, 500, 6_250], 128_000, 1_000_000),
        ("claude-opus-4-6", [5_000, 25_000, 500, 6_250], 128_000, 1_000_000),
        ("claude-sonnet-5-5", [2_000, 10_000, 200, 2_500], 128_000, 1_000_000),
        ("claude-sonnet-5", [2_000, 10_000, 200, 2_500], 128_000, 1_000_000),
        ("claude-sonnet-4-6", [3_000, 15_000, 300, 3_750], 64_000, 1_000_000),
        ("claude-sonnet-4-5", [3_000, 15_000, 300, 3_750], 64_000, 200_000),
        // Five times as much above 100,000 tokens; an answer must leave room for its request there.
        ("claude-haiku-5-5", [100, 500, 10, 125], 64_000, 100_000),
        ("claude-haiku-4-5", [1_000, 5_000, 100, 1_250], 64_000, 200_000),
    ],
);

const OPENAI: Rows = (
    &["openai", "openai-chat"],
    &[
        // Twice as much above 272,000 tokens, as for all of the larger models.
        ("gpt-6.2-astra", [8_000, 40_000, 400, 10_000], 128_000, 272_000),
        ("gpt-6.2-sol", [2_000, 10_000, 100, 2_500], 128_000, 272_000),
        ("gpt-6.1-sol", [2_000, 10_000, 100, 2_500], 128_000, 272_000),
        ("gpt-6-astra", [10_000, 50_000, 1_000, 12_500], 128_000, 272_000),
        ("gpt-6-sol", [2_000, 10_000, 200, 2_500], 128_000, 272_000),
        ("gpt-6-luna", [100, 500, 10, 125], 128_000, 272_000),
        ("gpt-5.5", [5_000, 30_000, 500, 5_000], 128_000, 272_000),
        ("gpt-5.4", [2_500, 15_000, 250, 2_500], 128_000, 272_000),
        ("gpt-5.4-mini", [750, 4_500, 75, 750], 128_000, 400_000),
        ("gpt-5.4-nano", [200, 1_250, 20, 200], 128_000, 400_000),
        ("gpt-5-mini", [250, 2_000, 25, 250], 128_000, 400_000),
        ("gpt-4.1-mini", [400, 1_600, 100, 400], 32_768, 1_047_576),
    ],
);

const GEMINI: Rows = (
    &["gemini"],
    &[
        // Half of it until the end of 2026.
        ("gemini-3.8-flash", [1_500, 7_500, 150, 1_500], 65_536, 1_000_000),
        ("gemini-3.6-flash", [1_500, 7_500, 150, 1_500], 65_536, 1_048_576),
        ("gemini-3.5-flash", [1_500, 9_000, 150, 1_500], 65_536, 1_048_576),
        ("gemini-3.5-flash-lite", [300, 2_500, 30, 300], 65_536, 1_048_576),
        ("gemini-3.1-flash-lite", [250, 1_500, 25, 250], 65_536, 1_048_576),
        // Twice as much above 200,000 tokens.
        ("gemini-3.1-pro-preview", [2_000, 12_000, 200, 2_000], 65_536, 200_000),
        ("gemini-2.5-pro", [1_250, 10_000, 125, 1_250], 65_536, 200_000),
        ("gemini-2.5-flash", [300, 2_500, 30, 300], 65_536, 1_048_576),
        ("gemini-2.5-flash-lite", [100, 400, 10, 100], 65_536, 1_048_576),
    ],
);

const TIERS: [(&str, [&str; 3]); 4] = [
    ("anthropic", ["claude-haiku-5-5", "claude-sonnet-5-5", "claude-opus-5-5"]),
    ("gemini", ["gemini-3.5-flash-lite", "gemini-3.8-flash", "gemini-3.1-pro-preview"]),
    ("openai", ["gpt-6-luna", "gpt-6.2-sol", "gpt-6.2-astra"]),
    ("openai-chat", ["gpt-6-luna", "gpt-6.2-sol", "gpt-6.2-astra"]),
];

pub(super) fn table() -> BTreeMap<String, Price> {
    let mut table = BTreeMap::from([("ollama:*".to_owned(), Price::default())]);
    for (providers, rows) in [ANTHROPIC, OPENAI, GEMINI] {
        for provider in providers {
            for (model, [input, output, cached, cache_write], output_max, context) in rows {
                let price = Price {
                    input: input * 1_000,
                    output: output * 1_000,
                    cached: cached * 1_000,
                    cache_write: cache_write * 1_000,
                    output_max: *output_max,
                    context: *context,
                };
                table.insert(format!("{provider}:{model}"), price);
            }
        }
    }
    table
}

pub(super) fn tiers() -> BTreeMap<String, BTreeMap<String, String>> {
    TIERS
        .iter()
        .map(|(provider, models)| {
            let tiers = ["small", "medium", "large"]
                .into_iter()
                .zip(models)
                .map(|(tier, model)| (tier.to_owned(), format!("{provider}:{model}")))
                .collect();
            ((*provider).to_owned(), tiers)
        })
        .collect()
}
