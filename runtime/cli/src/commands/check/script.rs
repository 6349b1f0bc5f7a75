//! What a script is, asks for and calls.

use baton_core::digest::Digest;
use baton_core::manifest::Requests;
use serde::Serialize;

use super::held::Held;
use super::words::text;
use crate::args::CheckArgs;
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::output::stdout;
use crate::program::{nested_file, program_name};
use crate::project::Project;
use crate::project::catalog::State;
use crate::project::inspection::{AgentCall, Finding, Meta, Nested, Use};
use crate::project::script::Script;
use crate::shapes;
use crate::text::{one_line, plural};

/// Where something is that has no file.
const BUILT_IN: &str = "built in";

/// What `check --json` prints of a script.
#[derive(Serialize)]
struct CheckShape<'a> {
    file: &'a str,
    digest: Option<Digest>,
    size: Option<u64>,
    kind: &'static str,
    accepted: bool,
    portable: bool,
    meta: Option<&'a Meta>,
    requests: Requests,
    errors: &'a [Finding],
    warnings: &'a [Finding],
    agents: &'a [AgentCall],
    workflows: Vec<Looked<'a, Nested>>,
    agent_types: Vec<Looked<'a, Use>>,
    extensions: &'a [Use],
    portability: &'a [Use],
    #[serde(flatten, skip_serializing_if = "Option::is_none")]
    held: Option<&'a Held>,
}

/// A use of something by name, and where it was found.
#[derive(Serialize)]
pub struct Looked<'a, T> {
    /// The use.
    #[serde(flatten)]
    pub place: &'a T,
    /// Where it was found; none: not at all.
    pub found: Option<String>,
    /// What is wrong with what was found, or why it is not used.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

/// Shows the script. The exit code says whether it would be run.
///
/// # Errors
/// When the sandbox fails, or standard output cannot be written.
pub fn show(
    args: &CheckArgs,
    script: &Script,
    held: Option<&Held>,
    project: &mut Project,
) -> Result<Exit> {
    let found = &script.inspection;
    let workflows = found
        .workflows
        .iter()
        .map(|place| workflow(place, script, project))
        .collect::<Result<Vec<_>>>()?;
    let agent_types: Vec<_> =
        found.agent_types.iter().map(|place| agent_type(place, project)).collect();
    if args.json {
        stdout(&shapes::line(&CheckShape {
            file: &script.shown,
            digest: script.digest(),
            size: script.text.as_ref().map(|text| text.len() as u64),
            kind: "script",
            accepted: found.errors.is_empty(),
            portable: found.extensions.is_empty(),
            meta: found.meta.as_ref(),
            requests: requests(script),
            errors: &found.errors,
            warnings: &found.warnings,
            agents: &found.agents,
            workflows,
            agent_types,
            extensions: &found.extensions,
            portability: &found.portability,
            held,
        })?)?;
    } else {
        let held = held.map(Held::text).unwrap_or_default();
        stdout(&text(script, &workflows, &agent_types, &held, project))?;
    }
    Ok(if found.errors.is_empty() { Exit::Done } else { Exit::Refused })
}

/// Shows what ties the script to Baton, and what other runtimes may lack.
///
/// # Errors
/// When the script is refused, or uses what only Baton has.
pub fn show_portable(args: &CheckArgs, script: &Script) -> Result<Exit> {
    let found = &script.inspection;
    if args.json {
        stdout(&shapes::line(&serde_json::json!({
            "file": script.shown,
            "accepted": found.errors.is_empty(),
            "portable": found.extensions.is_empty(),
            "errors": found.errors,
            "extensions": found.extensions,
            "portability": found.portability,
        }))?)?;
    } else {
        let mut out = String::new();
        for (uses, default) in [
            (&found.extensions, "only Baton has it"),
            (&found.portability, "other runtimes may lack it"),
        ] {
            for place in uses {
                let message = place.message.as_deref().unwrap_or(default);
                out.push_str(&format!(
                    "{}:{}:{}: {}: {}\n",
                    one_line(&script.shown),
                    place.line,
                    place.column,
                    one_line(&place.name),
                    one_line(message)
                ));
            }
        }
        stdout(&out)?;
    }
    if let Some(refusal) = script.refusal() {
        return Err(refusal);
    }
    match found.extensions.len() as u64 {
        0 => Ok(Exit::Done),
        uses => {
            let message =
                format!("{}: {} of what only Baton has", script.shown, plural(uses, "use"));
            Err(CliError::new(Code::NotPortable, message)
                .hint("guard it with `typeof baton !== \"undefined\"` to run elsewhere too"))
        }
    }
}

/// Where a nested workflow was found.
fn workflow<'a>(
    place: &'a Nested,
    script: &Script,
    project: &mut Project,
) -> Result<Looked<'a, Nested>> {
    let Project { places, catalog, inspector, .. } = project;
    let mut looked = Looked { place, found: None, problem: None };
    if let Some(name) = &place.name {
        if let Some(entry) = catalog.find(name, inspector)? {
            let path = entry.path.as_deref();
            looked.found = Some(path.map_or(BUILT_IN.into(), |path| places.shown(path)));
            if let State::Invalid(reason) = &entry.state {
                looked.problem = Some(format!("it is refused: {reason}"));
            }
        }
    } else if let Some(path) = &place.script_path
        && let Some(file) = nested_file(path, places, script.path.parent())
    {
        let shown = places.shown(&file);
        let reason = Script::open(&file, &shown, inspector)?.reason();
        looked.problem = reason.map(|reason| format!("it is refused: {reason}"));
        looked.found = Some(shown);
    }
    Ok(looked)
}

/// Where an agent type was found.
fn agent_type<'a>(place: &'a Use, project: &mut Project) -> Looked<'a, Use> {
    let places = project.places.clone();
    let types = project.agent_types();
    let Some(known) = types.known.get(&place.name) else {
        return Looked { place, found: None, problem: types.why_not(&place.name, &places) };
    };
    let path = known.path.as_deref();
    let found = Some(path.map_or(BUILT_IN.into(), |path| places.shown(path)));
    let problem = (!known.notes.is_empty()).then(|| known.notes.join("; "));
    Looked { place, found, problem }
}

/// What a script asks to be granted.
#[must_use]
pub fn requests(script: &Script) -> Requests {
    let calls = script.inspection.workflows.iter().filter_map(program_name);
    let mut workflows: Vec<String> = calls.chain(script.asked.workflows.clone()).collect();
    workflows.sort();
    workflows.dedup();
    script.requests(workflows)
}
