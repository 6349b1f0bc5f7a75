//! What a run of a program would be held to, and whether that was always allowed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_agents::confine;
use baton_core::digest::Digest;
use baton_core::model::Models;
use baton_core::record::{BackendChoice, Program};
use baton_core::scope::Authority as Grants;
use baton_core::tool::SecretSource;

use crate::consent::agents::AgentsView;
use crate::consent::view::{Asked, View};
use crate::error::Result;
use crate::program::Bundle;
use crate::program::models::is_coding_agent;
use crate::program::toolset::{Effective, effective};
use crate::project::models::ModelSettings;
use crate::project::places::Places;
use crate::project::policy::Policy;
use crate::receipts::{Receipt, Receipts, difference};
use crate::session;

/// What a run of a program would be held to.
pub struct Authority {
    /// What is granted.
    pub policy: Policy,
    /// What that leaves of the requests.
    pub effective: Effective,
    /// What agents that work by themselves may touch, beside their tools.
    pub workers: Grants,
    /// The same for people.
    pub view: View,
    /// The receipt that would be kept, without its date.
    pub receipt: Receipt,
    /// Where receipts are kept; none: nowhere.
    pub receipts: Option<Receipts>,
}

/// What a person allowed earlier.
pub enum Allowed {
    /// Nothing of this workflow in this directory.
    Never,
    /// Exactly this, since then.
    Always(String),
    /// Something else: what changed since, a line each.
    Before(Vec<String>),
}

impl Authority {
    /// What policy makes of a program. `flags`: those that granted something, as they are written.
    ///
    /// # Errors
    /// When policy lacks what a tool needs.
    pub fn of(
        bundle: &Bundle,
        mut policy: Policy,
        root: Option<&Path>,
        flags: Vec<String>,
        places: &Places,
        settings: &ModelSettings,
    ) -> Result<Self> {
        policy.guard(settings_below(root, places));
        policy.hide(secrets_below(root, &policy));
        policy.hide(settings.keys().filter_map(|key| file_below(root?, key)));
        policy.keep(settings.keys().filter_map(|key| match key {
            SecretSource::Env(name) => Some(name.clone()),
            SecretSource::File(_) | SecretSource::Command(_) => None,
        }));
        let requests = &bundle.manifest.requests;
        let granted = root.is_some();
        let effective = effective(requests, &bundle.providers, &policy, granted)?;
        let workers = workers(bundle, &policy, granted);
        let confinement = |network: bool| match session::supervisor() {
            Ok(supervisor) => confine::probe(&supervisor).words(network),
            Err(error) => vec![error.sentence()],
        };
        let view = View::of(&Asked {
            requests,
            providers: &bundle.providers,
            policy: &policy,
            root: granted,
            says_read: bundle.says_read,
            effective: &effective,
            confinement: &confinement,
            agents: AgentsView::of(bundle, &workers),
        });
        let program = bundle.program.clone();
        let root = root.map(Path::to_owned);
        let backends = bundle.backends.clone();
        let receipt = Receipt {
            authority: digest(&effective, root.as_ref(), &backends, &bundle.reach.models, &workers),
            backends,
            flags,
            may: view.may(),
            asks: view.asks(),
            details: details(&effective),
            ..Receipt::new(identity(&program, bundle.path.as_deref()), root, program)
        };
        Ok(Self { policy, effective, workers, view, receipt, receipts: Receipts::of(places) })
    }

    /// What was allowed to this workflow in this directory.
    ///
    /// # Errors
    /// When the receipts cannot be read.
    pub fn allowed(&self) -> Result<Allowed> {
        let Some(receipts) = &self.receipts else { return Ok(Allowed::Never) };
        let all = receipts.of_workflow(&self.receipt.workflow)?;
        let here = all.into_iter().find(|kept| kept.root == self.receipt.root);
        Ok(match here {
            None => Allowed::Never,
            Some(kept) if kept.holds_for(&self.receipt) => Allowed::Always(kept.at),
            Some(kept) => Allowed::Before(difference(&kept, &self.receipt)),
        })
    }
}

/// What people mean by a workflow: its file, or its name if it is built in.
#[must_use]
pub fn identity(program: &Program, path: Option<&Path>) -> String {
    match path {
        Some(path) => path.canonicalize().unwrap_or_else(|_| path.into()).display().to_string(),
        None => program.name.clone(),
    }
}

/// What agents that work by themselves may touch: files and commands, and of coding agents requests
/// and variables as well, as far as policy grants them. Nothing, where there are no such agents:
/// components have only what they ask for.
fn workers(bundle: &Bundle, policy: &Policy, root: bool) -> Grants {
    let BackendChoice { all, by_type, default } = &bundle.backends;
    let mut chosen = all.iter().chain(by_type.values()).chain(default);
    let granted = policy.authority(root);
    if chosen.any(|backend| is_coding_agent(backend)) {
        return Grants { secrets: None, ..granted };
    }
    if bundle.reach.models.is_empty() {
        return Grants::default();
    }
    Grants { http: None, env: None, secrets: None, ..granted }
}

fn digest(
    effective: &Effective,
    root: Option<&PathBuf>,
    backends: &BackendChoice,
    models: &Models,
    workers: &Grants,
) -> Digest {
    let Effective { scope, tools } = effective;
    let plain = ("baton receipt 1", scope, tools, root, backends);
    if models.is_empty() && workers.is_nothing() {
        return Digest::of_json(&plain);
    }
    // Where prompts go and which models are meant; what these cost may change.
    let Models { providers, tiers, .. } = models;
    Digest::of_json(&(plain, providers, tiers, workers))
}

/// Digests of what stands behind names.
fn details(effective: &Effective) -> BTreeMap<String, Digest> {
    let tools = &effective.tools;
    let known =
        tools.known.iter().map(|(name, tool)| (format!("tool {name}"), Digest::of_json(tool)));
    let servers = tools
        .servers
        .iter()
        .map(|(name, server)| (format!("server {name}"), Digest::of_json(server)));
    let secrets = tools
        .secrets
        .iter()
        .map(|(name, secret)| (format!("secret {name}"), Digest::of_json(secret)));
    known.chain(servers).chain(secrets).collect()
}

/// Files that secrets come from, as patterns of paths below the granted directory.
fn secrets_below(root: Option<&Path>, policy: &Policy) -> Vec<String> {
    let Some(root) = root else { return Vec::new() };
    let sources = policy.secrets.values().map(|(definition, _)| &definition.from);
    sources.filter_map(|source| file_below(root, source)).collect()
}

/// The file that a secret comes from, as a pattern, if it lies below the root.
fn file_below(root: &Path, source: &SecretSource) -> Option<String> {
    let SecretSource::File(path) = source else { return None };
    let path = Path::new(path);
    below(root, &path.canonicalize().unwrap_or_else(|_| path.into()))
}

/// A path as a pattern that means only it, if it lies below the root.
fn below(root: &Path, path: &Path) -> Option<String> {
    let inside = path.strip_prefix(root).ok()?.to_str().filter(|inside| !inside.is_empty())?;
    let mut pattern = String::new();
    for letter in inside.chars() {
        if "*?[]{}\\!".contains(letter) {
            pattern.push('\\');
        }
        pattern.push(letter);
    }
    Some(pattern)
}

/// The person's own settings, as patterns of paths below the granted directory: who writes them
/// grants to the next run.
fn settings_below(root: Option<&Path>, places: &Places) -> Vec<String> {
    let person = places.person().map(|dir| dir.canonicalize().unwrap_or_else(|_| dir.into()));
    let inside = root.zip(person).and_then(|(root, person)| below(root, &person));
    inside.map(|inside| vec![inside.clone(), format!("{inside}/**")]).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_path_below_the_root_is_a_pattern_that_means_only_it() {
        let root = Path::new("/r");
        let pattern = |path: &str| below(root, Path::new(path));
        assert_eq!(pattern("/r/a/token.txt").unwrap(), "a/token.txt");
        assert_eq!(pattern("/r/a[1]/*.txt").unwrap(), r"a\[1\]/\*.txt");
        assert_eq!(pattern("/r"), None);
        assert_eq!(pattern("/rest/token"), None);
    }

    #[test]
    fn what_secrets_come_from_is_hidden() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap();
        std::fs::create_dir(root.join("config")).unwrap();
        std::fs::write(root.join("token"), "").unwrap();
        let text = "[grant]\nwrite = [\"**\"]\nenv = [\"*\"]\nread = [\"**\", \"token\"]\n\
                    [secrets.a]\nfile = \"token\"\n[secrets.b]\nenv = \"B\"\n";
        std::fs::write(root.join("baton.toml"), text).unwrap();
        let config = root.join("config").into_os_string();
        let places =
            Places::around(&root, |name| (name == "XDG_CONFIG_HOME").then(|| config.clone()));
        let mut policy = Policy::load(&places, &[], &[]).unwrap();
        policy.guard(settings_below(Some(&root), &places));
        policy.hide(secrets_below(Some(&root), &policy));
        let authority = policy.authority(true);
        for scope in [authority.read.as_ref().unwrap(), authority.write.as_ref().unwrap()] {
            let last = scope.layers.last().unwrap();
            assert!(
                last.exclude.contains(&"token".to_owned()) && last.unless.is_empty(),
                "{last:?}"
            );
        }
        let never = &authority.write.as_ref().unwrap().layers.last().unwrap().exclude;
        for path in ["config/baton/**", "**/baton.toml", "**/.baton/**"] {
            assert!(never.contains(&path.to_owned()), "{path}: {never:?}");
        }
        let env = authority.env.unwrap();
        assert!(env.allows("A") && !env.allows("B"));
    }
}
