//! The gates that people were told of, whichever process drove their run.

use std::collections::HashSet;
use std::path::PathBuf;

use crate::started::append;

/// A list in the person's directory of settings, on each line a gate.
#[derive(Clone, Debug)]
pub(super) struct Told(PathBuf);

impl Told {
    pub(super) fn at(path: PathBuf) -> Self {
        Self(path)
    }

    /// All of them. A list that cannot be read has none.
    pub(super) fn all(&self) -> HashSet<String> {
        let text = std::fs::read_to_string(&self.0).unwrap_or_default();
        text.lines().map(ToOwned::to_owned).collect()
    }

    /// Puts a gate down. False: that failed.
    pub(super) fn add(&self, gate: &str) -> bool {
        append(&self.0, &format!("{gate}\n")).is_ok()
    }
}
