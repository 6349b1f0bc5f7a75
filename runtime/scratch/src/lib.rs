//! Folders for what is needed for a moment only, which somebody finds if their process is killed.
//!
//! All folders of a process lie in one, below the directory of the system for such files. A file in it is
//! locked for as long as the process needs any of them. The lock ends with the process, however that
//! ends, and is the same lock for whoever shares the disk: whoever gets it may take the rest away. A
//! number of a process would say less, because machines within machines count their own.

#[cfg(test)]
mod tests;

use std::fs::{self, File, OpenOptions, Permissions};
use std::io::{self, Read as _, Write as _};
use std::os::unix::fs::{MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use rustix::fs::{FlockOperation, OFlags, flock};
use tempfile::TempDir;

/// How the name of a folder of a process begins.
const PREFIX: &str = "baton-scratch-";
/// The file in it that is locked.
const LOCK: &str = ".baton-scratch";
/// What is in that file, and in no other: a folder without it is somebody's own.
const MARK: &[u8] = b"Temporary files of a process of Baton. Removed once that has ended.\n";
/// Folders that are made before it is given up: one may be taken away before it is locked.
const TRIES: u32 = 8;

/// A folder that only its owner can enter. It goes with the value.
#[derive(Debug)]
pub struct Scratch {
    // Goes before what it lies in.
    folder: TempDir,
    _home: Arc<Home>,
}

impl Scratch {
    /// A new one.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn new() -> io::Result<Self> {
        Self::below(&std::env::temp_dir(), &HOME)
    }

    fn below(place: &Path, shared: &Mutex<Weak<Home>>) -> io::Result<Self> {
        let mut known = shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(home) = known.upgrade()
            && let Ok(folder) = inside(&home.path)
        {
            return Ok(Self { folder, _home: home });
        }
        // There is none, or somebody who tidies up has taken it away.
        let home = Arc::new(Home::new(place)?);
        *known = Arc::downgrade(&home);
        Ok(Self { folder: inside(&home.path)?, _home: home })
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }
}

/// The folder of this process, as long as one in it is in use.
static HOME: Mutex<Weak<Home>> = Mutex::new(Weak::new());

/// The folder of a process.
#[derive(Debug)]
struct Home {
    path: PathBuf,
    /// Locked.
    _lock: File,
}

impl Home {
    fn new(place: &Path) -> io::Result<Self> {
        for _ in 0..TRIES {
            let path = folder(PREFIX, place)?.keep();
            // Between these steps it looks like one that was left, and may be taken away.
            let made = OpenOptions::new()
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(path.join(LOCK))
                .and_then(|mut file| {
                    let taken = take(&file)?;
                    file.write_all(MARK)?;
                    Ok((taken, file))
                });
            match made {
                Ok((true, file)) if same(&file, &path.join(LOCK)) => {
                    return Ok(Self { path, _lock: file });
                }
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => {
                    // What was made is of no use.
                    let _ = fs::remove_dir_all(&path);
                    return Err(error);
                }
            }
        }
        Err(io::Error::other("its folder is taken away again and again"))
    }
}

impl Drop for Home {
    fn drop(&mut self) {
        // Where it cannot be, it is found later.
        let _ = remove(&self.path);
    }
}

/// A folder that a killed process left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Left {
    /// Where it is.
    pub path: PathBuf,
    /// Bytes of the files in it.
    pub bytes: u64,
}

/// What killed processes of this person left. Nothing of it is touched.
#[must_use]
pub fn left() -> Vec<Left> {
    let mut all = Vec::new();
    each_left(&std::env::temp_dir(), |path| {
        all.push(Left { path: path.to_owned(), bytes: bytes(path) });
    });
    all
}

/// Takes away what killed processes of this person left, and says what it was. What cannot be taken
/// away stays for the next who tries.
pub fn sweep() -> Vec<Left> {
    sweep_in(&std::env::temp_dir())
}

fn sweep_in(place: &Path) -> Vec<Left> {
    let mut all = Vec::new();
    each_left(place, |path| {
        let bytes = bytes(path);
        if remove(path).is_ok() {
            all.push(Left { path: path.to_owned(), bytes });
        }
    });
    all
}

/// Calls `each` with every folder whose process is gone, while nobody else has it.
fn each_left(place: &Path, mut each: impl FnMut(&Path)) {
    let me = rustix::process::getuid().as_raw();
    let named = |name: &std::ffi::OsStr| name.to_str().is_some_and(|name| name.starts_with(PREFIX));
    for entry in fs::read_dir(place).into_iter().flatten().flatten() {
        if !named(&entry.file_name()) {
            continue;
        }
        // Of the entry itself: a link is nobody's folder.
        if !entry.metadata().is_ok_and(|found| found.is_dir() && found.uid() == me) {
            continue;
        }
        let path = entry.path();
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = OpenOptions::new()
            .read(true)
            .custom_flags(flags.bits().cast_signed())
            .open(path.join(LOCK));
        if let Ok(file) = opened
            && take(&file).unwrap_or(false)
            && same(&file, &path.join(LOCK))
            && is_marked(&file)
        {
            each(&path);
        }
    }
}

/// Takes a folder away, what says whose it is at last.
fn remove(path: &Path) -> io::Result<()> {
    for entry in fs::read_dir(path)? {
        let entry = entry?;
        if entry.file_name() == LOCK {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    fs::remove_file(path.join(LOCK))?;
    fs::remove_dir(path)
}

fn inside(home: &Path) -> io::Result<TempDir> {
    folder("", home)
}

fn folder(prefix: &str, place: &Path) -> io::Result<TempDir> {
    let own = Permissions::from_mode(0o700);
    tempfile::Builder::new().prefix(prefix).permissions(own).tempdir_in(place)
}

/// Takes the lock, if nobody has it.
fn take(file: &File) -> io::Result<bool> {
    match flock(file, FlockOperation::NonBlockingLockExclusive) {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::WOULDBLOCK) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

/// Whether a file is one that this module wrote. One that its process had no time to write to is not:
/// nothing lies beside it.
fn is_marked(file: &File) -> bool {
    let mut text = Vec::new();
    let read = file.take(MARK.len() as u64 + 1).read_to_end(&mut text);
    read.is_ok() && text == MARK
}

/// Whether a file is the one that lies at a path.
fn same(file: &File, path: &Path) -> bool {
    let of = |found: io::Result<fs::Metadata>| found.map(|found| (found.dev(), found.ino())).ok();
    let mine = of(file.metadata());
    mine.is_some() && mine == of(fs::symlink_metadata(path))
}

/// Bytes of the files in a folder.
fn bytes(path: &Path) -> u64 {
    let (mut sum, mut folders) = (0_u64, vec![path.to_owned()]);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
            match entry.metadata() {
                Ok(found) if found.is_dir() => folders.push(entry.path()),
                Ok(found) => sum = sum.saturating_add(found.len()),
                Err(_) => {}
            }
        }
    }
    sum
}
