//! Who owns runs: one locked file per process.
//!
//! The operating system gives a file lock back when its process ends, however it ends. So a lock
//! that can be had proves that its owner is dead, and a takeover need not wait.
//!
//! Only the owner ever asks for the exclusive lock. Everyone else asks for a shared one, so that
//! two processes that look at the same dead owner do not take each other for it.
//!
//! The folder may have come with somebody else's files. What does not look like an owner's file is
//! never opened and never removed, and no link is followed.

use std::fs::{DirBuilder, File, TryLockError};
use std::io::{self, ErrorKind, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::error::JournalError;

/// The folder of owner files.
#[derive(Clone, Debug)]
pub(super) struct Owners {
    folder: PathBuf,
}

/// This process as an owner. Its end is the end of the ownership.
#[derive(Debug)]
pub(super) struct Owner {
    id: String,
    path: PathBuf,
    // Held for its lock.
    _file: File,
}

/// What is known about an owner.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Life {
    /// It is dead.
    Dead,
    /// It lives; its process id, if it could be read.
    Alive(Option<u32>),
}

impl Owners {
    /// The folder in `home`, created if need be.
    pub(super) fn create(home: &Path) -> Result<Self, JournalError> {
        let owners = Self::of(home);
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&owners.folder)
            .map_err(|source| failed("creating", &owners.folder, source))?;
        let found = std::fs::symlink_metadata(&owners.folder)
            .map_err(|source| failed("reading", &owners.folder, source))?;
        if !found.is_dir() {
            let source = io::Error::new(ErrorKind::NotADirectory, "it is no folder but a link");
            return Err(failed("using", &owners.folder, source));
        }
        Ok(owners)
    }

    /// The folder in `home`.
    pub(super) fn of(home: &Path) -> Self {
        Self { folder: home.join("owners") }
    }

    /// Makes this process an owner, and cleans up after dead ones.
    pub(super) fn enrol(&self) -> Result<Owner, JournalError> {
        self.clean()?;
        loop {
            let id = random_id()?;
            let path = self.folder.join(&id);
            let mut file =
                File::create_new(&path).map_err(|source| failed("creating", &path, source))?;
            match file.try_lock() {
                Ok(()) => {}
                // Someone is cleaning up and took the new file for a dead owner's.
                Err(TryLockError::WouldBlock) => continue,
                Err(TryLockError::Error(source)) => return Err(failed("locking", &path, source)),
            }
            if !is_at(&file, &path).map_err(|source| failed("reading", &path, source))? {
                continue;
            }
            write!(file, "{}", std::process::id())
                .map_err(|source| failed("writing", &path, source))?;
            return Ok(Owner { id, path, _file: file });
        }
    }

    /// Whether the owner with this id lives.
    pub(super) fn look(&self, id: &str) -> Result<Life, JournalError> {
        let path = self.folder.join(id);
        if !is_owners(id, &path) {
            return Ok(Life::Dead);
        }
        let file = match File::open(&path) {
            Ok(file) => file,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Life::Dead),
            Err(source) => return Err(failed("opening", &path, source)),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Life::Dead),
            Err(TryLockError::WouldBlock) => {
                let text = io::read_to_string(&file).unwrap_or_default();
                Ok(Life::Alive(text.parse().ok()))
            }
            Err(TryLockError::Error(source)) => Err(failed("locking", &path, source)),
        }
    }

    /// Whether anybody lives, the owner `own` not counted.
    pub(super) fn others(&self, own: Option<&str>) -> Result<bool, JournalError> {
        let listing = std::fs::read_dir(&self.folder)
            .map_err(|source| failed("listing", &self.folder, source))?;
        for entry in listing {
            let entry = entry.map_err(|source| failed("listing", &self.folder, source))?;
            let name = entry.file_name();
            let Some(id) = name.to_str().filter(|id| Some(*id) != own) else { continue };
            if self.look(id)? != Life::Dead {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Removes the files of dead owners.
    fn clean(&self) -> Result<(), JournalError> {
        let listing = std::fs::read_dir(&self.folder)
            .map_err(|source| failed("listing", &self.folder, source))?;
        for entry in listing {
            let entry = entry.map_err(|source| failed("listing", &self.folder, source))?;
            let path = entry.path();
            if !entry.file_name().to_str().is_some_and(|name| is_owners(name, &path)) {
                continue;
            }
            // A file that cannot be opened or removed is one that another process removes now.
            let Ok(file) = File::open(&path) else {
                continue;
            };
            if file.try_lock_shared().is_ok() {
                // Removed while the lock is held: a process that is just creating the file cannot
                // take it for its own.
                let _ = std::fs::remove_file(&path);
            }
        }
        Ok(())
    }
}

impl Owner {
    /// Its name in the store.
    pub(super) fn id(&self) -> &str {
        &self.id
    }
}

impl Drop for Owner {
    fn drop(&mut self) {
        // If this fails, the next process that becomes an owner does it.
        let _ = std::fs::remove_file(&self.path);
    }
}

/// Bytes of an owner's file at the most: a process id.
const FILE_BYTES_MAX: u64 = 20;

/// Whether this is the file of an owner, alive or dead, by its name and what is there.
fn is_owners(name: &str, path: &Path) -> bool {
    let is_id =
        name.len() == 32 && name.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    is_id
        && std::fs::symlink_metadata(path)
            .is_ok_and(|found| found.is_file() && found.len() <= FILE_BYTES_MAX)
}

/// Whether the open file is still the one at `path`.
fn is_at(file: &File, path: &Path) -> io::Result<bool> {
    let held = file.metadata()?;
    match std::fs::metadata(path) {
        Ok(found) => Ok((held.dev(), held.ino()) == (found.dev(), found.ino())),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
        Err(error) => Err(error),
    }
}

fn random_id() -> Result<String, JournalError> {
    let mut bytes = [0_u8; 16];
    getrandom::fill(&mut bytes).map_err(|error| JournalError::Store {
        doing: "choosing a name for this process",
        message: error.to_string(),
    })?;
    Ok(format!("{:032x}", u128::from_le_bytes(bytes)))
}

fn failed(doing: &'static str, path: &Path, source: io::Error) -> JournalError {
    JournalError::Io { doing, path: path.to_owned(), source }
}

#[cfg(test)]
mod tests;
