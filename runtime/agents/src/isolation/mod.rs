//! Copies of a git repository for agents that asked for one of their own.
//!
//! An isolated agent works in a worktree (`git-worktree(1)`) of the commit that its run is based on:
//! what it changes does not appear in the granted directory, and untracked files are not there. A
//! worktree without changes is removed with its branch. One with changes is kept, and the changes are
//! a patch among the artifacts of the task, which [`apply`] merges into the working tree.
//!
//! A task has one worktree, whatever the number of its attempts: each goes on with the files that the
//! one before left, as it goes on with its conversation. What exists of a worktree is on record in a
//! file beside it before it exists, so that [`remains`] finds what a killed process left.

pub mod apply;
mod changes;
mod entry;
mod git;
mod patch;
mod remains;
mod remove;
mod worktrees;

use std::path::Path;

pub use self::patch::{FileChange, Head, PATCH_NAME, PATCH_TYPE};
pub use self::remains::{Remains, Repair, remains, remains_of};
pub use self::worktrees::Worktrees;

use self::git::Git;

/// The commit that is checked out in the repository of a directory; none where there is no
/// repository, no commit, or no git.
pub async fn head(directory: &Path) -> Option<String> {
    resolve(directory, "HEAD").await.ok()
}

/// The commit that a person's word for one means in the repository of a directory.
///
/// # Errors
/// In words: there is no repository, or no such commit.
pub async fn resolve(directory: &Path, revision: &str) -> Result<String, String> {
    let wanted = format!("{revision}^{{commit}}");
    Git::new(directory).text(&["rev-parse", "--verify", "--end-of-options", &wanted]).await
}
