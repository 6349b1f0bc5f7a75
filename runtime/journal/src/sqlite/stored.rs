//! Reading records and blobs, each checked.

use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::ids::RunId;
use baton_core::record::Record;
use rusqlite::types::ValueRef;
use rusqlite::{Connection, OptionalExtension as _, Row, params};

use crate::error::JournalError;
use crate::record::{Encoded, decode, place};

use super::fault::Doing;
use super::query::{found, saturated, snapshot};
use super::rows::{moment, number};

const RECORDS: &str = "reading records";

/// All records of a run.
pub(super) fn all_records(
    connection: &Connection,
    run: &RunId,
) -> Result<Vec<Record>, JournalError> {
    records(connection, run, 0, u64::MAX)
}

/// Records of a run after `after`, at most `limit`. Finds out if one is missing, also at the end.
pub(super) fn records(
    connection: &Connection,
    run: &RunId,
    after: u64,
    limit: u64,
) -> Result<Vec<Record>, JournalError> {
    let snapshot = snapshot(connection)?;
    let (no, count) = found(&snapshot, run)?;
    let mut records = Vec::new();
    let mut statement = snapshot
        .prepare_cached(&format!("{STORED} WHERE run = ?1 AND seq > ?2 ORDER BY seq LIMIT ?3"))
        .doing(RECORDS)?;
    let mut rows =
        statement.query(params![no, saturated(after), saturated(limit)]).doing(RECORDS)?;
    let mut due = after.saturating_add(1);
    while let Some(row) = rows.next().doing(RECORDS)? {
        let stored = stored(row, run)?;
        if stored.seq != due {
            return Err(missing(run, due));
        }
        records.push(decode(run, &stored)?);
        due += 1;
    }
    if due <= count && (records.len() as u64) < limit {
        return Err(missing(run, due));
    }
    Ok(records)
}

/// What [`stored`] reads.
pub(super) const STORED: &str = "SELECT record.seq, record.at, record.version, record.crc, \
     record.size, record.body, record.spilled, blob.bytes \
     FROM record LEFT JOIN blob ON blob.digest = record.spilled";

/// A record as it stands in a row of [`STORED`], its body fetched from wherever it is.
pub(super) fn stored(row: &Row<'_>, run: &RunId) -> Result<Encoded, JournalError> {
    let seq = number(row, "seq").doing(RECORDS)?;
    let damaged = |what: String| JournalError::Damaged { place: place(run, seq), what };
    let unreadable = |error: rusqlite::Error| damaged(error.to_string());
    let spilled: Option<[u8; 32]> = row.get("spilled").map_err(unreadable)?;
    let column = if spilled.is_some() { "bytes" } else { "body" };
    let body = match row.get_ref(column).map_err(unreadable)? {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        _ => {
            let digest = spilled.map(Digest::from_bytes);
            return Err(damaged(digest.map_or_else(
                || "it has no body".to_owned(),
                |digest| format!("its body, blob {digest}, is missing"),
            )));
        }
    };
    let size = number(row, "size").map_err(unreadable)?;
    if body.len() as u64 != size {
        return Err(damaged(format!("its body has {} of {size} bytes", body.len())));
    }
    Ok(Encoded {
        seq,
        at: moment(row, "at").map_err(unreadable)?,
        version: row.get("version").map_err(unreadable)?,
        body: body.to_vec(),
        crc: row.get("crc").map_err(unreadable)?,
    })
}

/// The bytes of a blob.
pub(super) fn blob(connection: &Connection, digest: &Digest) -> Result<Arc<[u8]>, JournalError> {
    let bytes: Option<Vec<u8>> = connection
        .prepare_cached("SELECT bytes FROM blob WHERE digest = ?1")
        .and_then(|mut statement| {
            statement.query_row([digest.bytes().as_slice()], |row| row.get(0)).optional()
        })
        .doing("reading a blob")?;
    let bytes = bytes.ok_or(JournalError::NoBlob(*digest))?;
    check_blob(digest, &bytes)?;
    Ok(bytes.into())
}

/// Compares the bytes of a blob with its digest.
pub(super) fn check_blob(digest: &Digest, bytes: &[u8]) -> Result<(), JournalError> {
    if Digest::of(bytes) == *digest {
        return Ok(());
    }
    let what = format!("its {} bytes have another digest", bytes.len());
    Err(JournalError::Damaged { place: format!("blob {digest}"), what })
}

/// A record that must be there and is not.
pub(super) fn missing(run: &RunId, seq: u64) -> JournalError {
    JournalError::Damaged { place: place(run, seq), what: "it is missing".to_owned() }
}
