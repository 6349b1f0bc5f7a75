//! What a program asks for, and what policy makes of it: for the screen, for `check` and for
//! receipts.

use baton_core::digest::Digest;
use baton_core::manifest::Requests;
use baton_core::record::Effect;
use baton_core::scope::{Capability, GlobLayer};
use baton_core::tool::SEPARATOR;
use serde::Serialize;

use super::agents::AgentsView;
use super::providers;
use crate::program::tools::Providers;
use crate::program::toolset::Effective;
use crate::project::policy::judge::{Bounds, Judged, Verdict, judge};
use crate::project::policy::{Pattern, Place, Policy, Rule, Source, ToolRule};

/// Everything that is asked for.
#[derive(Clone, Debug, Default, Serialize)]
pub struct View {
    /// By the workflow itself. `write` to `secrets` of it bound what tools do on its behalf.
    pub workflow: Vec<Judged>,
    /// By whoever provides its tools.
    pub providers: Vec<ProviderView>,
    /// Patterns of tools that lead to nothing.
    pub missing: Vec<String>,
    /// Components that cannot be used, and why.
    pub problems: Vec<String>,
    /// Who performs agent tasks, and what they may do.
    #[serde(skip_serializing_if = "is_plain")]
    pub agents: AgentsView,
}

/// Whether nothing is to be told of agents.
fn is_plain(agents: &AgentsView) -> bool {
    !agents.is_telling()
}

/// What provides tools.
#[derive(Clone, Debug, Serialize)]
pub struct ProviderView {
    /// Its name.
    pub name: String,
    /// What it is.
    pub kind: Kind,
    /// Where it comes from.
    pub source: String,
    /// The component's digest.
    pub digest: Option<Digest>,
    /// Its tools that may be called; of a server, they are not known yet.
    pub tools: Vec<ToolView>,
    /// What it asks for.
    pub requests: Vec<Judged>,
    /// What cannot be enforced, and what else is to be known.
    pub notes: Vec<String>,
}

/// What a provider of tools is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// A component in the sandbox.
    Component,
    /// Commands of the operating system.
    Commands,
    /// A server of the Model Context Protocol.
    Server,
}

/// A tool that may be called.
#[derive(Clone, Debug, Serialize)]
pub struct ToolView {
    /// Its full name.
    pub name: String,
    /// What it does; untrusted.
    pub description: String,
    /// What a repeat would do outside.
    pub effect: Effect,
    /// Who says so, where policy does.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub effect_by: Option<Place>,
}

/// What the view is made of.
pub struct Asked<'a> {
    /// What the program asks for.
    pub requests: &'a Requests,
    /// The components of its tools.
    pub providers: &'a Providers,
    /// What is granted.
    pub policy: &'a Policy,
    /// Whether a directory is granted.
    pub root: bool,
    /// Whether the root workflow says itself that it reads: one that does not may do without.
    pub says_read: bool,
    /// What policy leaves.
    pub effective: &'a Effective,
    /// What is known of its agents.
    pub agents: AgentsView,
    /// How far commands are confined, in sentences, with the network or without.
    pub confinement: &'a dyn Fn(bool) -> Vec<String>,
}

impl View {
    /// What policy makes of the requests of a program.
    #[must_use]
    pub fn of(asked: &Asked<'_>) -> Self {
        let rules = workflow_rules(asked.requests);
        let mut workflow = Vec::new();
        for (capability, pattern) in patterns(asked.requests) {
            let silent = capability == Capability::Read && !asked.root && !asked.says_read;
            if capability != Capability::Exec && !silent {
                let bounds = Bounds::default();
                workflow.push(judge(asked.policy, asked.root, &bounds, capability, &pattern));
            }
        }
        for pattern in &asked.requests.tools {
            let pattern = Pattern::Name(pattern.clone());
            let bounds = Bounds::default();
            workflow.push(judge(asked.policy, asked.root, &bounds, Capability::Tools, &pattern));
        }
        let mut providers: Vec<ProviderView> = asked
            .providers
            .components
            .values()
            .map(|provider| providers::component(provider, asked, &rules))
            .filter(|view| !view.tools.is_empty())
            .collect();
        providers.extend(providers::commands(asked));
        providers.extend(asked.policy.servers.iter().filter_map(|(name, (server, place))| {
            asked.effective.tools.servers.get(name).map(|_| providers::server(name, server, place))
        }));
        Self {
            workflow,
            providers,
            missing: asked.providers.missing.clone(),
            problems: [asked.providers.problems.clone(), unknown_tools(asked)].concat(),
            agents: asked.agents.clone(),
        }
    }

    /// The view of a component of tools by itself.
    #[must_use]
    pub fn of_tools(requests: &Requests, name: &str, policy: &Policy, root: bool) -> Vec<Judged> {
        providers::judged(requests, name, &[], policy, root)
    }

    /// Every line of what is granted, for comparison: who may do what.
    #[must_use]
    pub fn may(&self) -> Vec<String> {
        let granted = |judged: &&Judged| judged.verdict != Verdict::Refused;
        self.lines(granted, |judged| {
            let within = match judged.within.as_slice() {
                [] => String::new(),
                within => format!(" within {}", within.join(", ")),
            };
            let except = match judged.except.as_slice() {
                [] => String::new(),
                except => format!(" but not {}", except.join(", ")),
            };
            format!("{}{within}{except}", super::words::asked(judged))
        })
    }

    /// Every line of what is asked for, whether it is granted or not.
    #[must_use]
    pub fn asks(&self) -> Vec<String> {
        self.lines(|_| true, super::words::asked)
    }

    fn lines(
        &self,
        chosen: impl Fn(&&Judged) -> bool,
        line: impl Fn(&Judged) -> String,
    ) -> Vec<String> {
        let own = self.workflow.iter().filter(&chosen).map(|judged| (String::new(), judged));
        let theirs = self.providers.iter().flat_map(|provider| {
            provider
                .requests
                .iter()
                .filter(&chosen)
                .map(|judged| (format!("{}: ", provider.name), judged))
        });
        let mut all: Vec<String> =
            own.chain(theirs).map(|(who, judged)| format!("{who}{}", line(judged))).collect();
        all.extend(
            self.providers
                .iter()
                .filter(|provider| provider.kind == Kind::Server)
                .map(|provider| format!("{}: the server {}", provider.name, provider.source)),
        );
        all.extend(self.agents.may());
        all.sort();
        all.dedup();
        all
    }
}

/// Rules about tools that their providers do not have: a slip that would otherwise go unseen.
fn unknown_tools(asked: &Asked<'_>) -> Vec<String> {
    let slip = |(name, rule): (&String, &ToolRule)| {
        let (provider, tool) = name.split_once(SEPARATOR)?;
        let provider = asked.providers.components.get(provider)?;
        let missing = !provider.manifest.tools.contains_key(tool);
        missing.then(|| format!("{}: there is no tool `{name}`", rule.place.text))
    };
    asked.policy.tools().filter_map(slip).collect()
}

/// The patterns of requests, files first. What cannot be read was refused before.
pub fn patterns(requests: &Requests) -> Vec<(Capability, Pattern)> {
    let mut all = Vec::new();
    let mut add = |capability, texts: &[String]| {
        for text in texts {
            if let Ok(pattern) = Pattern::parse(capability, text) {
                all.push((capability, pattern));
            }
        }
    };
    let globs = |layer: &GlobLayer| match layer.include.as_slice() {
        [] => vec!["**".to_owned()],
        include => include.to_vec(),
    };
    add(Capability::Read, &requests.read.as_ref().map(globs).unwrap_or_default());
    add(Capability::Write, &requests.write.as_ref().map(globs).unwrap_or_default());
    let named = |list: &Option<Vec<String>>| list.clone().unwrap_or_default();
    add(Capability::Http, &named(&requests.http));
    add(Capability::Env, &named(&requests.env));
    add(Capability::Secrets, &named(&requests.secrets));
    add(Capability::Exec, &requests.exec);
    all
}

/// What a workflow asks for on behalf of its tools, as a bound of what they get.
fn workflow_rules(requests: &Requests) -> Vec<Rule> {
    let place = Place { source: Source::Workflow, text: "the workflow".into() };
    patterns(requests)
        .into_iter()
        .filter(|(capability, _)| *capability != Capability::Read)
        .map(|(capability, pattern)| Rule {
            capability,
            // Where requests may go is not for the workflow to say.
            pattern: match pattern {
                Pattern::Http(rule) => Pattern::Http(rule.with_private()),
                other => other,
            },
            place: place.clone(),
        })
        .collect()
}
