//! `baton list --tools`: the tools that workflows may call.

use baton_core::json::Json;
use baton_core::manifest::Requests;
use baton_core::tool::{SEPARATOR, Server};
use serde::Serialize;

use crate::consent::words::requested;
use crate::error::Result;
use crate::output::{BOLD, DIM, GOOD, WARN, columns, note};
use crate::program::tools::{self, Provider};
use crate::project::places::Places;
use crate::project::policy::Policy;
use crate::shapes;
use crate::text::{fit, one_line, pad, paint, width};

/// A tool, of `list --tools --json`.
#[derive(Serialize)]
struct ToolShape<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    name: String,
    description: &'a str,
    path: Option<String>,
    requests: &'a Requests,
    input: Option<&'a Json>,
    output: Option<&'a Json>,
}

/// A server of tools, of `list --tools --json`.
#[derive(Serialize)]
struct ServerShape<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    name: &'a str,
    command: Option<&'a [String]>,
    url: Option<&'a str>,
}

/// The tools as lines. Servers are named, and not asked what they have: that would start them.
///
/// # Errors
/// When a file of settings or a component that it names cannot be used.
pub fn lines(places: &Places, json: bool) -> Result<String> {
    let mut policy = Policy::load(places, &[], &[])?;
    let found = tools::find(&["*".to_owned()], None, places, &policy)?;
    for problem in &found.problems {
        note(&format!("{} {}", paint(WARN, "warning:"), one_line(problem)));
    }
    let providers: Vec<&Provider> = found.components.values().collect();
    policy.servers.retain(|name, _| !found.components.contains_key(name));
    if json { as_json(&providers, &policy) } else { Ok(as_text(&providers, &policy, places)) }
}

fn as_json(providers: &[&Provider], policy: &Policy) -> Result<String> {
    let mut out = String::new();
    for provider in providers {
        let manifest = &provider.manifest;
        for (name, tool) in &manifest.tools {
            out.push_str(&shapes::line(&ToolShape {
                what: "tool",
                name: format!("{}{SEPARATOR}{name}", manifest.name),
                description: &tool.description,
                path: provider.path.as_ref().map(|path| path.display().to_string()),
                requests: &manifest.requests,
                input: tool.input.as_ref(),
                output: tool.output.as_ref(),
            })?);
        }
    }
    for (name, (server, _)) in &policy.servers {
        let (command, url) = match server {
            Server::Stdio { argv, .. } => (Some(argv.as_slice()), None),
            Server::Http { url, .. } => (None, Some(url.as_str())),
        };
        out.push_str(&shapes::line(&ServerShape { what: "server", name, command, url })?);
    }
    Ok(out)
}

fn as_text(providers: &[&Provider], policy: &Policy, places: &Places) -> String {
    let columns = columns();
    let mut out = format!("{}\n", paint(BOLD, "Tools"));
    for provider in providers {
        let manifest = &provider.manifest;
        let place = match &provider.path {
            Some(path) => places.shown(path),
            None => "built in".into(),
        };
        out.push_str(&format!(
            "  {} {}\n",
            paint(GOOD, &one_line(&manifest.name)),
            paint(DIM, &one_line(&place))
        ));
        let names = manifest.tools.keys().map(|name| width(name)).max().unwrap_or_default();
        for (name, tool) in &manifest.tools {
            let room = columns.saturating_sub(names + 7);
            let description = fit(&one_line(&tool.description), room);
            out.push_str(format!("    {}  {description}", pad(name, names)).trim_end());
            out.push('\n');
        }
        let mut asks: Vec<String> = Vec::new();
        if let Some(layer) = &manifest.requests.read {
            asks.push(format!("read {}", crate::consent::patterns(layer)));
        }
        asks.extend(requested(&manifest.requests));
        if !asks.is_empty() {
            let asks = fit(&format!("asks to {}", asks.join(", ")), columns.saturating_sub(5));
            out.push_str(&format!("    {}\n", paint(DIM, &asks)));
        }
    }
    if !policy.servers.is_empty() {
        out.push_str(&format!("\n{}\n", paint(BOLD, "Servers")));
    }
    for (name, (server, place)) in &policy.servers {
        let how = match server {
            Server::Stdio { argv, .. } => shell_words::join(argv),
            Server::Http { url, .. } => url.clone(),
        };
        let line = format!("{} ({})", one_line(&how), one_line(&place.text));
        out.push_str(&format!("  {} {}\n", paint(GOOD, name), paint(DIM, &line)));
    }
    out
}
