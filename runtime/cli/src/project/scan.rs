//! Looking into a folder that may come from a stranger: no link leads out of it, no device or pipe
//! is opened, and nothing in it can make the search endless.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Read};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use rustix::fs::OFlags;

use super::places::Folder;

/// Entries looked at below one folder. Real ones have dozens.
pub const ENTRIES_MAX: usize = 2_000;
/// Folders inside each other that are looked into.
pub const DEPTH_MAX: usize = 8;

/// Something that was passed over, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// Where it is.
    pub path: PathBuf,
    /// Why it was passed over.
    pub reason: String,
}

/// What a folder holds.
#[derive(Debug, Default)]
pub struct Scan {
    /// Files, by path.
    pub files: Vec<PathBuf>,
    /// What was passed over, by path.
    pub skipped: Vec<Skipped>,
    entries: usize,
}

/// Looks into a folder, and with `deep` into the folders inside it. A folder that does not exist
/// holds nothing, a file in its place holds itself.
#[must_use]
pub fn scan(folder: &Folder, deep: bool) -> Scan {
    let mut found = Scan::default();
    let real = match folder.path.canonicalize() {
        Ok(real) => real,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            // A link that leads nowhere is there all the same.
            if folder.path.symlink_metadata().is_ok() {
                found.skip(folder.path.clone(), "a link that leads nowhere");
            }
            return found;
        }
        Err(error) => {
            found.skip(folder.path.clone(), error.to_string());
            return found;
        }
    };
    let fence = folder.fence.as_ref().map(|fence| fence.canonicalize().unwrap_or_default());
    if fence.is_some_and(|fence| !real.starts_with(fence)) {
        found.skip(folder.path.clone(), "a link that leads out of the project is not followed");
        return found;
    }
    if real.is_file() {
        found.files.push(folder.path.clone());
        return found;
    }
    found.enter(&folder.path, &real, deep, 1);
    found.files.sort();
    found.skipped.sort_by(|a, b| a.path.cmp(&b.path));
    found
}

impl Scan {
    fn skip(&mut self, path: PathBuf, reason: impl Into<String>) {
        self.skipped.push(Skipped { path, reason: reason.into() });
    }

    fn enter(&mut self, dir: &Path, real: &Path, deep: bool, depth: usize) {
        let entries = match fs::read_dir(dir) {
            Ok(entries) => entries,
            Err(error) => return self.skip(dir.to_owned(), error.to_string()),
        };
        // The order of a directory is not that of its names, and the limit must cut the same ones.
        let mut paths: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        paths.sort();
        for path in paths {
            self.entries += 1;
            if self.entries > ENTRIES_MAX {
                if self.entries == ENTRIES_MAX + 1 {
                    self.skip(
                        dir.to_owned(),
                        format!("only the first {ENTRIES_MAX} entries are looked at"),
                    );
                }
                return;
            }
            self.entry(path, real, deep, depth);
        }
    }

    fn entry(&mut self, path: PathBuf, real: &Path, deep: bool, depth: usize) {
        let Ok(meta) = path.symlink_metadata() else { return };
        if meta.is_symlink() {
            match path.canonicalize() {
                Ok(target) if !target.starts_with(real) => {
                    self.skip(path, "a link that leads out of its folder is not followed");
                }
                Ok(target) if target.is_file() => self.files.push(path),
                // What a linked folder inside this one holds is found where it really is.
                Ok(_) => {}
                Err(_) => self.skip(path, "a link that leads nowhere"),
            }
        } else if meta.is_dir() {
            if !deep {
                self.skip(path, "a folder: only files directly in this one are looked at");
            } else if depth >= DEPTH_MAX {
                self.skip(path, format!("folders are looked into {DEPTH_MAX} deep"));
            } else {
                self.enter(&path, real, deep, depth + 1);
            }
        } else if meta.is_file() {
            self.files.push(path);
        } else {
            self.skip(path, "neither a file nor a folder");
        }
    }
}

/// Why a file was not read.
#[derive(Debug)]
pub enum Unread {
    /// It is larger than it may be.
    TooLarge {
        /// Its size in bytes.
        size: u64,
        /// The limit in bytes.
        max: u64,
    },
    /// It cannot be opened or read, or is no file.
    Io(io::Error),
}

/// The bytes of a file of at most `max`. What is no regular file is not waited for.
///
/// # Errors
/// Says why it was not read.
pub fn read(path: &Path, max: u64) -> Result<Vec<u8>, Unread> {
    // Without this a pipe in place of a file would be waited for.
    let flags = OFlags::NONBLOCK.bits().cast_signed();
    let file: File =
        OpenOptions::new().read(true).custom_flags(flags).open(path).map_err(Unread::Io)?;
    let meta = file.metadata().map_err(Unread::Io)?;
    if !meta.is_file() {
        return Err(Unread::Io(io::Error::new(io::ErrorKind::InvalidInput, "not a file")));
    }
    if meta.len() > max {
        return Err(Unread::TooLarge { size: meta.len(), max });
    }
    let mut bytes = Vec::new();
    file.take(max.saturating_add(1)).read_to_end(&mut bytes).map_err(Unread::Io)?;
    if bytes.len() as u64 > max {
        return Err(Unread::TooLarge { size: bytes.len() as u64, max });
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests;
