//! What flags and the surroundings say of a run, read and checked.

use std::path::{Path, PathBuf};

use baton_core::budget::Caps;
use baton_core::limits::Limits;
use baton_core::spec::SCHEMA_ATTEMPTS_MAX;

use crate::args::ScriptArgs;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::output::{WARN, note};
use crate::program::{Bundle, ScriptWishes};
use crate::project::models::ModelSettings;
use crate::session;
use crate::text::{nearest, paint};
use crate::value::AgentArg;

/// The variable that says how often an agent may try to fit a schema.
const ATTEMPTS: &str = "MAX_STRUCTURED_OUTPUT_RETRIES";

/// What the flags and the environment say about scripts.
pub(super) fn wishes(args: &ScriptArgs) -> ScriptWishes {
    let variable = std::env::var(ATTEMPTS).ok().filter(|text| !text.trim().is_empty());
    let schema_attempts = args.schema_attempts.or_else(|| {
        let text = variable?;
        let asked = text.trim().parse::<u32>().ok();
        let used = asked.map(|asked| asked.clamp(1, SCHEMA_ATTEMPTS_MAX));
        if asked.is_none() || used != asked {
            let used = used.unwrap_or(SCHEMA_ATTEMPTS_MAX);
            note(&format!(
                "{} {ATTEMPTS} must be from 1 to {SCHEMA_ATTEMPTS_MAX}; {used} is used",
                paint(WARN, "note:")
            ));
        }
        used
    });
    ScriptWishes {
        lenient: args.lenient,
        extensions: args.extensions,
        schema_attempts: schema_attempts.unwrap_or(SCHEMA_ATTEMPTS_MAX),
    }
}

/// Lets the providers that somebody named do without their keys, and says so.
pub(super) fn excuse(agents: &[AgentArg], settings: &mut ModelSettings) -> Vec<String> {
    let named = agents.iter().map(|agent| agent.backend.split(':').next().unwrap_or_default());
    let lacking = named.filter_map(|provider| settings.problems.remove_entry(provider));
    let told = |(provider, problem)| format!("a run is refused: no key of {provider}: {problem}");
    lacking.map(told).collect()
}

/// Says which caps are of phases that the workflow does not declare: they may limit nothing.
pub(super) fn warn_of_phases(bundle: &mut Bundle, caps: &Caps) {
    let declared = &bundle.manifest.phases;
    if declared.is_empty() {
        return;
    }
    let unknown = caps.phases.keys().filter(|title| !declared.contains(title));
    let known = declared.join(", ");
    let warnings: Vec<String> = unknown
        .map(|title| {
            format!("no phase `{title}` is declared, of which there is a cap; there are: {known}")
        })
        .collect();
    bundle.warnings.extend(warnings);
}

/// Nobody performs the agents of a script: says who could.
pub(super) fn unperformed(bundle: &Bundle, settings: &ModelSettings) -> CliError {
    let script = bundle.script.as_ref().map_or("", |script| script.path.as_str());
    let message = format!("{script} spawns agents, and nothing performs them");
    let ready = settings
        .providers
        .iter()
        .filter(|(name, known)| known.definition.key.is_some() && settings.problem(name).is_none());
    let ready: Vec<&str> = ready.map(|(name, _)| name.as_str()).collect();
    let hint = match ready.first() {
        Some(provider) => format!("--agent {provider} (its key is there), "),
        None => "--agent PROVIDER:MODEL (`baton models` lists them), ".into(),
    };
    CliError::new(Code::Incomplete, message).hint(format!(
        "name a backend: {hint}--agent claude, --agent 'command:./worker' or --agent component:NAME"
    ))
}

/// The limits with those that were set.
pub(super) fn limits(set: &[(String, u64)]) -> Result<Limits> {
    let mut limits = Limits::default();
    for (name, value) in set {
        limits.set(name, *value).map_err(|error| {
            let table = Limits::table();
            let names = table.iter().map(|(name, _)| name.as_str());
            let coded = CliError::new(Code::NoLimit, error.to_string());
            match nearest(name, names) {
                Some(meant) => coded.hint(format!("did you mean `{meant}`?")),
                None => coded.hint("`baton doctor` lists the limits"),
            }
        })?;
    }
    Ok(limits)
}

/// The commit that isolated agents begin with: what a person named, else what is checked out in the
/// directory to be granted.
pub(super) fn base(root: Option<&Path>, revision: Option<&str>) -> Result<Option<String>> {
    let Some(root) = root else { return Ok(None) };
    session::block_on(async {
        let Some(revision) = revision else {
            return Ok(baton_agents::isolation::head(root).await);
        };
        baton_agents::isolation::resolve(root, revision).await.map(Some).map_err(|why| {
            let message = format!("there is no commit `{revision}` in {}", root.display());
            CliError::new(Code::Argument, message).because(&std::io::Error::other(why))
        })
    })
}

/// The directory to be granted, without links in its path.
///
/// # Errors
/// When there is none.
pub fn directory(path: &Path) -> Result<PathBuf> {
    let full = path.canonicalize().map_err(|error| {
        CliError::file("use the root", path, &error).hint("--root takes a directory that is there")
    })?;
    if !full.is_dir() {
        let message = format!("the root {} is not a directory", path.display());
        return Err(CliError::new(Code::File, message).hint("--root takes a directory"));
    }
    Ok(full)
}
