//! Saying what is at a path.

use baton_core::files::{Entry, EntryKind, FileAnswer};

use super::error::{Result, not_regular, out_of_scope};
use super::resolve::{Target, resolve};
use super::{ScopedFiles, globs, path};

impl ScopedFiles {
    /// A directory can be seen if something below it may pass the scope. A path that could only
    /// be seen as a directory answers "outside the scope" for everything else, so that it does not
    /// tell whether a file is there.
    pub(super) fn stat(&self, path: &str) -> Result<FileAnswer> {
        path::check(path, self.limits.path_bytes)?;
        let passes = globs::pass(&self.scope, path);
        if !passes && !globs::show(&self.scope, path) {
            return Err(out_of_scope(path));
        }
        let resolved = match resolve(&self.root, path) {
            Ok(resolved) => resolved,
            Err(_) if !passes => return Err(out_of_scope(path)),
            Err(error) => return Err(error),
        };
        let entry = match &resolved.target {
            Target::Directory => {
                let seen =
                    globs::show(&self.scope, path) && globs::show(&self.scope, &resolved.canonical);
                seen.then_some((EntryKind::Directory, 0))
            }
            Target::File { metadata, .. } => {
                if !passes || !globs::pass(&self.scope, &resolved.canonical) {
                    return Err(out_of_scope(path));
                }
                if !metadata.is_file() {
                    return Err(not_regular(path));
                }
                Some((EntryKind::File, metadata.len()))
            }
        };
        let (kind, size) = entry.ok_or_else(|| out_of_scope(path))?;
        Ok(FileAnswer::Entry(Entry { path: path.into(), kind, size }))
    }
}
