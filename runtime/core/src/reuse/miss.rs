//! Why a task is performed although a run may be reused.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::ids::TaskPath;

/// Why no result of the other run serves a task. `from` is a task of that run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Miss {
    /// Nothing like it was asked there.
    New,
    /// Something like it was asked there: the call with the same label, else in the same place.
    Changed {
        /// That call.
        from: TaskPath,
        /// What is different, in words.
        parts: Vec<String>,
    },
    /// The same was asked there, and failed.
    Failed {
        /// That call.
        from: TaskPath,
        /// The code of its failure.
        code: String,
    },
    /// The same was asked there, and never ended or was cancelled.
    Unfinished {
        /// That call.
        from: TaskPath,
    },
    /// The same was asked there, and all its results went to equal calls before this one.
    Taken,
    /// The same was asked there, and a person wants it done again.
    Excepted {
        /// That call.
        from: TaskPath,
    },
    /// Messages of people steered the call there, and nobody said the same to this one.
    Steered {
        /// That call.
        from: TaskPath,
        /// How many it was told; 0: this one was told something, or nobody knows of that one.
        messages: u64,
    },
    /// What the call there had read is not the same now.
    FilesChanged {
        /// That call.
        from: TaskPath,
        /// What is different: paths, and patterns of listings and searches. The first few.
        files: Vec<String>,
        /// How many there are beside those.
        #[serde(default)]
        more: u64,
    },
    /// Nobody saw what the call there read, and the granted directory is not the same now.
    UnseenFilesChanged {
        /// That call.
        from: TaskPath,
    },
    /// Nobody saw what the call there read, and the state of the directory is not known: it was too
    /// large or could not be read, then or now.
    UnknownFiles {
        /// That call.
        from: TaskPath,
        /// Why it is not known.
        why: String,
    },
    /// The call there read more than is recorded.
    TooManyReads {
        /// That call.
        from: TaskPath,
    },
    /// The other run cannot be read.
    NoRun {
        /// Why.
        why: String,
    },
}

impl Miss {
    /// The reason as a word, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed { .. } => "changed",
            Self::Failed { .. } => "failed",
            Self::Unfinished { .. } => "unfinished",
            Self::Taken => "taken",
            Self::Excepted { .. } => "excepted",
            Self::Steered { .. } => "steered",
            Self::FilesChanged { .. } => "files-changed",
            Self::UnseenFilesChanged { .. } => "unseen-files-changed",
            Self::UnknownFiles { .. } => "unknown-files",
            Self::TooManyReads { .. } => "too-many-reads",
            Self::NoRun { .. } => "no-run",
        }
    }
}

impl fmt::Display for Miss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::New => f.write_str("new"),
            Self::Changed { from, parts } => {
                write!(f, "changed since /{from}: {}", parts.join(", "))
            }
            Self::Failed { from, code } => write!(f, "/{from} failed: {code}"),
            Self::Unfinished { from } => write!(f, "/{from} never ended"),
            Self::Taken => f.write_str("its results went to equal calls before it"),
            Self::Excepted { from } => write!(f, "/{from} is to be done again"),
            Self::Steered { from, messages: 0 } => {
                write!(f, "people may have told /{from} something else than this task")
            }
            Self::Steered { from, messages: 1 } => write!(f, "a message steered /{from}"),
            Self::Steered { from, messages } => write!(f, "{messages} messages steered /{from}"),
            Self::FilesChanged { from, files, more } => {
                write!(f, "what /{from} read has changed: {}", files.join(", "))?;
                if *more > 0 {
                    write!(f, " and {more} more")?;
                }
                Ok(())
            }
            Self::UnseenFilesChanged { from } => {
                write!(f, "files have changed, and nobody saw what /{from} read")
            }
            Self::UnknownFiles { from, why } => {
                write!(f, "nobody saw what /{from} read: {why}")
            }
            Self::TooManyReads { from } => write!(f, "/{from} read more than is recorded"),
            Self::NoRun { why } => write!(f, "the run cannot be read: {why}"),
        }
    }
}
