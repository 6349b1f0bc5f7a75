//! What an agent component looked at.

use std::collections::HashSet;

use serde::{Deserialize, Serialize};

use crate::digest::Digest;
use crate::files::{FileAnswer, FileError, FileRequest};

/// Requests that are recorded of one attempt.
pub const READS_MAX: usize = 4_096;

/// Bytes of their records together, as JSON.
pub const READ_BYTES_MAX: usize = 1 << 20;

/// A request to the files, and what it brought.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Seen {
    /// The request.
    pub request: FileRequest,
    /// Digest of the answer, see [`answer_digest`].
    pub digest: Digest,
}

impl Seen {
    /// A request with what it brought.
    #[must_use]
    pub fn new(request: FileRequest, answer: &Result<FileAnswer, FileError>) -> Self {
        Self { request, digest: answer_digest(answer) }
    }
}

/// Collects what one attempt sees: each request with each answer once, within bounds.
#[derive(Debug, Default)]
pub struct ReadSet {
    reads: Vec<Seen>,
    known: HashSet<Digest>,
    bytes: usize,
    cut: bool,
}

impl ReadSet {
    /// Takes note of what was seen. Beyond [`READS_MAX`] or [`READ_BYTES_MAX`] the set stays as it
    /// is, and is incomplete.
    pub fn note(&mut self, seen: Seen) {
        let identity = Digest::of_json(&seen);
        if self.cut || self.known.contains(&identity) {
            return;
        }
        let bytes = serde_json::to_string(&seen).map_or(usize::MAX, |text| text.len());
        let after = self.bytes.saturating_add(bytes);
        if self.reads.len() == READS_MAX || after > READ_BYTES_MAX {
            self.cut = true;
            return;
        }
        self.bytes = after;
        self.known.insert(identity);
        self.reads.push(seen);
    }

    /// Whether nothing was seen.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.reads.is_empty() && !self.cut
    }

    /// What was seen, and whether that is everything.
    #[must_use]
    pub fn finish(self) -> (Vec<Seen>, bool) {
        (self.reads, !self.cut)
    }
}

/// Digest of what a request brought. An error counts by its kind and code.
#[must_use]
pub fn answer_digest(answer: &Result<FileAnswer, FileError>) -> Digest {
    match answer {
        Ok(FileAnswer::Content { digest, bytes }) => {
            Digest::of_json(&("content", digest, bytes.len()))
        }
        Ok(FileAnswer::Listing { entries, truncated }) => {
            Digest::of_json(&("listing", entries, truncated))
        }
        Ok(FileAnswer::Matches { matches, truncated }) => {
            Digest::of_json(&("matches", matches, truncated))
        }
        Ok(FileAnswer::Entry(entry)) => Digest::of_json(&("entry", entry)),
        Err(error) => Digest::of_json(&("failed", error.kind, &error.code)),
    }
}

/// What a request is about, for people.
#[must_use]
pub fn request_name(request: &FileRequest) -> String {
    let of = |include: &[String]| match include {
        [] => "all files".to_owned(),
        some => some.join(" "),
    };
    match request {
        FileRequest::Read { path } | FileRequest::Stat { path } => path.clone(),
        FileRequest::List { selection } => format!("the list of {}", of(&selection.include)),
        FileRequest::Search { pattern, selection } => {
            format!("the search for {pattern:?} in {}", of(&selection.include))
        }
    }
}
