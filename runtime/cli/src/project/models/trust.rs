//! Who may say what. A project's file may be a stranger's: where keys go, and what is paid, is for
//! the person to say.

use std::collections::BTreeMap;

use baton_core::budget::{Cap, Caps};
use baton_core::model::{Price, ProviderDefinition};

use super::file::{PriceRow, Provider, Set};
use super::{Known, ModelSettings, endpoint};
use crate::project::policy::Place;
use crate::text::nearest;

/// What a file must not say.
pub struct Refused {
    /// Where it stands.
    pub place: Place,
    /// One sentence.
    pub message: String,
}

/// Where the person says what a project may not.
const PERSONS: &str = "put it into your ~/.config/baton/config.toml";

impl ModelSettings {
    /// Takes in the person's file. `plain`: built-in providers without the environment, which wins
    /// over the file: it is said for this one command.
    pub(super) fn add_persons(
        &mut self,
        set: Set,
        plain: &BTreeMap<String, ProviderDefinition>,
    ) -> Result<(), Refused> {
        self.add_common(&set);
        for (name, (said, place)) in set.providers {
            let known = self.providers.get(&name).map(|known| known.definition.clone());
            let of_environment = |of: &dyn Fn(&ProviderDefinition) -> String| {
                let (now, plain) = (known.as_ref(), plain.get(&name));
                now.zip(plain).is_some_and(|(now, plain)| of(now) != of(plain))
            };
            let keeps_url = of_environment(&|definition| definition.base_url.clone());
            let mut definition = match known {
                Some(known) => known,
                None => fresh(&name, &said, &place)?,
            };
            if let Some(base_url) = said.base_url.filter(|_| !keeps_url) {
                definition.base_url = base_url;
            }
            definition.api = said.api.unwrap_or(definition.api);
            definition.key = said.key.or(definition.key);
            definition.requests_per_minute = said.requests_per_minute;
            definition.tokens_per_minute = said.tokens_per_minute;
            definition.concurrency = said.concurrency;
            self.providers.insert(name, Known { definition, place: Some(place) });
        }
        for (name, (row, _)) in set.prices {
            let known = self.price(&name).copied();
            self.prices.insert(name, priced(&row, known));
        }
        self.names_are_apart(&set.tiers)
    }

    /// Takes in the project's file, as far as a stranger may say it.
    pub(super) fn add_projects(&mut self, set: Set) -> Result<(), Refused> {
        self.add_common(&set);
        for (name, (said, place)) in set.providers {
            let Some(known) = self.providers.get_mut(&name) else {
                let definition = strangers(&name, &said, &place)?;
                self.of_project.insert(name.clone());
                self.providers.insert(name, Known { definition, place: Some(place) });
                continue;
            };
            if said.api.is_some() || said.base_url.is_some() || said.key.is_some() {
                let message = format!(
                    "a project's file does not say how `{name}` is reached, nor with which key: \
                     {PERSONS}"
                );
                return Err(Refused { place, message });
            }
            let own = &mut known.definition;
            own.requests_per_minute = lower(own.requests_per_minute, said.requests_per_minute);
            own.tokens_per_minute = lower(own.tokens_per_minute, said.tokens_per_minute);
            own.concurrency = lower(own.concurrency, said.concurrency);
        }
        for (name, (row, place)) in set.prices {
            let provider = name.split_once(':').map_or("", |(provider, _)| provider);
            if !self.providers.contains_key(provider) {
                let known = self.providers.keys().map(String::as_str);
                let meant =
                    nearest(provider, known).map(|meant| format!("; did you mean `{meant}`?"));
                let meant = meant.unwrap_or_default();
                let message = format!("there is no provider `{provider}`{meant}");
                return Err(Refused { place, message });
            }
            let price = match self.price(&name).copied() {
                Some(known) => dearer(&priced(&row, Some(known)), &known),
                None if self.of_project.contains(provider) => priced(&row, None),
                None => {
                    let message = format!(
                        "a project's file does not say what `{name}` costs, which nobody else \
                         does: {PERSONS}"
                    );
                    return Err(Refused { place, message });
                }
            };
            self.prices.insert(name, price);
        }
        self.names_are_apart(&set.tiers)
    }

    /// A word that is both a provider and a tier would mean either.
    fn names_are_apart(&self, tiers: &BTreeMap<String, (String, Place)>) -> Result<(), Refused> {
        for (name, (_, place)) in tiers {
            if self.providers.contains_key(name) {
                let message = format!("`{name}` is a provider and cannot be a tier");
                return Err(Refused { place: place.clone(), message });
            }
        }
        let both = self.providers.iter().find(|(name, _)| self.tiers.contains_key(*name));
        if let Some((name, Known { place: Some(place), .. })) = both {
            let message = format!("`{name}` is a tier and cannot be a provider");
            return Err(Refused { place: place.clone(), message });
        }
        Ok(())
    }
}

/// A provider that nobody else defines.
fn fresh(name: &str, said: &Provider, place: &Place) -> Result<ProviderDefinition, Refused> {
    let (Some(api), Some(base_url)) = (said.api, said.base_url.clone()) else {
        let message = format!(
            "the provider `{name}` lacks `api` (anthropic, openai-chat, openai-responses, gemini or \
             ollama) or `base_url`"
        );
        return Err(Refused { place: place.clone(), message });
    };
    Ok(ProviderDefinition {
        api,
        base_url,
        key: said.key.clone(),
        requests_per_minute: said.requests_per_minute,
        tokens_per_minute: said.tokens_per_minute,
        concurrency: said.concurrency,
        recorded: None,
    })
}

/// A provider that only a project's file defines: one of this machine, without a key.
fn strangers(name: &str, said: &Provider, place: &Place) -> Result<ProviderDefinition, Refused> {
    let definition = fresh(name, said, place)?;
    let refused = |message: String| Err(Refused { place: place.clone(), message });
    if definition.key.is_some() {
        return refused(format!("a project's file names no keys: {PERSONS}"));
    }
    if !endpoint::is_loopback(&definition.base_url) {
        return refused(format!(
            "a project's file names only providers of this machine, and {} is none: {PERSONS}",
            definition.base_url
        ));
    }
    Ok(definition)
}

/// A row as a price. What it does not say is as before, or as sent tokens.
fn priced(row: &PriceRow, known: Option<Price>) -> Price {
    let known =
        known.unwrap_or(Price { cached: row.input, cache_write: row.input, ..Price::default() });
    Price {
        input: row.input,
        output: row.output,
        cached: row.cached.unwrap_or(known.cached),
        cache_write: row.cache_write.unwrap_or(known.cache_write),
        output_max: row.output_max.unwrap_or(known.output_max),
        context: row.context.unwrap_or(known.context),
    }
}

/// The dearer of two prices in everything. A model takes in and returns no more than both say: beyond
/// that, requests may cost more.
fn dearer(one: &Price, other: &Price) -> Price {
    let smaller = |one: u64, other: u64| match (one, other) {
        (0, known) | (known, 0) => known,
        (one, other) => one.min(other),
    };
    Price {
        input: one.input.max(other.input),
        output: one.output.max(other.output),
        cached: one.cached.max(other.cached),
        cache_write: one.cache_write.max(other.cache_write),
        output_max: smaller(one.output_max, other.output_max),
        context: smaller(one.context, other.context),
    }
}

/// The lower of two limits, of which either may be none.
fn lower<T: Ord>(one: Option<T>, other: Option<T>) -> Option<T> {
    match (one, other) {
        (Some(one), Some(other)) => Some(one.min(other)),
        (one, other) => one.or(other),
    }
}

/// Caps that hold both.
pub(super) fn narrower(one: &Caps, other: &Caps) -> Caps {
    let mut phases = one.phases.clone();
    for (title, cap) in &other.phases {
        let own = phases.entry(title.clone()).or_default();
        *own = narrower_cap(own, cap);
    }
    Caps {
        run: narrower_cap(&one.run, &other.run),
        phases,
        task: narrower_cap(&one.task, &other.task),
    }
}

fn narrower_cap(one: &Cap, other: &Cap) -> Cap {
    Cap {
        agents: lower(one.agents, other.agents),
        tokens: lower(one.tokens, other.tokens),
        input_tokens: lower(one.input_tokens, other.input_tokens),
        output_tokens: lower(one.output_tokens, other.output_tokens),
        cached_tokens: lower(one.cached_tokens, other.cached_tokens),
        cost_micro_usd: lower(one.cost_micro_usd, other.cost_micro_usd),
        wall_ms: lower(one.wall_ms, other.wall_ms),
    }
}
