//! The runs and batches that a person started. A journal comes with a directory, and that may be a
//! stranger's: what is pinned in it is nobody's consent.

use std::collections::{BTreeSet, HashSet};
use std::path::PathBuf;

use baton_core::digest::Digest;

use crate::error::{CliError, Result};
use crate::home::Home;
use crate::list::List;
use crate::project::places::Places;

/// Name of the list in the person's directory of settings.
const FILE: &str = "started";

/// What stands before an id that came from elsewhere: it is not the person's any more.
const NOT: char = '!';

/// The list, on each line an id and the state directory that the run is in: ids become known with
/// what is exported, so an id alone may stand in anybody's journal. One that the list has lost because it
/// became too long is not the person's any more.
#[derive(Clone, Debug)]
pub struct Started {
    list: List,
    /// The state directory that is meant.
    home: PathBuf,
}

impl Started {
    /// That of the person; none if there is no place that is only theirs.
    #[must_use]
    pub fn of(places: &Places, home: &Home) -> Option<Self> {
        let home = home.dir().to_owned();
        places.person().map(|dir| Self { list: List::at(dir.join(FILE)), home })
    }

    /// The state directory, as it stands on a line.
    fn place(&self) -> String {
        let dir = std::path::absolute(&self.home).unwrap_or_else(|_| self.home.clone());
        // It may be still to be made, and links may lead to it.
        let real: Option<PathBuf> = dir.ancestors().find_map(|above| {
            let rest = dir.strip_prefix(above).ok()?;
            let above = above.canonicalize().ok()?;
            // Joined part by part: an empty rest would leave a stroke at the end.
            Some(above.components().chain(rest.components()).collect())
        });
        let real = real.unwrap_or(dir);
        Digest::of(real.as_os_str().as_encoded_bytes()).to_string()
    }

    /// An id here, as it stands on a line.
    fn line(&self, id: &str) -> String {
        format!("{id} {}", self.place())
    }

    /// Adds an id. Before anything of it starts, so that nothing goes on without it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn add(&self, id: &str) -> Result<()> {
        self.write(&format!("{}\n", self.line(id)))
    }

    /// Takes an id out: what has that name from now on was brought in, and anybody may have made it.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn disown(&self, id: &str) -> Result<()> {
        if !self.has(id) {
            return Ok(());
        }
        self.write(&format!("{NOT}{}\n", self.line(id)))
    }

    fn write(&self, line: &str) -> Result<()> {
        self.list.add(line).map_err(|error| CliError::file("write", self.list.path(), &error))
    }

    /// Whether an id is there, for this state directory. A list that cannot be read has none.
    #[must_use]
    pub fn has(&self, id: &str) -> bool {
        let wanted = self.line(id);
        let mut has = false;
        // The last line about it holds.
        self.list.each(|line| {
            if line.strip_prefix(NOT).unwrap_or(line) == wanted {
                has = line == wanted;
            }
        });
        has
    }

    /// All ids of this state directory, whether they are the person's still or were once.
    #[must_use]
    pub fn ids(&self) -> BTreeSet<String> {
        let place = self.place();
        let mut ids = BTreeSet::new();
        self.list.each(|line| ids.extend(id_of(line, &place).map(ToOwned::to_owned)));
        ids
    }

    /// Forgets ids of this state directory: nothing of that name is there any more.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub fn forget(&self, gone: &HashSet<String>) -> Result<()> {
        if gone.is_empty() {
            return Ok(());
        }
        let place = self.place();
        self.list
            .retain(|line| id_of(line, &place).is_none_or(|id| !gone.contains(id)))
            .map_err(|error| CliError::file("write", self.list.path(), &error))
    }
}

/// The id on a line, if it is about this state directory.
fn id_of<'a>(line: &'a str, place: &str) -> Option<&'a str> {
    let (id, at) = line.strip_prefix(NOT).unwrap_or(line).rsplit_once(' ')?;
    (at == place).then_some(id)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn what_was_added_is_there_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let home = temp.path().join("project/.baton");
        let file = List::at(temp.path().join("baton/started"));
        let list = Started { list: file.clone(), home: home.clone() };
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
        // What an earlier release wrote names no directory.
        file.add("run_D\n").unwrap();
        assert!(!list.has("run_D"));
    }

    #[test]
    fn what_is_gone_is_forgotten_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let of = |home: &str| Started {
            list: List::at(temp.path().join("started")),
            home: temp.path().join(home),
        };
        let (here, there) = (of("here"), of("there"));
        for id in ["run_A", "run_B", "run_C"] {
            here.add(id).unwrap();
            there.add(id).unwrap();
        }
        here.disown("run_B").unwrap();
        assert_eq!(here.ids(), ["run_A", "run_B", "run_C"].map(String::from).into());
        here.forget(&["run_A", "run_B"].map(String::from).into()).unwrap();
        assert_eq!(here.ids(), ["run_C".to_owned()].into());
        assert!(here.has("run_C") && !here.has("run_A") && !here.has("run_B"));
        assert!(there.has("run_A") && there.has("run_B") && there.has("run_C"));
    }
}
