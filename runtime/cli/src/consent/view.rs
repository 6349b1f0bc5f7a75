//! What a program asks for, and what policy makes of it: for the screen, for `check` and for
//! receipts.

use baton_agents::confine::has_network;
use baton_core::digest::Digest;
use baton_core::manifest::Requests;
use baton_core::record::Effect;
use baton_core::scope::{Authority, Capability, GlobLayer, NameScope};
use baton_core::tool::{EXEC, SEPARATOR, Server, effect};
use serde::Serialize;

use crate::program::tools::{Provider, Providers};
use crate::program::toolset::{Effective, secrets_of};
use crate::project::policy::judge::{Bounds, Judged, Verdict, judge};
use crate::project::policy::{Pattern, Place, Policy, Rule, Source};

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
    /// What policy leaves.
    pub effective: &'a Effective,
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
            if capability != Capability::Exec {
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
            .map(|provider| component(provider, asked, &rules))
            .filter(|view| !view.tools.is_empty())
            .collect();
        providers.extend(commands(asked));
        providers.extend(asked.policy.servers.iter().filter_map(|(name, (server, place))| {
            asked.effective.tools.servers.get(name).map(|_| self::server(name, server, place))
        }));
        Self {
            workflow,
            providers,
            missing: asked.providers.missing.clone(),
            problems: asked.providers.problems.clone(),
        }
    }

    /// The view of a component of tools by itself.
    #[must_use]
    pub fn of_tools(requests: &Requests, name: &str, policy: &Policy, root: bool) -> Vec<Judged> {
        judged(requests, name, &[], policy, root)
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
        all.sort();
        all.dedup();
        all
    }
}

/// The patterns of requests, files first. What cannot be read was refused before.
fn patterns(requests: &Requests) -> Vec<(Capability, Pattern)> {
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
    add(Capability::Http, &requests.http);
    add(Capability::Env, &requests.env);
    add(Capability::Secrets, &requests.secrets);
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

fn judged(
    requests: &Requests,
    provider: &str,
    workflow: &[Rule],
    policy: &Policy,
    root: bool,
) -> Vec<Judged> {
    let judge = |(capability, pattern): (Capability, Pattern)| {
        let bounds = Bounds::of(policy, provider, workflow, capability);
        let mut judged = judge(policy, root, &bounds, capability, &pattern);
        let defined = |name: &String| policy.secrets.contains_key(name);
        if capability == Capability::Secrets
            && judged.verdict != Verdict::Refused
            && !defined(&judged.asked)
        {
            judged.verdict = Verdict::Refused;
            judged.by.clear();
            judged.hint = Some(format!("nobody defines it: [secrets.{}]", judged.asked));
        }
        judged
    };
    patterns(requests).into_iter().map(judge).collect()
}

/// Who says what a repeat of a tool does outside.
fn loosened_by(policy: &Policy, tool: &str) -> Option<Place> {
    let rule = policy.tool(tool).filter(|rule| rule.effect.is_some())?;
    Some(rule.place.clone())
}

fn component(provider: &Provider, asked: &Asked<'_>, rules: &[Rule]) -> ProviderView {
    let name = &provider.manifest.name;
    let scope = asked.effective.scope.tools.as_ref();
    let tools = asked.effective.tools.known.iter().filter(|(full, _)| {
        full.split_once(SEPARATOR).is_some_and(|(provider, _)| provider == name)
            && scope.is_some_and(|scope| scope.names.allows(full))
    });
    let within = scope.map(|tools| &tools.within);
    let tools = tools
        .map(|(full, definition)| {
            let authority = match within {
                Some(within) => definition.authority.intersect(within),
                None => definition.authority.clone(),
            };
            ToolView {
                name: full.clone(),
                description: definition.description.clone(),
                effect: effect(definition, &authority),
                effect_by: loosened_by(asked.policy, full),
            }
        })
        .collect();
    let requests = judged(&provider.manifest.requests, name, rules, asked.policy, asked.root);
    let mut notes = Vec::new();
    for judged in requests.iter().filter(|judged| {
        judged.capability == Capability::Secrets && judged.verdict != Verdict::Refused
    }) {
        notes.extend(super::words::secret(&judged.asked, asked.policy));
    }
    let sends = requests.iter().any(|judged| {
        judged.capability == Capability::Http && judged.verdict != Verdict::Refused
    });
    if sends && !asked.policy.certificates.is_empty() {
        notes.push(format!("trusts the certificates in {}", asked.policy.certificates.join(", ")));
    }
    ProviderView {
        name: name.clone(),
        kind: Kind::Component,
        source: match &provider.path {
            Some(path) => path.display().to_string(),
            None => "built in".into(),
        },
        digest: Some(provider.digest),
        tools,
        requests,
        notes,
    }
}

/// Commands, if the program asks for any.
fn commands(asked: &Asked<'_>) -> Option<ProviderView> {
    let Requests { exec, tools, .. } = asked.requests;
    let mut requests = judged(
        &Requests { exec: exec.clone(), ..Requests::default() },
        EXEC,
        &[],
        asked.policy,
        asked.root,
    );
    if exec.is_empty() {
        // It wants to run commands and does not say which: it runs none.
        NameScope::of(tools).allows(EXEC).then_some(())?;
        requests.push(Judged {
            capability: Capability::Exec,
            asked: "**".into(),
            verdict: Verdict::Refused,
            within: Vec::new(),
            by: Vec::new(),
            except: Vec::new(),
            hint: Some("the workflow names no commands under `exec`".into()),
        });
    }
    let granted = requests.iter().any(|judged| judged.verdict != Verdict::Refused);
    let network = || {
        let known = asked.effective.tools.known.get(EXEC);
        let scope = asked.effective.scope.tools.as_ref();
        known.zip(scope).is_some_and(|(known, scope)| {
            has_network(&known.authority.intersect(&scope.within))
        })
    };
    let mut notes = Vec::new();
    if granted {
        let known = asked.effective.tools.known.get(EXEC).map(|known| &known.authority);
        let files = known.map(|Authority { read, write, env, .. }| Authority {
            read: read.clone(),
            write: write.clone(),
            env: env.clone(),
            ..Authority::default()
        });
        let may = files.map(|files| super::words::authority(&files)).unwrap_or_default();
        notes.extend(may.into_iter().map(|may| format!("commands may {may}")));
        notes.extend((asked.confinement)(network()));
    }
    let tools = asked.effective.tools.known.get(EXEC).map(|definition| ToolView {
        name: EXEC.into(),
        description: definition.description.clone(),
        effect: effect(definition, &definition.authority),
        effect_by: loosened_by(asked.policy, EXEC),
    });
    Some(ProviderView {
        name: EXEC.into(),
        kind: Kind::Commands,
        source: "commands of this machine".into(),
        digest: None,
        tools: tools.into_iter().collect(),
        requests,
        notes,
    })
}

fn server(name: &str, server: &Server, place: &Place) -> ProviderView {
    let mut notes = match server {
        Server::Stdio { .. } => vec![
            "a program with your rights: NOT sandboxed; what its tools do cannot be enforced"
                .into(),
        ],
        Server::Http { .. } => {
            vec!["a service elsewhere: what it does with its inputs cannot be enforced".into()]
        }
    };
    for secret in secrets_of(server) {
        notes.push(format!("is given the secret {secret}"));
    }
    let source = match server {
        Server::Stdio { argv, .. } => shell_words::join(argv),
        Server::Http { url, .. } => url.clone(),
    };
    ProviderView {
        name: name.into(),
        kind: Kind::Server,
        source: format!("{source} ({})", place.text),
        digest: None,
        tools: Vec::new(),
        requests: Vec::new(),
        notes,
    }
}
