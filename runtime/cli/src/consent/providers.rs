//! Whoever provides tools: what they ask for, and what becomes of it.

use baton_agents::confine::has_network;
use baton_core::manifest::Requests;
use baton_core::scope::{Authority, Capability, PathScope, name_matches};
use baton_core::tool::{EXEC, SEPARATOR, Server, effect};

use super::view::{Asked, Kind, ProviderView, ToolView, patterns};
use super::words;
use crate::program::tools::Provider;
use crate::program::toolset::secrets_of;
use crate::project::policy::judge::{Bounds, Judged, Verdict, judge};
use crate::project::policy::{Pattern, Place, Policy, Rule};

/// The project's file of settings.
const SETTINGS: &str = "baton.toml";

/// What becomes of the requests of a provider, within what the calling workflow asks for.
pub fn judged(
    requests: &Requests,
    provider: &str,
    workflow: &[Rule],
    policy: &Policy,
    root: bool,
) -> Vec<Judged> {
    let judge = |(capability, pattern): (Capability, Pattern)| {
        let bounds = Bounds::of(policy, provider, workflow, capability);
        let mut judged = judge(policy, root, &bounds, capability, &pattern);
        let defined = |asked: &str| policy.secrets.keys().any(|name| name_matches(asked, name));
        if capability == Capability::Secrets && !defined(&judged.asked) {
            judged.verdict = Verdict::Refused;
            judged.by.clear();
            let grant = judged.hint.map(|hint| format!(", {hint}")).unwrap_or_default();
            judged.hint = Some(format!("nobody defines it: [secrets.{}]{grant}", judged.asked));
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

/// A component of tools.
pub fn component(provider: &Provider, asked: &Asked<'_>, rules: &[Rule]) -> ProviderView {
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
        let names = asked.effective.tools.secrets.keys();
        let meant = names.filter(|name| name_matches(&judged.asked, name));
        notes.extend(meant.filter_map(|name| words::secret(name, asked.policy)));
    }
    let sends = requests
        .iter()
        .any(|judged| judged.capability == Capability::Http && judged.verdict != Verdict::Refused);
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
pub fn commands(asked: &Asked<'_>) -> Option<ProviderView> {
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
        tools.iter().any(|pattern| pattern == EXEC).then_some(())?;
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
        known
            .zip(scope)
            .is_some_and(|(known, scope)| has_network(&known.authority.intersect(&scope.within)))
    };
    let mut notes = Vec::new();
    if granted {
        let known = asked.effective.tools.known.get(EXEC).map(|known| &known.authority);
        // No rule of the kernel takes something out of a directory that it lets in.
        let let_in = |paths: &Option<PathScope>| {
            let mut paths = paths.clone();
            let layers = paths.iter_mut().map(|paths| &mut paths.layers);
            layers.for_each(|layers| layers.retain(|layer| !layer.include.is_empty()));
            paths
        };
        let files = known.map(|Authority { read, write, env, .. }| Authority {
            read: let_in(read),
            write: let_in(write),
            env: env.clone(),
            ..Authority::default()
        });
        let may = files.map(|files| words::authority(&files)).unwrap_or_default();
        notes.extend(may.into_iter().map(|may| format!("commands may {may}")));
        let files = [Capability::Read, Capability::Write].into_iter();
        let denied: Vec<String> = files
            .flat_map(|capability| asked.policy.denied(capability))
            .map(|rule| rule.pattern.to_string())
            .collect();
        if !denied.is_empty() {
            notes.push(format!(
                "what is denied inside of that is NOT kept from commands: {}",
                denied.join(", ")
            ));
        }
        let policy = Pattern::Glob(SETTINGS.into());
        let writes = asked.policy.granted(Capability::Write, asked.root);
        if writes.iter().any(|rule| rule.pattern.covers(&policy)) {
            notes.push(format!(
                "commands can write {SETTINGS}, which grants to the next run: grant less than {} to \
                 keep it from them",
                writes.iter().map(|rule| rule.pattern.to_string()).collect::<Vec<_>>().join(", ")
            ));
        }
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

/// A server, whose tools are not known before it is asked.
pub fn server(name: &str, server: &Server, place: &Place) -> ProviderView {
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
