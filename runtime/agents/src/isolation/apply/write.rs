//! Writing a plan so that nothing is lost, whenever the process dies.
//!
//! First the old and the new of every path are copied into a folder of git's own directory, which
//! appears under its name only when it is complete. Then path after path changes: the new file is
//! made beside the old one, both are exchanged in one step, and what came out is compared with what
//! was merged. If it is something else the exchange is taken back. The folder is removed at the end.

use std::fs::{self, File, Permissions};
use std::io::{ErrorKind, Write as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use rustix::fs::{CWD, RenameFlags, renameat_with};
use serde::{Deserialize, Serialize};

use super::ApplyError;
use super::look::{Content, EXECUTE_BITS, Look, look, look_here};
use super::plan::{Change, Plan};
use crate::isolation::git::Repository;

/// The folder, once it is complete.
const RECORD: &str = "baton-apply";
/// The folder while it is made.
const DRAFT: &str = "baton-apply.draft";
/// The folder after somebody changed files that were to be written.
const LEFT: &str = "baton-apply.left";
/// The list of paths in it.
const LIST: &str = "plan.json";
/// Begins the names of files on their way to their place.
const STAGE: &str = ".baton-apply-";

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

/// The list of a record.
#[derive(Serialize, Deserialize)]
struct List {
    task: String,
    changes: Vec<Listed>,
}

#[derive(Serialize, Deserialize)]
struct Listed {
    path: String,
    old: Option<Kind>,
    new: Option<Kind>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    File,
    Executable,
    Link,
}

/// What became of one path.
enum Step {
    Done,
    /// Somebody changed it.
    Foreign,
}

pub(super) fn unfinished(repository: &Repository) -> Result<Option<String>, ApplyError> {
    Ok(recorded(repository)?.map(|list| list.task))
}

fn recorded(repository: &Repository) -> Result<Option<List>, ApplyError> {
    let path = repository.own.join(RECORD).join(LIST);
    let cannot = |error: &std::io::Error| ApplyError::file(&path, error);
    match fs::read(&path) {
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(cannot(&error)),
        Ok(bytes) => {
            serde_json::from_slice(&bytes).map(Some).map_err(|error| cannot(&error.into()))
        }
    }
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

/// A name that no folder has yet.
fn free(own: &Path) -> PathBuf {
    let numbered = (1_u32..).map(|number| own.join(format!("{LEFT}-{number}")));
    numbered.into_iter().find(|path| !path.exists()).unwrap_or_else(|| own.join(LEFT))
}

/// Removes a record. Under its own name it is either complete or not there.
fn discard(record: &Path) -> Result<(), ApplyError> {
    let draft = record.with_file_name(DRAFT);
    fs::rename(record, &draft)
        .and_then(|()| fs::remove_dir_all(&draft))
        .map_err(|error| ApplyError::file(record, &error))
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

/// Keeps the old and the new of every path.
fn record(repository: &Repository, task: &str, changes: &[Change]) -> Result<(), ApplyError> {
    let (draft, record) = (repository.own.join(DRAFT), repository.own.join(RECORD));
    let cannot = |error: &std::io::Error| ApplyError::file(&draft, error);
    if draft.exists() {
        fs::remove_dir_all(&draft).map_err(|error| cannot(&error))?;
    }
    fs::create_dir(&draft).map_err(|error| cannot(&error))?;
    let mut listed = Vec::new();
    for (index, change) in changes.iter().enumerate() {
        listed.push(Listed {
            path: change.path.clone(),
            old: save(&draft, "old", index, change.old.as_ref()).map_err(|e| cannot(&e))?,
            new: save(&draft, "new", index, change.new.as_ref()).map_err(|e| cannot(&e))?,
        });
    }
    let list = List { task: task.to_owned(), changes: listed };
    let bytes = serde_json::to_vec(&list).map_err(|error| cannot(&error.into()))?;
    write_synced(&draft.join(LIST), &bytes).map_err(|error| cannot(&error))?;
    File::open(&draft)
        .and_then(|directory| directory.sync_all())
        .and_then(|()| fs::rename(&draft, &record))
        .and_then(|()| File::open(&repository.own)?.sync_all())
        .map_err(|error| cannot(&error))
}

fn write_synced(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    let mut file = File::create(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn save(
    draft: &Path,
    side: &str,
    index: usize,
    content: Option<&Content>,
) -> std::io::Result<Option<Kind>> {
    let Some(content) = content else { return Ok(None) };
    let (kind, bytes) = match content {
        Content::File { bytes, executable: true } => (Kind::Executable, bytes),
        Content::File { bytes, executable: false } => (Kind::File, bytes),
        Content::Link(target) => (Kind::Link, target),
    };
    write_synced(&draft.join(format!("{side}-{index}")), bytes)?;
    Ok(Some(kind))
}

fn load(
    record: &Path,
    side: &str,
    index: usize,
    kind: Option<Kind>,
) -> Result<Option<Content>, ApplyError> {
    let Some(kind) = kind else { return Ok(None) };
    let path = record.join(format!("{side}-{index}"));
    let bytes = fs::read(&path).map_err(|error| ApplyError::file(&path, &error))?;
    Ok(Some(match kind {
        Kind::File => Content::File { bytes, executable: false },
        Kind::Executable => Content::File { bytes, executable: true },
        Kind::Link => Content::Link(bytes),
    }))
}

fn forward(top: &Path, change: &Change, index: usize) -> Result<Step, ApplyError> {
    step(top, &change.path, change.old.as_ref(), change.new.as_ref(), index)
}

fn back(top: &Path, change: &Change, index: usize) -> Result<Step, ApplyError> {
    step(top, &change.path, change.new.as_ref(), change.old.as_ref(), index)
}

/// Puts `new` in the place of `old`, if that is what is there.
fn step(
    top: &Path,
    path: &str,
    old: Option<&Content>,
    new: Option<&Content>,
    index: usize,
) -> Result<Step, ApplyError> {
    let full = top.join(path);
    let cannot = |error: &std::io::Error| ApplyError::file(&full, error);
    let stage = full.with_file_name(format!("{STAGE}{index}"));
    settle(&full, &stage, old, new).map_err(|error| cannot(&error))?;
    let seen = look(top, Path::new(path)).map_err(|error| cannot(&error))?;
    let is_done = match (&seen, new) {
        (Look::Is(content), Some(new)) => content == new,
        // Something else may have taken its place by now.
        (Look::Absent | Look::Directory | Look::Through(_), None) => true,
        _ => false,
    };
    if is_done {
        return Ok(Step::Done);
    }
    let is_known = match (&seen, old) {
        (Look::Is(content), Some(old)) => content == old,
        (Look::Absent, None) => true,
        // An empty folder is nothing to git.
        (Look::Directory, None) => fs::remove_dir(&full).is_ok(),
        _ => false,
    };
    if !is_known {
        return Ok(Step::Foreign);
    }
    change(top, &full, &stage, old, new).map_err(|error| cannot(&error))
}

/// Puts what a process left on its way back to where nobody misses it.
fn settle(
    full: &Path,
    stage: &Path,
    old: Option<&Content>,
    new: Option<&Content>,
) -> std::io::Result<()> {
    let Look::Is(staged) = look_here(stage)? else { return Ok(()) };
    if Some(&staged) == old || Some(&staged) == new {
        return fs::remove_file(stage);
    }
    // It was exchanged, and is what somebody made of the file in that very moment; or it was not yet
    // complete.
    let exchanged = match (look_here(full)?, new) {
        (Look::Is(content), Some(new)) => content == *new,
        (Look::Absent, None) => true,
        _ => false,
    };
    if exchanged && old.is_some() { fs::rename(stage, full) } else { fs::remove_file(stage) }
}

fn change(
    top: &Path,
    full: &Path,
    stage: &Path,
    old: Option<&Content>,
    new: Option<&Content>,
) -> std::io::Result<Step> {
    if let (Some(parent), true) = (full.parent(), new.is_some()) {
        fs::create_dir_all(parent)?;
    }
    if let Some(new) = new {
        make(stage, new, full)?;
    }
    let flags =
        if old.is_some() && new.is_some() { RenameFlags::EXCHANGE } else { RenameFlags::NOREPLACE };
    let (from, to) = if new.is_some() { (stage, full) } else { (full, stage) };
    match renameat_with(CWD, from, CWD, to, flags) {
        Ok(()) => {}
        Err(rustix::io::Errno::EXIST | rustix::io::Errno::NOENT) => {
            let _ = fs::remove_file(stage);
            return Ok(Step::Foreign);
        }
        // Some file systems cannot do either in one step.
        Err(rustix::io::Errno::INVAL | rustix::io::Errno::NOSYS) => {
            if new.is_some() && old.is_some() {
                fs::rename(stage, full)?;
            } else if new.is_some() {
                fs::hard_link(stage, full)?;
                fs::remove_file(stage)?;
            } else {
                fs::remove_file(full)?;
                prune(top, full);
            }
            return Ok(Step::Done);
        }
        Err(error) => {
            if new.is_some() {
                let _ = fs::remove_file(stage);
            }
            return Err(error.into());
        }
    }
    if let Some(old) = old {
        if look_here(stage)? != Look::Is(old.clone()) {
            // Somebody changed it after the last look: theirs goes back.
            let (from, to) = if new.is_some() { (from, to) } else { (to, from) };
            renameat_with(CWD, from, CWD, to, flags)?;
            if new.is_some() {
                fs::remove_file(stage)?;
            }
            return Ok(Step::Foreign);
        }
        fs::remove_file(stage)?;
    }
    if new.is_none() {
        prune(top, full);
    }
    Ok(Step::Done)
}

/// Makes a file or link, with the permissions of the one it replaces as far as git has no say.
fn make(stage: &Path, content: &Content, replaced: &Path) -> std::io::Result<()> {
    match content {
        Content::Link(target) => symlink(std::ffi::OsStr::from_bytes(target), stage),
        Content::File { bytes, executable } => {
            let mode = if *executable { 0o777 } else { 0o666 };
            let mut options = File::options();
            let mut file = options.write(true).create_new(true).mode(mode).open(stage)?;
            file.write_all(bytes)?;
            let before = fs::symlink_metadata(replaced).ok().filter(fs::Metadata::is_file);
            if let Some(before) = before {
                let mode = before.permissions().mode() & 0o777;
                // Who may read it may execute it.
                let mode = if *executable {
                    mode | (mode >> 2) & EXECUTE_BITS
                } else {
                    mode & !EXECUTE_BITS
                };
                file.set_permissions(Permissions::from_mode(mode))?;
            }
            file.sync_data()
        }
    }
}

/// Removes folders that became empty, as git does.
fn prune(top: &Path, full: &Path) {
    for above in full.ancestors().skip(1).take_while(|above| *above != top) {
        if fs::remove_dir(above).is_err() {
            break;
        }
    }
}

#[cfg(test)]
mod tests;
