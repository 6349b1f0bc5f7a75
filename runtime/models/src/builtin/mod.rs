//! What is known without settings: the usual providers, their models' prices, and names of tiers.

mod prices;

use std::collections::BTreeMap;

use baton_core::model::{Api, Price, ProviderDefinition};
use baton_core::tool::SecretSource;

pub use prices::DATE as PRICES_DATE;

/// The usual providers by name: `anthropic`, `openai` (responses), `openai-chat`, `gemini`,
/// `ollama`. The environment is asked, as the programs of these providers do, for other addresses
/// (`ANTHROPIC_BASE_URL`, `OPENAI_BASE_URL`, `GOOGLE_GEMINI_BASE_URL`, `OLLAMA_HOST`) and for which
/// of its variables holds the key of Gemini (`GEMINI_API_KEY`, `GOOGLE_API_KEY`). Keys themselves
/// are not read.
#[must_use]
pub fn providers(env: &dyn Fn(&str) -> Option<String>) -> BTreeMap<String, ProviderDefinition> {
    let set = |name: &str| env(name).filter(|value| !value.trim().is_empty());
    let base = |variable: &str, usual: &str, version: &str| {
        set(variable).map_or_else(|| usual.to_owned(), |base| versioned(&base, version))
    };
    let openai = base("OPENAI_BASE_URL", "https://api.openai.com/v1/", "");
    let gemini_key = if set("GEMINI_API_KEY").is_none() && set("GOOGLE_API_KEY").is_some() {
        "GOOGLE_API_KEY"
    } else {
        "GEMINI_API_KEY"
    };
    let anthropic = base("ANTHROPIC_BASE_URL", "https://api.anthropic.com/v1/", "v1/");
    let gemini = base(
        "GOOGLE_GEMINI_BASE_URL",
        "https://generativelanguage.googleapis.com/v1beta/",
        "v1beta/",
    );
    let ollama = set("OLLAMA_HOST")
        .map_or_else(|| "http://127.0.0.1:11434/".to_owned(), |host| ollama(&host));
    [
        ("anthropic", Api::Anthropic, anthropic, Some("ANTHROPIC_API_KEY")),
        ("gemini", Api::Gemini, gemini, Some(gemini_key)),
        ("ollama", Api::Ollama, ollama, None),
        ("openai", Api::OpenaiResponses, openai.clone(), Some("OPENAI_API_KEY")),
        ("openai-chat", Api::OpenaiChat, openai, Some("OPENAI_API_KEY")),
    ]
    .into_iter()
    .map(|(name, api, base_url, key)| {
        let definition = ProviderDefinition {
            api,
            base_url,
            key: key.map(|variable| SecretSource::Env(variable.to_owned())),
            requests_per_minute: None,
            tokens_per_minute: None,
            concurrency: None,
            recorded: None,
        };
        (name.to_owned(), definition)
    })
    .collect()
}

/// Prices of models by backend name, as their providers published them on [`PRICES_DATE`], for
/// requests of the usual size without discounts. `ollama:*` costs nothing.
#[must_use]
pub fn prices() -> BTreeMap<String, Price> {
    prices::table()
}

/// Backends of the tiers `small`, `medium` and `large`, by provider and then by tier. Providers that
/// are not listed have no tiers of their own: which models Ollama has differs from place to place.
#[must_use]
pub fn tiers() -> BTreeMap<String, BTreeMap<String, String>> {
    prices::tiers()
}

/// An address with a slash at its end, and with the version of the API if it has none.
fn versioned(base: &str, version: &str) -> String {
    let base = base.trim().trim_end_matches('/');
    let named =
        version.is_empty() || base.ends_with(&format!("/{}", version.trim_end_matches('/')));
    if named { format!("{base}/") } else { format!("{base}/{version}") }
}

/// The address of an Ollama host, which may lack scheme and port. A server that listens on every
/// interface is reached on the loopback one.
fn ollama(host: &str) -> String {
    let host = host.trim().trim_end_matches('/');
    let (scheme, rest) = host.split_once("://").unwrap_or(("http", host));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let port_at = authority.rfind(':').filter(|at| !authority[*at..].contains(']'));
    let (name, port) = match port_at {
        Some(at) => (&authority[..at], &authority[at + 1..]),
        None => (authority, ""),
    };
    let name = match name {
        "" | "0.0.0.0" => "127.0.0.1",
        "[::]" => "[::1]",
        name => name,
    };
    let port = match (port, scheme, host.contains("://")) {
        ("", "https", _) => "443",
        ("", "http", true) => "80",
        ("", ..) => "11434",
        (port, ..) => port,
    };
    let path = if path.is_empty() { String::new() } else { format!("{path}/") };
    format!("{scheme}://{name}:{port}/{path}")
}

#[cfg(test)]
mod tests;
