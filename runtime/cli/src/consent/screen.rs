//! The screen before a run.

use std::path::Path;

use baton_core::budget::{Amounts, Caps};
use baton_core::limits::Limits;
use baton_core::manifest::Manifest;
use baton_core::record::Program;
use baton_core::scope::{Capability, GlobLayer};

use super::agents::{self, containment};
use super::held;
use super::view::View;
use super::words;
use crate::follow;
use crate::output::{BOLD, DIM, GOOD, WARN};
use crate::program::Bundle;
use crate::project::policy::judge::{Judged, Verdict};
use crate::text::{fit, hang, one_line, paint};

/// Columns of the description of an agent type.
const DESCRIPTION_COLUMNS: usize = 70;

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
    /// What policy makes of its requests.
    pub view: &'a View,
    /// What changed since it was always allowed; empty where it never was.
    pub changed: &'a [String],
}

/// The screen as lines. `columns`: those of the terminal that shows it, where lines are broken between
/// words; none: nobody breaks them.
#[must_use]
pub fn screen(plan: &Plan<'_>, columns: Option<usize>) -> Vec<String> {
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
    let mut page = Page { columns, lines: Vec::new() };
    let title = paint(BOLD, &one_line(&manifest.name));
    let of = paint(DIM, &format!("{identity} · {}", one_line(&source)));
    page.line("  ", &format!("{title} {of}"));
    // Only what follows of the title stands as deep as what is told below it.
    if let Some(title) = page.lines.first_mut() {
        title.drain(..2);
    }
    if !manifest.description.is_empty() {
        page.line("  ", &one_line(&manifest.description));
    }
    if plan.bundle.script.is_some() && !manifest.phases.is_empty() {
        let phases: Vec<String> = manifest.phases.iter().map(|phase| one_line(phase)).collect();
        page.line(&format!("  {} ", paint(DIM, "phases")), &phases.join(" → "));
    }
    let (granted, refused) = words(manifest, plan);
    page.section("It asks for, and gets", GOOD, "+", &granted);
    page.section("It asks for, and does not get", WARN, "-", &refused);
    page.tools(plan.view);
    page.section("Agent tasks are performed by", DIM, "·", &performers(plan.bundle));
    page.section("Models in reach", DIM, "·", &agents::models(plan.bundle));
    page.section("Models are given", DIM, "·", &agents::guidance(&plan.bundle.guidance));
    let workers: Vec<String> =
        plan.view.agents.workers.iter().map(|line| format!("may {}", one_line(line))).collect();
    page.section("Agents that work by themselves", WARN, "+", &workers);
    page.section("It knows the agent types", DIM, "·", &types(plan.bundle));
    page.section("Held to", DIM, "·", &held::held(plan));
    let changed: Vec<String> = plan.changed.iter().map(|line| one_line(line)).collect();
    page.section("Changed since you always allowed it", WARN, "!", &changed);
    page.lines.push(String::new());
    page.line(
        "",
        "Sandboxed code gets nothing else: no network, no writing, no other files, no environment.",
    );
    page.lines
}

/// The screen as it is written.
struct Page {
    /// Columns of a line; none: as many as it takes.
    columns: Option<usize>,
    lines: Vec<String>,
}

impl Page {
    fn line(&mut self, lead: &str, text: &str) {
        self.lines.extend(hang(lead, text, self.columns));
    }

    /// A heading, and lines behind a sign below it; nothing where there are none.
    fn section(&mut self, title: &str, style: anstyle::Style, sign: &str, lines: &[String]) {
        if lines.is_empty() {
            return;
        }
        self.lines.extend([String::new(), paint(BOLD, title)]);
        let lead = format!("  {} ", paint(style, sign));
        lines.iter().for_each(|line| self.line(&lead, line));
    }

    /// The tools that it may call, and what they may touch.
    fn tools(&mut self, view: &View) {
        if !view.providers.is_empty() {
            self.lines.extend([String::new(), paint(BOLD, "Its tools")]);
        }
        for provider in view.providers.iter().map(words::provider) {
            self.line(&format!("  {} ", paint(DIM, "·")), &provider.name);
            for (sign, line) in &provider.lines {
                self.line(&format!("      {sign} "), line);
            }
        }
        let missing: Vec<String> = view
            .missing
            .iter()
            .map(|pattern| format!("{}: no such tool is installed", one_line(pattern)))
            .chain(view.problems.iter().map(|problem| one_line(problem)))
            .collect();
        self.section("Tools that are not there", WARN, "-", &missing);
    }
}

/// What is granted and what is refused, in words.
fn words(manifest: &Manifest, plan: &Plan<'_>) -> (Vec<String>, Vec<String>) {
    let mut granted = Vec::new();
    let mut refused = Vec::new();
    let requests = &manifest.requests;
    if let Some(layer) = &requests.read {
        reading(layer, plan, &mut granted, &mut refused);
    }
    if requests.agents {
        let caps = plan
            .caps
            .run
            .agents
            .map_or(plan.limits.run.agents, |cap| cap.min(plan.limits.run.agents));
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
    // Of a bound of what tools may do, the tools themselves tell what became of it.
    for judged in plan.view.workflow.iter().filter(|judged| judged.capability == Capability::Tools)
    {
        let to = if judged.verdict == Verdict::Refused { &mut refused } else { &mut granted };
        to.push(words::told(judged));
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

/// Whether a person can name a directory: a follow-up has that of the run it follows.
#[must_use]
pub fn takes_root(bundle: &Bundle) -> bool {
    let built_in = bundle.path.is_none() && bundle.script.is_none();
    !(built_in && bundle.manifest.name == follow::WORKFLOW)
}

/// What becomes of the wish to read files.
fn reading(
    layer: &GlobLayer,
    plan: &Plan<'_>,
    granted: &mut Vec<String>,
    refused: &mut Vec<String>,
) {
    let Some(root) = plan.root else {
        // A script that says nothing of reading may do without.
        if plan.bundle.says_read {
            let what = patterns(layer);
            let hint = if takes_root(plan.bundle) { "; --root DIR grants one" } else { "" };
            refused.push(format!("read {what}: no directory was granted{hint}"));
        }
        return;
    };
    let of_read = |judged: &&Judged| judged.capability == Capability::Read;
    let all: Vec<&Judged> = plan.view.workflow.iter().filter(of_read).collect();
    let plainly =
        |judged: &&&Judged| judged.verdict == Verdict::Granted && judged.except.is_empty();
    let below =
        format!("below {} (never what usually holds secrets: .env, keys, .git)", root.display());
    if all.iter().filter(plainly).count() == all.len() {
        granted.push(format!("read {} {below}", patterns(layer)));
        return;
    }
    let except = match layer.exclude.as_slice() {
        [] => String::new(),
        _ => format!(" ({})", patterns(&GlobLayer { include: Vec::new(), ..layer.clone() })),
    };
    for judged in all {
        if judged.verdict == Verdict::Refused {
            refused.push(words::told(judged));
        } else {
            granted.push(format!("{}{except}, {below}", words::told(judged)));
        }
    }
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

/// Who performs agent tasks, and how far each is contained or what it costs.
#[must_use]
pub fn performers(bundle: &Bundle) -> Vec<String> {
    if !bundle.manifest.requests.agents {
        return Vec::new();
    }
    let Program { agent_types, .. } = &bundle.program;
    let models = &bundle.reach.models;
    let shown = |backend: &String| containment(backend, models);
    let mut lines = Vec::new();
    if let Some(all) = &bundle.backends.all {
        lines.push(format!("every agent: {}", shown(all)));
        return lines;
    }
    if let Some(default) = &bundle.backends.default {
        lines.push(format!("every agent not named below: {}", shown(default)));
    } else if bundle.script.is_some() {
        lines.push("every agent not named below: no backend: name one with --agent".into());
    }
    let default = bundle.backends.default.as_ref();
    for (name, agent_type) in agent_types {
        let backend = bundle.backends.by_type.get(name).or(agent_type.backend.as_ref());
        // One line says it for all: every type that a script knows is in the program.
        if backend.is_none() && (bundle.script.is_some() || default.is_some()) {
            continue;
        }
        let backend = backend.map_or_else(|| "no backend: name one with --agent".into(), &shown);
        lines.push(format!("{}: {backend}", one_line(name)));
    }
    for (name, backend) in &bundle.backends.by_type {
        if !agent_types.contains_key(name) {
            lines.push(format!("{}: {}", one_line(name), shown(backend)));
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
