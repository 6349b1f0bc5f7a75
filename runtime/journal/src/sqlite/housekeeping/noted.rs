//! What runs that have ended name, put down so that their records are read once and not at every
//! housekeeping.
//!
//! Records never change and a note goes with its run, in the same transaction. So a note holds as long as
//! the run has as many records as it was made from; one that does not fit, or is damaged, is no note.

use std::collections::BTreeSet;

use baton_core::digest::Digest;
use baton_core::ids::RunId;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::JournalError;
use crate::sqlite::fault::Doing;
use crate::sqlite::rows::{integer, number};

use super::removing::is_final;

const DOING: &str = "noting what is named";

/// How names are looked for. A release that looks in another way has another number, and reads anew.
const RULE: u32 = 1;

/// Bytes of a digest.
const DIGEST_BYTES: usize = 32;

/// What all records of a run name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Note {
    /// How many records it is made from.
    pub(super) records: u64,
    /// Their bytes, as far as they are not blobs.
    pub(super) bytes: u64,
    /// What they name, whether it is there or not.
    pub(super) digests: BTreeSet<Digest>,
}

/// The note of a run, if it was made from all of its records.
pub(super) fn read(
    connection: &Connection,
    no: i64,
    run: &RunId,
    records: u64,
) -> Result<Option<Note>, JournalError> {
    type Found = (u64, u64, Vec<u8>, u32);
    let found: Option<Found> = connection
        .prepare_cached("SELECT records, bytes, digests, crc FROM noted WHERE run = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([no], |row| {
                    Ok((number(row, 0)?, number(row, 1)?, row.get(2)?, row.get(3)?))
                })
                .optional()
        })
        .doing(DOING)?;
    let Some((of, bytes, digests, crc)) = found else { return Ok(None) };
    if of != records || checksum(run, of, bytes, &digests) != crc {
        return Ok(None);
    }
    let (digests, _) = digests.as_chunks::<DIGEST_BYTES>();
    let digests = digests.iter().map(|bytes| Digest::from_bytes(*bytes)).collect();
    Ok(Some(Note { records, bytes, digests }))
}

/// Puts it down, if the run is still there, has ended, and has as many records.
pub(super) fn write(
    connection: &Connection,
    no: i64,
    run: &RunId,
    note: &Note,
) -> Result<(), JournalError> {
    let digests: Vec<u8> =
        note.digests.iter().flat_map(|digest| digest.bytes().iter().copied()).collect();
    let crc = checksum(run, note.records, note.bytes, &digests);
    let statement = format!(
        "INSERT OR REPLACE INTO noted (run, records, bytes, digests, crc)
         SELECT no, records, ?4, ?5, ?6 FROM run
         WHERE no = ?1 AND id = ?2 AND records = ?3 AND {}",
        is_final()
    );
    let put = || {
        connection.prepare_cached(&statement)?.execute(params![
            no,
            run.as_str(),
            integer(note.records)?,
            integer(note.bytes)?,
            digests,
            crc
        ])
    };
    put().map(|_| ()).doing(DOING)
}

fn checksum(run: &RunId, records: u64, bytes: u64, digests: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&RULE.to_le_bytes());
    hasher.update(run.as_str().as_bytes());
    hasher.update(&records.to_le_bytes());
    hasher.update(&bytes.to_le_bytes());
    hasher.update(digests);
    hasher.finalize()
}
