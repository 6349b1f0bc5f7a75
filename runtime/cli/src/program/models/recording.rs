//! Recordings: a run whose exchanges with models are kept, and one that is made again from them,
//! without settings, keys or network.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use baton_core::model::Models;
use baton_core::record::BackendChoice;
use baton_core::tool::{SecretSource, Tools};
use baton_models::recorded::{Recorder, Recording, RecordingError};
use baton_tools::secrets::Secrets;

use super::names::outside;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::output::{WARN, note};
use crate::project::models::{Known, ModelSettings};
use crate::project::policy::{Place, Source};
use crate::text::{one_line, paint};
use crate::value::AgentArg;

/// Prefix of the backend that stands for a recording.
const RECORDED: &str = "recorded:";

/// Begins a recording of a run, or goes on with one. Keys and the run's secrets are taken out of what
/// is kept: a provider may say in an answer what it was sent.
///
/// # Errors
/// When no agent of the run can be a model, or the directory cannot be used.
pub async fn begin(
    dir: &Path,
    backends: &BackendChoice,
    models: &Models,
    tools: &Tools,
) -> Result<Arc<Recorder>> {
    if models.is_empty() {
        let message = "--record keeps exchanges with models, and no agent of this run is one";
        return Err(CliError::new(Code::Argument, message)
            .hint("name a model: --agent PROVIDER:MODEL; `baton models` lists them"));
    }
    let providers = models.providers.iter();
    let keys: BTreeMap<String, SecretSource> = providers
        .filter_map(|(name, provider)| Some((name.clone(), provider.key.clone()?)))
        .collect();
    let names: Vec<String> = keys.keys().cloned().collect();
    let secrets = Secrets::new(tools.secrets.clone()).with_keys(keys);
    for name in names {
        // A key that cannot be had is in no answer; the run says what is wrong with it.
        let _ = secrets.key(&name).await;
    }
    secrets.learn_quiet().await;
    let redactor = secrets.redactor();
    let redact = Arc::new(move |text: &str| redactor.text(text).into_owned());
    Recording::create(dir, models, backends)
        .and_then(|()| Recorder::open(dir, redact))
        .map(Arc::new)
        .map_err(|error| unusable(dir, &error))
}

/// Says what a recording lacks, once its run is over.
pub fn complain(recorder: Option<&Recorder>) {
    if let Some(trouble) = recorder.and_then(Recorder::trouble) {
        note(&format!("{} the recording is not whole: {trouble}", paint(WARN, "warning:")));
    }
}

/// Replaces `recorded:DIR` among the choices of the command line by what was recorded there, and the
/// settings by the models of the recording. Other choices stay, and are served by it as well.
///
/// # Errors
/// When there is no such recording, or more than one is named.
pub fn replay(
    agents: &[AgentArg],
    settings: ModelSettings,
) -> Result<(Vec<AgentArg>, ModelSettings)> {
    let is_recorded = |agent: &&AgentArg| agent.backend.starts_with(RECORDED);
    let mut recorded = agents.iter().filter(is_recorded);
    let Some(asked) = recorded.next() else { return Ok((agents.to_vec(), settings)) };
    if recorded.next().is_some() || asked.agent_type.is_some() {
        let message = "a recording serves a whole run: --agent recorded:DIR once, for all types";
        return Err(CliError::new(Code::Argument, message));
    }
    let dir = Path::new(asked.backend.trim_start_matches(RECORDED).trim());
    let (models, backends) = Recording::open(dir).map_err(|error| unusable(dir, &error))?;
    let mut left: Vec<AgentArg> =
        agents.iter().filter(|agent| !is_recorded(agent)).cloned().collect();
    no_programs(&left, &backends, dir)?;
    take(&mut left, &backends);
    Ok((left, of_recording(models, backends, settings, &asked.backend)))
}

/// A recording is a file that may come from anybody: the models in it answer from it, but a program that
/// it names would run on this machine.
fn no_programs(left: &[AgentArg], backends: &BackendChoice, dir: &Path) -> Result<()> {
    let BackendChoice { all, by_type, default } = backends;
    let whole = all.iter().chain(default).map(|backend| (None, backend));
    let typed = by_type.iter().map(|(name, backend)| (Some(name), backend));
    let said = |agent_type: Option<&String>| {
        left.iter().any(|agent| agent.agent_type.as_ref() == agent_type)
    };
    match whole.chain(typed).find(|(of, backend)| outside(backend) && !said(*of)) {
        None => Ok(()),
        Some((of, backend)) => {
            let whom = of.map_or(String::new(), |name| format!("{name}="));
            let message = format!(
                "the recording {} has agents performed by a program of this machine: {}",
                dir.display(),
                one_line(backend)
            );
            Err(CliError::new(Code::ConsentNeeded, message)
                .hint(format!("say yourself who performs them: --agent '{whom}BACKEND'")))
        }
    }
}

fn unusable(dir: &Path, error: &RecordingError) -> CliError {
    CliError::new(Code::File, format!("the recording {} cannot be used", dir.display()))
        .because(error)
}

/// Who performed agents then, where the command line does not say otherwise now.
fn take(left: &mut Vec<AgentArg>, backends: &BackendChoice) {
    let all = backends.all.iter().map(|backend| (None, backend.clone()));
    let by_type = backends.by_type.iter();
    let by_type = by_type.map(|(name, backend)| (Some(name.clone()), backend.clone()));
    for (agent_type, backend) in all.chain(by_type) {
        if !left.iter().any(|agent| agent.agent_type == agent_type) {
            left.push(AgentArg { agent_type, backend });
        }
    }
}

/// Settings that know the models of a recording and no others.
fn of_recording(
    models: Models,
    backends: BackendChoice,
    settings: ModelSettings,
    flag: &str,
) -> ModelSettings {
    let place = Place { source: Source::Flag, text: format!("--agent {flag}") };
    let Models { providers, tiers, prices } = models;
    let mut provider_tiers: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    let mut own = BTreeMap::new();
    for (tier, backend) in tiers {
        match tier.split_once('/') {
            Some((provider, tier)) => {
                let tiers = provider_tiers.entry(provider.to_owned()).or_default();
                tiers.insert(tier.to_owned(), backend);
            }
            None => {
                own.insert(tier, (backend, place.clone()));
            }
        }
    }
    let providers = providers.into_iter();
    let providers = providers
        .map(|(name, definition)| (name, Known { definition, place: Some(place.clone()) }));
    ModelSettings {
        providers: providers.collect(),
        prices,
        tiers: own,
        provider_tiers,
        default: backends.default.map(|backend| (backend, place.clone())),
        types: BTreeMap::new(),
        ..settings.without_problems()
    }
}
