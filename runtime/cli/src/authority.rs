//! What a run of a program would be held to, and whether that was always allowed.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_agents::confine;
use baton_core::digest::Digest;
use baton_core::record::{BackendChoice, Program};

use crate::consent::view::{Asked, View};
use crate::error::Result;
use crate::program::Bundle;
use crate::program::toolset::{Effective, effective};
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
    /// Exactly this, then.
    Always(Receipt),
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
    ) -> Result<Self> {
        policy.guard(settings_below(root, places));
        let requests = &bundle.manifest.requests;
        let granted = root.is_some();
        let effective = effective(requests, &bundle.providers, &policy, granted)?;
        let confinement = |network: bool| match session::supervisor() {
            Ok(supervisor) => confine::probe(&supervisor).words(network),
            Err(error) => vec![error.sentence()],
        };
        let view = View::of(&Asked {
            requests,
            providers: &bundle.providers,
            policy: &policy,
            root: granted,
            effective: &effective,
            confinement: &confinement,
        });
        let program = bundle.program.clone();
        let root = root.map(Path::to_owned);
        let backends = bundle.backends.clone();
        let receipt = Receipt {
            authority: digest(&effective, root.as_ref(), &backends),
            backends,
            flags,
            may: view.may(),
            asks: view.asks(),
            details: details(&effective),
            ..Receipt::new(identity(&program, bundle.path.as_deref()), root, program)
        };
        Ok(Self { policy, effective, view, receipt, receipts: Receipts::of(places) })
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
            Some(kept) if kept.holds_for(&self.receipt) => Allowed::Always(kept),
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

fn digest(effective: &Effective, root: Option<&PathBuf>, backends: &BackendChoice) -> Digest {
    let Effective { scope, tools } = effective;
    Digest::of_json(&("baton receipt 1", scope, tools, root, backends))
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

/// The person's own settings, as patterns of paths below the granted directory: who writes them
/// grants to the next run.
fn settings_below(root: Option<&Path>, places: &Places) -> Vec<String> {
    let person = places.person().map(|dir| dir.canonicalize().unwrap_or_else(|_| dir.into()));
    let below = root.zip(person).and_then(|(root, person)| {
        let inside = person.strip_prefix(root).ok()?.to_str()?.to_owned();
        (!inside.is_empty()).then_some(inside)
    });
    below.map(|inside| vec![inside.clone(), format!("{inside}/**")]).unwrap_or_default()
}
