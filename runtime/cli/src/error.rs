//! Errors of the command line: a code, what happened, why, and what to do.

use std::error::Error;
use std::io;
use std::path::Path;

use baton_journal::error::JournalError;

use crate::codes::{Code, Exit};

/// The result of a command.
pub type Result<T> = std::result::Result<T, CliError>;

/// Why a command did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum CliError {
    /// Something to tell the person.
    #[error(transparent)]
    Coded(Box<Coded>),
    /// Whoever read the output has seen enough. Not a failure.
    #[error("the reader of the output is gone")]
    BrokenPipe,
}

/// An error with its code.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Coded {
    /// What kind of error it is.
    pub code: Code,
    /// What happened, in one sentence.
    pub message: String,
    /// Why, outermost first.
    pub causes: Vec<String>,
    /// Lines to show as they are: the text that the error is about.
    pub frame: Option<String>,
    /// What to do about it.
    pub hint: Option<String>,
}

impl CliError {
    /// An error with nothing to add.
    #[must_use]
    pub fn new(code: Code, message: impl Into<String>) -> Self {
        let message = message.into();
        Self::Coded(Box::new(Coded { code, message, causes: Vec::new(), frame: None, hint: None }))
    }

    /// A failed operation on a file or directory.
    #[must_use]
    pub fn file(doing: &str, path: &Path, source: &io::Error) -> Self {
        Self::new(Code::File, format!("cannot {doing} {}", path.display())).because(source)
    }

    /// The same with what to do about it.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        if let Self::Coded(coded) = &mut self {
            coded.hint = Some(hint.into());
        }
        self
    }

    /// The same with where it is wrong, before the message.
    #[must_use]
    pub fn at(mut self, place: &str) -> Self {
        if let Self::Coded(coded) = &mut self {
            coded.message = format!("{place}: {}", coded.message);
        }
        self
    }

    /// The same with the lines that it is about.
    #[must_use]
    pub fn frame(mut self, frame: impl Into<String>) -> Self {
        if let Self::Coded(coded) = &mut self {
            coded.frame = Some(frame.into());
        }
        self
    }

    /// What kind of error it is; none if nobody could read it.
    #[must_use]
    pub fn code(&self) -> Option<Code> {
        match self {
            Self::Coded(coded) => Some(coded.code),
            Self::BrokenPipe => None,
        }
    }

    /// The message and its causes as one sentence.
    #[must_use]
    pub fn sentence(&self) -> String {
        match self {
            Self::Coded(coded) => std::iter::once(&coded.message)
                .chain(&coded.causes)
                .cloned()
                .collect::<Vec<_>>()
                .join(": "),
            Self::BrokenPipe => self.to_string(),
        }
    }

    /// The message, its causes and what to do, as one line.
    #[must_use]
    pub fn told(&self) -> String {
        match self {
            Self::Coded(coded) => match &coded.hint {
                Some(hint) => format!("{} ({hint})", self.sentence()),
                None => self.sentence(),
            },
            Self::BrokenPipe => self.sentence(),
        }
    }

    /// The same with an error and its causes.
    #[must_use]
    pub fn because(mut self, cause: &dyn Error) -> Self {
        if let Self::Coded(coded) = &mut self {
            coded.causes.extend(chain(cause));
        }
        self
    }

    /// How the process ends.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self {
            Self::Coded(coded) => coded.code.exit(),
            Self::BrokenPipe => Exit::Done,
        }
    }
}

/// An error and its causes as sentences, those left out that repeat the one before.
fn chain(error: &dyn Error) -> Vec<String> {
    let mut sentences: Vec<String> = Vec::new();
    let mut next = Some(error);
    while let Some(error) = next {
        let sentence = error.to_string();
        if !sentences.last().is_some_and(|last| last.contains(&sentence)) {
            sentences.push(sentence);
        }
        next = error.source();
    }
    sentences
}

/// What to do without room.
const FULL: &str = "nothing that was told is lost: make room (`baton gc` removes old runs, and has kept \
                    some room to do so), then `baton resume RUN` goes on";
/// What to do without the right to write.
const UNWRITABLE: &str = "runs can be looked at; to start or go on, let the state directory be \
                          written, or name another one with --home";

/// Whether the file system lets nobody write there.
fn is_unwritable(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::ReadOnlyFilesystem | io::ErrorKind::PermissionDenied)
}

impl From<JournalError> for CliError {
    fn from(error: JournalError) -> Self {
        let (code, hint) = match &error {
            JournalError::Owned { .. } => {
                (Code::Owned, "`baton tree` shows what it does; `baton cancel` stops it")
            }
            JournalError::Fenced { .. } => (Code::Fenced, "`baton show` says who goes on with it"),
            JournalError::NoRun(_) | JournalError::NoJournal { .. } => {
                (Code::NoRun, "`baton ls` lists the runs; --home DIR names another state directory")
            }
            JournalError::NoBlob(_) | JournalError::Damaged { .. } => (
                Code::Damaged,
                "copy the state directory before anything else; `baton doctor` says all that is damaged",
            ),
            JournalError::TooNew { .. } => (Code::TooNew, "use the newer release of baton"),
            JournalError::Busy { .. } => (
                Code::Locked,
                "try again; if a process was stopped in the middle of a write, let it go on or end it",
            ),
            JournalError::Full { .. } => (Code::DiskFull, FULL),
            // What the database said when the commit failed.
            JournalError::Poisoned(why) if why.contains("disk is full") => (Code::DiskFull, FULL),
            JournalError::Unwritable { .. } => (Code::ReadOnly, UNWRITABLE),
            JournalError::Io { source, .. } if is_unwritable(source) => {
                (Code::ReadOnly, UNWRITABLE)
            }
            JournalError::Io { source, .. } if source.kind() == io::ErrorKind::StorageFull => {
                (Code::DiskFull, FULL)
            }
            JournalError::Exists(_)
            | JournalError::ReadOnly
            | JournalError::Poisoned(_)
            | JournalError::Gap { .. }
            | JournalError::UnsafeVersion { .. }
            | JournalError::Io { .. }
            | JournalError::Store { .. } => {
                (Code::Journal, "check the disk and the permissions of the state directory")
            }
        };
        let mut coded = Self::new(code, error.to_string()).hint(hint);
        if let Some(source) = error.source() {
            coded = coded.because(source);
        }
        coded
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::panic, reason = "tests")]

    use std::path::PathBuf;

    use super::*;

    fn coded(error: CliError) -> Coded {
        match error {
            CliError::Coded(coded) => *coded,
            CliError::BrokenPipe => panic!("not a coded error"),
        }
    }

    #[test]
    fn causes_are_told_once_and_name_the_path() {
        let source = io::Error::other("disk on fire");
        let error = coded(CliError::file("read", Path::new("/a/b.wasm"), &source));
        assert_eq!(error.message, "cannot read /a/b.wasm");
        assert_eq!(error.causes, ["disk on fire"]);

        let journal = JournalError::Io {
            doing: "open",
            path: PathBuf::from("/a/journal.db"),
            source: io::Error::other("disk on fire"),
        };
        let error = coded(journal.into());
        assert_eq!(error.code, Code::Journal);
        assert_eq!(error.message, "open /a/journal.db");
        assert_eq!(error.causes, ["disk on fire"]);
    }

    #[test]
    fn a_gone_reader_is_success() {
        assert_eq!(CliError::BrokenPipe.exit(), Exit::Done);
        assert_eq!(CliError::new(Code::Component, "x").exit(), Exit::Refused);
    }
}
