//! Merging the patch of an isolated agent into a person's working tree.
//!
//! The merge is made from the commit that the patch began with, the working tree as it is, and the
//! patch, in temporary trees: neither the index nor any branch of the repository is touched. Only if
//! all of it fits is anything written, and only in place of files that still are what was merged.
//! What is written is on record before the first file changes, so that what a killed process left
//! half done is completed by the next.

mod conflict;
mod look;
mod objects;
mod plan;
mod write;

use std::fs::File;
use std::path::{Path, PathBuf};

pub use self::conflict::{Conflict, Hunk};
pub use self::plan::{Plan, Planned};
pub use self::write::{Foreign, Written};

use super::git::Repository;
use super::remove::take_turn;

/// Why a patch was neither applied nor found not to fit.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ApplyError {
    /// The directory is in no repository, or git does not work there.
    #[error("{directory} cannot be merged into: {why}")]
    Repository {
        /// The directory.
        directory: PathBuf,
        /// What git says.
        why: String,
    },
    /// The bytes are no patch of an isolated agent.
    #[error("the artifact is no patch of an isolated agent")]
    NoPatch,
    /// The commit that the patch began with is not in the repository.
    #[error("commit {base}, which the patch began with, is not in the repository at {top}")]
    NoBase {
        /// The commit.
        base: String,
        /// The repository.
        top: PathBuf,
    },
    /// Git failed.
    #[error("{0}")]
    Git(String),
    /// A file could not be read or written.
    #[error("{path}: {why}")]
    File {
        /// The file.
        path: PathBuf,
        /// What the system says.
        why: String,
    },
    /// Somebody changed files while the patch was written. What had been written is taken back.
    #[error("changed by somebody while the patch was written, which is taken back: {}", .0.join(", "))]
    Raced(Vec<String>),
}

impl ApplyError {
    fn file(path: &Path, error: &std::io::Error) -> Self {
        Self::File { path: path.to_owned(), why: error.to_string() }
    }
}

impl From<String> for ApplyError {
    fn from(why: String) -> Self {
        Self::Git(why)
    }
}

/// The right to write into one working tree.
pub struct Applier {
    repository: Repository,
    /// Others that apply wait for this one.
    _turn: File,
}

impl Applier {
    /// Waits until nobody else applies in the repository around a directory.
    ///
    /// # Errors
    /// When there is no repository.
    pub async fn open(directory: &Path) -> Result<Self, ApplyError> {
        let cannot = |why| ApplyError::Repository { directory: directory.to_owned(), why };
        let repository = Repository::around(directory).await.map_err(cannot)?;
        let turn = take_turn(&repository.objects).await.map_err(cannot)?;
        Ok(Self { repository, _turn: turn })
    }

    /// The top of the working tree.
    #[must_use]
    pub fn top(&self) -> &Path {
        &self.repository.top
    }

    /// The patch that a killed process left half written: the name of its task.
    ///
    /// # Errors
    /// When what is on record of it cannot be read.
    pub fn unfinished(&self) -> Result<Option<String>, ApplyError> {
        write::unfinished(&self.repository)
    }

    /// Completes what a killed process left half written. Files that somebody changed since are left
    /// as they are, and named.
    ///
    /// # Errors
    /// When a file cannot be written. The record stays.
    pub fn complete(&self) -> Result<Option<Written>, ApplyError> {
        write::complete(&self.repository)
    }

    /// Finds out what applying a patch would write. Changes nothing. With `three_way`, what changed
    /// in the working tree since the commit that the patch began with is merged with it; else every
    /// change must fit as it is.
    ///
    /// # Errors
    /// When the patch is none, or git fails.
    pub async fn plan(&self, patch: &[u8], three_way: bool) -> Result<Planned, ApplyError> {
        plan::plan(&self.repository, patch, three_way).await
    }

    /// Writes all of a plan, or nothing.
    ///
    /// # Errors
    /// When a file cannot be written, or is not any more what was merged.
    pub fn write(&self, plan: Plan) -> Result<Written, ApplyError> {
        write::write(&self.repository, plan)
    }
}
