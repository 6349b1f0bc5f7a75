//! Who performs agent tasks, with which models, what these are given, and what agents that work by
//! themselves may do.

use std::collections::{BTreeMap, BTreeSet};

use baton_agents::CodingKind;
use baton_core::model::{Models, Price};
use baton_core::record::BackendChoice;
use baton_core::scope::Authority;
use serde::Serialize;

use crate::program::Bundle;
use crate::program::models::{is_coding_agent, outside};
use crate::project::guidance::{Guidance, Text};
use crate::project::models::keys;
use crate::text::{bytes, dollars, one_line, plural};

use super::words;

/// How many names a line has before it says how many more there are.
const NAMES_MAX: usize = 12;

/// What agents are and may do, for programs.
#[derive(Clone, Debug, Default, Serialize)]
pub struct AgentsView {
    /// Who performs every agent, where the operator said so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<String>,
    /// Who performs those of a type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_type: BTreeMap<String, String>,
    /// Who performs whatever else there is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// Providers, tiers and prices in reach. Without where keys come from.
    #[serde(skip_serializing_if = "Models::is_empty")]
    pub models: Models,
    /// Where their APIs begin and where keys come from, a line each.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub endpoints: Vec<String>,
    /// What models are given.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Guidance>,
    /// What agents that work by themselves may do, each after "may".
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub workers: Vec<String>,
    /// What to know beside.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub notes: Vec<String>,
}

impl AgentsView {
    /// Of a program, and what its agents may do by themselves.
    #[must_use]
    pub fn of(bundle: &Bundle, workers: &Authority) -> Self {
        let mut models = bundle.reach.models.clone();
        for provider in models.providers.values_mut() {
            provider.key = None;
        }
        let backends = &bundle.backends;
        let reached = !bundle.reach.models.is_empty();
        Self {
            all: backends.all.clone(),
            by_type: backends.by_type.clone(),
            default: backends.default.clone(),
            endpoints: endpoints(&bundle.reach.models),
            models,
            guidance: reached.then(|| bundle.guidance.clone()),
            workers: by_themselves(bundle, workers),
            notes: bundle.reach.notes.clone(),
        }
    }

    /// Whether there is anything to say that a program without models and coding agents has not.
    #[must_use]
    pub fn is_telling(&self) -> bool {
        !self.models.is_empty() || !self.workers.is_empty()
    }

    /// Every line that a consent covers: where prompts go, and what agents may do with the machine.
    #[must_use]
    pub fn may(&self) -> Vec<String> {
        let endpoints = self.endpoints.iter().map(|line| format!("models: send prompts to {line}"));
        let tiers = self.models.tiers.iter().filter(|(tier, _)| !tier.contains('/'));
        let tiers = tiers.map(|(tier, backend)| format!("models: {tier} is {backend}"));
        let workers = self.workers.iter().map(|line| format!("agents by themselves: {line}"));
        endpoints.chain(tiers).chain(workers).collect()
    }
}

/// What agents may do by themselves, each after "may".
fn by_themselves(bundle: &Bundle, workers: &Authority) -> Vec<String> {
    let mut lines = words::authority(workers);
    let BackendChoice { all, by_type, default } = &bundle.backends;
    let mut chosen = all.iter().chain(by_type.values()).chain(default);
    if chosen.any(|backend| is_coding_agent(backend)) {
        lines.push(
            "send requests anywhere: which hosts a coding agent calls is not enforced".into(),
        );
    }
    lines
}

/// Where prompts go.
fn endpoints(models: &Models) -> Vec<String> {
    let line = |(name, provider): (&String, &baton_core::model::ProviderDefinition)| {
        if let Some(dir) = &provider.recorded {
            return format!("{name}: answered from {dir}, nothing is sent");
        }
        let key = match &provider.key {
            Some(key) => format!("key from {}", keys::words(key)),
            None => "without a key".into(),
        };
        format!("{name}: {} ({key})", provider.base_url)
    };
    models.providers.iter().map(line).collect()
}

/// A backend and how far it is contained, or what it costs.
#[must_use]
pub fn containment(backend: &str, models: &Models) -> String {
    let shown = one_line(backend);
    if let Some(meant) = models.tiers.get(backend) {
        return format!("{shown}: {}", containment(meant, models));
    }
    if let Some(price) = models.price(backend) {
        return format!("{shown} ({})", cost(price));
    }
    if models.providers.contains_key(backend) {
        let medium = models.tiers.get(&format!("{backend}/medium"));
        let medium = medium.map(|medium| format!(", else {}", one_line(medium)));
        return format!("{shown}, the model that the task names{}", medium.unwrap_or_default());
    }
    if is_coding_agent(backend) {
        let keys = CodingKind::by_name(backend).map(CodingKind::variables).unwrap_or_default();
        let keys = keys.iter().filter(|name| name.ends_with("KEY") || name.ends_with("TOKEN"));
        let keys: Vec<String> = keys.map(|name| format!("${name}")).collect();
        let given = match keys.as_slice() {
            [] => String::new(),
            keys => format!("; gets {} where set", keys.join(", ")),
        };
        return format!(
            "{shown} (a coding agent of this machine: NOT in the sandbox; what it asks is answered \
             from what is granted{given})"
        );
    }
    if outside(backend) {
        return format!("{shown} (a program with your rights: NOT sandboxed)");
    }
    format!("{shown} (sandboxed)")
}

/// What a model costs.
fn cost(price: &Price) -> String {
    if *price
        == (Price { context: price.context, output_max: price.output_max, ..Price::default() })
    {
        return "free".into();
    }
    format!("{} in, {} out per million tokens", dollars(price.input), dollars(price.output))
}

/// The models in reach: tiers and what they mean, and where prompts go.
#[must_use]
pub fn models(bundle: &Bundle) -> Vec<String> {
    let models = &bundle.reach.models;
    let mut lines = Vec::new();
    let tiers = models.tiers.iter().filter(|(tier, _)| !tier.contains('/'));
    for (tier, backend) in tiers {
        let price = models.price(backend).map(cost).unwrap_or_default();
        lines.push(format!("{}: {} ({price})", one_line(tier), one_line(backend)));
    }
    for (line, name) in endpoints(models).iter().zip(models.providers.keys()) {
        let own = |backend: &&String| models.split(backend).is_some_and(|(of, _)| of == name);
        let rows: Vec<&String> = models.prices.keys().filter(own).collect();
        let dearest =
            rows.iter().filter_map(|row| models.prices.get(*row)).max_by_key(|p| p.output);
        let dearest = dearest.filter(|price| price.output > 0);
        let dearest = dearest.map(|price| format!(", at most {} out", dollars(price.output)));
        let count = plural(rows.len() as u64, "priced model");
        lines.push(format!("{}: {count}{}", one_line(line), dearest.unwrap_or_default()));
    }
    lines.extend(bundle.reach.notes.iter().map(|note| one_line(note)));
    lines
}

/// What models are given.
#[must_use]
pub fn guidance(guidance: &Guidance) -> Vec<String> {
    let mut lines = Vec::new();
    for text in &guidance.instructions {
        lines.push(format!("{} ({}), always", one_line(&text.name), bytes(text.bytes)));
    }
    if !guidance.skills.is_empty() {
        let all: u64 = guidance.skills.iter().map(|skill| skill.bytes).sum();
        let names: BTreeSet<String> = guidance.skills.iter().map(skill).collect();
        let more = names.len().saturating_sub(NAMES_MAX);
        let mut names: Vec<String> = names.into_iter().take(NAMES_MAX).collect();
        if more > 0 {
            names.push(format!("{more} more"));
        }
        let count = plural(guidance.skills.len() as u64, "skill");
        lines.push(format!(
            "{count} ({}), when a task calls for it: {}",
            bytes(all),
            names.join(", ")
        ));
    }
    lines.extend(guidance.notes.iter().map(|note| one_line(note)));
    lines
}

fn skill(text: &Text) -> String {
    format!("{} ({})", one_line(&text.name), text.place.word())
}

/// Whether some agent can be one that tells only afterwards what it used.
#[must_use]
pub fn is_unmetered(bundle: &Bundle) -> bool {
    let backends = &bundle.backends;
    let types = bundle.program.agent_types.values().filter_map(|known| known.backend.as_ref());
    let chosen = backends.by_type.values().chain(&backends.default).chain(types);
    match &backends.all {
        Some(all) => outside(all),
        None => chosen.into_iter().any(|backend| outside(backend)),
    }
}
