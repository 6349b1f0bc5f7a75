//! Writing a file whole.

use std::io::{self, Write};
use std::sync::atomic::{AtomicU64, Ordering};

use baton_core::digest::Digest;
use baton_core::files::{FileError, FileErrorKind as Kind};
use cap_std::fs::{Dir, OpenOptions, OpenOptionsExt, Permissions};
use rustix::fs::OFlags;

use super::error::{
    Result, changed, file_too_large, io_failed, is_directory, link_dangling, not_directory,
    not_regular, out_of_scope,
};
use super::resolve::{Resolved, Target, resolve};
use super::root::open_directory;
use super::{ScopedFiles, globs, path, read};

/// A file that was written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Written {
    /// Digest of its bytes.
    pub digest: Digest,
    /// Nothing was there before.
    pub created: bool,
}

/// Where a file is to stand: the directory, its name there, and the rights it is to have.
struct Place {
    parent: Dir,
    name: String,
    permissions: Option<Permissions>,
}

impl ScopedFiles {
    /// Puts `bytes` where `path` leads, in one step: whoever looks sees the old file or the new one
    /// and never a part, also after a crash. A file that is there keeps its permissions; directories
    /// that are not there are made. Both the path and what it leads to must be inside the scope; the
    /// bytes may be as many as can be read again.
    ///
    /// `expected` is the digest that the file must have now.
    ///
    /// # Errors
    /// See the table of this module; `changed` where the file is not what was expected. Nothing was
    /// written then.
    pub fn write(&self, path: &str, bytes: &[u8], expected: Option<&Digest>) -> Result<Written> {
        path::check(path, self.limits.path_bytes)?;
        if !globs::pass(&self.scope, path) {
            return Err(out_of_scope(path));
        }
        let size = bytes.len() as u64;
        if size > self.limits.read_bytes {
            return Err(file_too_large(path, size, self.limits.read_bytes));
        }
        let place = match resolve(&self.root, path) {
            Ok(resolved) => self.over(path, &resolved, expected)?,
            Err(error) if error.kind == Kind::NotFound && expected.is_none() => self.fresh(path)?,
            Err(error) => return Err(error),
        };
        put(&place, path, bytes)?;
        Ok(Written { digest: Digest::of(bytes), created: place.permissions.is_none() })
    }

    /// The place of a file that is there.
    fn over(&self, path: &str, resolved: &Resolved, expected: Option<&Digest>) -> Result<Place> {
        if !globs::pass(&self.scope, &resolved.canonical) {
            return Err(out_of_scope(path));
        }
        let (Some(located), Target::File { name, metadata, .. }) =
            (resolved.located(&self.root), &resolved.target)
        else {
            return Err(is_directory(path));
        };
        if !metadata.is_file() {
            return Err(not_regular(path));
        }
        if let Some(expected) = expected {
            let bytes = read::bytes(&located, path, self.limits.read_bytes)?;
            if Digest::of(&bytes) != *expected {
                return Err(changed(path));
            }
        }
        let parent = located.parent.try_clone().map_err(|error| io_failed(path, &error))?;
        Ok(Place { parent, name: name.clone(), permissions: Some(metadata.permissions()) })
    }

    /// The place of a file that is not there. Directories on the way are made, as far as what would
    /// be in them is inside the scope.
    fn fresh(&self, path: &str) -> Result<Place> {
        let (mut above, name) = path.rsplit_once('/').unwrap_or(("", path));
        let mut missing = Vec::new();
        let base = loop {
            if above.is_empty() {
                break String::new();
            }
            match resolve(&self.root, above) {
                Ok(Resolved { canonical, target: Target::Directory }) => break canonical,
                Ok(_) => return Err(not_directory(path)),
                Err(error) if error.kind == Kind::NotFound => {
                    let (rest, last) = above.rsplit_once('/').unwrap_or(("", above));
                    missing.push(last);
                    above = rest;
                }
                Err(error) => return Err(error),
            }
        };
        missing.reverse();
        let ends = missing.iter().copied().chain([name]);
        let canonical = ends.fold(base.clone(), |directory, part| path::join(&directory, part));
        if !globs::pass(&self.scope, &canonical) {
            return Err(out_of_scope(path));
        }
        let mut parent = self.root.dir.try_clone().map_err(|error| io_failed(path, &error))?;
        for part in base.split('/').filter(|part| !part.is_empty()) {
            parent = open_directory(&parent, part, path)?;
        }
        for part in missing {
            match parent.create_dir(part) {
                Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
                    return Err(failed(path, &error));
                }
                // Made by another at the same time, or a link to nowhere, which is not opened.
                _ => parent = open_directory(&parent, part, path)?,
            }
        }
        match parent.symlink_metadata(name) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Ok(metadata) if metadata.is_symlink() => return Err(link_dangling(path)),
            // It has just appeared.
            _ => return Err(changed(path)),
        }
        Ok(Place { parent, name: name.to_owned(), permissions: None })
    }
}

/// Writes the bytes under a name of their own, and gives them theirs then.
fn put(place: &Place, path: &str, bytes: &[u8]) -> Result<()> {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = format!(".{}-{count}.baton-write", std::process::id());
    let written = fill(place, &temporary, bytes)
        .and_then(|()| place.parent.rename(&temporary, &place.parent, &place.name));
    written.map_err(|error| {
        // It may not be there: what counts is the first error.
        let _ = place.parent.remove_file(&temporary);
        failed(path, &error)
    })
}

fn fill(place: &Place, temporary: &str, bytes: &[u8]) -> io::Result<()> {
    let flags = OFlags::NOFOLLOW.bits().cast_signed();
    let mut file = place.parent.open_with(
        temporary,
        OpenOptions::new().write(true).create_new(true).custom_flags(flags),
    )?;
    file.write_all(bytes)?;
    if let Some(permissions) = &place.permissions {
        file.set_permissions(permissions.clone())?;
    }
    // A name that was given before its bytes were on disk could be left without them.
    file.sync_all()
}

fn failed(path: &str, error: &io::Error) -> FileError {
    let (code, message) = match error.kind() {
        io::ErrorKind::PermissionDenied | io::ErrorKind::ReadOnlyFilesystem => {
            ("permission-denied", format!("the operating system does not let Baton write {path:?}"))
        }
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ("no-space", format!("there is no room on the disk for {path:?}"))
        }
        _ => ("io-failed", format!("the operating system failed to write {path:?}")),
    };
    FileError::new(Kind::Io, code, message)
}
