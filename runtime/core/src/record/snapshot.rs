//! The state of a directory on record.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// The state of a directory at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Over the paths and contents of the files; none: see `problem`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub digest: Option<Digest>,
    /// How many files.
    pub files: u64,
    /// Their bytes together.
    pub bytes: u64,
    /// Why there is no digest, for people.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub problem: Option<String>,
}

impl Snapshot {
    /// A state that could not be taken.
    #[must_use]
    pub fn failed(problem: impl Into<String>) -> Self {
        Self { digest: None, files: 0, bytes: 0, problem: Some(problem.into()) }
    }

    /// Whether both are known and the same.
    #[must_use]
    pub fn equals(&self, other: &Self) -> bool {
        self.digest.is_some() && self.digest == other.digest
    }
}
