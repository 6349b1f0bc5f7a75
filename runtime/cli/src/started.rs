//! The runs and batches that a person started. A journal comes with a directory, and that may be a
//! stranger's: what is pinned in it is nobody's consent.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use crate::error::{CliError, Result};
use crate::project::places::Places;

/// Name of the list in the person's directory of settings.
const FILE: &str = "started";

/// What stands before an id that came from elsewhere: it is not the person's any more.
const NOT: char = '!';

/// The list, an id on each line.
#[derive(Clone, Debug)]
pub struct Started {
    path: PathBuf,
}

impl Started {
    /// That of the person; none if there is no place that is only theirs.
    #[must_use]
    pub fn of(places: &Places) -> Option<Self> {
        places.person().map(|dir| Self { path: dir.join(FILE) })
    }

    /// Adds an id. Before anything of it starts, so that nothing goes on without it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, id: &str) -> Result<()> {
        append(&self.path, &format!("{id}\n"))
            .map_err(|error| CliError::file("write", &self.path, &error))
    }

    /// Takes an id out: what has that name from now on was brought in, and anybody may have made it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn disown(&self, id: &str) -> Result<()> {
        if !self.has(id) {
            return Ok(());
        }
        append(&self.path, &format!("{NOT}{id}\n"))
            .map_err(|error| CliError::file("write", &self.path, &error))
    }

    /// Whether an id is there. A list that cannot be read has none.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        // The last line about it holds.
        let about = text.lines().rev().find(|line| line.strip_prefix(NOT).unwrap_or(line) == id);
        about == Some(id)
    }
}

/// Adds lines to a file that only the person may read, and makes it and its directory where they are
/// not there.
///
/// # Errors
/// When it cannot be written.
pub fn append(path: &Path, lines: &str) -> io::Result<()> {
    if let Some(dir) = path.parent() {
        DirBuilder::new().recursive(true).mode(0o700).create(dir)?;
    }
    // One write, so that lines of processes at the same time do not mix.
    let mut options = OpenOptions::new();
    options.append(true).create(true).mode(0o600).open(path)?.write_all(lines.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_was_added_is_there_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let list = Started { path: temp.path().join("baton/started") };
        assert!(!list.has("run_A"));
        list.add("run_A").unwrap();
        list.add("run_B").unwrap();
        assert!(list.has("run_A") && list.has("run_B"));
        assert!(!list.has("run_") && !list.has(""));
        list.disown("run_A").unwrap();
        list.disown("run_C").unwrap();
        assert!(!list.has("run_A") && list.has("run_B"));
        assert!(!list.has("!run_A") && !list.has("run_C") && !list.has("!run_C"));
        list.add("run_A").unwrap();
        assert!(list.has("run_A"));
    }
}
