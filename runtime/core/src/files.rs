//! Requests to read files, and their answers, as values.

use serde::{Deserialize, Serialize};

use crate::digest::Digest;

/// What a guest asks of the files in its scope.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileRequest {
    /// Read a whole file.
    Read {
        /// Path inside the root.
        path: String,
    },
    /// List what a selection matches.
    List {
        /// Which files.
        selection: Selection,
    },
    /// Search the selected files for a regular expression.
    Search {
        /// The expression.
        pattern: String,
        /// Which files.
        selection: Selection,
    },
    /// Say what is at a path.
    Stat {
        /// Path inside the root.
        path: String,
    },
}

/// Which files a query is about.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Selection {
    /// Patterns of which one must match; empty lets every path pass.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub include: Vec<String>,
    /// Patterns of which none may match.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub exclude: Vec<String>,
    /// Everything else.
    pub options: SelectionOptions,
}

/// The documented keys of `selection.options`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct SelectionOptions {
    /// Also what `.gitignore` and `.ignore` files leave out.
    pub ignored: bool,
    /// Also names that begin with a dot.
    pub hidden: bool,
    /// A listing names directories too.
    pub directories: bool,
    /// At most so many results.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub limit: Option<u64>,
}

/// Kind of a directory entry.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
}

/// A file or directory.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    /// Path inside the root.
    pub path: String,
    /// What it is.
    pub kind: EntryKind,
    /// Size in bytes; 0 for a directory.
    pub size: u64,
}

/// A line that matches a search.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Match {
    /// Path inside the root.
    pub path: String,
    /// Line, from 1.
    pub line: u32,
    /// Byte offset of the match in the line.
    pub column: u32,
    /// The line, cut at the limit.
    pub text: String,
}

/// What a file request brings.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FileAnswer {
    /// The bytes of a file and their digest.
    Content {
        /// The bytes.
        bytes: Vec<u8>,
        /// Their digest.
        digest: Digest,
    },
    /// A listing, in byte order of paths.
    Listing {
        /// The entries.
        entries: Vec<Entry>,
        /// Whether a limit cut it.
        truncated: bool,
    },
    /// Matches, in order of path and line.
    Matches {
        /// The matches.
        matches: Vec<Match>,
        /// Whether a limit cut them.
        truncated: bool,
    },
    /// What is at a path.
    Entry(Entry),
}

/// Why a file request brought nothing. The WIT contract fixes this list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FileErrorKind {
    /// The path is malformed.
    InvalidPath,
    /// Outside the grant, or a link out of the root.
    Denied,
    /// Nothing is there.
    NotFound,
    /// A directory where a file was expected, or the reverse.
    WrongKind,
    /// A device, FIFO or socket.
    NotRegular,
    /// Larger than the limit.
    TooLarge,
    /// A malformed pattern, expression or option.
    InvalidQuery,
    /// The operating system failed.
    Io,
}

/// Why a file request brought nothing. Recorded with the request, so it never holds a path of the
/// host or anything else that differs between machines.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
#[error("{message} ({code})")]
pub struct FileError {
    /// The kind.
    pub kind: FileErrorKind,
    /// A stable code in kebab-case.
    pub code: String,
    /// One sentence for a person.
    pub message: String,
}

impl FileError {
    /// An error of any kind.
    #[must_use]
    pub fn new(kind: FileErrorKind, code: &str, message: impl Into<String>) -> Self {
        Self { kind, code: code.into(), message: message.into() }
    }
}

/// An answer as it stands in the journal: contents of files are blobs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Observation {
    /// A file was read; its bytes are the blob of this digest.
    Content {
        /// Digest of the bytes.
        digest: Digest,
        /// How many bytes.
        size: u64,
    },
    /// A listing.
    Listing {
        /// The entries.
        entries: Vec<Entry>,
        /// Whether a limit cut it.
        truncated: bool,
    },
    /// Matches of a search.
    Matches {
        /// The matches.
        matches: Vec<Match>,
        /// Whether a limit cut them.
        truncated: bool,
    },
    /// What is at a path.
    Entry(Entry),
    /// The request failed.
    Failed(FileError),
}

impl Observation {
    /// The recorded form of an answer.
    #[must_use]
    pub fn of(answer: &Result<FileAnswer, FileError>) -> Self {
        match answer.clone() {
            Ok(FileAnswer::Content { bytes, digest }) => {
                Self::Content { digest, size: bytes.len() as u64 }
            }
            Ok(FileAnswer::Listing { entries, truncated }) => Self::Listing { entries, truncated },
            Ok(FileAnswer::Matches { matches, truncated }) => Self::Matches { matches, truncated },
            Ok(FileAnswer::Entry(entry)) => Self::Entry(entry),
            Err(error) => Self::Failed(error),
        }
    }

    /// The answer this stands for; `blob` brings the bytes of a digest.
    ///
    /// # Errors
    /// The error of `blob`.
    pub fn answer<E>(
        &self,
        blob: impl FnOnce(&Digest) -> Result<Vec<u8>, E>,
    ) -> Result<Result<FileAnswer, FileError>, E> {
        Ok(match self.clone() {
            Self::Content { digest, .. } => {
                Ok(FileAnswer::Content { bytes: blob(&digest)?, digest })
            }
            Self::Listing { entries, truncated } => Ok(FileAnswer::Listing { entries, truncated }),
            Self::Matches { matches, truncated } => Ok(FileAnswer::Matches { matches, truncated }),
            Self::Entry(entry) => Ok(FileAnswer::Entry(entry)),
            Self::Failed(error) => Err(error),
        })
    }
}
