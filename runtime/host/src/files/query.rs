//! What a listing or search looks for, checked and compiled.

use baton_core::files::{Selection, SelectionOptions};

use super::ScopedFiles;
use super::error::{Result, invalid_query};
use super::globs::{Layer, PatternError};

/// A selection, ready to walk.
pub(super) struct Query<'f> {
    pub(super) files: &'f ScopedFiles,
    pub(super) selected: Layer,
    pub(super) options: SelectionOptions,
}

impl<'f> Query<'f> {
    pub(super) fn new(files: &'f ScopedFiles, selection: &Selection) -> Result<Self> {
        let limits = &files.limits;
        let (include, exclude) = (&selection.include, &selection.exclude);
        let counted = include.len().saturating_add(exclude.len());
        let selected =
            Layer::new(include, exclude, counted, limits).map_err(|error| match error {
                PatternError::Bad { pattern, reason } => {
                    invalid_query("bad-pattern", format!("the pattern {pattern:?} {reason}"))
                }
                PatternError::TooLong { size } => {
                    let limit = limits.pattern_bytes;
                    let message = format!("a pattern has {size} bytes, the limit is {limit}");
                    invalid_query("pattern-too-long", message)
                }
                PatternError::TooMany { count } => {
                    let limit = limits.patterns;
                    let message = format!("there are {count} patterns, the limit is {limit}");
                    invalid_query("too-many-patterns", message)
                }
                PatternError::TooComplex => {
                    invalid_query("bad-pattern", "the patterns are too large together")
                }
            })?;
        Ok(Self { files, selected, options: selection.options.clone() })
    }

    /// How many results there may be, under a limit of the run.
    pub(super) fn limit(&self, most: u64) -> usize {
        let limit = self.options.limit.map_or(most, |limit| limit.min(most));
        usize::try_from(limit).unwrap_or(usize::MAX)
    }

    /// Whether a file passes whose directory is known to be open.
    pub(super) fn passes(&self, path: &str) -> bool {
        let scope = self.files.scope.iter();
        self.selected.passes_here(path) && scope.clone().all(|layer| layer.passes_here(path))
    }

    /// Whether a listing names a directory whose own directory is known to be open.
    pub(super) fn names(&self, directory: &str) -> bool {
        self.options.directories
            && self.selected.passes_here(directory)
            && super::globs::show(&self.files.scope, directory)
    }

    /// Whether to look into a directory.
    pub(super) fn enters(&self, directory: &str) -> bool {
        let mut layers = self.files.scope.iter().chain([&self.selected]);
        layers.all(|layer| layer.may_hold(directory))
    }
}
