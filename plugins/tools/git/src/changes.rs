//! What differs between two directories.

use std::collections::BTreeMap;

use baton_git_store::{Id, Mode, Repository, TreeEntry};
use baton_guest::{Schema, ToolError};
use serde::Serialize;

/// Most files that are compared in one call.
pub const FILES_MAX: usize = 10_000;

/// What happened to a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Schema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It is new.
    Added,
    /// It is gone.
    Deleted,
    /// Its content or mode is another.
    Modified,
    /// It has another name, and the same content.
    Renamed,
}

/// A file that differs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct ChangedFile {
    /// Its path, as it is after the change; of one that is gone, as it was.
    pub path: String,
    /// Its path before, where that was another.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_path: Option<String>,
    /// What happened to it.
    pub status: Status,
    /// Lines that are new.
    pub additions: usize,
    /// Lines that are gone.
    pub deletions: usize,
    /// Whether it is no text, so that lines mean nothing.
    pub binary: bool,
    /// The differences as a unified patch, where they were asked for and there is room.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub patch: Option<String>,
}

/// A file on one side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Side {
    pub path: String,
    pub mode: Mode,
    pub id: Id,
}

/// A file before and after.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    pub before: Option<Side>,
    pub after: Option<Side>,
}

impl Change {
    pub fn path(&self) -> &str {
        self.after.as_ref().or(self.before.as_ref()).map_or("", |side| &side.path)
    }
}

/// Files that differ between two directories, below `path`, in order of their paths. Without a
/// directory there is nothing on that side.
pub fn changes(
    repository: &Repository,
    before: Option<Id>,
    after: Option<Id>,
    path: &str,
) -> Result<Vec<Change>, ToolError> {
    let mut walk = Walk { repository, changes: Vec::new() };
    let at = |tree: Option<Id>| tree.map(|tree| repository.at_path(tree, path)).transpose();
    let (before, after) = (at(before)?.flatten(), at(after)?.flatten());
    walk.compare(path, before, after)?;
    Ok(renamed(walk.changes))
}

struct Walk<'a> {
    repository: &'a Repository,
    changes: Vec<Change>,
}

type Item = Option<(Mode, Id)>;

impl Walk<'_> {
    fn compare(&mut self, path: &str, before: Item, after: Item) -> Result<(), ToolError> {
        if before == after {
            return Ok(());
        }
        let folder = |item: Item| item.filter(|(mode, _)| *mode == Mode::Tree).map(|(_, id)| id);
        let file = |item: Item| {
            let (mode, id) = item.filter(|(mode, _)| *mode != Mode::Tree)?;
            Some(Side { path: path.to_owned(), mode, id })
        };
        let change = Change { before: file(before), after: file(after) };
        if change.before.is_some() || change.after.is_some() {
            self.changes.push(change);
            if self.changes.len() > FILES_MAX {
                let message = format!("more than {FILES_MAX} files differ; name a path");
                return Err(ToolError::failed("too-many-files", message));
            }
        }
        let (before, after) = (self.entries(folder(before))?, self.entries(folder(after))?);
        let mut names: Vec<&Vec<u8>> = before.keys().chain(after.keys()).collect();
        names.sort();
        names.dedup();
        for name in names {
            let text = String::from_utf8_lossy(name);
            let path = if path.is_empty() { text.into_owned() } else { format!("{path}/{text}") };
            self.compare(&path, before.get(name).copied(), after.get(name).copied())?;
        }
        Ok(())
    }

    fn entries(&self, tree: Option<Id>) -> Result<BTreeMap<Vec<u8>, (Mode, Id)>, ToolError> {
        let entries = tree.map(|id| self.repository.tree(id)).transpose()?.unwrap_or_default();
        let pair = |entry: TreeEntry| (entry.name, (entry.mode, entry.id));
        Ok(entries.into_iter().map(pair).collect())
    }
}

/// A file that is gone and one that is new with the same content are one that has another name.
fn renamed(changes: Vec<Change>) -> Vec<Change> {
    let mut gone: BTreeMap<Id, Vec<Side>> = BTreeMap::new();
    for change in &changes {
        if let Change { before: Some(side), after: None } = change {
            gone.entry(side.id).or_default().push(side.clone());
        }
    }
    for sides in gone.values_mut() {
        sides.reverse();
    }
    let mut taken = Vec::new();
    let mut result = Vec::new();
    for mut change in changes {
        if let Change { before: None, after: Some(side) } = &change
            && let Some(old) = gone.get_mut(&side.id).and_then(Vec::pop)
        {
            taken.push(old.path.clone());
            change.before = Some(old);
        }
        result.push(change);
    }
    result
        .retain(|change| change.after.is_some() || !taken.iter().any(|path| path == change.path()));
    result.sort_by(|left, right| left.path().cmp(right.path()));
    result
}
