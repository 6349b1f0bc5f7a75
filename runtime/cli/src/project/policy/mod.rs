//! Policy: what the project, the person and the command line grant, deny and define.

pub mod file;
mod grant;
pub mod judge;
mod pattern;
pub mod present;
mod steering;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use baton_core::record::Effect;
use baton_core::scope::Capability;
use baton_core::tool::{SecretDefinition, SecretSource, Server};
use serde::{Deserialize, Serialize};

pub use self::pattern::Pattern;
pub use self::steering::{NEVER, steers};
use super::config;
use super::places::Places;
use crate::error::Result;

/// Who says something.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Source {
    /// The project's `baton.toml`.
    Project,
    /// The person's `config.toml`.
    Person,
    /// The command line.
    Flag,
    /// Nobody: it is so where nobody says otherwise.
    Default,
    /// The workflow: it asks no more for the tools that it calls.
    Workflow,
}

/// Who says something, and where.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Who.
    pub source: Source,
    /// Where, for people: a file and a line, or a flag.
    pub text: String,
}

/// Something that is granted or denied.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rule {
    /// Of what kind.
    pub capability: Capability,
    /// What.
    pub pattern: Pattern,
    /// By whom.
    pub place: Place,
}

/// What is said of a provider of tools.
#[derive(Clone, Debug)]
pub struct Plugin {
    /// What it gets of the grants, by capability; one that is not named is not narrowed.
    pub narrowing: Vec<(Capability, Vec<Rule>)>,
    /// Instances kept for further calls of a run.
    pub warm: Option<u32>,
    /// Where its component lies.
    pub path: Option<PathBuf>,
    /// Who says so.
    pub source: Source,
}

/// What is said of a tool.
#[derive(Clone, Debug)]
pub struct ToolRule {
    /// What a repeat does outside.
    pub effect: Option<Effect>,
    /// Wall time of one call in milliseconds.
    pub timeout_ms: Option<u64>,
    /// By whom.
    pub place: Place,
}

/// What one file says.
#[derive(Clone, Debug, Default)]
pub struct Set {
    /// Capabilities that it grants something of, be it nothing.
    names: BTreeSet<Capability>,
    grants: Vec<Rule>,
    denies: Vec<Rule>,
    plugins: BTreeMap<String, Plugin>,
    tools: BTreeMap<String, ToolRule>,
    secrets: BTreeMap<String, (SecretDefinition, Place)>,
    servers: BTreeMap<String, (Server, Place)>,
    certificates: Vec<String>,
}

/// A grant or denial of the command line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Flag {
    /// Of what kind.
    pub capability: Capability,
    /// As it was written.
    pub text: String,
}

/// Everything that is granted, denied and defined.
#[derive(Clone, Debug, Default)]
pub struct Policy {
    /// What is granted. Sources are added up.
    grants: Vec<Rule>,
    /// What is taken away again, whoever granted it.
    denies: Vec<Rule>,
    /// Capabilities of which a file says what is granted.
    named: BTreeSet<Capability>,
    /// What is said of providers, the person first. All of it narrows.
    plugins: BTreeMap<String, Vec<Plugin>>,
    tools: BTreeMap<String, ToolRule>,
    /// Secrets by name.
    pub secrets: BTreeMap<String, (SecretDefinition, Place)>,
    /// Servers by name.
    pub servers: BTreeMap<String, (Server, Place)>,
    /// Files with certificates of further authorities that requests trust.
    pub certificates: Vec<String>,
    /// Paths below the root that nobody writes.
    guarded: Vec<String>,
    /// Paths below the root that nobody touches.
    hidden: Vec<String>,
    /// Environment variables that nobody sees.
    kept: Vec<String>,
}

impl Policy {
    /// Reads the nearest file of the project and that of the person, and takes in the flags.
    ///
    /// # Errors
    /// When a file cannot be read, or says something that cannot be understood.
    pub fn load(places: &Places, grants: &[Flag], denies: &[Flag]) -> Result<Self> {
        let mut policy = Self::default();
        // What a person defined is not redefined by a project that may be a stranger's.
        for set in config::policies(places)? {
            policy.add(set);
        }
        let place = |flag: &str| Place { source: Source::Flag, text: flag.into() };
        for (flags, denied) in [(grants, false), (denies, true)] {
            for Flag { capability, text } in flags {
                let (name, patterns) = if denied {
                    ("--deny", Pattern::parse_denied(*capability, text))
                } else {
                    ("--grant", Pattern::parse(*capability, text).map(|pattern| vec![pattern]))
                };
                let bad = |message: String| {
                    let code = crate::codes::Code::Argument;
                    crate::error::CliError::new(code, format!("{name}: {message}"))
                };
                let rules = patterns.map_err(bad)?.into_iter().map(|pattern| Rule {
                    capability: *capability,
                    pattern,
                    place: place(name),
                });
                if denied { policy.denies.extend(rules) } else { policy.grants.extend(rules) }
            }
        }
        Ok(policy)
    }

    /// Adds what one file says. Of definitions, the first of a name stays.
    fn add(&mut self, set: Set) {
        self.named.extend(set.names);
        self.grants.extend(set.grants);
        self.denies.extend(set.denies);
        for (name, plugin) in set.plugins {
            self.plugins.entry(name).or_default().push(plugin);
        }
        for (name, tool) in set.tools {
            self.tools.entry(name).or_insert(tool);
        }
        for (name, secret) in set.secrets {
            self.secrets.entry(name).or_insert(secret);
        }
        self.certificates.extend(set.certificates);
        for (name, server) in set.servers {
            self.servers.entry(name).or_insert(server);
        }
    }

    /// What is said of a tool by its full name.
    #[must_use]
    pub fn tool(&self, name: &str) -> Option<&ToolRule> {
        self.tools.get(name)
    }

    /// What is said of tools, by their full names.
    pub fn tools(&self) -> impl Iterator<Item = (&String, &ToolRule)> {
        self.tools.iter()
    }

    /// What is said of a provider.
    #[must_use]
    pub fn plugin(&self, name: &str) -> &[Plugin] {
        self.plugins.get(name).map(Vec::as_slice).unwrap_or_default()
    }

    /// Providers whose components policy names by their paths, and who does.
    pub fn paths(&self) -> impl Iterator<Item = (&str, &PathBuf, Source)> {
        self.plugins.iter().filter_map(|(name, all)| {
            let (path, source) =
                all.iter().find_map(|plugin| Some((plugin.path.as_ref()?, plugin.source)))?;
            Some((name.as_str(), path, source))
        })
    }

    /// Instances of a provider kept for further calls of a run.
    #[must_use]
    pub fn warm(&self, name: &str) -> Option<u32> {
        self.plugin(name).iter().find_map(|plugin| plugin.warm).filter(|&warm| warm > 0)
    }

    /// What is taken away of a capability.
    pub fn denied(&self, capability: Capability) -> impl Iterator<Item = &Rule> {
        self.denies.iter().filter(move |rule| rule.capability == capability)
    }

    /// Keeps these patterns of paths below the root from being written.
    pub fn guard(&mut self, patterns: impl IntoIterator<Item = String>) {
        self.guarded.extend(patterns);
    }

    /// Keeps these patterns of paths below the root from everybody: what secrets come from.
    pub fn hide(&mut self, patterns: impl IntoIterator<Item = String>) {
        self.hidden.extend(patterns);
    }

    /// Keeps these environment variables from everybody to whom the person does not give them by
    /// name: what keys come from.
    pub fn keep(&mut self, names: impl IntoIterator<Item = String>) {
        self.kept.extend(names);
    }

    /// A grant of secrets as far as it holds: what a person defined, only the person grants, or a
    /// flag. A project may be a stranger's.
    fn of_secrets(&self, rule: Rule) -> Vec<Rule> {
        if rule.place.source != Source::Project {
            return vec![rule];
        }
        let own = self.secrets.iter().filter(|(_, (_, place))| place.source != Source::Person);
        own.map(|(name, _)| Pattern::Name(name.clone()))
            .filter(|name| rule.pattern.covers(name))
            .map(|pattern| Rule { pattern, ..rule.clone() })
            .collect()
    }

    /// Whether a server may be given a secret: who defines both, says so by that; of another's
    /// secret, there must be a grant.
    #[must_use]
    pub fn gives(&self, secret: &str, server: &Place) -> bool {
        let name = Pattern::Name(secret.into());
        let defined = self.secrets.get(secret).map(|(_, place)| place.source);
        let granted = self.granted(Capability::Secrets, false);
        server.source == Source::Person
            || defined == Some(server.source)
            || granted.iter().any(|rule| rule.pattern.covers(&name))
    }

    /// Environment variables that secrets come from. No guest sees them, whatever is granted.
    fn variables_of_secrets(&self) -> impl Iterator<Item = &String> {
        let of_secrets =
            self.secrets.values().filter_map(|(definition, _)| match &definition.from {
                SecretSource::Env(name) => Some(name),
                SecretSource::File(_) | SecretSource::Command(_) => None,
            });
        of_secrets.chain(self.kept.iter().filter(|name| !self.is_given(name)))
    }

    /// Whether the person grants an environment variable by its very name.
    fn is_given(&self, variable: &str) -> bool {
        let name = Pattern::Name(variable.to_owned());
        self.grants.iter().any(|rule| {
            rule.capability == Capability::Env
                && rule.place.source != Source::Project
                && rule.pattern == name
        })
    }

    /// What is granted of a capability, defaults included. Without a root no files are.
    #[must_use]
    pub fn granted(&self, capability: Capability, root: bool) -> Vec<Rule> {
        let files = matches!(capability, Capability::Read | Capability::Write);
        if files && !root {
            return Vec::new();
        }
        let mut all: Vec<Rule> =
            self.grants.iter().filter(|rule| rule.capability == capability).cloned().collect();
        if capability == Capability::Secrets {
            all = all.into_iter().flat_map(|rule| self.of_secrets(rule)).collect();
        }
        let default = match capability {
            Capability::Read => Some((Pattern::Glob("**".into()), "--root")),
            Capability::Tools => Some((Pattern::Name("*".into()), "every tool that is requested")),
            _ => None,
        };
        if let Some((pattern, text)) = default
            && !self.named.contains(&capability)
        {
            let place = Place { source: Source::Default, text: text.into() };
            all.insert(0, Rule { capability, pattern, place });
        }
        all
    }
}
