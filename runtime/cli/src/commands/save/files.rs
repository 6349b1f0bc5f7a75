//! Writing files where a stranger's links may lie.

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::codes::Code;
use crate::error::{CliError, Result};

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// It is new.
    Written,
    /// It took the place of another one.
    Replaced,
    /// It was there, with the same bytes.
    Same,
}

/// Files that were written, and what was there before.
pub struct Kept {
    /// Each with what became of it.
    pub files: Vec<(PathBuf, State)>,
    before: Vec<(PathBuf, Option<Vec<u8>>)>,
}

impl Kept {
    /// Writes all of them, or none. `force`: also in place of others.
    ///
    /// # Errors
    /// When something else is there, a link is in the way, or the disk does not take it.
    pub fn write(files: &[(PathBuf, Vec<u8>)], force: bool) -> Result<Self> {
        let mut kept = Self { files: Vec::new(), before: Vec::new() };
        for (path, bytes) in files {
            let before = there(path)?;
            let state = match &before {
                None => State::Written,
                Some(found) if found == bytes => State::Same,
                Some(_) if force => State::Replaced,
                Some(_) => {
                    let message = format!("{} is there already, and differs", path.display());
                    return Err(CliError::new(Code::NotSaved, message)
                        .hint("--force replaces it; --as takes another name"));
                }
            };
            kept.files.push((path.clone(), state));
            kept.before.push((path.clone(), before));
        }
        for ((path, bytes), (_, state)) in files.iter().zip(&kept.files) {
            if *state != State::Same
                && let Err(error) = put(path, bytes, *state == State::Replaced)
            {
                let error = CliError::file("write", path, &error);
                kept.take_back();
                return Err(error);
            }
        }
        Ok(kept)
    }

    /// Makes everything as it was.
    pub fn take_back(&self) {
        for ((path, before), (_, state)) in self.before.iter().zip(&self.files) {
            // Whoever cannot undo it has been told of the error that comes first.
            let _ = match (state, before) {
                (State::Same, _) => Ok(()),
                (_, Some(bytes)) => put(path, bytes, true),
                (_, None) => fs::remove_file(path),
            };
        }
    }
}

/// The bytes of a file that is to be written; none: there is none.
fn there(path: &Path) -> Result<Option<Vec<u8>>> {
    // From the folder of Baton's own things down: what is above is the person's or the repository's.
    let levels: Vec<&Path> = path.ancestors().take(3).collect();
    for level in levels.iter().rev() {
        let Ok(about) = level.symlink_metadata() else { continue };
        let expected = if *level == path { about.is_file() } else { about.is_dir() };
        if !expected {
            let what = if about.is_symlink() { "a link" } else { "something else" };
            let message = format!("{} is {what}: nothing is written there", level.display());
            return Err(CliError::new(Code::NotSaved, message)
                .hint("make it a plain file or folder, or choose another place"));
        }
    }
    match fs::read(path) {
        Ok(bytes) => Ok(Some(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(CliError::file("read", path, &error)),
    }
}

/// Under its name a file is whole, and a name that was free stays another's if one takes it meanwhile.
fn put(path: &Path, bytes: &[u8], replace: bool) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let mut draft = tempfile::Builder::new().permissions(readable()).tempfile_in(folder)?;
    draft.write_all(bytes)?;
    draft.as_file().sync_all()?;
    match replace {
        true => draft.persist(path).map(|_| ()).map_err(|error| error.error),
        false => draft.persist_noclobber(path).map(|_| ()).map_err(|error| error.error),
    }
}

/// Like any file of a project, and not like a secret.
fn readable() -> fs::Permissions {
    std::os::unix::fs::PermissionsExt::from_mode(0o644)
}
