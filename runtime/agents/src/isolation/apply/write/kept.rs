//! The folder that keeps the old and the new of every path while they change.

use std::fs::{self, File};
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::isolation::apply::ApplyError;
use crate::isolation::apply::look::Content;
use crate::isolation::apply::plan::Change;
use crate::isolation::git::Repository;

/// The folder, once it is complete.
pub(super) const RECORD: &str = "baton-apply";

/// The folder while it is made.
pub(super) const DRAFT: &str = "baton-apply.draft";

/// The folder after somebody changed files that were to be written.
const LEFT: &str = "baton-apply.left";

/// The list of paths in it.
pub(super) const LIST: &str = "plan.json";

/// The list of a record.
#[derive(Serialize, Deserialize)]
pub(super) struct List {
    pub(super) task: String,
    pub(super) changes: Vec<Listed>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct Listed {
    pub(super) path: String,
    pub(super) old: Option<Kind>,
    pub(super) new: Option<Kind>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(super) enum Kind {
    File,
    Executable,
    Link,
}

pub(super) fn recorded(repository: &Repository) -> Result<Option<List>, ApplyError> {
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

/// A name that no folder has yet.
pub(super) fn free(own: &Path) -> PathBuf {
    let numbered = (1_u32..).map(|number| own.join(format!("{LEFT}-{number}")));
    numbered.into_iter().find(|path| !path.exists()).unwrap_or_else(|| own.join(LEFT))
}

/// Removes a record. Under its own name it is either complete or not there.
pub(super) fn discard(record: &Path) -> Result<(), ApplyError> {
    let draft = record.with_file_name(DRAFT);
    fs::rename(record, &draft)
        .and_then(|()| fs::remove_dir_all(&draft))
        .map_err(|error| ApplyError::file(record, &error))
}

/// Keeps the old and the new of every path.
pub(super) fn record(
    repository: &Repository,
    task: &str,
    changes: &[Change],
) -> Result<(), ApplyError> {
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

pub(super) fn load(
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
