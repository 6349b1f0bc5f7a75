//! Writing a plan so that nothing is lost, whenever the process dies.
//!
//! First the old and the new of every path are copied into a folder of git's own directory, which
//! appears under its name only when it is complete. Then path after path changes: the new file is
//! made beside the old one, both are exchanged in one step, and what came out is compared with what
//! was merged. If it is something else the exchange is taken back. The folder is removed at the end.

mod kept;
mod step;
#[cfg(test)]
mod tests;

use std::fs;
use std::path::{Path, PathBuf};

use self::kept::{RECORD, discard, free, load, record, recorded};
use self::step::{Step, back, forward};
use super::ApplyError;
use super::plan::{Change, Plan};
use crate::isolation::git::Repository;

/// What was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Written {
    /// The task whose patch it was.
    pub task: String,
    /// The paths that are now as the patch wants them.
    pub paths: Vec<String>,
    /// Paths that somebody changed in between, and where both versions of them are.
    pub left: Option<Foreign>,
}

/// Paths that were left as somebody made them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Foreign {
    /// The paths.
    pub paths: Vec<String>,
    /// The folder that holds what was there before and what the patch wanted.
    pub saved: PathBuf,
}

pub(super) fn unfinished(repository: &Repository) -> Result<Option<String>, ApplyError> {
    Ok(recorded(repository)?.map(|list| list.task))
}

pub(super) fn complete(repository: &Repository) -> Result<Option<Written>, ApplyError> {
    let Some(list) = recorded(repository)? else { return Ok(None) };
    let record = repository.own.join(RECORD);
    let mut changes = Vec::new();
    for (index, listed) in list.changes.into_iter().enumerate() {
        changes.push(Change {
            old: load(&record, "old", index, listed.old)?,
            new: load(&record, "new", index, listed.new)?,
            path: listed.path,
        });
    }
    let (mut paths, mut foreign) = (Vec::new(), Vec::new());
    for index in order(&changes) {
        let Some(change) = changes.get(index) else { continue };
        match forward(&repository.top, change, index)? {
            Step::Done => paths.push(change.path.clone()),
            Step::Foreign => foreign.push(change.path.clone()),
        }
    }
    paths.sort();
    let left = if foreign.is_empty() {
        discard(&record)?;
        None
    } else {
        let saved = free(&repository.own);
        fs::rename(&record, &saved).map_err(|error| ApplyError::file(&record, &error))?;
        foreign.sort();
        Some(Foreign { paths: foreign, saved })
    };
    Ok(Some(Written { task: list.task, paths, left }))
}

pub(super) fn write(repository: &Repository, plan: Plan) -> Result<Written, ApplyError> {
    let Plan { task, changes, .. } = plan;
    record(repository, &task, &changes)?;
    let mut done = Vec::new();
    let mut foreign = Vec::new();
    let mut failed = None;
    for index in order(&changes) {
        let Some(change) = changes.get(index) else { continue };
        match forward(&repository.top, change, index) {
            Ok(Step::Done) => done.push(index),
            Ok(Step::Foreign) => foreign.push(change.path.clone()),
            Err(error) => failed = Some(error),
        }
        if failed.is_some() || !foreign.is_empty() {
            break;
        }
    }
    let record = repository.own.join(RECORD);
    if failed.is_none() && foreign.is_empty() {
        discard(&record)?;
        let mut paths: Vec<String> = changes.into_iter().map(|change| change.path).collect();
        paths.sort();
        return Ok(Written { task, paths, left: None });
    }
    for index in done.into_iter().rev() {
        let Some(change) = changes.get(index) else { continue };
        match back(&repository.top, change, index)? {
            Step::Done => {}
            Step::Foreign => foreign.push(change.path.clone()),
        }
    }
    discard(&record)?;
    Err(failed.unwrap_or(ApplyError::Raced(foreign)))
}

/// The order of writing: what is deleted makes room for what is made, the deepest first.
fn order(changes: &[Change]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..changes.len()).collect();
    let depth = |index: &usize| {
        changes.get(*index).map_or((true, 0), |change| {
            let depth = Path::new(&change.path).components().count();
            (change.new.is_some(), if change.new.is_some() { 0 } else { usize::MAX - depth })
        })
    };
    order.sort_by_key(depth);
    order
}
