//! Who performs an agent task: which backend, and which model of it.

use super::Run;
use crate::backend::COMPONENT;
use crate::model::{Models, tier_of_alias};
use crate::refusal::{Refusal, RefusalKind};
use crate::spec::{AgentSpec, Ladder, LadderCheck, RUNGS_MAX};
use crate::words::shorten;

/// The model that means none in particular.
const INHERIT: &str = "inherit";

/// A backend, and whether the operator chose a model that no task may change.
struct Base {
    name: String,
    fixed: bool,
}

impl Run {
    /// Chooses who performs an agent task, and fills in what its type says. The operator's choice
    /// wins over the task's, the task's over its type's. A guest can name only what the run was
    /// started with.
    pub(super) fn backend_of(&self, spec: &mut AgentSpec) -> Result<String, Refusal> {
        self.fill_in(spec)?;
        // `inherit` chooses the backend's own model, whatever the agent type says.
        spec.options.model = spec.options.model.take().filter(|model| model != INHERIT);
        let models = &self.started.models;
        let chosen = self.base_of(spec)?;
        let base = self.model_base(&chosen);
        let options = &mut spec.options;
        if let Some(ladder) = &options.ladder
            && !(1..=RUNGS_MAX).contains(&ladder.rungs.len())
        {
            let message =
                format!("a ladder has 1 to {RUNGS_MAX} steps, not {}", ladder.rungs.len());
            return Err(Refusal::invalid("ladder", message));
        }
        let Some(base) = base else {
            // It is no model of ours: it takes the name as it is, and every step is itself.
            set_all(options.ladder.as_deref_mut(), &chosen.name);
            options.provider = None;
            return Ok(chosen.name);
        };
        if base.fixed {
            options.model = None;
        }
        let backend = resolve(models, &base.name, options.model.as_deref())?;
        if base.fixed {
            set_all(options.ladder.as_deref_mut(), &backend);
        }
        if let Some(ladder) = options.ladder.as_mut().filter(|_| !base.fixed) {
            let name = |asked: &str| match asked {
                INHERIT => Ok(backend.clone()),
                asked => resolve(models, &base.name, Some(asked)),
            };
            for rung in &mut ladder.rungs {
                *rung = name(rung)?;
            }
            if let Some(LadderCheck::Challenger { model, .. }) = &mut ladder.check {
                *model = name(model)?;
            }
        }
        let first = options.ladder.as_ref().and_then(|ladder| ladder.rungs.first().cloned());
        let backend = first.unwrap_or(backend);
        if let Some((provider, model)) = models.split(&backend) {
            options.provider = Some(provider.to_owned());
            options.model = Some(model.to_owned());
        }
        Ok(backend)
    }

    /// What the type of a task says where the task says nothing.
    fn fill_in(&self, spec: &mut AgentSpec) -> Result<(), Refusal> {
        let program = &self.started.program;
        let Some(name) = &spec.options.agent_type else { return Ok(()) };
        let Some(definition) = program.agent_types.get(name) else {
            let known: Vec<&str> = program.agent_types.keys().map(String::as_str).collect();
            return Err(Refusal::new(
                RefusalKind::NotFound,
                "unknown-agent-type",
                format!("there is no agent type `{name}`; there are: {}", known.join(", ")),
                "",
            ));
        };
        let given = &mut spec.options;
        for (mine, theirs) in [
            (&mut given.system, &definition.system),
            (&mut given.model, &definition.model),
            (&mut given.effort, &definition.effort),
            (&mut given.isolation, &definition.isolation),
        ] {
            *mine = mine.take().or_else(|| theirs.clone());
        }
        given.read = given.read.take().or_else(|| definition.read.clone());
        given.max_turns = given.max_turns.or(definition.max_turns);
        Ok(())
    }

    fn base_of(&self, spec: &AgentSpec) -> Result<Base, Refusal> {
        let choice = &self.started.backends;
        let program = &self.started.program;
        let options = &spec.options;
        let of_type = options.agent_type.as_ref().and_then(|name| {
            Some((choice.by_type.get(name), program.agent_types.get(name)?.backend.as_ref()))
        });
        let (by_type, of_type) = of_type.unwrap_or_default();
        if let Some(operators) = choice.all.as_ref().or(by_type) {
            return Ok(Base { name: operators.clone(), fixed: true });
        }
        if let Some(provider) = &options.provider {
            if self.started.models.providers.contains_key(provider) {
                return Ok(Base { name: provider.clone(), fixed: false });
            }
            let known = self.started.models.providers.keys();
            return Err(not_known("provider", provider, known));
        }
        if let Some(own) = options.backend.as_ref().or(of_type) {
            return self.granted(own).map(|()| Base { name: own.clone(), fixed: false });
        }
        if let Some(default) = &choice.default {
            return Ok(Base { name: default.clone(), fixed: false });
        }
        Err(Refusal::new(
            RefusalKind::NotFound,
            "no-backend",
            "nothing was chosen to perform agent tasks",
            "choose a backend with `--agent`, for example `--agent anthropic:claude-sonnet-4-5` or \
             `--agent command:./worker`",
        ))
    }

    /// Whether a task, or an agent type, may name a backend. Types come with the component, so their
    /// backends are no more trusted than a task's.
    fn granted(&self, own: &str) -> Result<(), Refusal> {
        let started = &self.started;
        let pinned = own
            .strip_prefix(COMPONENT)
            .is_some_and(|name| started.program.agents.contains_key(name));
        let operators = started.backends.by_type.values().chain(&started.backends.default);
        let models = &started.models;
        let model = models.tiers.contains_key(own)
            || models.providers.contains_key(own)
            || models.split(own).is_some();
        if pinned || model || operators.into_iter().any(|granted| granted == own) {
            return Ok(());
        }
        Err(Refusal::new(
            RefusalKind::Denied,
            "backend-not-granted",
            format!("the backend `{own}` is not part of this run"),
            "start the run with `--agent`, or name a component of the program",
        ))
    }

    /// A backend that is a model, a provider or a tier; none: it is something else. A provider alone
    /// leaves the model to the task, whoever chose it.
    fn model_base(&self, base: &Base) -> Option<Base> {
        let models = &self.started.models;
        let Base { name, fixed } = base;
        if let Some(backend) = models.tiers.get(name) {
            return Some(Base { name: backend.clone(), fixed: *fixed });
        }
        if models.providers.contains_key(name) {
            return Some(Base { name: name.clone(), fixed: false });
        }
        models.split(name).is_some().then(|| Base { name: name.clone(), fixed: *fixed })
    }
}

/// Lets every step of a ladder, and whoever challenges, be the same backend: what the ladder checks is
/// a promise to the workflow, whoever does the work.
fn set_all(ladder: Option<&mut Ladder>, backend: &str) {
    if let Some(Ladder { rungs, check }) = ladder {
        rungs.iter_mut().for_each(|rung| backend.clone_into(rung));
        if let Some(LadderCheck::Challenger { model, .. }) = check {
            backend.clone_into(model);
        }
    }
}

/// The backend of a model that a task named, beside the backend it would have otherwise.
fn resolve(models: &Models, base: &str, asked: Option<&str>) -> Result<String, Refusal> {
    let (provider, own) = base.split_once(':').map_or((base, None), |(p, m)| (p, Some(m)));
    let alias = asked.and_then(tier_of_alias);
    let tier_of_provider = |tier: &str| {
        let backend = models.tiers.get(&format!("{provider}/{tier}"));
        backend.or_else(|| models.tiers.get(tier)).cloned()
    };
    let found = match (asked, alias) {
        (None, _) => own.map(|_| base.to_owned()).or_else(|| tier_of_provider("medium")),
        // A word that only means "about so good" never stops a run: there is always a model.
        (Some(_), Some(tier)) => tier_of_provider(tier)
            .or_else(|| own.map(|_| base.to_owned()))
            .or_else(|| tier_of_provider("medium")),
        (Some(asked), None) => {
            let mut named = tier_of_provider(asked);
            if named.is_none() && models.split(asked).is_some() {
                named = Some(asked.to_owned());
            }
            named.or_else(|| {
                // A model may have a colon in its own name, as those of Ollama do.
                let mine = format!("{provider}:{asked}");
                let others = models.providers.keys().map(|other| format!("{other}:{asked}"));
                std::iter::once(mine).chain(others).find(|name| models.price(name).is_some())
            })
        }
    };
    match found {
        Some(backend) if models.price(&backend).is_some() => Ok(backend),
        found => {
            let name = found.as_deref().or(asked).unwrap_or(base);
            Err(not_known("model", name, models.tiers.keys().chain(models.prices.keys())))
        }
    }
}

fn not_known<'a>(what: &str, name: &str, known: impl Iterator<Item = &'a String>) -> Refusal {
    let known: Vec<&str> = known.map(String::as_str).filter(|known| !known.contains('/')).collect();
    Refusal::new(
        RefusalKind::NotFound,
        if what == "model" { "unknown-model" } else { "unknown-provider" },
        format!(
            "there is no {what} `{}` in this run; there are: {}",
            shorten(name),
            known.join(", ")
        ),
        "`baton models` lists what is known; settings can add to it",
    )
}
