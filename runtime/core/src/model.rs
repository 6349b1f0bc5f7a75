//! Models: who serves them, what they cost, and by which names they are chosen. Pinned in the first
//! record of a run, so that a run goes on with the models and prices it began with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::handoff::Usage;
use crate::tool::SecretSource;

/// The protocol that a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Api {
    /// Messages of Anthropic.
    Anthropic,
    /// Chat completions of `OpenAI`, and of the many that speak the same.
    OpenaiChat,
    /// Responses of `OpenAI`.
    OpenaiResponses,
    /// `generateContent` of Gemini.
    Gemini,
    /// The chat of Ollama.
    Ollama,
}

impl Api {
    /// Every protocol.
    pub const ALL: [Self; 5] =
        [Self::Anthropic, Self::OpenaiChat, Self::OpenaiResponses, Self::Gemini, Self::Ollama];

    /// The protocol as it is written in settings.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Anthropic => "anthropic",
            Self::OpenaiChat => "openai-chat",
            Self::OpenaiResponses => "openai-responses",
            Self::Gemini => "gemini",
            Self::Ollama => "ollama",
        }
    }
}

/// A server of models.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderDefinition {
    /// What it speaks.
    pub api: Api,
    /// Where its API begins, with a slash at the end, such as `https://api.anthropic.com/v1/`.
    pub base_url: String,
    /// Where its key comes from; none: it needs none.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub key: Option<SecretSource>,
    /// Requests a minute; none: without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub requests_per_minute: Option<u32>,
    /// Input and output tokens a minute; none: without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tokens_per_minute: Option<u64>,
    /// Requests at once; none: without a limit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Directory of recorded exchanges that answer in its place; nothing is sent anywhere then.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub recorded: Option<String>,
}

/// What a model costs, in millionths of a US dollar per million tokens: 3,000,000 is $3.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Price {
    /// Tokens sent.
    pub input: u64,
    /// Tokens received.
    pub output: u64,
    /// Tokens sent that the provider served from its cache.
    pub cached: u64,
    /// Tokens sent that the provider wrote into its cache.
    pub cache_write: u64,
    /// The most tokens the model returns in one answer; 0: not known.
    pub output_max: u64,
    /// The most tokens it takes in and returns together; 0: not known.
    pub context: u64,
}

/// What one answer of a model consumed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct TokenUsage {
    /// Tokens sent, cached ones included.
    pub input: u64,
    /// Tokens received.
    pub output: u64,
    /// Tokens sent that were served from the provider's cache; part of `input`.
    pub cached: u64,
    /// Tokens sent that were written into the provider's cache; part of `input`.
    pub cache_written: u64,
}

impl Price {
    /// What tokens cost, in millionths of a US dollar, rounded up: nothing is free by rounding.
    #[must_use]
    pub fn of(&self, tokens: &TokenUsage) -> u64 {
        let plain = tokens.input.saturating_sub(tokens.cached).saturating_sub(tokens.cache_written);
        let sum: u128 = [
            (plain, self.input),
            (tokens.cached, self.cached),
            (tokens.cache_written, self.cache_write),
            (tokens.output, self.output),
        ]
        .into_iter()
        .map(|(tokens, price)| u128::from(tokens) * u128::from(price))
        .sum();
        u64::try_from(sum.div_ceil(1_000_000)).unwrap_or(u64::MAX)
    }

    /// The usage of an answer, priced.
    #[must_use]
    pub fn usage(&self, tokens: &TokenUsage) -> Usage {
        Usage {
            input_tokens: tokens.input,
            output_tokens: tokens.output,
            cached_tokens: tokens.cached,
            cost_micro_usd: self.of(tokens),
            ..Usage::default()
        }
    }
}

/// Names of models in scripts, and the tiers that they mean with other providers.
const ALIASES: [(&str, &str); 4] =
    [("haiku", "small"), ("sonnet", "medium"), ("opus", "large"), ("fable", "large")];

/// The tier that a name of a model in scripts means; none: it means a model.
#[must_use]
pub fn tier_of_alias(name: &str) -> Option<&'static str> {
    ALIASES.iter().find(|(alias, _)| *alias == name).map(|(_, tier)| *tier)
}

/// The price of a backend's model: its own, or that of every model of its provider.
#[must_use]
pub fn price_in<'a>(prices: &'a BTreeMap<String, Price>, backend: &str) -> Option<&'a Price> {
    prices.get(backend).or_else(|| {
        let (provider, _) = backend.split_once(':')?;
        prices.get(&format!("{provider}:*"))
    })
}

/// The models of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Models {
    /// Those who serve them, by the name before the colon of a backend.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub providers: BTreeMap<String, ProviderDefinition>,
    /// Backends by the names of tiers, such as `small` → `anthropic:claude-haiku-4-5`.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub tiers: BTreeMap<String, String>,
    /// Prices of the models the run may use, by backend name such as `anthropic:claude-haiku-4-5`;
    /// `ollama:*` is every model of a provider.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub prices: BTreeMap<String, Price>,
}

impl Models {
    /// Whether there is nothing to write down.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// The price of a backend's model, if it is known.
    #[must_use]
    pub fn price(&self, backend: &str) -> Option<&Price> {
        price_in(&self.prices, backend)
    }

    /// Provider and model of a backend that is a model.
    #[must_use]
    pub fn split<'a>(&self, backend: &'a str) -> Option<(&'a str, &'a str)> {
        backend.split_once(':').filter(|(provider, _)| self.providers.contains_key(*provider))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cached_tokens_are_part_of_the_input_and_have_their_own_price() {
        let price = Price {
            input: 3_000_000,
            output: 15_000_000,
            cached: 300_000,
            cache_write: 3_750_000,
            ..Price::default()
        };
        let tokens = TokenUsage { input: 1_000, output: 10, cached: 800, cache_written: 100 };
        // 100 plain, 800 from the cache, 100 into it, 10 out.
        assert_eq!(price.of(&tokens), 300 + 240 + 375 + 150);
        assert_eq!(price.of(&TokenUsage { input: 1, ..TokenUsage::default() }), 3);
        let dear = Price { output: u64::MAX, ..Price::default() };
        assert_eq!(dear.of(&TokenUsage { output: u64::MAX, ..TokenUsage::default() }), u64::MAX);
    }

    #[test]
    fn part_of_a_millionth_is_a_millionth() {
        let price = Price { input: 1, ..Price::default() };
        assert_eq!(price.of(&TokenUsage { input: 1, ..TokenUsage::default() }), 1);
        assert_eq!(price.of(&TokenUsage::default()), 0);
    }

    #[test]
    fn a_price_for_every_model_of_a_provider() {
        let free = Price { context: 1, ..Price::default() };
        let prices = BTreeMap::from([
            ("ollama:*".to_owned(), free),
            ("ollama:big".to_owned(), Price { input: 2, ..free }),
        ]);
        let models = Models { prices, ..Models::default() };
        assert_eq!(models.price("ollama:small"), Some(&free));
        assert_eq!(models.price("ollama:big").map(|price| price.input), Some(2));
        assert_eq!(models.price("openai:small"), None);
    }
}
