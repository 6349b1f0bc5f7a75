//! Whether the programs are here that perform the agents of a run from another machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_core::ids::{RunId, TaskPath};
use baton_core::record::{BackendChoice, Body, RunStarted, Work};
use baton_journal::store::Journal;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::records;
use crate::text::one_line;

/// Refuses to go on with a run whose agents would all fail because who performs them is not here: their
/// failures would be on record, and nothing would be left to go on with.
///
/// # Errors
/// When a program is missing that an open agent is on record with, or that was chosen for those to come.
pub async fn all_here(journal: &dyn Journal, run: &RunId, started: &RunStarted) -> Result<()> {
    let mut open: BTreeMap<TaskPath, PathBuf> = BTreeMap::new();
    records::after(journal, run, 1, |record| {
        match record.body {
            Body::Spawned { task, work, .. } => {
                if let Work::Agent { backend, .. } = *work
                    && let Some(program) = program(&backend)
                {
                    open.insert(task, program);
                }
            }
            Body::Completed { task, .. } => {
                open.remove(&task);
            }
            _ => {}
        }
        Ok(())
    })
    .await?;
    let BackendChoice { all, by_type, default } = &started.backends;
    let chosen = all.iter().chain(by_type.values()).chain(default).filter_map(|one| program(one));
    let missing: BTreeSet<PathBuf> =
        open.into_values().chain(chosen).filter(|program| !program.exists()).collect();
    let Some(first) = missing.first() else { return Ok(()) };
    let message = format!(
        "the agents of {run} are performed by {}, which is not here",
        one_line(&first.display().to_string())
    );
    Err(CliError::new(Code::NoBackend, message)
        .hint("nothing was started: put it there, or a link to it, and go on then"))
}

/// The program of a backend, where its place is named.
fn program(backend: &str) -> Option<PathBuf> {
    let argv = ["command:", "acp:"].iter().find_map(|kind| backend.strip_prefix(kind))?;
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
