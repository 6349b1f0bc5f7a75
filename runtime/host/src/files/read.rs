//! Reading a file whole.

use std::io::Read;

use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileErrorKind};

use super::error::{Result, file_too_large, io_failed, is_directory, out_of_scope};
use super::resolve::resolve;
use super::root::Located;
use super::{ScopedFiles, globs, path};

/// How often a file that is replaced under our hands is looked up anew. Editors replace files.
const ATTEMPTS: u32 = 4;

impl ScopedFiles {
    pub(super) fn read(&self, path: &str) -> Result<FileAnswer> {
        path::check(path, self.limits.path_bytes)?;
        let bytes = self.content(path)?;
        let digest = Digest::of(&bytes);
        Ok(FileAnswer::Content { bytes, digest })
    }

    /// The bytes of a file, if its path and what its path leads to are inside the scope.
    pub(super) fn content(&self, path: &str) -> Result<Vec<u8>> {
        if !globs::pass(&self.scope, path) {
            return Err(out_of_scope(path));
        }
        let mut attempt = 1;
        loop {
            match self.content_now(path) {
                Err(error)
                    if error.kind == FileErrorKind::Io
                        && error.code == "changed"
                        && attempt < ATTEMPTS =>
                {
                    attempt += 1;
                }
                done => return done,
            }
        }
    }

    fn content_now(&self, path: &str) -> Result<Vec<u8>> {
        let resolved = resolve(&self.root, path)?;
        let Some(located) = resolved.located(&self.root) else {
            return Err(is_directory(path));
        };
        if !globs::pass(&self.scope, &resolved.canonical) {
            return Err(out_of_scope(path));
        }
        bytes(&located, path, self.limits.read_bytes)
    }
}

/// The bytes of a file of at most `limit`.
pub(super) fn bytes(located: &Located<'_>, path: &str, limit: u64) -> Result<Vec<u8>> {
    let (file, metadata) = located.open(path)?;
    bounded(file, metadata.len(), path, limit)
}

/// What a reader that is said to have `size` bytes holds, if that is at most `limit`; files grow
/// while they are read.
pub(super) fn bounded(reader: impl Read, size: u64, path: &str, limit: u64) -> Result<Vec<u8>> {
    if size > limit {
        return Err(file_too_large(path, size, limit));
    }
    let mut bytes = Vec::with_capacity(usize::try_from(size).unwrap_or(0));
    reader
        .take(limit.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|error| io_failed(path, &error))?;
    let read = bytes.len() as u64;
    if read > limit {
        return Err(file_too_large(path, read, limit));
    }
    Ok(bytes)
}
