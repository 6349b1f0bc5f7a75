//! The state of everything a scope lets pass, as one digest.

use std::collections::{BTreeSet, HashMap};
use std::io::Read;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use baton_core::digest::Digest;
use baton_core::files::{Selection, SelectionOptions};
use baton_core::record::Snapshot;
use cap_std::fs::{Metadata, MetadataExt};
use sha2::{Digest as _, Sha256};

use super::ScopedFiles;
use super::error::{Result, io_failed, passed_over};
use super::path::ancestors;
use super::query::Query;
use super::root::Located;
use super::walk::{Flow, Found, walk};

/// Files of one snapshot. Beyond, looking at each would cost more than it saves.
pub const SNAPSHOT_FILES_MAX: u64 = 100_000;

/// Bytes of one snapshot: a second or two of reading.
pub const SNAPSHOT_BYTES_MAX: u64 = 512 << 20;

/// Domain of the digest: what is in it, and how it is written.
const DOMAIN: &[u8] = b"baton snapshot 1\n";

/// Bytes read at a time.
const CHUNK: usize = 64 << 10;

/// How old a change must be before the times of a file tell it from the next one. Some file systems
/// count in steps of two seconds.
const SETTLED: Duration = Duration::from_secs(2);

/// Takes the state of a directory again and again. Files whose size, times and identity are as they
/// were are not read again.
///
/// Every regular file that the scope lets pass counts, hidden ones too, by its path and content;
/// what `.gitignore` and `.ignore` files leave out does not, and neither do the files and
/// directories to be skipped. A link counts as the file it leads to.
#[derive(Debug)]
pub struct Snapshots {
    files: ScopedFiles,
    skip: BTreeSet<String>,
    known: HashMap<String, (Stat, Digest)>,
    pub(super) bounds: Bounds,
    /// Files that were read so far.
    pub(super) read: u64,
}

/// How much one snapshot may look at.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bounds {
    pub(super) files: u64,
    pub(super) bytes: u64,
}

/// What tells whether a file is the one that was read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Stat {
    identity: (u64, u64),
    size: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Stat {
    fn of(metadata: &Metadata) -> Self {
        Self {
            identity: (metadata.dev(), metadata.ino()),
            size: metadata.size(),
            modified: (metadata.mtime(), metadata.mtime_nsec()),
            changed: (metadata.ctime(), metadata.ctime_nsec()),
        }
    }

    /// Whether a change from now on would show.
    fn is_settled(&self, now: SystemTime) -> bool {
        let now = now.duration_since(UNIX_EPOCH).unwrap_or_default().saturating_sub(SETTLED);
        let now = (i64::try_from(now.as_secs()).unwrap_or(i64::MAX), 0);
        self.modified < now && self.changed < now
    }
}

impl Snapshots {
    /// Snapshots of these files, without what is at the paths in `skip`.
    #[must_use]
    pub fn new(files: ScopedFiles, skip: impl IntoIterator<Item = String>) -> Self {
        let bounds = Bounds { files: SNAPSHOT_FILES_MAX, bytes: SNAPSHOT_BYTES_MAX };
        let skip = skip.into_iter().collect();
        Self { files, skip, known: HashMap::new(), bounds, read: 0 }
    }

    /// The state now. Without a digest where there are more files or bytes than
    /// [`SNAPSHOT_FILES_MAX`] and [`SNAPSHOT_BYTES_MAX`], or the disk fails. Blocks on the disk.
    pub fn take(&mut self) -> Snapshot {
        // Sizes first: a tree that is too large is not read at all.
        let looked = self.sum().and_then(|sum| match sum {
            Some(_) => self.digest(),
            None => Ok(None),
        });
        match looked {
            Ok(Some((digest, files, bytes))) => {
                Snapshot { digest: Some(digest), files, bytes, problem: None }
            }
            Ok(None) => {
                let Bounds { files, bytes } = self.bounds;
                let mib = bytes >> 20;
                Snapshot::failed(format!("the directory has more than {files} files or {mib} MiB"))
            }
            Err(error) => Snapshot::failed(error.to_string()),
        }
    }

    /// Files that will not be read again unless they change.
    #[cfg(test)]
    pub(super) fn remembered(&self) -> usize {
        self.known.len()
    }

    /// How many files and bytes there are; none: too many.
    fn sum(&self) -> Result<Option<(u64, u64)>> {
        let query = Query::new(&self.files, &everything())?;
        let (mut files, mut bytes) = (0_u64, 0_u64);
        let mut fits = true;
        let cut = walk(&query, &mut |path, found| {
            let Found::File(located) = found else { return Ok(Flow::Go) };
            if skipped(&self.skip, path) {
                return Ok(Flow::Go);
            }
            files += 1;
            bytes = bytes.saturating_add(located.metadata.len());
            fits = files <= self.bounds.files && bytes <= self.bounds.bytes;
            Ok(if fits { Flow::Go } else { Flow::Stop })
        })?;
        Ok((fits && !cut).then_some((files, bytes)))
    }

    /// The digest, and how many files and bytes it is of; none: too many.
    fn digest(&mut self) -> Result<Option<(Digest, u64, u64)>> {
        let query = Query::new(&self.files, &everything())?;
        let (skip, known) = (&self.skip, &self.known);
        let mut all = Sha256::new_with_prefix(DOMAIN);
        let (mut files, mut bytes, mut read) = (0_u64, 0_u64, 0_u64);
        let mut seen = HashMap::new();
        let mut fits = true;
        let max = self.bounds;
        let cut = walk(&query, &mut |path, found| {
            let Found::File(located) = found else { return Ok(Flow::Go) };
            if skipped(skip, path) {
                return Ok(Flow::Go);
            }
            let stat = Stat::of(located.metadata);
            let before = known.get(path).filter(|(known, _)| *known == stat);
            let (digest, size) = match before {
                Some((_, digest)) => (*digest, stat.size),
                None => {
                    read += 1;
                    let now = SystemTime::now();
                    match content(&located, path, max.bytes.saturating_sub(bytes)) {
                        Ok(Some((digest, size))) => {
                            if stat.is_settled(now) && stat.size == size {
                                seen.insert(path.to_owned(), (stat, digest));
                            }
                            (digest, size)
                        }
                        Ok(None) => {
                            fits = false;
                            return Ok(Flow::Stop);
                        }
                        // What cannot be read is what it is for everybody: a change would show.
                        Err(error) if passed_over(&error) => {
                            (Digest::of_json(&("unread", error.code)), 0)
                        }
                        Err(error) => return Err(error),
                    }
                }
            };
            if before.is_some() {
                seen.insert(path.to_owned(), (stat, digest));
            }
            files += 1;
            bytes = bytes.saturating_add(size);
            fits = files <= max.files && bytes <= max.bytes;
            all.update((path.len() as u64).to_le_bytes());
            all.update(path);
            all.update(digest.bytes());
            Ok(if fits { Flow::Go } else { Flow::Stop })
        })?;
        self.known = seen;
        self.read += read;
        let digest = Digest::from_bytes(all.finalize().into());
        Ok((fits && !cut).then_some((digest, files, bytes)))
    }
}

/// Whether a path, or a directory above it, is among those to be skipped.
fn skipped(skip: &BTreeSet<String>, path: &str) -> bool {
    !skip.is_empty() && (skip.contains(path) || ancestors(path).any(|above| skip.contains(above)))
}

/// Every file, whatever its name.
fn everything() -> Selection {
    let options = SelectionOptions { hidden: true, ..SelectionOptions::default() };
    Selection { options, ..Selection::default() }
}

/// Digest and size of a file of at most `limit` bytes; none: it is larger.
fn content(located: &Located<'_>, path: &str, limit: u64) -> Result<Option<(Digest, u64)>> {
    let (file, _) = located.open(path)?;
    let mut file = file.take(limit.saturating_add(1));
    let mut hasher = Sha256::new();
    let mut chunk = vec![0; CHUNK];
    let mut size = 0_u64;
    loop {
        let count = match file.read(&mut chunk) {
            Ok(0) => break,
            Ok(count) => count,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(io_failed(path, &error)),
        };
        size += count as u64;
        hasher.update(chunk.get(..count).unwrap_or_default());
    }
    Ok((size <= limit).then(|| (Digest::from_bytes(hasher.finalize().into()), size)))
}
