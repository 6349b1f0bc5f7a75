//! A run in one file, to be taken to another machine.
//!
//! The file is a tar archive, compressed with gzip: `manifest.json`, then `records.jsonl`, then each
//! blob as `blobs/sha256/HEX`, in the order of the manifest, and nothing else. The same records give
//! the same bytes. Who reads it never asks the archive where something belongs: what comes next is
//! known, so no name in it can lead anywhere.

mod adapt;
mod light;
mod read;
mod sizes;
mod spool;
mod write;

use baton_core::digest::Digest;
use baton_core::ids::RunId;
use serde::{Deserialize, Serialize};

pub use self::adapt::{Adapt, same};
pub use self::read::{Reading, open};
pub use self::write::{Written, write};

/// What the manifest says it is.
const KIND: &str = "baton-run";
/// Version of the file that this release writes, and the newest that it reads.
const VERSION: u32 = 1;
/// Name of the first part.
const MANIFEST: &str = "manifest.json";
/// Name of the second part.
const RECORDS: &str = "records.jsonl";
/// Folder of the other parts.
const BLOBS: &str = "blobs/sha256/";
/// Bytes of a block of the archive.
const BLOCK: usize = 512;

/// The first part.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    kind: String,
    version: u32,
    /// The run.
    pub run: RunId,
    /// The newest format of its records.
    format: u32,
    /// How many records there are.
    pub records: u64,
    /// Bytes of the second part.
    bytes: u64,
    /// What [`Chain`] makes of its lines.
    chain: Digest,
    /// The blobs, in order.
    pub blobs: Vec<Digest>,
}

/// One digest of many lines, of which only one need be in memory.
struct Chain(Digest);

impl Chain {
    fn new() -> Self {
        Self(Digest::of(KIND.as_bytes()))
    }

    fn add(&mut self, line: &[u8]) {
        let line = Digest::of(line);
        self.0 = Digest::of(&[self.0.bytes().as_slice(), line.bytes()].concat());
    }
}

#[cfg(test)]
mod tests;
