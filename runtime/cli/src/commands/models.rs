//! `baton models`: who serves models, whether their keys are there, and what models cost.

mod lines;

use serde::Serialize;

use crate::args::ModelsArgs;
use crate::codes::Exit;
use crate::error::Result;
use crate::output::{columns, stdout};
use crate::project::models::{ModelSettings, keys};
use crate::project::places::Places;
use crate::shapes;

/// A provider, of `models --json`.
#[derive(Serialize)]
struct ProviderShape<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    name: &'a str,
    api: &'static str,
    base_url: &'a str,
    /// Where its key comes from; none: it needs none.
    key: Option<String>,
    ready: bool,
    /// What keeps it from being used.
    problem: Option<&'a str>,
    requests_per_minute: Option<u32>,
    tokens_per_minute: Option<u64>,
    concurrency: Option<u32>,
    /// Who defines it; none: it is built in.
    from: Option<&'a str>,
}

/// A model, of `models --json`. Prices are US dollars per million tokens.
#[derive(Serialize)]
struct ModelShape<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    name: &'a str,
    provider: &'a str,
    ready: bool,
    input: f64,
    output: f64,
    cached: f64,
    cache_write: f64,
    /// Tokens; none: not known.
    context: Option<u64>,
    output_max: Option<u64>,
}

/// A tier, of `models --json`.
#[derive(Serialize)]
struct TierShape<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    name: String,
    backend: &'a str,
    ready: bool,
}

/// Lists what is known.
///
/// # Errors
/// When a file of settings cannot be used, or standard output cannot be written.
pub fn run(args: &ModelsArgs) -> Result<Exit> {
    let places = Places::find()?;
    let settings = ModelSettings::load(&places, &|name| std::env::var(name).ok())?;
    let pattern = args.pattern.as_deref().unwrap_or_default().to_ascii_lowercase();
    let meant = |name: &str| name.to_ascii_lowercase().contains(&pattern);
    if args.json {
        stdout(&json(&settings, &meant)?)?;
    } else {
        stdout(&lines::text(&settings, &meant, columns()))?;
    }
    Ok(Exit::Done)
}

fn json(settings: &ModelSettings, meant: &dyn Fn(&str) -> bool) -> Result<String> {
    let mut out = String::new();
    let usd = |micro: u64| shapes::dollars(micro);
    for (name, known) in settings.providers.iter().filter(|(name, _)| meant(name)) {
        let definition = &known.definition;
        let problem = settings.problem(name);
        out.push_str(&shapes::line(&ProviderShape {
            what: "provider",
            name,
            api: definition.api.as_str(),
            base_url: &definition.base_url,
            key: definition.key.as_ref().map(keys::words),
            ready: problem.is_none(),
            problem,
            requests_per_minute: definition.requests_per_minute,
            tokens_per_minute: definition.tokens_per_minute,
            concurrency: definition.concurrency,
            from: known.place.as_ref().map(|place| place.text.as_str()),
        })?);
    }
    for (name, price) in settings.prices.iter().filter(|(name, _)| meant(name)) {
        let Some((provider, _)) = settings.split(name) else { continue };
        let known = |number: u64| Some(number).filter(|number| *number > 0);
        out.push_str(&shapes::line(&ModelShape {
            what: "model",
            name,
            provider,
            ready: settings.problem(provider).is_none(),
            input: usd(price.input),
            output: usd(price.output),
            cached: usd(price.cached),
            cache_write: usd(price.cache_write),
            context: known(price.context),
            output_max: known(price.output_max),
        })?);
    }
    for (name, backend) in tiers(settings) {
        if meant(&name) || meant(backend) {
            let ready = is_ready(settings, backend);
            out.push_str(&shapes::line(&TierShape { what: "tier", name, backend, ready })?);
        }
    }
    Ok(out)
}

/// Tiers: those that settings name, then those of each provider as `PROVIDER/TIER`.
fn tiers(settings: &ModelSettings) -> Vec<(String, &str)> {
    let named = settings.tiers.iter().map(|(name, (backend, _))| (name.clone(), backend.as_str()));
    let own = settings.provider_tiers.iter().flat_map(|(provider, tiers)| {
        tiers.iter().map(move |(tier, backend)| (format!("{provider}/{tier}"), backend.as_str()))
    });
    named.chain(own).collect()
}

/// Whether a backend could be asked, as far as is known before it is.
fn is_ready(settings: &ModelSettings, backend: &str) -> bool {
    settings.split(backend).is_some_and(|(provider, _)| settings.problem(provider).is_none())
        && settings.price(backend).is_some()
}
