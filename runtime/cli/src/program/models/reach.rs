//! The models that a run can reach: what is pinned of them, and what is found wrong before a call.

use std::collections::{BTreeMap, BTreeSet};

use baton_core::backend::COMPONENT;
use baton_core::model::{Models, tier_of_alias};
use baton_core::record::{BackendChoice, Program};

use super::Reach;
use super::choose::{Wanted, key_is_there};
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::project::models::ModelSettings;
use crate::text::nearest;

/// A model that stands in the text of a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Named {
    /// As it is written.
    pub model: String,
    /// Where it stands, for people.
    pub place: String,
    /// Its agent type, if that is known.
    pub agent_type: Option<String>,
    /// Whether it is surely used: what may not be used at all is only told.
    pub surely: bool,
}

/// The models of a program with these backends. Nothing, where no agent can be a model.
///
/// # Errors
/// When a model that is named is not known, or the key of a provider that is used is not there.
pub fn reach(
    wanted: &Wanted<'_>,
    choice: &BackendChoice,
    program: &Program,
    named: &[Named],
) -> Result<Reach> {
    let settings = wanted.settings;
    let provider_of = |backend: &str| -> Option<String> {
        let provider = backend.split_once(':').map_or(backend, |(provider, _)| provider);
        settings.providers.contains_key(provider).then(|| provider.to_owned())
    };
    let own = program
        .agent_types
        .iter()
        .filter(|(name, _)| choice.all.is_none() && !choice.by_type.contains_key(*name));
    let mut of_types = Vec::new();
    for (name, backend) in own.filter_map(|(name, known)| Some((name, known.backend.as_ref()?))) {
        if backend.starts_with(COMPONENT) {
            continue;
        }
        let found = wanted.backend(backend);
        of_types.push(found.map_err(|error| error.at(&format!("the agent type {name}")))?);
    }
    let by_type = choice.by_type.iter().filter(|_| choice.all.is_none());
    let chosen =
        choice.all.iter().chain(by_type.map(|(_, backend)| backend)).chain(&choice.default);
    let chosen: Vec<&String> = chosen.chain(&of_types).collect();
    let used: BTreeSet<String> = chosen.iter().filter_map(|backend| provider_of(backend)).collect();
    if used.is_empty() {
        return Ok(Reach::default());
    }
    for provider in &used {
        key_is_there(settings, provider)?;
    }
    if let Some(all) = &choice.all
        && let Some((provider, _)) = settings.split(all)
    {
        return Ok(alone(settings, all, provider));
    }
    let main = choice.all.iter().chain(&choice.default).find_map(|backend| provider_of(backend));
    let main = main.or_else(|| used.first().cloned()).unwrap_or_default();
    let mut reaching =
        Reaching { wanted, choice, main, used, tiers: BTreeMap::new(), notes: Vec::new() };
    reaching.add_tiers();
    for named in named {
        reaching.add_named(named)?;
    }
    Ok(reaching.close())
}

/// The one model that performs every task, whatever the tasks name.
fn alone(settings: &ModelSettings, backend: &str, provider: &str) -> Reach {
    let exact = settings.prices.get_key_value(backend);
    let row = exact.or_else(|| settings.prices.get_key_value(&format!("{provider}:*")));
    let known = settings.providers.get(provider);
    let models = Models {
        providers: known
            .map(|known| (provider.to_owned(), known.definition.clone()))
            .into_iter()
            .collect(),
        tiers: BTreeMap::new(),
        prices: row.map(|(name, price)| (name.clone(), *price)).into_iter().collect(),
    };
    Reach { models, notes: Vec::new() }
}

struct Reaching<'a> {
    wanted: &'a Wanted<'a>,
    choice: &'a BackendChoice,
    /// The provider whose tiers are meant where nobody names one.
    main: String,
    /// Providers in reach.
    used: BTreeSet<String>,
    tiers: BTreeMap<String, String>,
    notes: Vec<String>,
}

impl Reaching<'_> {
    /// Tiers by name, and of a provider as `PROVIDER/TIER`.
    fn add_tiers(&mut self) {
        let settings = self.wanted.settings;
        for (tier, (backend, place)) in &settings.tiers {
            let Some((provider, _)) = settings.split(backend) else {
                let what = "whose provider is not known";
                self.notes.push(format!("{}: the tier {tier} is {backend}, {what}", place.text));
                continue;
            };
            // Whoever wants one provider wants no other, also by the name of a tier.
            if self.choice.all.is_some() && provider != self.main {
                continue;
            }
            let unusable = match settings.problem(provider) {
                Some(problem) if !self.used.contains(provider) => Some(problem.to_owned()),
                _ if settings.price(backend).is_none() => Some("its price is not known".into()),
                _ => None,
            };
            if let Some(problem) = unusable {
                self.notes.push(format!("the tier {tier} is left out: {backend}: {problem}"));
                continue;
            }
            self.used.insert(provider.to_owned());
            self.tiers.insert(tier.clone(), backend.clone());
        }
        let by_settings = self.tiers.clone();
        for provider in &self.used {
            let mut tiers = settings.provider_tiers.get(provider).cloned().unwrap_or_default();
            if let Some(medium) = self.wanted.medium(provider) {
                tiers.insert("medium".into(), medium);
            }
            for (tier, backend) in tiers {
                // A tier that somebody named holds for every provider.
                let named = by_settings.get(&tier);
                let is_own =
                    |named: &str| settings.split(named).is_some_and(|(of, _)| of == provider);
                if named.is_none_or(|named| is_own(named)) {
                    let meant = named.unwrap_or(&backend).clone();
                    self.tiers.insert(format!("{provider}/{tier}"), meant);
                }
                if *provider == self.main && !self.tiers.contains_key(&tier) {
                    self.tiers.insert(tier, backend);
                }
            }
        }
    }

    /// A model that the text of the program names: it must be known, as far as it will be used.
    fn add_named(&mut self, named: &Named) -> Result<()> {
        let settings = self.wanted.settings;
        let of_type = named.agent_type.as_ref().and_then(|name| self.choice.by_type.get(name));
        let base = self.choice.all.as_ref().or(of_type);
        let is_provider = |backend: &String| settings.providers.contains_key(backend);
        // The operator's model wins, and whoever is no model takes the name as it is.
        if base.is_some_and(|base| !is_provider(base)) {
            return Ok(());
        }
        let base = base.or(self.choice.default.as_ref());
        if base.is_some_and(|base| !is_provider(base) && settings.split(base).is_none()) {
            return Ok(());
        }
        let asked = named.model.as_str();
        let provider = base.map_or(self.main.as_str(), |base| {
            base.split_once(':').map_or(base.as_str(), |(provider, _)| provider)
        });
        let known = asked == "inherit"
            || tier_of_alias(asked).is_some()
            || self.tiers.contains_key(asked)
            || self.tiers.contains_key(&format!("{provider}/{asked}"))
            || settings.price(&format!("{provider}:{asked}")).is_some();
        if known {
            return Ok(());
        }
        match self.elsewhere(asked) {
            Ok(other) => {
                self.used.insert(other);
                Ok(())
            }
            Err(error) if named.surely => Err(error.at(&named.place)),
            Err(error) => {
                self.notes.push(format!("{}: {}", named.place, error.sentence()));
                Ok(())
            }
        }
    }

    /// The provider of a model that is named in full, or that only one provider has.
    fn elsewhere(&self, asked: &str) -> Result<String> {
        let settings = self.wanted.settings;
        if let Some((provider, _)) = settings.split(asked) {
            self.wanted.model(asked)?;
            self.may_use(provider, asked)?;
            return Ok(provider.to_owned());
        }
        let of = |provider: &&String| settings.prices.contains_key(&format!("{provider}:{asked}"));
        let mut found = self.used.iter().chain(settings.providers.keys()).filter(of);
        if let Some(provider) = found.next() {
            self.may_use(provider, asked)?;
            return Ok(provider.clone());
        }
        let models = settings.prices.keys().filter_map(|name| Some(name.split_once(':')?.1));
        let tiers = self.tiers.keys().map(String::as_str).filter(|tier| !tier.contains('/'));
        let error = CliError::new(Code::NoModel, format!("there is no model `{asked}`"));
        let main = &self.main;
        Err(match nearest(asked, models.chain(tiers)) {
            Some(meant) => error.hint(format!("did you mean `{meant}`? `baton models` lists all")),
            None => error.hint(format!(
                "`baton models` lists all; name its price in your config.toml: \
                 [prices.\"{main}:{asked}\"], or what it means under [tiers]"
            )),
        })
    }

    /// Whether a program may choose a provider by itself.
    fn may_use(&self, provider: &str, asked: &str) -> Result<()> {
        if self.used.contains(provider) {
            return Ok(());
        }
        if let Some(all) = &self.choice.all {
            let message = format!("the model `{asked}` is one of {provider}, not of {all}");
            return Err(CliError::new(Code::NoModel, message)
                .hint(format!("--agent {all}:MODEL performs every task with one model")));
        }
        key_is_there(self.wanted.settings, provider)
    }

    fn close(self) -> Reach {
        let settings = self.wanted.settings;
        let providers = self.used.iter().filter_map(|name| {
            Some((name.clone(), settings.providers.get(name)?.definition.clone()))
        });
        let reached = |name: &str| {
            name.split_once(':').is_some_and(|(provider, _)| self.used.contains(provider))
        };
        let prices = settings.prices.iter().filter(|(name, _)| reached(name));
        let models = Models {
            providers: providers.collect(),
            prices: prices.map(|(name, price)| (name.clone(), *price)).collect(),
            tiers: self.tiers,
        };
        Reach { models, notes: self.notes }
    }
}
