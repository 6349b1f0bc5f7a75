//! From what a person wrote to a backend.

use baton_core::model::tier_of_alias;
use baton_core::record::BackendChoice;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::project::models::ModelSettings;
use crate::project::models::keys;
use crate::text::nearest;
use crate::value::{AgentArg, CODING_AGENTS, KINDS};

/// The providers that are asked first where nobody names one.
const USUAL: [&str; 4] = ["anthropic", "openai", "gemini", "openai-chat"];
/// The tiers that every usual provider has.
const TIERS: [&str; 3] = ["small", "medium", "large"];
/// The tier of a provider that is named alone.
const MEDIUM: &str = "medium";

/// What the command line and the settings say of agents.
#[derive(Clone, Copy)]
pub struct Wanted<'a> {
    /// Choices of the command line.
    pub agents: &'a [AgentArg],
    /// Everything that settings say.
    pub settings: &'a ModelSettings,
}

impl Wanted<'_> {
    /// The backend that a text means: a tier becomes its model, a provider alone stays one.
    ///
    /// # Errors
    /// When there is no such thing, with what was probably meant.
    pub fn backend(&self, text: &str) -> Result<String> {
        if KINDS.iter().any(|kind| text.starts_with(kind)) || CODING_AGENTS.contains(&text) {
            return Ok(text.to_owned());
        }
        let settings = self.settings;
        if settings.providers.contains_key(text) {
            return match self.medium(text) {
                Some(_) => Ok(text.to_owned()),
                None => Err(self.without_model(text)),
            };
        }
        let tier = tier_of_alias(text).unwrap_or(text);
        if let Some((backend, place)) = settings.tiers.get(tier) {
            let error = |error: CliError| error.at(&place.text);
            return self.model(backend).map_err(error);
        }
        if TIERS.contains(&tier) {
            return self.usual_tier(tier);
        }
        self.model(text)
    }

    /// A backend that is a model with a price.
    ///
    /// # Errors
    /// When its provider or its price is not known.
    pub fn model(&self, backend: &str) -> Result<String> {
        match self.settings.split(backend) {
            Some(_) if self.settings.price(backend).is_some() => Ok(backend.to_owned()),
            Some((provider, model)) => Err(self.unknown_model(backend, provider, model)),
            None => Err(self.unknown(backend)),
        }
    }

    /// What keeps a backend from being used, as far as that is known before it is asked.
    #[must_use]
    pub fn problem(&self, backend: &str) -> Option<&str> {
        let provider = backend.split_once(':').map_or(backend, |(provider, _)| provider);
        self.settings.problem(provider)
    }

    /// The model of a provider that is named alone.
    #[must_use]
    pub fn medium(&self, provider: &str) -> Option<String> {
        let settings = self.settings;
        let own = |backend: &&String| settings.split(backend).is_some_and(|(of, _)| of == provider);
        let named = settings.tiers.get(MEDIUM).map(|(backend, _)| backend).filter(own);
        let usual = || settings.provider_tiers.get(provider)?.get(MEDIUM);
        if let Some(found) = named.or_else(usual) {
            return Some(found.clone());
        }
        let prefix = format!("{provider}:");
        let mut rows = settings
            .prices
            .keys()
            .filter(|name| name.strip_prefix(&prefix).is_some_and(|model| model != "*"));
        match (rows.next(), rows.next()) {
            (Some(only), None) => Some(only.clone()),
            _ => None,
        }
    }

    /// A usual tier, of the provider that is used anyway or whose key is there.
    fn usual_tier(&self, tier: &str) -> Result<String> {
        let tiers = &self.settings.provider_tiers;
        let Some(provider) = self.usual_provider() else {
            let message = format!("nothing says which model the tier `{tier}` is");
            let hint = format!(
                "name it under [tiers]: {tier} = \"PROVIDER:MODEL\", or set the key of a provider, \
                 such as ANTHROPIC_API_KEY"
            );
            return Err(CliError::new(Code::NoModel, message).hint(hint));
        };
        match tiers.get(&provider).and_then(|tiers| tiers.get(tier)) {
            Some(backend) => Ok(backend.clone()),
            None => {
                let message = format!("{provider} has no tier `{tier}`");
                Err(CliError::new(Code::NoModel, message)
                    .hint(format!("name it under [tiers]: {tier} = \"{provider}:MODEL\"")))
            }
        }
    }

    /// The provider that usual tiers are of where no backend says it: that of the person's default,
    /// else the first whose key is there.
    fn usual_provider(&self) -> Option<String> {
        let settings = self.settings;
        let default = settings.default.as_ref().map(|(text, _)| text.as_str());
        let default = default.and_then(|text| {
            let provider = text.split_once(':').map_or(text, |(provider, _)| provider);
            settings.provider_tiers.contains_key(provider).then(|| provider.to_owned())
        });
        let ready = |provider: &&&str| settings.problem(provider).is_none();
        default.or_else(|| USUAL.iter().find(ready).map(|provider| (*provider).to_owned()))
    }

    /// What settings choose, where the command line does not: by agent type as far as the program
    /// knows the type, and for everything else.
    ///
    /// # Errors
    /// When they name what is not there.
    pub fn by_settings<'b>(
        &self,
        choice: &BackendChoice,
        types: impl Iterator<Item = &'b String>,
    ) -> Result<Vec<(Option<String>, String)>> {
        if choice.all.is_some() {
            return Ok(Vec::new());
        }
        let settings = self.settings;
        let mut chosen = Vec::new();
        for name in types {
            if let Some((text, place)) = settings.types.get(name)
                && !choice.by_type.contains_key(name)
            {
                let backend = self.backend(text).map_err(|error| error.at(&place.text))?;
                chosen.push((Some(name.clone()), backend));
            }
        }
        if let Some((text, place)) = &settings.default {
            let backend = self.backend(text).map_err(|error| error.at(&place.text))?;
            chosen.push((None, backend));
        }
        Ok(chosen)
    }

    fn without_model(&self, provider: &str) -> CliError {
        let message = format!("`{provider}` alone does not say which model");
        CliError::new(Code::NoModel, message).hint(format!(
            "name one: {provider}:MODEL, or medium = \"{provider}:MODEL\" under [tiers]"
        ))
    }

    fn unknown_model(&self, backend: &str, provider: &str, model: &str) -> CliError {
        let settings = self.settings;
        let prefix = format!("{provider}:");
        let own = settings.prices.keys().filter_map(|name| name.strip_prefix(&prefix));
        let meant = nearest(model, own).map(|model| format!("{prefix}{model}"));
        let others = || {
            settings
                .prices
                .keys()
                .find(|name| name.split_once(':').is_some_and(|(_, other)| other == model))
        };
        let meant = meant.or_else(|| others().cloned());
        let meant = match meant {
            Some(meant) => format!("did you mean `{meant}`? Else name"),
            None => "name".into(),
        };
        let message = format!("there is no model `{backend}` whose price is known");
        CliError::new(Code::NoModel, message).hint(format!(
            "{meant} its price in your config.toml: [prices.\"{backend}\"] input = 1.0, output = 2.0 \
             (US dollars per million tokens)"
        ))
    }

    fn unknown(&self, text: &str) -> CliError {
        let settings = self.settings;
        let (what, provider) = match text.split_once(':') {
            Some((provider, _)) => (format!("provider `{provider}`"), provider),
            None => (format!("backend, provider or tier `{text}`"), text),
        };
        let providers = settings.providers.keys().map(String::as_str);
        let error = CliError::new(Code::NoModel, format!("there is no {what}"));
        if let Some((_, model)) = text.split_once(':') {
            let kinds = KINDS.iter().map(|kind| kind.trim_end_matches(':'));
            return error.hint(match nearest(provider, providers.chain(kinds)) {
                Some(meant) => format!("did you mean `{meant}:{model}`?"),
                None => format!(
                    "`baton models` lists the known ones; define it under [providers.{provider}] \
                     of your config.toml with `api` and `base_url`"
                ),
            });
        }
        let whole = settings
            .prices
            .keys()
            .find(|name| name.split_once(':').is_some_and(|(_, model)| model == text));
        let tiers = settings.tiers.keys().map(String::as_str);
        let words = providers.chain(tiers).chain(TIERS).chain(CODING_AGENTS);
        let near = || {
            let models = settings.prices.keys().filter_map(|name| Some(name.split_once(':')?.1));
            let model = nearest(text, models)?;
            settings.prices.keys().find(|name| name.ends_with(&format!(":{model}")))
        };
        let meant = whole.map(String::as_str).or_else(|| nearest(text, words));
        error.hint(match meant.or_else(|| near().map(String::as_str)) {
            Some(meant) => format!("did you mean `{meant}`?"),
            None => "`baton models` lists providers, models and tiers; coding agents are claude, \
                     codex, gemini-cli and acp:PROGRAM"
                .into(),
        })
    }
}

/// Checks that the key of a provider is there, without looking at it.
///
/// # Errors
/// Says how it is set.
pub fn key_is_there(settings: &ModelSettings, provider: &str) -> Result<()> {
    let Some(problem) = settings.problem(provider) else { return Ok(()) };
    let source = settings.providers.get(provider).and_then(|known| known.definition.key.as_ref());
    let source = source.map(keys::words).unwrap_or_default();
    let message = format!("the key of {provider} is not there: {problem}");
    Err(CliError::new(Code::NoKey, message).hint(format!(
        "it is taken from {source}; another place is named in your ~/.config/baton/config.toml: \
         [providers.{provider}] key = {{ file = \"…\" }} or {{ command = [\"pass\", \"show\", \"x\"] }}"
    )))
}
