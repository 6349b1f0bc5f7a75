#![allow(clippy::unwrap_used, reason = "tests")]

use baton_core::model::{Models, TokenUsage};

use super::*;

fn base(variable: &str, value: &str, provider: &str) -> String {
    let (variable, value) = (variable.to_owned(), value.to_owned());
    providers(&move |name| (name == variable).then(|| value.clone()))[provider].base_url.clone()
}

#[test]
fn addresses_from_the_environment() {
    let cases = [
        ("", "", "anthropic", "https://api.anthropic.com/v1/"),
        ("", "", "openai", "https://api.openai.com/v1/"),
        ("", "", "gemini", "https://generativelanguage.googleapis.com/v1beta/"),
        ("", "", "ollama", "http://127.0.0.1:11434/"),
        ("ANTHROPIC_BASE_URL", "http://x:1", "anthropic", "http://x:1/v1/"),
        ("ANTHROPIC_BASE_URL", "http://x:1/v1/", "anthropic", "http://x:1/v1/"),
        ("ANTHROPIC_BASE_URL", " ", "anthropic", "https://api.anthropic.com/v1/"),
        ("OPENAI_BASE_URL", "http://x:1/v1", "openai", "http://x:1/v1/"),
        ("OPENAI_BASE_URL", "http://x:1/v1", "openai-chat", "http://x:1/v1/"),
        ("GOOGLE_GEMINI_BASE_URL", "http://x:1/", "gemini", "http://x:1/v1beta/"),
        ("OLLAMA_HOST", "box", "ollama", "http://box:11434/"),
        ("OLLAMA_HOST", "0.0.0.0:80", "ollama", "http://127.0.0.1:80/"),
        ("OLLAMA_HOST", ":5", "ollama", "http://127.0.0.1:5/"),
        ("OLLAMA_HOST", "[::]", "ollama", "http://[::1]:11434/"),
        ("OLLAMA_HOST", "[::1]:7", "ollama", "http://[::1]:7/"),
        ("OLLAMA_HOST", "https://box/sub/", "ollama", "https://box:443/sub/"),
        ("OLLAMA_HOST", "http://box", "ollama", "http://box:80/"),
    ];
    for (variable, value, provider, expected) in cases {
        assert_eq!(base(variable, value, provider), expected, "{variable}={value}");
    }
}

#[test]
fn the_key_of_gemini_has_two_names() {
    let key = |set: &'static [&'static str]| {
        providers(&move |name| set.contains(&name).then(|| "key".to_owned()))["gemini"].key.clone()
    };
    let env = |name: &str| Some(SecretSource::Env(name.to_owned()));
    assert_eq!(key(&[]), env("GEMINI_API_KEY"));
    assert_eq!(key(&["GOOGLE_API_KEY"]), env("GOOGLE_API_KEY"));
    assert_eq!(key(&["GOOGLE_API_KEY", "GEMINI_API_KEY"]), env("GEMINI_API_KEY"));
}

#[test]
fn every_tier_has_a_provider_and_a_price_and_rises() {
    let models =
        Models { providers: providers(&|_| None), tiers: BTreeMap::new(), prices: prices() };
    let tokens = TokenUsage { input: 1_000, output: 1_000, ..TokenUsage::default() };
    for (provider, tiers) in tiers() {
        let costs: Vec<_> = ["small", "medium", "large"]
            .iter()
            .map(|tier| {
                let backend = &tiers[*tier];
                assert_eq!(models.split(backend).unwrap().0, provider);
                models.price(backend).unwrap().of(&tokens)
            })
            .collect();
        assert!(costs[0] < costs[1] && costs[1] < costs[2], "{provider}: {costs:?}");
    }
}

#[test]
fn rows_are_plausible() {
    for (backend, price) in prices() {
        if backend == "ollama:*" {
            assert_eq!(price, Price::default());
            continue;
        }
        assert!(price.cached < price.input && price.input <= price.cache_write, "{backend}");
        assert!(price.input < price.output, "{backend}");
        assert!(0 < price.output_max && price.output_max <= 128_000, "{backend}");
        assert!(price.context >= 100_000, "{backend}");
    }
    assert_eq!(prices()["anthropic:claude-opus-5-5"].output, 20_000_000);
    assert_eq!(prices()["openai:gpt-6-luna"].cached, 10_000);
}
