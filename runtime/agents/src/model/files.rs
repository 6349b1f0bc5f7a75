//! The files that an agent may touch by itself.

use std::sync::{Arc, Mutex, PoisonError};

use baton_core::digest::Digest;
use baton_core::files::{Entry, FileAnswer, FileError, FileErrorKind, FileRequest, Match};
use baton_core::handoff::{Failure, FailureKind};
use baton_core::limits::FileLimits;
use baton_core::reuse::{ReadSet, Seen};
use baton_core::scope::PathScope;
use baton_host::files::{Root, ScopeError, ScopedFiles, Written};

use crate::backend::Job;
use crate::component::not_granted;
use crate::denied::Denied;

/// What a task may read and write of its root. Cheap to clone.
#[derive(Clone, Debug)]
pub(super) struct Files {
    /// Each lets some files pass; what one does not, another may. First what stands on record as
    /// read.
    readers: Arc<[ScopedFiles]>,
    writer: Option<ScopedFiles>,
    denied: Denied,
    seen: Arc<Mutex<Watched>>,
}

/// What was seen so far.
#[derive(Debug, Default)]
struct Watched {
    reads: ReadSet,
    /// Something was seen or done that is not among the reads.
    more: bool,
}

impl Files {
    /// The files of a task: what its scope lets it read, and what its worker may touch by itself.
    /// `root` is the granted directory; a task may work in another, its own worktree.
    pub(super) fn new(job: &Job, root: Option<&Root>, denied: &Denied) -> Result<Self, Failure> {
        let own = match (&job.root, root) {
            (Some(path), Some(root)) if root.path() == path => Some(root.clone()),
            (Some(path), _) => Some(Root::open(path).map_err(|error| {
                // The error names a directory of the host, which is for the operator.
                Failure::new(FailureKind::Internal, "root", error.to_string())
            })?),
            (None, root) => root.cloned(),
        };
        let granted = match (&own, root) {
            (Some(own), Some(root)) => own.path() == root.path(),
            _ => false,
        };
        let mut files = Self {
            readers: Arc::new([]),
            writer: None,
            denied: denied.clone(),
            seen: Arc::new(Mutex::new(Watched { more: !granted, ..Watched::default() })),
        };
        let Some(own) = own else { return Ok(files) };
        let limits = &job.limits.files;
        let mut scopes: Vec<&PathScope> = Vec::new();
        let authority = &job.authority;
        for scope in [&job.scope.read, &authority.read, &authority.write].into_iter().flatten() {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        let readers: Result<Vec<_>, _> =
            scopes.into_iter().map(|scope| scoped(&own, scope, limits)).collect();
        files.readers = readers?.into();
        files.writer =
            authority.write.as_ref().map(|scope| scoped(&own, scope, limits)).transpose()?;
        if job.scope.read.is_none() {
            files.note_more();
        }
        Ok(files)
    }

    /// Whether there may be anything to read.
    pub(super) fn can_read(&self) -> bool {
        !self.readers.is_empty()
    }

    /// Whether there may be anything to write.
    pub(super) fn can_write(&self) -> bool {
        self.writer.is_some()
    }

    /// Answers a request, and takes note of it. Blocks on the disk.
    pub(super) fn observe(&self, request: &FileRequest) -> Result<FileAnswer, FileError> {
        let mut answer = Err(not_granted());
        for (number, reader) in self.readers.iter().enumerate() {
            let one = self.denied.reading(reader).and_then(|reader| reader.observe(request));
            if number == 0 {
                let seen = Seen::new(request.clone(), &one);
                self.watched().reads.note(seen);
                answer = one;
                continue;
            }
            let (joined, more) = join(answer, one);
            answer = joined;
            if more {
                self.note_more();
            }
        }
        answer
    }

    /// The bytes of a file and their digest. Blocks on the disk.
    pub(super) fn read(&self, path: &str) -> Result<(Vec<u8>, Digest), FileError> {
        match self.observe(&FileRequest::Read { path: path.to_owned() })? {
            FileAnswer::Content { bytes, digest } => Ok((bytes, digest)),
            FileAnswer::Listing { .. } | FileAnswer::Matches { .. } | FileAnswer::Entry(_) => {
                Err(not_granted())
            }
        }
    }

    /// Writes a file whole. Blocks on the disk.
    pub(super) fn write(
        &self,
        path: &str,
        bytes: &[u8],
        expected: Option<&Digest>,
    ) -> Result<Written, FileError> {
        self.note_more();
        match &self.writer {
            Some(writer) => self.denied.writing(writer)?.write(path, bytes, expected),
            None => Err(not_granted()),
        }
    }

    /// Takes note that what the agent does rests on more than what is noted.
    pub(super) fn note_more(&self) {
        self.watched().more = true;
    }

    /// What was seen, and whether that is everything.
    pub(super) fn finish(&self) -> (Vec<Seen>, bool) {
        let mut watched = self.watched();
        let (reads, complete) = std::mem::take(&mut watched.reads).finish();
        (reads, complete && !watched.more)
    }

    fn watched(&self) -> std::sync::MutexGuard<'_, Watched> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn scoped(root: &Root, scope: &PathScope, limits: &FileLimits) -> Result<ScopedFiles, Failure> {
    root.scoped(scope, limits).map_err(|error: ScopeError| {
        Failure::new(FailureKind::Failed, "bad-scope", format!("the scope of the task: {error}"))
    })
}

/// What two views of the same root bring together, and whether the second adds to the first.
fn join(
    one: Result<FileAnswer, FileError>,
    other: Result<FileAnswer, FileError>,
) -> (Result<FileAnswer, FileError>, bool) {
    let outside = |error: &FileError| error.kind == FileErrorKind::Denied;
    match (one, other) {
        (
            Ok(FileAnswer::Listing { mut entries, truncated }),
            Ok(FileAnswer::Listing { entries: others, truncated: cut }),
        ) => {
            let before = entries.len();
            entries.extend(others);
            entries.sort_by(|a: &Entry, b: &Entry| a.path.cmp(&b.path));
            entries.dedup_by(|a, b| a.path == b.path);
            let more = entries.len() > before || cut != truncated;
            (Ok(FileAnswer::Listing { entries, truncated: truncated || cut }), more)
        }
        (
            Ok(FileAnswer::Matches { mut matches, truncated }),
            Ok(FileAnswer::Matches { matches: others, truncated: cut }),
        ) => {
            let before = matches.len();
            let place = |found: &Match| (found.path.clone(), found.line);
            matches.extend(others);
            matches.sort_by_key(place);
            matches.dedup_by(|a, b| place(a) == place(b));
            let more = matches.len() > before || cut != truncated;
            (Ok(FileAnswer::Matches { matches, truncated: truncated || cut }), more)
        }
        (Err(error), other) if outside(&error) => {
            let more = other.as_ref().err().is_none_or(|other| !outside(other));
            (other, more)
        }
        (one, _) => (one, false),
    }
}
