//! The objects and references of a git repository, read and written without git: loose objects,
//! packs, references and revisions, of repositories with SHA-1 names.
//!
//! It reads by seeking, so that a pack may be larger than a guest's memory, and it never touches the
//! working tree or the index.

mod delta;
mod id;
mod loose;
mod object;
mod pack;
mod references;
mod repository;
mod revision;

pub use id::Id;
pub use object::{Commit, Kind, Mode, Signature, TreeEntry, tree_bytes};
pub use references::{Reference, is_branch_name};
pub use repository::{OBJECT_BYTES_MAX, Repository};

use baton_guest::ToolError;

/// The repository contradicts itself.
fn damaged(what: impl std::fmt::Display) -> ToolError {
    ToolError::failed("damaged-repository", format!("the repository is damaged: {what}"))
}

/// The operating system failed inside of the repository.
fn io(error: &std::io::Error) -> ToolError {
    ToolError::failed("io", format!("the repository cannot be used: {error}"))
}

#[cfg(test)]
mod tests;
