//! The runs and batches that a person started. A journal comes with a directory, and that may be a
//! stranger's: what is pinned in it is nobody's consent.

use std::fs::{DirBuilder, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};

use baton_core::digest::Digest;

use crate::error::{CliError, Result};
use crate::home::Home;
use crate::project::places::Places;

/// Name of the list in the person's directory of settings.
const FILE: &str = "started";

/// What stands before an id that came from elsewhere: it is not the person's any more.
const NOT: char = '!';

/// The list, on each line an id and the state directory that the run is in: ids become known with
/// what is exported, so an id alone may stand in anybody's journal.
#[derive(Clone, Debug)]
pub struct Started {
    path: PathBuf,
    /// The state directory that is meant.
    home: PathBuf,
}

impl Started {
    /// That of the person; none if there is no place that is only theirs.
    #[must_use]
    pub fn of(places: &Places, home: &Home) -> Option<Self> {
        places.person().map(|dir| Self { path: dir.join(FILE), home: home.dir().to_owned() })
    }

    /// An id here, as it stands on a line.
    fn line(&self, id: &str) -> String {
        let dir = std::path::absolute(&self.home).unwrap_or_else(|_| self.home.clone());
        // It may be still to be made, and links may lead to it.
        let real: Option<PathBuf> = dir.ancestors().find_map(|above| {
            let rest = dir.strip_prefix(above).ok()?;
            let above = above.canonicalize().ok()?;
            // Joined part by part: an empty rest would leave a stroke at the end.
            Some(above.components().chain(rest.components()).collect())
        });
        let real = real.unwrap_or(dir);
        format!("{id} {}", Digest::of(real.as_os_str().as_encoded_bytes()))
    }

    /// Adds an id. Before anything of it starts, so that nothing goes on without it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, id: &str) -> Result<()> {
        append(&self.path, &format!("{}\n", self.line(id)))
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
        append(&self.path, &format!("{NOT}{}\n", self.line(id)))
            .map_err(|error| CliError::file("write", &self.path, &error))
    }

    /// Whether an id is there, for this state directory. A list that cannot be read has none.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        let text = std::fs::read_to_string(&self.path).unwrap_or_default();
        let wanted = self.line(id);
        // The last line about it holds.
        let about = |line: &&str| line.strip_prefix(NOT).unwrap_or(line) == wanted;
        text.lines().rev().find(about) == Some(wanted.as_str())
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
    let mut options = OpenOptions::new();
    let mut file = options.read(true).append(true).create(true).mode(0o600).open(path)?;
    let mut last = [0];
    let whole = match file.metadata()?.len() {
        0 => true,
        size => {
            file.seek(SeekFrom::Start(size - 1))?;
            file.read_exact(&mut last)?;
            last == *b"\n"
        }
    };
    // A line that a full disk cut short is not to be the beginning of the next one. One write, so that
    // lines of processes at the same time do not mix.
    let lines = if whole { lines.to_owned() } else { format!("\n{lines}") };
    file.write_all(lines.as_bytes())
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_was_added_is_there_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path().join("project/.baton");
        let list = Started { path: temp.path().join("baton/started"), home: home.clone() };
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
        // The same id in the journal of somebody else.
        let theirs = Started { home: temp.path().join("theirs/.baton"), ..list.clone() };
        assert!(!theirs.has("run_A") && !theirs.has("run_B"));
        // The same directory, once it is there, by whatever way.
        std::fs::create_dir_all(&home).unwrap();
        assert!(list.has("run_A"));
        std::os::unix::fs::symlink(temp.path().join("project"), temp.path().join("link")).unwrap();
        let linked = Started { home: temp.path().join("link/.baton"), ..list.clone() };
        assert!(linked.has("run_A"));
        // A line that was cut short spoils no other.
        let cut = std::fs::read_to_string(&list.path).unwrap() + "run_C sha2";
        std::fs::write(&list.path, cut).unwrap();
        list.add("run_E").unwrap();
        assert!(list.has("run_E") && list.has("run_A") && !list.has("run_C"));
        // What an earlier release wrote names no directory.
        append(&list.path, "run_D\n").unwrap();
        assert!(!list.has("run_D"));
    }
}
