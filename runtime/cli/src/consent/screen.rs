//! What a workflow asks for, what it is granted, and the question to the person.

use std::io::{BufRead, IsTerminal};
use std::path::Path;

use baton_core::budget::{Amounts, Caps};
use baton_core::limits::Limits;
use baton_core::manifest::{Manifest, Requests};
use baton_core::record::Program;
use baton_core::scope::{GlobLayer, ReadScope, Scope};

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::output::{BOLD, DIM, GOOD, WARN, note};
use crate::program::Bundle;
use crate::text::{count, dollars, duration, fit, one_line, paint, plural};

/// Columns of the description of an agent type.
const DESCRIPTION_COLUMNS: usize = 70;

/// What the operator grants: reading the root without secrets if there is one, agents, workflows.
#[must_use]
pub fn grant(root: Option<&Path>) -> Scope {
    Scope {
        read: root.map(|_| ReadScope { layers: vec![GlobLayer::no_secrets()] }),
        agents: true,
        workflows: true,
    }
}

/// What a run of this workflow may touch: what it requests, as far as it is granted.
#[must_use]
pub fn scope(requests: &Requests, root: Option<&Path>) -> Scope {
    requests.scope().intersect(&grant(root))
}

/// What stands on the screen before a run.
pub struct Plan<'a> {
    /// What would run.
    pub bundle: &'a Bundle,
    /// The directory to be read.
    pub root: Option<&'a Path>,
    /// What it may consume.
    pub caps: &'a Caps,
    /// Agents at work at once.
    pub concurrency: u32,
    /// Limits of the sandbox.
    pub limits: &'a Limits,
    /// The workflow's own budget.
    pub budget: &'a Amounts,
    /// How many runs; 1 where it is no batch.
    pub runs: u64,
}

/// Shows the plan and asks whether to start.
///
/// # Errors
/// When the person declines, or nobody can be asked.
pub fn ask(plan: &Plan<'_>) -> Result<()> {
    for line in screen(plan) {
        note(&line);
    }
    if !std::io::stdin().is_terminal() {
        return Err(CliError::new(Code::ConsentNeeded, "nobody is there to consent to this run")
            .hint("add --yes to grant what is requested, or run this on a terminal"));
    }
    note(&format!("{} [y/N] ", paint(BOLD, "Grant this and start?")));
    let mut answer = String::new();
    let read = std::io::stdin().lock().read_line(&mut answer);
    match (read, answer.trim().to_ascii_lowercase().as_str()) {
        (Ok(_), "y" | "yes") => Ok(()),
        _ => Err(CliError::new(Code::ConsentDeclined, "the run was declined")),
    }
}

/// The screen as lines.
#[must_use]
pub fn screen(plan: &Plan<'_>) -> Vec<String> {
    let manifest = &plan.bundle.manifest;
    let source = match (&plan.bundle.script, &plan.bundle.path) {
        (Some(script), _) => script.path.clone(),
        (None, Some(path)) => path.display().to_string(),
        (None, None) => "built in".into(),
    };
    let program = &plan.bundle.program;
    // Of everything the run may execute: nested workflows and agent definitions count.
    let identity = match &program.script {
        Some(script) => format!("program {} · script {}", program.digest().short(), script.short()),
        None => format!("program {}", program.digest().short()),
    };
    let mut out = vec![format!(
        "{} {}",
        paint(BOLD, &one_line(&manifest.name)),
        paint(DIM, &format!("{identity} · {}", one_line(&source)))
    )];
    if !manifest.description.is_empty() {
        out.push(format!("  {}", one_line(&manifest.description)));
    }
    if plan.bundle.script.is_some() && !manifest.phases.is_empty() {
        let phases: Vec<String> = manifest.phases.iter().map(|phase| one_line(phase)).collect();
        out.push(format!("  {} {}", paint(DIM, "phases"), phases.join(" → ")));
    }
    let (granted, refused) = words(manifest, plan);
    section(&mut out, "It asks for, and gets", GOOD, "+", &granted);
    section(&mut out, "It asks for, and does not get", WARN, "-", &refused);
    section(&mut out, "Agent tasks are performed by", DIM, "·", &performers(plan.bundle));
    section(&mut out, "It knows the agent types", DIM, "·", &types(plan.bundle));
    section(&mut out, "Held to", DIM, "·", &held(plan));
    out.push(String::new());
    out.push(
        "Sandboxed code gets nothing else: no network, no writing, no other files, no environment."
            .into(),
    );
    out
}

fn section(
    out: &mut Vec<String>,
    title: &str,
    style: anstyle::Style,
    sign: &str,
    lines: &[String],
) {
    if lines.is_empty() {
        return;
    }
    out.push(String::new());
    out.push(paint(BOLD, title));
    out.extend(lines.iter().map(|line| format!("  {} {line}", paint(style, sign))));
}

/// What is granted and what is refused, in words.
fn words(manifest: &Manifest, plan: &Plan<'_>) -> (Vec<String>, Vec<String>) {
    let mut granted = Vec::new();
    let mut refused = Vec::new();
    let requests = &manifest.requests;
    if let Some(layer) = &requests.read {
        let what = format!("read {}", patterns(layer));
        match plan.root {
            Some(root) => granted.push(format!(
                "{what} below {} (never what usually holds secrets: .env, keys, .git)",
                root.display()
            )),
            // A script that says nothing of reading may do without.
            None if !plan.bundle.says_read => {}
            None => {
                refused.push(format!("{what}: no directory was granted; --root DIR grants one"))
            }
        }
    }
    if requests.agents {
        let caps =
            plan.caps.agents.map_or(plan.limits.run.agents, |cap| cap.min(plan.limits.run.agents));
        let bound = match (&plan.bundle.script, plan.bundle.agents_max) {
            (None, _) => String::new(),
            (Some(_), Some(most)) => format!(" ({most} by its text)"),
            (Some(_), None) => " (its text sets no bound)".into(),
        };
        let at_once = plan.concurrency;
        granted.push(format!("spawn agents{bound}, at most {caps}, {at_once} at once"));
    }
    if !requests.workflows.is_empty() {
        let names: Vec<String> = requests.workflows.iter().map(|name| one_line(name)).collect();
        granted.push(format!("run these workflows: {}", names.join(", ")));
    }
    let options = plan.bundle.script.as_deref();
    if options.is_some_and(|options| options.extensions) {
        granted.push("use the global `baton`".into());
    }
    if granted.is_empty() && refused.is_empty() {
        granted.push("nothing".into());
    }
    (granted, refused)
}

/// A layer of patterns in words.
#[must_use]
pub fn patterns(layer: &GlobLayer) -> String {
    let joined = |patterns: &[String]| {
        patterns.iter().map(|pattern| one_line(pattern)).collect::<Vec<_>>().join(" ")
    };
    let mut words =
        if layer.include.is_empty() { "all files".into() } else { joined(&layer.include) };
    if !layer.exclude.is_empty() {
        words.push_str(&format!(" but not {}", joined(&layer.exclude)));
    }
    words
}

/// Who performs agent tasks, and how far each is contained.
fn performers(bundle: &Bundle) -> Vec<String> {
    if !bundle.manifest.requests.agents {
        return Vec::new();
    }
    let Program { agent_types, .. } = &bundle.program;
    let mut lines = Vec::new();
    if let Some(all) = &bundle.backends.all {
        lines.push(format!("every agent: {}", containment(all)));
        return lines;
    }
    if bundle.script.is_some() {
        lines.push("every agent not named below: no backend: name one with --agent".into());
    }
    for (name, agent_type) in agent_types {
        let backend = bundle.backends.by_type.get(name).or(agent_type.backend.as_ref());
        // Of a script, one line says it for all: every type it knows is in the program.
        if backend.is_none() && bundle.script.is_some() {
            continue;
        }
        let backend =
            backend.map_or_else(|| "no backend: name one with --agent".into(), |b| containment(b));
        lines.push(format!("{}: {backend}", one_line(name)));
    }
    for (name, backend) in &bundle.backends.by_type {
        if !agent_types.contains_key(name) {
            lines.push(format!("{}: {}", one_line(name), containment(backend)));
        }
    }
    lines
}

/// The agent types of a script that somebody defined, with what they are for.
fn types(bundle: &Bundle) -> Vec<String> {
    if bundle.script.is_none() {
        return Vec::new();
    }
    let types = &bundle.program.agent_types;
    let defined = types.iter().filter(|(_, agent_type)| agent_type.system.is_some());
    defined
        .map(|(name, agent_type)| {
            let description = fit(&one_line(&agent_type.description), DESCRIPTION_COLUMNS);
            format!("{}: {description}", one_line(name))
        })
        .collect()
}

fn containment(backend: &str) -> String {
    if backend.starts_with("command:") {
        format!("{} (a program with your rights: NOT sandboxed)", one_line(backend))
    } else {
        format!("{} (sandboxed)", one_line(backend))
    }
}

fn held(plan: &Plan<'_>) -> Vec<String> {
    let mut lines = Vec::new();
    if plan.runs > 1 {
        lines.push(format!("{} runs, each with the caps below", plan.runs));
    }
    let caps = plan.caps;
    let named = [
        caps.agents.map(|cap| format!("{cap} agents")),
        caps.tokens.map(|cap| format!("{cap} tokens")),
        caps.cost_micro_usd.map(dollars),
        caps.wall_ms.map(duration),
    ];
    let budget = plan.budget;
    let own = [
        budget.agents.map(|agents| plural(agents, "agent")),
        budget.tokens.map(|tokens| format!("{} tokens", count(tokens))),
        budget.output_tokens.map(|tokens| format!("{} output tokens", count(tokens))),
        budget.cost_micro_usd.map(dollars),
    ];
    let own: Vec<String> = own.into_iter().flatten().collect();
    if !own.is_empty() {
        lines.push(format!("its own budget of {}", own.join(", ")));
    }
    let named: Vec<String> = named.into_iter().flatten().collect();
    if named.is_empty() {
        lines.push("no caps on tokens, money or time (--max-tokens, --max-cost, --timeout)".into());
    } else {
        lines.push(named.join(", "));
    }
    lines
}

#[cfg(test)]
mod tests;
