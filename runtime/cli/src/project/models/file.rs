//! The sections of a file of settings about models, as they are written.

use std::collections::BTreeMap;

use baton_core::backend::program_of;
use baton_core::budget::Caps;
use baton_core::model::Api;
use baton_core::spec::micro_usd;
use baton_core::tool::SecretSource;
use serde::Deserialize;
use toml::Spanned;

use super::caps::RawCaps;
use super::endpoint;
use crate::project::policy::Place;
use crate::project::policy::file::{Origin, Wrong};
use crate::value;

/// A string and where it stands.
type Word = Spanned<String>;

/// Everything a file says of models, caps and agents.
#[derive(Debug, Default)]
pub struct Sections {
    /// `[agents]`
    pub agents: RawAgents,
    /// `[tiers]`
    pub tiers: BTreeMap<String, Word>,
    /// `[providers.NAME]`
    pub providers: BTreeMap<String, Spanned<RawProvider>>,
    /// `[prices."PROVIDER:MODEL"]`
    pub prices: BTreeMap<String, Spanned<RawPrice>>,
    /// `[caps]`
    pub caps: RawCaps,
    /// `[quota]`
    pub quota: RawQuota,
}

/// Who performs agent tasks.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawAgents {
    default: Option<Word>,
    types: BTreeMap<String, Word>,
    instructions: Option<bool>,
    skills: Option<bool>,
}

/// A server of models.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawProvider {
    api: Option<Api>,
    base_url: Option<Word>,
    key: Option<RawKey>,
    requests_per_minute: Option<u32>,
    tokens_per_minute: Option<u64>,
    concurrency: Option<u32>,
}

/// Where a key comes from.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct RawKey {
    env: Option<String>,
    file: Option<String>,
    command: Option<Vec<String>>,
}

/// US dollars per million tokens, and sizes of a model.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RawPrice {
    input: f64,
    output: f64,
    cached: Option<f64>,
    cache_write: Option<f64>,
    context: Option<u64>,
    output_max: Option<u64>,
}

/// What happens when a provider serves nobody for a time.
#[derive(Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct RawQuota {
    #[serde(rename = "continue")]
    continues: Option<bool>,
}

/// What one file says of models, with places.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Who performs tasks for which nobody else names anything.
    pub default: Option<(String, Place)>,
    /// Who performs those of a type.
    pub types: BTreeMap<String, (String, Place)>,
    /// Whether models are given the instructions of the project.
    pub instructions: Option<bool>,
    /// Whether they are offered skills.
    pub skills: Option<bool>,
    /// Tiers.
    pub tiers: BTreeMap<String, (String, Place)>,
    /// Providers.
    pub providers: BTreeMap<String, (Provider, Place)>,
    /// Prices.
    pub prices: BTreeMap<String, (PriceRow, Place)>,
    /// Caps.
    pub caps: Caps,
    /// Whether runs go on by themselves.
    pub continues: Option<bool>,
}

/// What is said of a provider.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Provider {
    /// What it speaks.
    pub api: Option<Api>,
    /// Where its API begins.
    pub base_url: Option<String>,
    /// Where its key comes from.
    pub key: Option<SecretSource>,
    /// Requests a minute.
    pub requests_per_minute: Option<u32>,
    /// Tokens a minute.
    pub tokens_per_minute: Option<u64>,
    /// Requests at once.
    pub concurrency: Option<u32>,
}

/// A price, millionths of a dollar per million tokens. What is not said is none.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PriceRow {
    /// Tokens sent.
    pub input: u64,
    /// Tokens received.
    pub output: u64,
    /// Tokens from the cache.
    pub cached: Option<u64>,
    /// Tokens into the cache.
    pub cache_write: Option<u64>,
    /// Tokens that it takes in and returns together.
    pub context: Option<u64>,
    /// Tokens of one answer.
    pub output_max: Option<u64>,
}

/// Words that are no names of providers or tiers, because they mean something else.
const TAKEN: [&str; 8] =
    ["component", "command", "acp", "recorded", "claude", "codex", "gemini-cli", "inherit"];

impl Sections {
    /// The sections with everything read that stands in them.
    ///
    /// # Errors
    /// Says what cannot be understood, and where.
    pub fn read(self, origin: &Origin<'_>) -> Result<Set, Wrong> {
        let mut set = Set {
            default: self.agents.default.map(|word| backend(word, origin)).transpose()?,
            instructions: self.agents.instructions,
            skills: self.agents.skills,
            continues: self.quota.continues,
            ..Set::default()
        };
        for (name, word) in self.agents.types {
            set.types.insert(name, backend(word, origin)?);
        }
        for (name, word) in self.tiers {
            let at = word.span().start;
            check_name("tier", &name, at)?;
            let (text, place) = backend(word, origin)?;
            if !text.contains(':') || value::KINDS.iter().any(|kind| text.starts_with(kind)) {
                let message = format!("the tier `{name}` is PROVIDER:MODEL, not `{text}`");
                return Err(Wrong { at, message });
            }
            set.tiers.insert(name, (text, place));
        }
        for (name, raw) in self.providers {
            let at = raw.span().start;
            check_name("provider", &name, at)?;
            set.providers.insert(name, (provider(raw.into_inner(), at, origin)?, origin.place(at)));
        }
        for (name, raw) in self.prices {
            let at = raw.span().start;
            let row = price(&raw.into_inner()).map_err(|message| Wrong { at, message })?;
            if !name.split_once(':').is_some_and(|(a, b)| !a.is_empty() && !b.is_empty()) {
                let message = format!("a price is one of PROVIDER:MODEL, not of `{name}`");
                return Err(Wrong { at, message });
            }
            set.prices.insert(name, (row, origin.place(at)));
        }
        set.caps = self.caps.read()?;
        Ok(set)
    }
}

/// A backend, whose program, if it is one, is named from the root.
fn backend(word: Word, origin: &Origin<'_>) -> Result<(String, Place), Wrong> {
    let at = word.span().start;
    let wrong = |message: String| Wrong { at, message };
    let text = word.into_inner();
    let parsed = value::agent(&text).map_err(wrong)?;
    if parsed.agent_type.is_some() {
        return Err(wrong(format!("`{text}` names an agent type: that is the key under `types`")));
    }
    if text.starts_with("recorded:") {
        return Err(wrong("what was recorded is chosen with --agent recorded:DIR".into()));
    }
    let text = match program_of(&text) {
        Some((kind, argv)) => {
            format!("{kind}{}", value::anchored(argv, origin.folder).map_err(wrong)?)
        }
        None => text,
    };
    Ok((text, origin.place(at)))
}

fn provider(raw: RawProvider, at: usize, origin: &Origin<'_>) -> Result<Provider, Wrong> {
    let wrong = |message: &str| Wrong { at, message: message.into() };
    let key = match raw.key {
        None => None,
        Some(RawKey { env: Some(name), file: None, command: None }) => {
            Some(SecretSource::Env(name))
        }
        Some(RawKey { env: None, file: Some(path), command: None }) => {
            let path = origin.path(&path);
            let path = path.to_str().ok_or_else(|| wrong("the path is not UTF-8"))?;
            Some(SecretSource::File(path.to_owned()))
        }
        Some(RawKey { env: None, file: None, command: Some(argv) }) => {
            Some(SecretSource::Command(origin.argv(argv, at)?))
        }
        Some(_) => return Err(wrong("a `key` has exactly one of `env`, `file` and `command`")),
    };
    let base_url = raw.base_url.map(|word| {
        let at = word.span().start;
        endpoint::parse(word.get_ref()).map_err(|message| Wrong { at, message })
    });
    let none = [
        raw.requests_per_minute.map(u64::from),
        raw.tokens_per_minute,
        raw.concurrency.map(u64::from),
    ];
    if none.contains(&Some(0)) {
        return Err(wrong("a limit of 0 would let nothing through; leave it out for none"));
    }
    Ok(Provider {
        api: raw.api,
        base_url: base_url.transpose()?,
        key,
        requests_per_minute: raw.requests_per_minute,
        tokens_per_minute: raw.tokens_per_minute,
        concurrency: raw.concurrency,
    })
}

fn price(raw: &RawPrice) -> Result<PriceRow, String> {
    let dollars = |name: &str, usd: f64| {
        let fits = usd.is_finite() && (0.0..=1e9).contains(&usd);
        fits.then(|| micro_usd(usd)).ok_or_else(|| format!("`{name}` is no price in US dollars"))
    };
    let maybe = |name: &str, usd: Option<f64>| usd.map(|usd| dollars(name, usd)).transpose();
    Ok(PriceRow {
        input: dollars("input", raw.input)?,
        output: dollars("output", raw.output)?,
        cached: maybe("cached", raw.cached)?,
        cache_write: maybe("cache_write", raw.cache_write)?,
        context: raw.context,
        output_max: raw.output_max,
    })
}

/// Names of providers and tiers become parts of other names.
fn check_name(what: &str, name: &str, at: usize) -> Result<(), Wrong> {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    if name.is_empty() || name.len() > 64 || !name.bytes().all(fits) {
        let message = format!(
            "the name of a {what}, `{name}`, is not letters, digits, `-` and `_`, at most 64"
        );
        return Err(Wrong { at, message });
    }
    if TAKEN.contains(&name) {
        let message = format!("a {what} cannot be called `{name}`: that means something else");
        return Err(Wrong { at, message });
    }
    Ok(())
}
