//! Listing a directory, as far as it was granted.

use std::os::fd::BorrowedFd;

use rustix::fs::{AtFlags, Dir, DirEntry, FileType, statat};

use super::bounds::below;
use super::change::text;
use super::error::Result;
use super::place::kind;
use super::walk::Last;
use super::{Files, Touch};

/// A directory that is being listed. It holds a handle of the process.
#[derive(Debug)]
pub(super) struct Entries {
    path: String,
    entries: Dir,
    _counted: std::sync::Arc<()>,
}

/// An entry of a directory.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) name: String,
    pub(super) kind: FileType,
}

impl Files {
    /// Begins to list a directory.
    pub(super) fn list(&self, path: &str) -> Result<Entries> {
        let place = self.find(Touch::Read, path, ".", Last::Follow)?;
        let counted = self.room()?;
        let entries = Dir::new(place.directory()?)?;
        place.holds()?;
        Ok(Entries { path: place.path, entries, _counted: counted })
    }

    /// The next entry that a guest may know of.
    pub(super) fn next(&self, listing: &mut Entries) -> Result<Option<Entry>> {
        while let Some(entry) = listing.entries.read() {
            let entry = entry?;
            // Patterns are text: a name that is none matches none.
            let Some(name) = text(entry.file_name()) else { continue };
            if name == "." || name == ".." {
                continue;
            }
            // What is passed over costs time as well.
            self.meter.call()?;
            let path = below(&listing.path, name);
            if !self.bounds.visible(&path) {
                continue;
            }
            let kind = entry_kind(listing.entries.fd()?, &entry)?;
            let granted = match kind {
                FileType::Directory => self.bounds.traversable(&path),
                _ => self.bounds.readable(&path),
            };
            if granted {
                return Ok(Some(Entry { name: name.to_owned(), kind }));
            }
        }
        Ok(None)
    }
}

/// The kind of an entry; some file systems do not say it in the listing.
pub(super) fn entry_kind(directory: BorrowedFd<'_>, entry: &DirEntry) -> Result<FileType> {
    match entry.file_type() {
        FileType::Unknown => {
            let stat = statat(directory, entry.file_name(), AtFlags::SYMLINK_NOFOLLOW)?;
            Ok(kind(&stat))
        }
        kind => Ok(kind),
    }
}
