//! The runs and batches that a person started. A journal comes with a directory, and that may be a
//! stranger's: what is pinned in it is nobody's consent.

use std::fs::{DirBuilder, OpenOptions};
use std::io::Write as _;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::PathBuf;

use crate::error::{CliError, Result};
use crate::project::places::Places;

/// Name of the list in the person's directory of settings.
const FILE: &str = "started";

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
        let error = |error: &std::io::Error| CliError::file("write", &self.path, error);
        if let Some(dir) = self.path.parent() {
            let mut builder = DirBuilder::new();
            builder.recursive(true).mode(0o700).create(dir).map_err(|source| error(&source))?;
        }
        // One write, so that ids of processes at the same time do not mix.
        let line = format!("{id}\n");
        let mut options = OpenOptions::new();
        options
            .append(true)
            .create(true)
            .mode(0o600)
            .open(&self.path)
            .and_then(|mut file| file.write_all(line.as_bytes()))
            .map_err(|source| error(&source))
    }

    /// Whether an id is there. A list that cannot be read has none.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        text.lines().any(|line| line == id)
    }
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
    }
}
