//! The result of a migration.

use std::fmt::Write as _;

use baton_guest::Artifact;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What an agent answers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Ported {
    /// Whether you changed anything. `false` if nothing was to be done for this file.
    pub changed: bool,
    /// What you did, in one or two sentences.
    pub what: String,
    /// What a person has to decide or do by hand. Empty if nothing.
    #[serde(default)]
    pub left_open: Vec<String>,
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum State {
    /// It was ported, and the check passes. There is a patch.
    Ported,
    /// Nothing was to be done, and the check passes.
    Unchanged,
    /// It is as it was.
    Failed,
}

/// A file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct File {
    /// Its path.
    pub path: String,
    /// What became of it.
    pub state: State,
    /// Number of the task below the run: `baton apply RUN/TASK` merges its patch.
    pub task: u64,
    /// What was done, or why it failed.
    pub what: String,
    /// What is left for a person.
    pub left_open: Vec<String>,
    /// The patch.
    pub patch: Option<Artifact>,
}

/// What the workflow returns.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Report {
    /// Whether every file is ported or needed nothing.
    pub complete: bool,
    /// How many are ported.
    pub ported: usize,
    /// How many needed nothing.
    pub unchanged: usize,
    /// How many are as they were.
    pub failed: usize,
    /// All of them, in the order of their paths.
    pub files: Vec<File>,
}

impl Report {
    /// Counts what became of the files.
    #[must_use]
    pub fn of(files: Vec<File>) -> Self {
        let count = |state| files.iter().filter(|file| file.state == state).count();
        let failed = count(State::Failed);
        Self {
            complete: failed == 0,
            ported: count(State::Ported),
            unchanged: count(State::Unchanged),
            failed,
            files,
        }
    }

    /// The result in a sentence.
    #[must_use]
    pub fn headline(&self) -> String {
        let Self { complete, ported, unchanged, failed, files } = self;
        let begin = if *complete { "" } else { "NOT COMPLETE: " };
        format!(
            "{begin}{ported} of {} files ported, {unchanged} needed nothing, {failed} failed.",
            files.len()
        )
    }

    /// The report for people.
    #[must_use]
    pub fn markdown(&self) -> String {
        let mut out = format!("# Migration\n\n{}\n", self.headline());
        for (state, title) in [
            (State::Failed, "Failed: as they were"),
            (State::Ported, "Ported: each patch passes the check by itself"),
            (State::Unchanged, "Needed nothing"),
        ] {
            let files: Vec<&File> = self.files.iter().filter(|file| file.state == state).collect();
            if !files.is_empty() {
                let _ = write!(out, "\n## {title}\n\n");
            }
            for file in files {
                let _ = writeln!(out, "- `{}` (task {}): {}", file.path, file.task, file.what);
                for open in &file.left_open {
                    let _ = writeln!(out, "  - open: {open}");
                }
            }
        }
        out
    }
}
