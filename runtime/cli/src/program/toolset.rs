//! The tools of a run: what of the program's wishes policy leaves.

use std::collections::BTreeMap;

use baton_core::json::Json;
use baton_core::manifest::{ManifestTool, Requests};
use baton_core::scope::{Authority, Capability, HttpRule, NameScope, Scope};
use baton_core::tool::{
    EXEC, Provider as By, SEPARATOR, SecretDefinition, Server, ToolDefinition, Tools,
};

use super::tools::{Providers, may_mean};
use serde_json::json;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::project::policy::judge::grant_flag;
use crate::project::policy::{Place, Policy};

/// Begins a value that is a secret.
const SECRET: &str = "secret:";

/// What a run of a program is held to.
#[derive(Clone, Debug)]
pub struct Effective {
    /// What its root workflow may touch.
    pub scope: Scope,
    /// The tools it may call, those of servers left out: they are listed when the person consented.
    pub tools: Tools,
}

/// What policy leaves of the wishes of a program. `root`: whether a directory is granted.
///
/// # Errors
/// When a request cannot be read, or a server needs a secret that is not defined or is denied.
pub fn effective(
    requests: &Requests,
    providers: &Providers,
    policy: &Policy,
    root: bool,
) -> Result<Effective> {
    let bad = |error: baton_core::scope::PatternError| {
        CliError::new(Code::Component, "the requests of the program cannot be read").because(&error)
    };
    let scope = requests.scope().map_err(bad)?.intersect(&policy.scope(root));
    let mut tools = Tools::default();
    let Some(allowed) = &scope.tools else { return Ok(Effective { scope, tools }) };
    let asked_for = NameScope::of(&requests.tools);
    for (name, provider) in &providers.components {
        let asked = provider.manifest.requests.authority().map_err(bad)?;
        let authority = asked.intersect(&policy.authority_of(name, root));
        for (own, tool) in &provider.manifest.tools {
            let full = format!("{name}{SEPARATOR}{own}");
            // What policy leaves out is known all the same, so that a call is told what it lacks.
            if asked_for.allows(&full) {
                let definition = definition(tool, By::Component(name.clone()), &authority);
                tools.known.insert(full.clone(), loosened(policy, &full, definition));
            }
        }
        if let Some(warm) = policy.warm(name) {
            tools.warm.insert(name.clone(), warm);
        }
    }
    if !requests.exec.is_empty() {
        tools.known.insert(EXEC.into(), loosened(policy, EXEC, exec(policy, root)));
    }
    tools.certificates = policy.certificates.clone();
    tools.servers = servers(requests, providers, &allowed.names, policy)?;
    tools.secrets = secrets(&tools, policy);
    Ok(Effective { scope, tools })
}

fn definition(tool: &ManifestTool, provider: By, authority: &Authority) -> ToolDefinition {
    ToolDefinition {
        description: tool.description.clone(),
        input: tool.input.clone(),
        output: tool.output.clone(),
        provider,
        authority: authority.clone(),
        effect: None,
        idempotency_key: tool.idempotency_key.clone(),
        timeout_ms: None,
    }
}

/// The definition with what policy says of the tool.
#[must_use]
pub fn loosened(policy: &Policy, name: &str, definition: ToolDefinition) -> ToolDefinition {
    match policy.tool(name) {
        Some(rule) => ToolDefinition {
            effect: rule.effect.or(definition.effect),
            timeout_ms: rule.timeout_ms.or(definition.timeout_ms),
            ..definition
        },
        None => definition,
    }
}

/// The tool that runs commands. A command that may use the network may use all of it, so it gets it
/// only where policy says so of commands and not of tools at large.
fn exec(policy: &Policy, root: bool) -> ToolDefinition {
    let granted = policy.authority_of(EXEC, root);
    let authority = Authority {
        http: granted.http.filter(|_| exec_has_network(policy)),
        // Secrets are put into requests, and nobody sees those of a command.
        secrets: None,
        ..granted
    };
    ToolDefinition {
        description: "Runs a command without a shell: `argv`, and `cwd` and `stdin` if wanted."
            .into(),
        input: Some(Json::from(json!({
            "type": "object",
            "properties": {
                "argv": { "type": "array", "items": { "type": "string" }, "minItems": 1 },
                "cwd": { "type": "string" },
                "stdin": { "type": "string" },
            },
            "required": ["argv"],
            "additionalProperties": false,
        }))),
        output: None,
        provider: By::Exec,
        authority,
        effect: None,
        idempotency_key: None,
        timeout_ms: None,
    }
}

/// Whether policy grants the network to commands.
fn exec_has_network(policy: &Policy) -> bool {
    let narrowing = policy.plugin(EXEC).iter().flat_map(|plugin| &plugin.narrowing);
    let mut http = narrowing.filter(|(capability, _)| *capability == Capability::Http).peekable();
    http.peek().is_some() && http.all(|(_, rules)| !rules.is_empty())
}

/// The servers whose tools may be called.
fn servers(
    requests: &Requests,
    providers: &Providers,
    allowed: &NameScope,
    policy: &Policy,
) -> Result<BTreeMap<String, Server>> {
    let mut wanted = BTreeMap::new();
    for (name, (server, place)) in &policy.servers {
        let means = |patterns: &[String]| patterns.iter().any(|pattern| may_mean(pattern, name));
        let taken = providers.components.contains_key(name);
        if taken || !means(&requests.tools) || !allowed.layers.iter().all(|layer| means(layer)) {
            continue;
        }
        for secret in secrets_of(server) {
            let Some((problem, hint)) = withheld(secret, server, place, policy) else { continue };
            let message = format!("the server `{name}` needs the secret `{secret}`, {problem}");
            return Err(CliError::new(Code::Policy, message).hint(hint));
        }
        wanted.insert(name.clone(), server.clone());
    }
    Ok(wanted)
}

/// Why a server is not given a secret, and what to do about it; none: it is.
fn withheld(
    secret: &str,
    server: &Server,
    place: &Place,
    policy: &Policy,
) -> Option<(&'static str, String)> {
    let Some((definition, from)) = policy.secrets.get(secret) else {
        let hint = format!("{}: define it under [secrets.{secret}]", place.text);
        return Some(("which nobody defines", hint));
    };
    if denied(policy, secret) {
        return Some(("which policy denies", format!("take it out of {}", place.text)));
    }
    if !policy.gives(secret, place) {
        let hint = grant_flag(Capability::Secrets, secret);
        return Some(("which is yours and not granted to a server of the project", hint));
    }
    let bound = match server {
        Server::Stdio { .. } => true,
        Server::Http { url, .. } => is_bound_to(url, &definition.hosts),
    };
    if bound {
        return None;
    }
    let hint = format!("{}: `hosts` must hold the server's", from.text);
    Some(("which may not go to that host", hint))
}

/// Whether all requests to a server are among those that a secret may be put into.
fn is_bound_to(url: &str, hosts: &[HttpRule]) -> bool {
    let Some((scheme, rest)) = url.split_once("://") else { return false };
    let place = rest.split(['/', '?', '#']).next().unwrap_or_default();
    let place = place.rsplit('@').next().unwrap_or_default();
    ["POST", "GET", "DELETE"].iter().all(|method| {
        let meant = format!("{method} {scheme}://{place}").parse::<HttpRule>();
        meant.is_ok_and(|meant| hosts.iter().any(|rule| rule.covers(&meant)))
    })
}

fn denied(policy: &Policy, secret: &str) -> bool {
    let names: Vec<String> =
        policy.denied(Capability::Secrets).map(|rule| rule.pattern.to_string()).collect();
    NameScope::of(&names).allows(secret)
}

/// Names of the secrets that a server is given.
#[must_use]
pub fn secrets_of(server: &Server) -> Vec<&str> {
    match server {
        Server::Stdio { env, .. } => {
            env.values().filter_map(|value| value.strip_prefix(SECRET)).collect()
        }
        Server::Http { headers, .. } => headers
            .values()
            .flat_map(|value| value.split_whitespace())
            .filter_map(|word| word.strip_prefix(SECRET))
            .collect(),
    }
}

/// The definitions of the secrets that some tool may use.
fn secrets(tools: &Tools, policy: &Policy) -> BTreeMap<String, SecretDefinition> {
    let by_tool = |name: &String| {
        let granted = |tool: &ToolDefinition| {
            tool.authority.secrets.as_ref().is_some_and(|scope| scope.allows(name))
        };
        tools.known.values().any(granted)
    };
    let by_server = |name: &String| {
        tools.servers.values().any(|server| secrets_of(server).contains(&name.as_str()))
    };
    let used = policy.secrets.iter().filter(|(name, _)| by_tool(name) || by_server(name));
    used.map(|(name, (definition, _))| (name.clone(), definition.clone())).collect()
}
