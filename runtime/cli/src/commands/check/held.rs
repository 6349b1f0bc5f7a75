//! What policy makes of a program that is looked at, and what was always allowed to it.

use std::path::Path;

use baton_core::budget::Caps;
use baton_core::manifest::World;
use baton_core::spec::SCHEMA_ATTEMPTS_MAX;
use serde::Serialize;

use super::list;
use crate::args::{CheckArgs, PolicyArgs};
use crate::authority::{Authority, identity};
use crate::consent::view::{ProviderView, View};
use crate::consent::{self, words};
use crate::error::Result;
use crate::output::{BOLD, GOOD, WARN};
use crate::program::component::Component;
use crate::program::models::{Wanted, recording};
use crate::program::{Bundle, ScriptWishes, gather};
use crate::project::Project;
use crate::project::models::ModelSettings;
use crate::project::policy::Policy;
use crate::project::policy::judge::{Judged, Verdict};
use crate::receipts::{Receipt, Receipts, difference};
use crate::text::{one_line, paint};
use crate::value::{self, AgentArg};

/// What a program would be held to.
#[derive(Debug, Default, Serialize)]
pub struct Held {
    /// What policy makes of its requests.
    authority: View,
    /// What a run may consume where no flag says otherwise.
    #[serde(skip_serializing_if = "is_open")]
    caps: Caps,
    /// Who performs agent tasks, the models in reach, and what these are given, a line each.
    #[serde(skip)]
    agents: [Vec<String>; 3],
    /// What was always allowed to it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    always: Vec<Always>,
    /// Why that cannot be said.
    #[serde(skip_serializing_if = "Option::is_none")]
    problem: Option<String>,
    /// Whether there is more to say than that it wants to read.
    #[serde(skip)]
    telling: bool,
}

fn is_open(caps: &Caps) -> bool {
    *caps == Caps::default()
}

/// A receipt, held against the program as it is now.
#[derive(Debug, Serialize)]
struct Always {
    /// The directory that was granted.
    root: Option<String>,
    /// When.
    at: String,
    /// Whether a run would start without a question.
    holds: bool,
    /// What changed since, a line each.
    changed: Vec<String>,
}

/// Of a component: of a workflow everything, of tools what policy makes of their requests.
///
/// # Errors
/// When a file of settings or a receipt cannot be read.
pub fn of_component(
    args: &CheckArgs,
    component: &Component,
    project: &mut Project,
) -> Result<Option<Held>> {
    let found = &component.inspection;
    match (&found.manifest, found.world) {
        _ if !found.refusals.is_empty() => Ok(None),
        (Some(_), Some(World::Workflow)) => of_workflow(args, project),
        (Some(manifest), Some(World::Tool)) => {
            let policy = policy(&args.policy, project)?;
            let root = args.root.is_some();
            let workflow = View::of_tools(&manifest.requests, &manifest.name, &policy, root);
            let telling = !workflow.is_empty();
            let authority = View { workflow, ..View::default() };
            Ok(Some(Held { authority, telling, ..Held::default() }))
        }
        _ => Ok(None),
    }
}

/// Of a workflow that is accepted.
///
/// # Errors
/// When a file of settings or a receipt cannot be read.
pub fn of_workflow(args: &CheckArgs, project: &mut Project) -> Result<Option<Held>> {
    let policy = policy(&args.policy, project)?;
    let root = match &args.root {
        Some(root) => Some(crate::commands::run::directory(root)?),
        None => None,
    };
    let (bundle, settings) = match bundle(args, &args.agents, root.as_deref(), &policy, project) {
        Ok(found) => found,
        Err(error) => {
            let problem = Some(error.told());
            return Ok(Some(Held { problem, telling: true, ..Held::default() }));
        }
    };
    let flags = args.policy.words();
    let places = &project.places;
    let held = Authority::of(&bundle, policy, root.as_deref(), flags, places, &settings)?;
    let performed = consent::performers(&bundle);
    let models = consent::agents::models(&bundle);
    let given = consent::agents::guidance(&bundle.guidance);
    let workflow = identity(&bundle.program, bundle.path.as_deref());
    let kept = match Receipts::of(&project.places) {
        Some(receipts) => receipts.of_workflow(&workflow)?,
        None => Vec::new(),
    };
    let always: Vec<Always> =
        kept.iter().map(|receipt| now(args, receipt, project)).collect::<Result<_>>()?;
    let requests = &bundle.manifest.requests;
    let telling = !requests.tools.is_empty()
        || !requests.exec.is_empty()
        || !always.is_empty()
        || held.view.agents.is_telling()
        || args.root.is_some();
    let agents =
        if held.view.agents.is_telling() { [performed, models, given] } else { Default::default() };
    let caps = settings.caps;
    Ok(Some(Held { authority: held.view, caps, agents, always, problem: None, telling }))
}

fn policy(args: &PolicyArgs, project: &Project) -> Result<Policy> {
    Policy::load(&project.places, &args.grants, &args.denies)
}

fn bundle(
    args: &CheckArgs,
    agents: &[AgentArg],
    root: Option<&Path>,
    policy: &Policy,
    project: &mut Project,
) -> Result<(Bundle, ModelSettings)> {
    let wishes =
        ScriptWishes { lenient: false, extensions: false, schema_attempts: SCHEMA_ATTEMPTS_MAX };
    let settings = ModelSettings::load(&project.places, &|name| std::env::var(name).ok())?;
    let (agents, settings) = recording::replay(agents, settings)?;
    let wanted = Wanted { agents: &agents, settings: &settings };
    let mut bundle = gather(&args.file, &wanted, wishes, policy, project)?;
    bundle.guide(&project.places, root, &settings);
    Ok((bundle, settings))
}

/// A receipt against what the same run would be held to now.
fn now(args: &CheckArgs, kept: &Receipt, project: &mut Project) -> Result<Always> {
    let flags = PolicyArgs::from_words(&kept.flags);
    let agents: Vec<AgentArg> = match &kept.agents {
        Some(words) => words.iter().filter_map(|word| value::agent(word).ok()).collect(),
        None => chosen_then(kept),
    };
    let policy = policy(&flags, project)?;
    let root = kept.root.as_deref();
    let present = bundle(args, &agents, root, &policy, project).and_then(|(bundle, settings)| {
        let places = &project.places;
        Authority::of(&bundle, policy, root, kept.flags.clone(), places, &settings)
    });
    let (holds, changed) = match present {
        Ok(present) => (kept.holds_for(&present.receipt), difference(kept, &present.receipt)),
        Err(error) => (false, vec![error.sentence()]),
    };
    let root = kept.root.as_ref().map(|root| root.display().to_string());
    Ok(Always { root, at: kept.at.clone(), holds, changed })
}

/// What the command line chose, of a receipt that does not keep its words.
fn chosen_then(kept: &Receipt) -> Vec<AgentArg> {
    let all = kept.backends.all.iter();
    let all = all.map(|backend| AgentArg { agent_type: None, backend: backend.clone() });
    let by_type = kept.backends.by_type.iter().map(|(agent_type, backend)| AgentArg {
        agent_type: Some(agent_type.clone()),
        backend: backend.clone(),
    });
    all.chain(by_type).collect()
}

impl Held {
    /// The lines for people; empty where there is nothing to say beyond the requests.
    #[must_use]
    pub fn text(&self) -> String {
        let mut out = String::new();
        if !self.telling {
            return out;
        }
        if let Some(problem) = &self.problem {
            list(&mut out, "It would not start", std::slice::from_ref(problem));
        }
        let line = |judged: &Judged| {
            let may = if judged.verdict == Verdict::Refused { "- may not" } else { "+ may" };
            format!("{may} {}", words::told(judged))
        };
        let own: Vec<String> = self.authority.workflow.iter().map(line).collect();
        list(&mut out, "Policy", &own);
        let providers: Vec<&ProviderView> = self.authority.providers.iter().collect();
        if !providers.is_empty() {
            out.push_str(&format!("\n{}\n", paint(BOLD, "Its tools")));
            for provider in providers.into_iter().map(words::provider) {
                out.push_str(&format!("  {}\n", provider.name));
                for (sign, line) in &provider.lines {
                    out.push_str(&format!("      {sign} {line}\n"));
                }
            }
        }
        let titles = ["Agent tasks are performed by", "Models in reach", "Models are given"];
        for (title, lines) in titles.iter().zip(&self.agents) {
            list(&mut out, title, lines);
        }
        let may = self.authority.agents.workers.iter().map(|line| format!("+ may {line}"));
        list(&mut out, "Agents that work by themselves", &may.collect::<Vec<_>>());
        list(&mut out, "Caps of the settings", &consent::caps(&self.caps));
        let missing = &self.authority.missing;
        let missing = missing.iter().map(|name| format!("{name}: no such tool is installed"));
        let all: Vec<String> = missing.chain(self.authority.problems.iter().cloned()).collect();
        list(&mut out, "Tools that are not there", &all);
        for always in &self.always {
            out.push_str(&always.text());
        }
        out
    }
}

impl Always {
    fn text(&self) -> String {
        let root =
            self.root.as_ref().map(|root| format!(" in {}", one_line(root))).unwrap_or_default();
        let title = format!("Always allowed{} since {}", root, one_line(&self.at));
        let mut out = format!("\n{}\n", paint(BOLD, &title));
        if self.holds {
            out.push_str(&format!(
                "  {} nothing changed: it starts without a question\n",
                paint(GOOD, "✓")
            ));
            return out;
        }
        for line in &self.changed {
            out.push_str(&format!("  {} {}\n", paint(WARN, "!"), one_line(line)));
        }
        out.push_str("  the next run asks again\n");
        out
    }
}
