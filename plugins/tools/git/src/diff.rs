//! Comparing revisions.

use baton_git_store::{Id, Repository};
use baton_guest::{Schema, ToolError};
use baton_tool_kit::{Tree, inside};
use serde::{Deserialize, Serialize};

use crate::changes::{ChangedFile, changes};
use crate::commit::CommitInfo;
use crate::history::merge_base;
use crate::patch::{Style, describe};

/// Most bytes of patches in one answer.
const PATCHES_BYTES_MAX: usize = 400 << 10;
/// Most files that are shown.
const FILES_SHOWN_MAX: usize = 2_000;
/// Most lines around a change, and how many where nobody says.
const CONTEXT_MAX: u32 = 100;
const CONTEXT: u32 = 3;

/// Which revisions.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(deny_unknown_fields)]
pub struct DiffInput {
    /// The revision before: a branch, tag, commit, `HEAD~2`, …
    pub from: String,
    /// The revision after. Default: `HEAD`.
    pub to: Option<String>,
    /// Compare `to` with the commit at which it left `from`: what a pull request would show.
    #[serde(default)]
    pub merge_base: bool,
    /// Only this file or directory.
    #[serde(default)]
    pub path: String,
    /// Only which files differ, without patches.
    #[serde(default)]
    pub summary: bool,
    /// Lines around each change, at most 100. Default: 3.
    pub context: Option<u32>,
}

/// Files that differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct DiffOutput {
    /// Id of the commit before.
    pub from: String,
    /// Id of the commit after.
    pub to: String,
    /// In order of their paths.
    pub files: Vec<ChangedFile>,
    /// Whether a limit cut the answer: files or patches are left out.
    pub truncated: bool,
}

/// Compares two revisions.
///
/// # Errors
/// When the repository cannot be read, or a revision is unknown.
pub fn diff(tree: &Tree, input: &DiffInput) -> Result<DiffOutput, ToolError> {
    let repository = Repository::open(tree)?;
    let mut from = repository.resolve(&input.from)?;
    let to = repository.resolve(input.to.as_deref().unwrap_or("HEAD"))?;
    if input.merge_base {
        from = merge_base(&repository, from, to)?.ok_or_else(|| {
            let message = format!("`{}` and the other revision share no history", input.from);
            ToolError::failed("no-merge-base", message)
        })?;
    }
    let style = style(!input.summary, input.context);
    let tree = |id: Id| repository.commit(id).map(|commit| Some(commit.tree));
    let (files, truncated) =
        files(&repository, tree(from)?, tree(to)?, &inside(&input.path)?, &style)?;
    Ok(DiffOutput { from: from.to_string(), to: to.to_string(), files, truncated })
}

/// Which commit.
#[derive(Clone, Debug, Default, Deserialize, Schema)]
#[serde(default, deny_unknown_fields)]
pub struct ShowInput {
    /// The commit: a branch, tag, id, `HEAD~2`, … Default: `HEAD`.
    pub revision: Option<String>,
    /// Only this file or directory.
    pub path: String,
    /// With the differences themselves.
    pub patch: bool,
    /// Lines around each change, at most 100. Default: 3.
    pub context: Option<u32>,
}

/// A commit and what it changed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Schema)]
pub struct ShowOutput {
    /// The commit.
    pub commit: CommitInfo,
    /// Files that differ from its first parent, in order of their paths.
    pub files: Vec<ChangedFile>,
    /// Whether a limit cut the answer: files or patches are left out.
    pub truncated: bool,
}

/// Shows a commit.
///
/// # Errors
/// When the repository cannot be read, or the revision is unknown.
pub fn show(tree: &Tree, input: &ShowInput) -> Result<ShowOutput, ToolError> {
    let repository = Repository::open(tree)?;
    let id = repository.resolve(input.revision.as_deref().unwrap_or("HEAD"))?;
    let commit = repository.commit(id)?;
    let cut_off = repository.shallow().contains(&id);
    let parent = commit.parents.first().filter(|_| !cut_off);
    let before = parent.map(|parent| repository.commit(*parent)).transpose()?;
    let style = style(input.patch, input.context);
    let before = before.map(|commit| commit.tree);
    let path = inside(&input.path)?;
    let (files, truncated) = files(&repository, before, Some(commit.tree), &path, &style)?;
    Ok(ShowOutput { commit: CommitInfo::from(&commit), files, truncated })
}

fn style(patches: bool, context: Option<u32>) -> Style {
    Style { patches, context: context.unwrap_or(CONTEXT).min(CONTEXT_MAX) }
}

fn files(
    repository: &Repository,
    before: Option<Id>,
    after: Option<Id>,
    path: &str,
    style: &Style,
) -> Result<(Vec<ChangedFile>, bool), ToolError> {
    let changes = changes(repository, before, after, path)?;
    let mut truncated = changes.len() > FILES_SHOWN_MAX;
    let mut room = PATCHES_BYTES_MAX;
    let mut files = Vec::new();
    for change in changes.iter().take(FILES_SHOWN_MAX) {
        let file = describe(repository, change, style, &mut room)?;
        truncated |= style.patches && !file.binary && file.patch.is_none();
        files.push(file);
    }
    Ok((files, truncated))
}
