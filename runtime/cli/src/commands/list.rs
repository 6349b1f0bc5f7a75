//! `baton list`: the workflows and agent types that can be used here.

mod tools;

use serde::Serialize;

use crate::args::{Common, ListArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::home::Home;
use crate::output::{BAD, BOLD, DIM, GOOD, WARN, columns, note, stdout};
use crate::project::Project;
use crate::project::agents::AgentTypes;
use crate::project::catalog::{Entry, Source, State};
use crate::project::inspection::Phase;
use crate::project::places::{Place, Places};
use crate::shapes;
use crate::text::{fit, one_line, pad, paint, width};

/// Most columns of a name.
const NAME_MAX: usize = 32;

/// A workflow, of `list --json`.
#[derive(Serialize)]
struct WorkflowShape<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    name: Option<&'a str>,
    kind: Option<&'static str>,
    state: &'static str,
    reason: Option<String>,
    description: &'a str,
    when_to_use: Option<&'a str>,
    phases: &'a [Phase],
    place: Place,
    path: Option<String>,
}

/// An agent type, of `list --json`.
#[derive(Serialize)]
struct AgentTypeShape<'a> {
    #[serde(rename = "type")]
    what: &'static str,
    name: Option<&'a str>,
    state: &'static str,
    reason: Option<String>,
    description: &'a str,
    model: Option<&'a str>,
    tools: Option<&'a [String]>,
    notes: &'a [String],
    place: Place,
    path: Option<String>,
}

/// Lists everything.
///
/// # Errors
/// When the sandbox that reads scripts fails.
pub fn run(args: &ListArgs, common: &Common) -> Result<Exit> {
    let mut project = Project::open(Home::find(common)?)?;
    if args.tools {
        stdout(&tools::lines(&project.places, args.json)?)?;
        return Ok(Exit::Done);
    }
    let mut out = String::new();
    if !args.agents {
        let Project { catalog, inspector, places, .. } = &mut project;
        let entries = catalog.all(inspector)?;
        if args.json {
            for entry in entries {
                out.push_str(&shapes::line(&workflow(entry, places))?);
            }
        } else {
            out.push_str(&workflows(entries, places, columns()));
        }
        for entry in entries {
            if let State::Clash(winner) = &entry.state {
                let name = one_line(entry.name.as_deref().unwrap_or_default());
                let path = entry.path.as_deref().map(|path| places.shown(path));
                let path = one_line(&path.unwrap_or_default());
                let winner = one_line(&places.shown(winner.as_ref()));
                note(&format!(
                    "{} two workflows are called `{name}`: {winner} is used, {path} is not",
                    paint(WARN, "warning:")
                ));
            }
        }
    }
    project.agent_types();
    let places = project.places.clone();
    let types = project.agent_types();
    if args.json {
        out.push_str(&agent_lines(types, &places)?);
    } else {
        if !args.agents {
            out.push('\n');
        }
        out.push_str(&agents(types, &places, columns()));
    }
    stdout(&out)?;
    Ok(Exit::Done)
}

fn kind(source: &Source) -> Option<&'static str> {
    match source {
        Source::Script(_) => Some("script"),
        Source::Component(_) => Some("component"),
        Source::BuiltIn => Some("built-in"),
        Source::Nothing => None,
    }
}

fn state(state: &State, places: &Places) -> (&'static str, Option<String>) {
    match state {
        State::Ready => ("ready", None),
        State::Shadowed(by) => {
            ("shadowed", Some(format!("{} is nearer", places.shown(by.as_ref()))))
        }
        State::Clash(by) => {
            let by = places.shown(by.as_ref());
            ("clash", Some(format!("{by} has the same name and comes first")))
        }
        State::Invalid(reason) => ("invalid", Some(reason.clone())),
        State::Skipped(reason) => ("skipped", Some(reason.clone())),
    }
}

fn workflow<'a>(entry: &'a Entry, places: &Places) -> WorkflowShape<'a> {
    let (state, reason) = state(&entry.state, places);
    WorkflowShape {
        what: "workflow",
        name: entry.name.as_deref(),
        kind: kind(&entry.source),
        state,
        reason,
        description: &entry.description,
        when_to_use: entry.when_to_use.as_deref(),
        phases: &entry.phases,
        place: entry.place,
        path: entry.path.as_ref().map(|path| path.display().to_string()),
    }
}

/// The workflows as lines: those that run, then those that do not, with the reason.
fn workflows(entries: &[Entry], places: &Places, columns: usize) -> String {
    let (ready, others): (Vec<&Entry>, Vec<&Entry>) =
        entries.iter().partition(|entry| entry.state == State::Ready);
    let mut out = format!("{}\n", paint(BOLD, "Workflows"));
    let names = ready.iter().filter_map(|entry| entry.name.as_deref()).map(|n| width(&one_line(n)));
    let name_columns = names.max().unwrap_or(0).min(NAME_MAX);
    for entry in ready {
        let name = fit(&one_line(entry.name.as_deref().unwrap_or_default()), NAME_MAX);
        let lead = format!("  {} ", pad(&name, name_columns));
        let room = columns.saturating_sub(width(&lead) + 1);
        out.push_str(&format!(
            "{} {}\n",
            paint(GOOD, &lead).trim_end_matches('\n'),
            fit(&one_line(&entry.description), room)
        ));
        let indent = " ".repeat(name_columns + 4);
        let mut facts = vec![kind(&entry.source).unwrap_or_default().replace('-', " ")];
        if let Some(path) = &entry.path {
            facts.push(format!("{} {}", entry.place.word(), one_line(&places.shown(path))));
        }
        if !entry.phases.is_empty() {
            let titles: Vec<String> =
                entry.phases.iter().map(|phase| one_line(&phase.title)).collect();
            facts.push(titles.join(" → "));
        }
        let facts = fit(&facts.join(" · "), columns.saturating_sub(width(&indent)));
        out.push_str(&format!("{indent}{}\n", paint(DIM, &facts)));
    }
    if others.is_empty() {
        return out;
    }
    out.push_str(&format!("\n{}\n", paint(BOLD, "Not used")));
    for entry in others {
        let path = entry.path.as_deref().map_or("built in".into(), |path| places.shown(path));
        let name = entry.name.as_deref().map(|name| format!(" ({})", one_line(name)));
        let (word, reason) = state(&entry.state, places);
        let style = if matches!(entry.state, State::Invalid(_)) { BAD } else { WARN };
        out.push_str(&format!(
            "  {} {}{}: {}\n",
            paint(style, &pad(word, 8)),
            one_line(&path),
            name.unwrap_or_default(),
            one_line(&reason.unwrap_or_default())
        ));
    }
    out
}

/// The agent types as lines: those that are known, then the files that define none.
fn agents(types: &AgentTypes, places: &Places, columns: usize) -> String {
    let mut out = format!("{}\n", paint(BOLD, "Agent types"));
    let names = types.known.keys().map(|name| width(&one_line(name)));
    let name_columns = names.max().unwrap_or(0).min(NAME_MAX);
    for known in types.known.values() {
        let name = pad(&fit(&one_line(&known.name), NAME_MAX), name_columns);
        let room = columns.saturating_sub(name_columns + 4);
        let description = fit(&one_line(&known.agent_type.description), room);
        out.push_str(&format!("  {}  {description}\n", paint(GOOD, &name)));
        let indent = " ".repeat(name_columns + 4);
        if let Some(path) = &known.path {
            let mut facts = vec![format!("{} {}", known.place.word(), places.shown(path))];
            facts.extend(known.agent_type.model.as_ref().map(|model| format!("model {model}")));
            let facts =
                fit(&one_line(&facts.join(" · ")), columns.saturating_sub(name_columns + 4));
            out.push_str(&format!("{indent}{}\n", paint(DIM, &facts)));
        }
        for note in &known.notes {
            out.push_str(&format!("{indent}{} {}\n", paint(WARN, "note:"), one_line(note)));
        }
    }
    if types.unloaded.is_empty() {
        return out;
    }
    out.push_str(&format!("\n{}\n", paint(BOLD, "Not loaded")));
    for file in &types.unloaded {
        let name = file.name.as_deref().map(|name| format!(" ({})", one_line(name)));
        out.push_str(&format!(
            "  {}{}: {}\n",
            one_line(&places.shown(&file.path)),
            name.unwrap_or_default(),
            one_line(&places.shown(file.reason.as_ref()))
        ));
    }
    out
}

fn agent_lines(types: &AgentTypes, places: &Places) -> Result<String> {
    let mut out = String::new();
    for known in types.known.values() {
        out.push_str(&shapes::line(&AgentTypeShape {
            what: "agent-type",
            name: Some(&known.name),
            state: "ready",
            reason: None,
            description: &known.agent_type.description,
            model: known.agent_type.model.as_deref(),
            tools: known.agent_type.tools.as_deref(),
            notes: &known.notes,
            place: known.place,
            path: known.path.as_ref().map(|path| path.display().to_string()),
        })?);
    }
    for file in &types.unloaded {
        out.push_str(&shapes::line(&AgentTypeShape {
            what: "agent-type",
            name: file.name.as_deref(),
            state: if file.shadowed { "shadowed" } else { "invalid" },
            reason: Some(places.shown(file.reason.as_ref())),
            description: "",
            model: None,
            tools: None,
            notes: &[],
            place: file.place,
            path: Some(file.path.display().to_string()),
        })?);
    }
    Ok(out)
}
