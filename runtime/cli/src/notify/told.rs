//! The gates that people were told of, whichever process drove their run.

use std::collections::{BTreeSet, HashSet};
use std::io;
use std::path::PathBuf;

use crate::list::List;

/// A list in the person's directory of settings, on each line a gate.
#[derive(Clone, Debug)]
pub struct Told(List);

impl Told {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(List::at(path))
    }

    /// Those of the gates that people were told of. A list that cannot be read has none. Reads the disk.
    pub(super) fn of(&self, gates: &HashSet<String>) -> HashSet<String> {
        let mut told = HashSet::new();
        self.0.each(|gate| told.extend(gates.get(gate).cloned()));
        told
    }

    /// Puts a gate down. False: that failed. Writes to the disk.
    pub(super) fn add(&self, gate: &str) -> bool {
        self.0.add(&format!("{gate}\n")).is_ok()
    }

    /// Forgets the gates of runs that are gone.
    ///
    /// # Errors
    /// When the list cannot be written.
    pub fn forget(&self, runs: &BTreeSet<String>) -> io::Result<()> {
        if runs.is_empty() {
            return Ok(());
        }
        self.0.retain(|gate| gate.split('/').next().is_none_or(|run| !runs.contains(run)))
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn a_gate_is_known_until_its_run_is_gone() {
        let temp = tempfile::tempdir().unwrap();
        let told = Told::at(temp.path().join("notified"));
        let all: HashSet<String> = ["run_A/1", "run_A/2", "run_B/1"].map(String::from).into();
        assert!(told.of(&all).is_empty());
        assert!(told.add("run_A/1") && told.add("run_B/1"));
        assert_eq!(told.of(&all), ["run_A/1", "run_B/1"].map(String::from).into());
        told.forget(&["run_A".to_owned()].into()).unwrap();
        assert_eq!(told.of(&all), ["run_B/1".to_owned()].into());
    }
}
