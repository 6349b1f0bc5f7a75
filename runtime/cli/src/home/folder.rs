//! Opening files of the state directory. It may have come with a stranger's project: no link is followed,
//! and no file is taken that is somewhere else as well.

use std::fs::{DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::OFlags;
use rustix::io::Errno;

use crate::error::{CliError, Result};

/// How long a lock is tried: that of a process that was killed is free when its last thread is gone.
const LOCK_TIME: Duration = Duration::from_secs(1);
/// Between two tries.
const LOCK_INTERVAL: Duration = Duration::from_millis(20);

/// The state directory, or a folder right in it, with its whole path.
#[derive(Clone, Debug)]
pub struct Folder(PathBuf);

impl Folder {
    /// A folder, made if it is not there, for its person alone.
    ///
    /// # Errors
    /// When it cannot be made, or is a link.
    pub(super) fn at(path: PathBuf) -> Result<Self> {
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(&path)
            .map_err(|error| CliError::file("make", &path, &error))?;
        let whole = path.symlink_metadata().and_then(|found| match found.is_dir() {
            true => path.canonicalize(),
            false => Err(io::Error::other("it is a link")),
        });
        whole.map(Self).map_err(|error| CliError::file("use", &path, &error))
    }

    /// Where a file of it is.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }

    /// Opens a file for more at its end; makes it if it is not there.
    ///
    /// # Errors
    /// When it cannot be opened, or is no file of its own.
    pub fn append(&self, name: &str) -> Result<File> {
        let path = self.path(name);
        opened(&path, OpenOptions::new().read(true).append(true).create(true).mode(0o600))
            .map_err(|error| CliError::file("write", &path, &error))
    }

    /// A file that was not there a moment ago; what lay in its place is taken away.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn fresh(&self, name: &str) -> Result<File> {
        let path = self.path(name);
        // A link is taken away, and what it leads to stays.
        let _ = std::fs::remove_file(&path);
        opened(&path, OpenOptions::new().write(true).create_new(true).mode(0o600))
            .map_err(|error| CliError::file("write", &path, &error))
    }

    /// The lock of this name, held as long as the file is open. None: another process holds it, and did so
    /// for a second.
    ///
    /// # Errors
    /// When it cannot be locked.
    pub fn lock(&self, name: &str) -> Result<Option<File>> {
        let path = self.path(name);
        let file =
            opened(&path, OpenOptions::new().read(true).append(true).create(true).mode(0o600))
                .map_err(|error| CliError::file("use", &path, &error))?;
        let began = Instant::now();
        loop {
            match file.try_lock() {
                Ok(()) => return Ok(Some(file)),
                Err(TryLockError::WouldBlock) if began.elapsed() < LOCK_TIME => {
                    std::thread::sleep(LOCK_INTERVAL);
                }
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => {
                    return Err(CliError::file("lock", &path, &error));
                }
            }
        }
    }
}

/// Opens a file for reading.
///
/// # Errors
/// When it cannot be opened, or is no file of its own.
pub fn read(path: &Path) -> io::Result<File> {
    opened(path, OpenOptions::new().read(true))
}

fn opened(path: &Path, options: &mut OpenOptions) -> io::Result<File> {
    // One that waits for somebody to write is not waited for.
    let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
    let opened = options.custom_flags(flags.bits().cast_signed()).open(path);
    let file = opened.map_err(|error| match error.raw_os_error() {
        // As the system tells that it follows no link.
        Some(code) if code == Errno::LOOP.raw_os_error() => io::Error::other("it is a link"),
        _ => error,
    })?;
    let found = file.metadata()?;
    if found.is_file() && found.nlink() == 1 {
        return Ok(file);
    }
    Err(io::Error::other("it is no file of its own"))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use std::io::{Read as _, Write as _};
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn what_lies_where_a_file_should_be_is_left_alone() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::at(temp.path().join("state/logs")).unwrap();
        std::fs::write(folder.path("mine"), "keep").unwrap();
        symlink(folder.path("mine"), folder.path("link")).unwrap();
        symlink(folder.path("nothing"), folder.path("new")).unwrap();
        std::fs::hard_link(folder.path("mine"), folder.path("hard")).unwrap();
        std::fs::create_dir(folder.path("folder")).unwrap();
        for name in ["link", "new", "hard", "folder"] {
            assert!(folder.append(name).is_err(), "{name}");
            assert!(folder.lock(name).is_err(), "{name}");
            assert!(read(&folder.path(name)).is_err(), "{name}");
        }
        assert!(!folder.path("nothing").exists());
        assert_eq!(std::fs::read_to_string(folder.path("mine")).unwrap(), "keep");
        // A fresh one takes their place.
        for name in ["link", "new", "hard"] {
            folder.fresh(name).unwrap().write_all(b"own").unwrap();
            let mut text = String::new();
            read(&folder.path(name)).unwrap().read_to_string(&mut text).unwrap();
            assert_eq!(text, "own", "{name}");
        }
        assert!(folder.fresh("folder").is_err());
        assert_eq!(std::fs::read_to_string(folder.path("mine")).unwrap(), "keep");
        folder.append("log").unwrap().write_all(b"one").unwrap();
        folder.append("log").unwrap().write_all(b"two").unwrap();
        assert_eq!(std::fs::read_to_string(folder.path("log")).unwrap(), "onetwo");
        symlink(temp.path(), temp.path().join("away")).unwrap();
        assert!(Folder::at(temp.path().join("away")).is_err());
    }

    #[test]
    fn a_lock_is_had_once_and_tried_for_a_moment() {
        let temp = tempfile::tempdir().unwrap();
        let folder = Folder::at(temp.path().to_owned()).unwrap();
        let held = folder.lock("one").unwrap().unwrap();
        assert!(folder.lock("one").unwrap().is_none());
        // Whoever asks while it is held gets it when it is let go of.
        std::thread::scope(|scope| {
            let asks = scope.spawn(|| {
                std::iter::repeat_with(|| folder.lock("one").unwrap()).flatten().next().unwrap()
            });
            drop(held);
            asks.join().unwrap();
        });
        assert!(folder.lock("one").unwrap().is_some());
    }
}
