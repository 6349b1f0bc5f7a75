//! Models as settings have them: who serves them, what they cost, by which names they are chosen,
//! and what runs may consume.

pub mod caps;
pub mod endpoint;
pub mod file;
pub mod keys;
mod trust;

use std::collections::{BTreeMap, BTreeSet};

use baton_core::budget::Caps;
use baton_core::model::{Price, ProviderDefinition, price_in};
use baton_core::tool::SecretSource;
use baton_models::builtin;

use self::file::Set;
use super::config;
use super::places::Places;
use super::policy::{Place, Source};
use crate::error::Result;

/// A provider that is known, and who says so.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// How it is reached.
    pub definition: ProviderDefinition,
    /// Who defines it; none: it is built in.
    pub place: Option<Place>,
}

/// Everything about models that settings and the environment say.
#[derive(Clone, Debug, Default)]
pub struct ModelSettings {
    /// Providers by name.
    pub providers: BTreeMap<String, Known>,
    /// Prices by backend name.
    pub prices: BTreeMap<String, Price>,
    /// Tiers that somebody named, by name.
    pub tiers: BTreeMap<String, (String, Place)>,
    /// Tiers of providers, by provider and tier.
    pub provider_tiers: BTreeMap<String, BTreeMap<String, String>>,
    /// Who performs tasks for which nobody else names anything.
    pub default: Option<(String, Place)>,
    /// Who performs those of a type.
    pub types: BTreeMap<String, (String, Place)>,
    /// Whether models are given the instructions of the project.
    pub instructions: bool,
    /// Whether they are offered skills.
    pub skills: bool,
    /// What a run may consume where no flag says otherwise.
    pub caps: Caps,
    /// Whether runs go on by themselves when a provider serves again.
    pub continues: bool,
    /// Providers that the project's file defines.
    pub of_project: BTreeSet<String>,
    /// What keeps providers from being used, by provider.
    pub problems: BTreeMap<String, String>,
}

impl ModelSettings {
    /// Reads the person's file and the nearest one of the project, in this environment.
    ///
    /// # Errors
    /// When a file cannot be read, says something that cannot be understood, or says what is for the
    /// person alone to say.
    pub fn load(places: &Places, variable: &dyn Fn(&str) -> Option<String>) -> Result<Self> {
        let mut settings = Self::built_in(variable);
        let plain = builtin::providers(&|_| None);
        for (source, set, at) in config::models(places)? {
            let taken = match source {
                Source::Person => settings.add_persons(set, &plain),
                _ => settings.add_projects(set),
            };
            taken.map_err(|refused| at.error(&refused.place, &refused.message))?;
        }
        settings.look_for_keys(variable);
        Ok(settings)
    }

    /// What is known without settings.
    #[must_use]
    pub fn built_in(variable: &dyn Fn(&str) -> Option<String>) -> Self {
        let providers = builtin::providers(variable).into_iter();
        Self {
            providers: providers
                .map(|(name, definition)| (name, Known { definition, place: None }))
                .collect(),
            prices: builtin::prices(),
            provider_tiers: builtin::tiers(),
            instructions: true,
            skills: true,
            continues: true,
            ..Self::default()
        }
    }

    /// What both files say in the same way. Caps of both hold; of the rest the later one wins.
    fn add_common(&mut self, set: &Set) {
        self.default = set.default.clone().or(self.default.take());
        self.types.extend(set.types.clone());
        self.tiers.extend(set.tiers.clone());
        self.instructions &= set.instructions.unwrap_or(true);
        self.skills &= set.skills.unwrap_or(true);
        self.continues &= set.continues.unwrap_or(true);
        self.caps = trust::narrower(&self.caps, &set.caps);
    }

    /// Looks which keys are there.
    pub fn look_for_keys(&mut self, variable: &dyn Fn(&str) -> Option<String>) {
        let problem = |(name, known): (&String, &Known)| {
            let key = known.definition.key.as_ref()?;
            Some((name.clone(), keys::problem(key, variable)?))
        };
        self.problems = self.providers.iter().filter_map(problem).collect();
    }

    /// Where keys come from, of every provider.
    pub fn keys(&self) -> impl Iterator<Item = &SecretSource> {
        self.providers.values().filter_map(|known| known.definition.key.as_ref())
    }

    /// What keeps a provider from being used; none: nothing that is known before it is asked.
    #[must_use]
    pub fn problem(&self, provider: &str) -> Option<&str> {
        self.problems.get(provider).map(String::as_str)
    }

    /// The same where nothing is sent anywhere, so that no key is needed.
    #[must_use]
    pub fn without_problems(self) -> Self {
        Self { problems: BTreeMap::new(), ..self }
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
mod tests;
