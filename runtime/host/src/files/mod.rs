//! Reading and writing files inside a granted root.
//!
//! A [`Root`] is one open directory, the only authority this module ever holds; a [`ScopedFiles`]
//! is that directory seen through the layers of a scope. Every path is checked as text, then
//! walked one name at a time without following links; a link is followed by hand, may not leave
//! the root, and what it leads to must pass the scope as well. The file that is opened is therefore
//! the file whose name was checked, whatever other processes do to the tree meanwhile.
//!
//! Errors carry one of these codes. None of them, and no message, tells anything that differs
//! between machines, because answers are recorded and compared on replay.
//!
//! | kind | codes |
//! |---|---|
//! | `invalid-path` | `empty-path` `absolute-path` `parent-part` `dot-part` `empty-part` `trailing-slash` `nul` `backslash` `path-too-long` `name-too-long` `too-deep` |
//! | `denied` | `out-of-scope` `link-outside` `link-loop` `link-dangling` |
//! | `not-found` | `not-found` |
//! | `wrong-kind` | `is-directory` `not-directory` |
//! | `not-regular` | `not-regular` `kernel-file-system` |
//! | `too-large` | `file-too-large` `ignore-files-too-large` |
//! | `invalid-query` | `too-many-patterns` `pattern-too-long` `bad-pattern` `expression-too-long` `expression-too-large` `bad-expression` `search-too-slow` |
//! | `io` | `permission-denied` `changed` `no-space` `io-failed` |

mod error;
pub(crate) mod globs;
mod ignored;
mod list;
mod path;
mod query;
mod read;
mod resolve;
mod root;
mod search;
mod snapshot;
mod stat;
#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests;
mod walk;
mod write;

use std::sync::Arc;

use baton_core::files::{FileAnswer, FileError, FileRequest};
use baton_core::limits::FileLimits;
use baton_core::scope::{GlobLayer, PathScope};

pub use globs::check_pattern;
pub(crate) use root::made_up;
pub use root::{Root, RootError};
pub use snapshot::{SNAPSHOT_BYTES_MAX, SNAPSHOT_FILES_MAX, Snapshots};
pub use write::Written;

use globs::Layer;

/// Levels of directories below the root that are looked at, so that a tree cannot use up file
/// handles: each level that is being looked at holds one.
pub const DEPTH_MAX: usize = 128;

/// Bytes of `.gitignore` and `.ignore` files one listing or search honours, together. Their
/// patterns are compiled, which costs far more than reading them.
pub const IGNORE_BYTES_MAX: u64 = 1 << 20;

/// Why a scope cannot be applied.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ScopeError {
    /// A pattern is malformed, or could never match a path.
    #[error("the pattern {pattern:?} of the scope {reason}")]
    BadPattern {
        /// The pattern.
        pattern: String,
        /// What is wrong with it, as the end of a sentence.
        reason: String,
    },
    /// A pattern is longer than `files.pattern_bytes`.
    #[error("a pattern of the scope has {size} bytes, the limit is {limit}")]
    PatternTooLong {
        /// Bytes of the pattern.
        size: u64,
        /// The limit.
        limit: u64,
    },
    /// A layer includes more patterns than `files.patterns`.
    #[error("a layer of the scope has {count} patterns, the limit is {limit}")]
    TooManyPatterns {
        /// How many there are.
        count: u64,
        /// The limit.
        limit: u64,
    },
    /// The patterns of a layer are too large together.
    #[error("the patterns of a layer of the scope are too large together")]
    TooComplex,
}

/// The files of a root that a scope lets pass. Cheap to clone.
#[derive(Clone, Debug)]
pub struct ScopedFiles {
    root: Root,
    scope: Arc<Vec<Layer>>,
    limits: FileLimits,
}

impl Root {
    /// The files that every layer of `scope` lets pass. Excluding a directory excludes what is
    /// below it; `exclude` patterns do not tell upper from lower case, because some file systems
    /// do not either.
    ///
    /// # Errors
    /// A pattern is malformed or beyond `limits`.
    pub fn scoped(
        &self,
        scope: &PathScope,
        limits: &FileLimits,
    ) -> Result<ScopedFiles, ScopeError> {
        let layers = scope.layers.iter().map(|layer| globs::scope_layer(layer, limits));
        Ok(ScopedFiles {
            root: self.clone(),
            scope: Arc::new(layers.collect::<Result<_, _>>()?),
            limits: *limits,
        })
    }
}

impl ScopedFiles {
    /// These files without those that match one of the patterns.
    ///
    /// # Errors
    /// A pattern is malformed or beyond the limits.
    pub fn without(&self, exclude: &[String]) -> Result<Self, ScopeError> {
        if exclude.is_empty() {
            return Ok(self.clone());
        }
        let layer = GlobLayer { exclude: exclude.to_vec(), ..GlobLayer::default() };
        let mut layers = Vec::clone(&self.scope);
        layers.push(globs::scope_layer(&layer, &self.limits)?);
        Ok(Self { scope: Arc::new(layers), ..self.clone() })
    }

    /// Answers a request. Blocks on the disk, for a search of many files for a while.
    ///
    /// # Errors
    /// See the table of this module; nothing outside the scope is ever part of an answer or error.
    pub fn observe(&self, request: &FileRequest) -> Result<FileAnswer, FileError> {
        match request {
            FileRequest::Read { path } => self.read(path),
            FileRequest::List { selection } => self.list(selection),
            FileRequest::Search { pattern, selection } => self.search(pattern, selection),
            FileRequest::Stat { path } => self.stat(path),
        }
    }
}
