//! From changes of files to directories.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use baton_git_store::{Id, Kind, Mode, Repository, TreeEntry, tree_bytes};
use baton_guest::ToolError;
use baton_tool_kit::inside;

use crate::commit::FileChange;

/// Most files of one commit.
const FILES_MAX: usize = 1_000;

/// The new content of a file; none if it is removed.
pub struct Content {
    bytes: Option<Vec<u8>>,
    executable: Option<bool>,
}

/// The changes by path, checked.
pub fn changes(files: &[FileChange]) -> Result<BTreeMap<String, Content>, ToolError> {
    let wrong = |path: &str, what: &str| {
        Err(ToolError::invalid_input("invalid-file", format!("the file `{path}` {what}")))
    };
    if files.is_empty() || files.len() > FILES_MAX {
        let message = format!("a commit has 1 to {FILES_MAX} files");
        return Err(ToolError::invalid_input("invalid-file", message));
    }
    let mut changes = BTreeMap::new();
    for file in files {
        let path = inside(&file.path)?;
        if path.is_empty() || path.split('/').any(|part| part.eq_ignore_ascii_case(".git")) {
            return wrong(&path, "cannot be committed");
        }
        let bytes = match (&file.text, &file.base64, file.delete) {
            (Some(text), None, false) => Some(text.clone().into_bytes()),
            (None, Some(text), false) => match STANDARD.decode(text) {
                Ok(bytes) => Some(bytes),
                Err(_) => return wrong(&path, "is not in Base64"),
            },
            (None, None, true) => None,
            _ => return wrong(&path, "needs exactly one of `text`, `base64` and `delete`"),
        };
        let content = Content { bytes, executable: file.executable };
        if changes.insert(path.clone(), content).is_some() {
            return wrong(&path, "is named twice");
        }
    }
    Ok(changes)
}

/// The changes in one directory, and in those below it.
#[derive(Default)]
pub struct Changes<'a> {
    files: BTreeMap<&'a str, &'a Content>,
    folders: BTreeMap<&'a str, Changes<'a>>,
}

impl<'a> Changes<'a> {
    /// Sorts changes into their directories.
    pub fn of(all: &'a BTreeMap<String, Content>) -> Self {
        let mut root = Self::default();
        for (path, content) in all {
            let (folder, name) = path.rsplit_once('/').unwrap_or(("", path));
            let mut at = &mut root;
            for part in folder.split('/').filter(|part| !part.is_empty()) {
                at = at.folders.entry(part).or_default();
            }
            at.files.insert(name, content);
        }
        root
    }
}

/// Writes a directory with its changes; none if nothing is left in it.
pub fn apply(
    repository: &Repository,
    tree: Option<Id>,
    changes: &Changes<'_>,
) -> Result<Option<Id>, ToolError> {
    let before = tree.map(|id| repository.tree(id)).transpose()?.unwrap_or_default();
    let mut entries: BTreeMap<Vec<u8>, TreeEntry> =
        before.into_iter().map(|entry| (entry.name.clone(), entry)).collect();
    for (name, content) in &changes.files {
        let key = name.as_bytes().to_vec();
        let old = entries.remove(&key);
        if old.as_ref().is_some_and(|entry| entry.mode == Mode::Tree) {
            let message = format!("`{name}` is a directory");
            return Err(ToolError::failed("is-a-directory", message));
        }
        match &content.bytes {
            None if old.is_none() => {
                let message = format!("`{name}` is not there and cannot be removed");
                return Err(ToolError::failed("not-found", message));
            }
            None => {}
            Some(bytes) => {
                let was = old.is_some_and(|entry| entry.mode == Mode::Executable);
                let executable = content.executable.unwrap_or(was);
                let mode = if executable { Mode::Executable } else { Mode::File };
                let id = repository.write(Kind::Blob, bytes)?;
                entries.insert(key.clone(), TreeEntry { mode, name: key, id });
            }
        }
    }
    for (name, below) in &changes.folders {
        let key = name.as_bytes().to_vec();
        let old = entries.remove(&key);
        if old.as_ref().is_some_and(|entry| entry.mode != Mode::Tree) {
            let message = format!("`{name}` is a file, not a directory");
            return Err(ToolError::failed("not-a-directory", message));
        }
        if let Some(id) = apply(repository, old.map(|entry| entry.id), below)? {
            entries.insert(key.clone(), TreeEntry { mode: Mode::Tree, name: key, id });
        }
    }
    if entries.is_empty() {
        return Ok(None);
    }
    repository.write(Kind::Tree, &tree_bytes(entries.into_values().collect())).map(Some)
}
