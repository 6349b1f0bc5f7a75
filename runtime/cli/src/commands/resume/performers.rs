//! Whether the programs are here that perform the agents of a run from another machine.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::backend::program_of;
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::{BackendChoice, Body, RunStarted, Work};
use baton_core::run::can_replace;
use baton_journal::store::Journal;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::program::parts;
use crate::records;
use crate::text::one_line;
use crate::value::AgentArg;

/// Programs that a person names in place of those that agents are on record with, by the latter.
///
/// # Errors
/// When one is no program, or stands for nobody of the run, or cannot stand for who does it there.
pub fn named(agents: &[AgentArg], started: &RunStarted) -> Result<BTreeMap<String, String>> {
    let BackendChoice { all, by_type, default } = &started.backends;
    let mut programs = BTreeMap::new();
    for AgentArg { agent_type, backend } in agents {
        let whom = agent_type.as_ref().map_or("its agents".to_owned(), |name| {
            format!("its agents of the type {}", one_line(name))
        });
        let error = |message: String| Err(CliError::new(Code::Argument, message));
        let there = match agent_type {
            Some(name) => by_type.get(name),
            None => all.as_ref().or(default.as_ref()),
        };
        let Some(there) = there else {
            return error(format!("{} names nobody for {whom}", started.run));
        };
        let here = parts::program(backend)?.unwrap_or_else(|| backend.clone());
        if !can_replace(there, &here) {
            let (there, here) = (one_line(there), one_line(&here));
            return error(format!("{whom} are performed by {there}; {here} cannot take its place"));
        }
        if programs.insert(there.clone(), here).is_some() {
            return error(format!("--agent names two programs for {whom}"));
        }
    }
    Ok(programs)
}

/// Refuses to go on with a run whose agents would all fail because who performs them is not here: their
/// failures would be on record, and nothing would be left to go on with. `named`: programs that take the
/// place of those on record from now on.
///
/// # Errors
/// When a program is missing that an open agent is on record with, or that was chosen for those to come.
pub async fn all_here(
    journal: &dyn Journal,
    run: &RunId,
    started: &RunStarted,
    named: &BTreeMap<String, String>,
) -> Result<()> {
    let mut open: BTreeMap<TaskPath, String> = BTreeMap::new();
    let mut programs: BTreeMap<String, String> = BTreeMap::new();
    records::after(journal, run, 1, |record| {
        match record.body {
            Body::Spawned { task, work, .. } => {
                if let Work::Agent { backend, .. } = *work {
                    open.insert(task, backend);
                }
            }
            Body::Completed { task, .. } => {
                open.remove(&task);
            }
            Body::Resumed { programs: more, .. } => programs.extend(more),
            _ => {}
        }
        Ok(())
    })
    .await?;
    programs.extend(named.clone());
    programs.retain(|there, here| can_replace(there, here));
    let BackendChoice { all, by_type, default } = &started.backends;
    let chosen = all.iter().chain(by_type.values()).chain(default);
    let performers = open.values().chain(chosen).map(|one| programs.get(one).unwrap_or(one));
    let missing: BTreeMap<PathBuf, &str> = performers
        .filter_map(|one| Some((program(one)?, program_of(one)?.0)))
        .filter(|(program, _)| !program.exists())
        .collect();
    let Some((first, kind)) = missing.first_key_value() else { return Ok(()) };
    let message = format!(
        "the agents of {run} are performed by {}, which is not here",
        one_line(&first.display().to_string())
    );
    Err(CliError::new(Code::NoBackend, message).hint(format!(
        "nothing was started: `--agent {kind}PROGRAM` names another one that is, and `--agent \
         TYPE={kind}PROGRAM` for agents of one type"
    )))
}

/// The program of a backend, where its place is named.
pub fn program(backend: &str) -> Option<PathBuf> {
    let (_, argv) = program_of(backend)?;
    let program = shell_words::split(argv).ok()?.into_iter().next()?;
    Some(PathBuf::from(program)).filter(|program| Path::is_absolute(program))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_program_whose_place_is_named_is_found() {
        for (backend, expected) in [
            ("command:/opt/w.sh --fast", Some("/opt/w.sh")),
            ("acp:'/opt/my agent' serve", Some("/opt/my agent")),
            ("command:w.sh", None),
            ("command:./w.sh", None),
            ("command:'", None),
            ("component:auditor", None),
            ("claude", None),
        ] {
            assert_eq!(program(backend), expected.map(PathBuf::from), "{backend}");
        }
    }
}
