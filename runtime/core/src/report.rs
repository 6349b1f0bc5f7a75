//! What a guest tells people.

use serde::{Deserialize, Serialize};

use crate::handoff::Artifact;

/// How much a line matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// For the author of the workflow.
    Debug,
    /// For whoever watches.
    Info,
    /// Something is not as it should be.
    Warn,
    /// Something failed.
    Error,
}

/// What a guest tells people. Nothing here answers.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Report {
    /// A phase begins.
    Phase {
        /// Its title.
        title: String,
    },
    /// A line.
    Log {
        /// How much it matters.
        level: Level,
        /// The line; untrusted: strip it where it is shown.
        text: String,
    },
    /// How much of the present phase is done.
    Progress {
        /// So much.
        done: u64,
        /// Of so much, if known.
        total: Option<u64>,
    },
    /// A file was produced; its bytes are a blob.
    Artifact(Artifact),
}

impl Report {
    /// Bytes of text in it, the number its limits count.
    #[must_use]
    pub fn text_bytes(&self) -> u64 {
        match self {
            Self::Phase { title } => title.len() as u64,
            Self::Log { text, .. } => text.len() as u64,
            Self::Progress { .. } => 0,
            Self::Artifact(artifact) => artifact.name.len() as u64,
        }
    }

    /// What it counts towards the limit of a task's report lines: its text and a line end, so that
    /// empty lines are bounded too.
    pub(crate) fn line_bytes(&self) -> u64 {
        self.text_bytes().saturating_add(1)
    }
}
