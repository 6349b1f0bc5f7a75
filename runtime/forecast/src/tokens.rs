//! How many tokens a prompt is.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, PoisonError};

use baton_core::model::{Api, Models};
use baton_models::{Message, ModelRequest};
use bpe_openai::Tokenizer;

/// Tokens around a message and a tool that no text shows.
const AROUND: u64 = 8;

/// What the estimate of [`baton_models::tokens`] is above a usual count, in tenths: it is on the high
/// side on purpose, and a forecast wants the middle.
const ABOVE_TENTHS: u64 = 13;

/// What counts the tokens of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Counter {
    /// The tokenizer of newer models of `OpenAI`.
    O200k,
    /// That of older ones.
    Cl100k,
    /// None that fits is at hand: by the length of texts and the scripts they are written in.
    Estimate,
}

impl Counter {
    /// What counts for a backend that is a model.
    #[must_use]
    pub fn of(models: &Models, backend: &str) -> Self {
        let Some((provider, model)) = models.split(backend) else { return Self::Estimate };
        let Some(definition) = models.providers.get(provider) else { return Self::Estimate };
        let speaks = matches!(definition.api, Api::OpenaiChat | Api::OpenaiResponses);
        // Many servers speak the same protocol, with models of anybody.
        let name = model.rsplit('/').next().unwrap_or(model);
        let is = |prefixes: &[&str]| prefixes.iter().any(|prefix| name.starts_with(prefix));
        if !speaks {
            Self::Estimate
        } else if is(&[
            "gpt-4o", "gpt-4.1", "gpt-4.5", "gpt-5", "chatgpt", "o1", "o3", "o4", "gpt-oss",
        ]) {
            Self::O200k
        } else if is(&["gpt-4", "gpt-3.5"]) {
            Self::Cl100k
        } else if is(&["gpt-"]) {
            Self::O200k
        } else {
            Self::Estimate
        }
    }

    /// Its name, for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::O200k => "o200k_base",
            Self::Cl100k => "cl100k_base",
            Self::Estimate => "estimate",
        }
    }

    fn tokenizer(self) -> Option<&'static Tokenizer> {
        match self {
            Self::O200k => Some(bpe_openai::o200k_base()),
            Self::Cl100k => Some(bpe_openai::cl100k_base()),
            Self::Estimate => None,
        }
    }

    /// Tokens of a text.
    #[must_use]
    pub fn text(self, text: &str) -> u64 {
        match self.tokenizer() {
            Some(tokenizer) => tokenizer.count(text) as u64,
            None => (baton_models::tokens::of_text(text) * 10).div_ceil(ABOVE_TENTHS),
        }
    }

    /// Tokens of the first request of a conversation: system prompt, tools, and what the user says.
    pub(crate) fn request(self, request: &ModelRequest, memo: &Memo) -> u64 {
        if self == Self::Estimate {
            return (baton_models::tokens::estimate(request) * 10).div_ceil(ABOVE_TENTHS);
        }
        let tools = request.tools.iter().map(|tool| {
            let texts = [tool.name.as_str(), &tool.description, tool.input.as_str()];
            AROUND + texts.into_iter().map(|text| memo.text(self, text)).sum::<u64>()
        });
        let said = request.messages.iter().map(|message| match message {
            Message::User(text) => AROUND + self.text(text),
            Message::Assistant(_) | Message::Tools(_) => 0,
        });
        AROUND + memo.text(self, &request.system) + tools.sum::<u64>() + said.sum::<u64>()
    }
}

/// Counts of texts that many prompts share, such as the instructions of a project.
#[derive(Debug, Default)]
pub(crate) struct Memo(Mutex<HashMap<(Counter, u64), u64>>);

/// Bytes from which a text is worth remembering.
const REMEMBERED: usize = 256;

impl Memo {
    fn text(&self, counter: Counter, text: &str) -> u64 {
        if text.len() < REMEMBERED {
            return counter.text(text);
        }
        let mut hasher = DefaultHasher::new();
        text.hash(&mut hasher);
        let key = (counter, hasher.finish());
        let known =
            |memo: &Self| memo.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).copied();
        if let Some(count) = known(self) {
            return count;
        }
        let count = counter.text(text);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(key, count);
        count
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use baton_core::model::ProviderDefinition;

    use super::*;

    fn models() -> Models {
        let provider = |api| ProviderDefinition {
            api,
            base_url: "https://example.org/".into(),
            key: None,
            requests_per_minute: None,
            tokens_per_minute: None,
            concurrency: None,
            recorded: None,
        };
        let providers = [
            ("openai", Api::OpenaiResponses),
            ("far", Api::OpenaiChat),
            ("anthropic", Api::Anthropic),
        ];
        let providers = providers.map(|(name, api)| (name.to_owned(), provider(api)));
        Models { providers: BTreeMap::from(providers), ..Models::default() }
    }

    #[test]
    fn a_tokenizer_is_used_where_one_fits() {
        let cases = [
            ("openai:gpt-5-mini", Counter::O200k),
            ("openai:gpt-4o", Counter::O200k),
            ("openai:o3", Counter::O200k),
            ("openai:gpt-4-turbo", Counter::Cl100k),
            ("far:openai/gpt-oss-120b", Counter::O200k),
            ("far:llama-4", Counter::Estimate),
            ("anthropic:claude-haiku-4-5", Counter::Estimate),
            ("component:x", Counter::Estimate),
        ];
        for (backend, expected) in cases {
            assert_eq!(Counter::of(&models(), backend), expected, "{backend}");
        }
    }

    #[test]
    fn texts_are_counted_as_the_provider_counts_them() {
        // As its public tokenizers count.
        let cases = [
            (Counter::O200k, "hello world", 2),
            (Counter::Cl100k, "hello world", 2),
            (Counter::O200k, "", 0),
            (Counter::O200k, "The quick brown fox jumps over the lazy dog.", 10),
        ];
        for (counter, text, tokens) in cases {
            assert_eq!(counter.text(text), tokens, "{counter:?} {text}");
        }
        let text = "The quick brown fox jumps over the lazy dog. ".repeat(20);
        let (estimate, exact) = (Counter::Estimate.text(&text), Counter::O200k.text(&text));
        assert!((exact..exact * 2).contains(&estimate), "{estimate} against {exact}");
    }

    #[test]
    fn everything_that_is_sent_counts() {
        let text = "word ".repeat(300);
        for counter in [Counter::O200k, Counter::Estimate] {
            let empty = counter.request(&ModelRequest::default(), &Memo::default());
            let requests = [
                ModelRequest { system: text.clone(), ..ModelRequest::default() },
                ModelRequest {
                    messages: vec![Message::User(text.clone())],
                    ..ModelRequest::default()
                },
                ModelRequest {
                    tools: vec![baton_models::ToolOffer {
                        name: "t".into(),
                        description: text.clone(),
                        input: serde_json::json!({}).into(),
                    }],
                    ..ModelRequest::default()
                },
            ];
            for request in requests {
                let memo = Memo::default();
                let count = counter.request(&request, &memo);
                assert!(count >= empty + 290, "{counter:?}");
                assert_eq!(counter.request(&request, &memo), count, "counted once");
            }
        }
    }
}
