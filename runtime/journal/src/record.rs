//! How one record is written: JSON, a format version and a checksum.

use baton_core::ids::{RunId, Timestamp};
use baton_core::record::{Body, FORMAT, Record};

use crate::error::JournalError;

/// Bodies with more bytes of JSON than this are kept as blobs.
pub const SPILL_BYTES: usize = 16 << 10;

/// A record as it is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Encoded {
    /// Position in the run.
    pub seq: u64,
    /// When it was made.
    pub at: Timestamp,
    /// Version of the format the body has.
    pub version: u32,
    /// JSON text of the body. Bytes, because a damaged text need not be UTF-8.
    pub body: Vec<u8>,
    /// Checksum over everything above and the run.
    pub crc: u32,
}

/// Writes a record of `run` in the newest format.
///
/// # Errors
/// When the body cannot be JSON.
pub fn encode(run: &RunId, record: &Record) -> Result<Encoded, JournalError> {
    let body = serde_json::to_vec(&record.body).map_err(|error| JournalError::Store {
        doing: "encoding a record",
        message: error.to_string(),
    })?;
    let crc = checksum(run, record.seq, record.at, FORMAT, &body);
    Ok(Encoded { seq: record.seq, at: record.at, version: FORMAT, body, crc })
}

/// Reads a record of `run`.
///
/// # Errors
/// [`JournalError::Damaged`] if the checksum does not fit, [`JournalError::TooNew`] if a newer
/// release wrote it. The checksum is looked at first, so a damaged version is not taken for a
/// newer one; it is the same in every version.
pub fn decode(run: &RunId, stored: &Encoded) -> Result<Record, JournalError> {
    let Encoded { seq, at, version, body, .. } = stored;
    check(run, stored)?;
    let damaged = |what: String| JournalError::Damaged { place: place(run, *seq), what };
    if *version > FORMAT {
        return Err(JournalError::TooNew {
            what: place(run, *seq),
            found: *version,
            known: FORMAT,
        });
    }
    let body: Body = serde_json::from_slice(body).map_err(|error| damaged(error.to_string()))?;
    Ok(Record { seq: *seq, at: *at, body })
}

/// Finds out whether a record of `run` is as it was written, in whatever version.
pub(crate) fn check(run: &RunId, stored: &Encoded) -> Result<(), JournalError> {
    let Encoded { seq, at, version, body, crc } = stored;
    if checksum(run, *seq, *at, *version, body) == *crc {
        return Ok(());
    }
    let what = "its checksum does not fit".to_owned();
    Err(JournalError::Damaged { place: place(run, *seq), what })
}

/// A record in words.
pub(crate) fn place(run: &RunId, seq: u64) -> String {
    format!("{run} record {seq}")
}

/// CRC-32 (ISO-HDLC, as in gzip). The run is part of it, so a record moved to another run is found.
fn checksum(run: &RunId, seq: u64, at: Timestamp, version: u32, body: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(run.as_str().as_bytes());
    hasher.update(&seq.to_le_bytes());
    hasher.update(&at.0.to_le_bytes());
    hasher.update(&version.to_le_bytes());
    hasher.update(body);
    hasher.finalize()
}
