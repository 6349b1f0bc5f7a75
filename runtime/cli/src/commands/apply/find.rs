//! The patches of tasks: in the journal, or saved by `baton doctor`.

use std::collections::BTreeMap;
use std::fs;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::sync::Arc;

use baton_agents::isolation::{PATCH_NAME, PATCH_TYPE};
use baton_core::digest::Digest;
use baton_core::handoff::{Artifact, Outcome};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::record::Body;
use baton_core::report::Report;
use baton_journal::store::Journal;

use crate::error::{CliError, Result};
use crate::home::Home;
use crate::records;

/// Patches of the tasks of a run, in the order of the tree; with `wanted`, that of this one.
///
/// # Errors
/// Those of the journal and the file system.
pub(super) async fn patches(
    journal: &dyn Journal,
    home: &Home,
    run: &RunId,
    wanted: Option<&TaskPath>,
) -> Result<Vec<(TaskId, Arc<[u8]>)>> {
    let mut named: BTreeMap<TaskPath, Digest> = BTreeMap::new();
    let mut keep = |task: TaskPath, artifacts: &[Artifact]| {
        let is_patch = |one: &&Artifact| one.name == PATCH_NAME && one.media_type == PATCH_TYPE;
        if let Some(patch) = artifacts.iter().rev().find(is_patch) {
            named.insert(task, patch.digest);
        }
    };
    records::after(journal, run, 0, |record| {
        match record.body {
            Body::Completed { task, outcome: Outcome::Done(handoff), .. } => {
                keep(task, &handoff.artifacts);
            }
            Body::AgentReported { task, report: Report::Artifact(artifact) } => {
                keep(task, &[artifact]);
            }
            _ => {}
        }
        Ok(())
    })
    .await?;
    let mut patches = Vec::new();
    for task in journal.tasks(run).await? {
        if wanted.is_some_and(|wanted| *wanted != task.path) {
            continue;
        }
        let id = TaskId { run: run.clone(), path: task.path.clone() };
        // What was saved from a worktree is what it was at its end.
        let patch = match saved(home, &id)? {
            Some(patch) => Some(patch),
            None => match named.get(&task.path) {
                Some(digest) => Some(journal.blob(digest).await?),
                None => None,
            },
        };
        patches.extend(patch.map(|patch| (id, patch)));
    }
    Ok(patches)
}

/// Where `baton doctor --clean=all` saves the patch of a worktree.
pub(in crate::commands) fn saved_path(home: &Home, name: &str) -> PathBuf {
    home.dir().join("patches").join(format!("{name}.patch"))
}

fn saved(home: &Home, task: &TaskId) -> Result<Option<Arc<[u8]>>> {
    let path = saved_path(home, &task.to_string().replace('/', "-"));
    match fs::read(&path) {
        Ok(bytes) => Ok(Some(bytes.into())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::file("read", &path, &error)),
    }
}
