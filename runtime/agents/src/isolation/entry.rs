//! The file beside a worktree that says what it is, made before anything else, and held while
//! somebody works there.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use serde::{Deserialize, Serialize};

use super::patch::Head;

/// How long whoever wants to work waits for whoever cleans up.
const WAIT_MAX: Duration = Duration::from_secs(60);
/// Time between two tries.
const WAIT_STEP: Duration = Duration::from_millis(10);
/// Tries after which somebody does work there.
const SOON_TRIES: u32 = 8;
/// Ending of the names of such files.
pub(crate) const ENDING: &str = ".json";
/// The line that says that the worktree is complete.
const READY: &str = "ready";
/// The line that says that it is being removed: nothing in it is missed.
const LEAVING: &str = "leaving";
/// Prefix of the branches of worktrees.
pub(crate) const BRANCHES: &str = "baton/";

/// What a worktree is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Facts {
    /// The task it was made for.
    pub(crate) task: String,
    /// Top of the working tree whose repository it belongs to.
    pub(crate) repository: PathBuf,
    /// The commit it began with.
    pub(crate) base: String,
    /// What the granted directory is in it: empty, or with a slash at its end.
    pub(crate) root: String,
}

impl Facts {
    /// Where its patch belongs.
    pub(crate) fn head(&self) -> Head {
        Head { task: self.task.clone(), base: self.base.clone(), root: self.root.clone() }
    }
}

/// Names of everything that belongs to one worktree. A task has one, and no two tasks of any run
/// have the same.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    directory: PathBuf,
    /// The name that all its parts share.
    pub(crate) name: String,
}

impl Place {
    pub(crate) fn new(directory: &Path, name: &str) -> Self {
        Self { directory: directory.to_owned(), name: name.to_owned() }
    }

    pub(crate) fn of_task(directory: &Path, task: &str) -> Self {
        Self::new(directory, &task.replace('/', "-"))
    }

    /// Where the files are.
    pub(crate) fn path(&self) -> PathBuf {
        self.directory.join(&self.name)
    }

    /// Where it says what it is.
    pub(crate) fn entry(&self) -> PathBuf {
        self.directory.join(format!("{}{ENDING}", self.name))
    }

    /// Its branch.
    pub(crate) fn branch(&self) -> String {
        format!("{BRANCHES}{}", self.name)
    }

    /// The branch as git keeps it.
    pub(crate) fn reference(&self) -> String {
        format!("refs/heads/{}", self.branch())
    }
}

/// The right to change a worktree. Given up when dropped, or when the process dies.
#[derive(Debug)]
pub(crate) struct Entry {
    file: File,
    path: PathBuf,
}

impl Entry {
    /// Takes it, and makes the file if there is none. Nothing: somebody works there.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn try_take(place: &Place, make: bool) -> std::io::Result<Option<Self>> {
        let path = place.entry();
        loop {
            let mut options = OpenOptions::new();
            let file = options.read(true).append(true).create(make).open(&path)?;
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(None),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever held it before may have removed it.
            match std::fs::metadata(&path) {
                Ok(now) if now.ino() == file.metadata()?.ino() => {
                    return Ok(Some(Self { file, path }));
                }
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }

    /// The same, with a few tries: a program that another thread is just starting holds every lock of
    /// this process for a moment.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) async fn try_take_soon(place: &Place, make: bool) -> std::io::Result<Option<Self>> {
        for _ in 0..SOON_TRIES {
            if let Some(entry) = Self::try_take(place, make)? {
                return Ok(Some(entry));
            }
            tokio::time::sleep(WAIT_STEP).await;
        }
        Self::try_take(place, make)
    }

    /// Takes it as soon as nobody works there.
    ///
    /// # Errors
    /// In words: somebody does for too long, or the file cannot be used.
    pub(crate) async fn take(place: &Place) -> Result<Self, String> {
        let began = Instant::now();
        loop {
            let cannot = |error| format!("{}: {error}", place.entry().display());
            match Self::try_take(place, true).map_err(cannot)? {
                Some(entry) => return Ok(entry),
                None if began.elapsed() > WAIT_MAX => {
                    return Err(format!("another process works in {}", place.path().display()));
                }
                None => tokio::time::sleep(WAIT_STEP).await,
            }
        }
    }

    /// What it says, and whether the worktree is complete. Nothing: it was cut off.
    pub(crate) fn read(&self) -> Option<(Facts, bool)> {
        read(&self.path)
    }

    /// Says what the worktree is, before it is made.
    pub(crate) fn write(&mut self, facts: &Facts) -> std::io::Result<()> {
        self.file.set_len(0)?;
        let mut line = serde_json::to_vec(facts)?;
        line.push(b'\n');
        self.file.write_all(&line)
    }

    /// Says that it is complete.
    pub(crate) fn ready(&mut self) -> std::io::Result<()> {
        self.file.write_all(format!("{READY}\n").as_bytes())
    }

    /// Says that it is being removed, which whoever dies in the middle leaves to others.
    pub(crate) fn leave(&mut self) -> std::io::Result<()> {
        self.file.write_all(format!("{LEAVING}\n").as_bytes())
    }

    /// Removes the file: there is no worktree any more.
    pub(crate) fn remove(self) -> std::io::Result<()> {
        std::fs::remove_file(&self.path)
    }
}

/// What an entry says, and whether its worktree is complete.
pub(crate) fn read(path: &Path) -> Option<(Facts, bool)> {
    let (facts, lines) = lines(path)?;
    let has = |wanted: &str| lines.iter().any(|line| line == wanted);
    Some((facts, has(READY) && !has(LEAVING)))
}

/// Whether the worktree of an entry is being removed, or was when whoever did that died.
pub(crate) fn is_leaving(path: &Path) -> bool {
    lines(path).is_some_and(|(_, lines)| lines.iter().any(|line| line == LEAVING))
}

/// What an entry says, and the lines that follow.
fn lines(path: &Path) -> Option<(Facts, Vec<String>)> {
    let mut text = String::new();
    File::open(path).ok()?.read_to_string(&mut text).ok()?;
    let (first, rest) = text.split_once('\n')?;
    let facts = serde_json::from_str(first).ok()?;
    Some((facts, rest.lines().map(ToOwned::to_owned).collect()))
}
