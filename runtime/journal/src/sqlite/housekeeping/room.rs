//! How much room is taken, and giving it back.

use std::collections::BTreeSet;
use std::time::Instant;

use baton_core::blobs::mentioned;
use baton_core::digest::Digest;
use baton_core::ids::Timestamp;
use rusqlite::Connection;

use crate::error::JournalError;
use crate::housekeeping::{Census, RunRoom, Shrunk};
use crate::rows::RunFilter;
use crate::sqlite::fault::Doing;
use crate::sqlite::owner::Owners;
use crate::sqlite::projected::{self, Held};
use crate::sqlite::query;
use crate::store::BatchRow;

use super::marks::{batches, blobs, still_held, whole};
use super::noted::Note;
use super::removing::needs_of;
use super::{SHRINK_PAGES, rest, transact};

const DOING: &str = "giving room back to the disk";

/// Everything that takes room, as of one moment.
pub(super) fn census(
    connection: &Connection,
    owners: &Owners,
    now: Timestamp,
) -> Result<Census, JournalError> {
    let snapshot = query::snapshot(connection)?;
    let blobs = blobs(&snapshot)?;
    let there = |digests: BTreeSet<Digest>| -> Vec<Digest> {
        digests.into_iter().filter(|digest| blobs.contains_key(digest)).collect()
    };
    let rows = query::runs(&snapshot, &RunFilter::default(), owners)?;
    let mut runs = Vec::with_capacity(rows.len());
    let mut damaged = Vec::new();
    for row in rows {
        let held = projected::held_run(&snapshot, &row.run).doing(DOING)?;
        let Some(Held { no, .. }) = held else { continue };
        let note = match whole(&snapshot, no, &row.run) {
            Ok(found) => found.map(|(note, _)| note).unwrap_or_default(),
            Err(JournalError::Damaged { place, what }) if place.starts_with(row.run.as_str()) => {
                damaged.push((row.run.clone(), format!("{place}: {what}")));
                Note::default()
            }
            Err(error) => return Err(error),
        };
        let needs = match needs_of(&snapshot, no, &row.run) {
            Ok(needs) => needs.into_iter().collect(),
            // It was said above.
            Err(JournalError::Damaged { .. }) => Vec::new(),
            Err(error) => return Err(error),
        };
        runs.push(RunRoom { row, bytes: note.bytes, blobs: there(note.digests), needs });
    }
    runs.sort_by_key(|run| run.row.updated);
    let mut known = Vec::new();
    for (id, spec) in batches(&snapshot)? {
        let named = there(mentioned(spec.as_bytes()).collect());
        if let Some(row) = query::batch(&snapshot, &id)? {
            known.push((BatchRow { spec, ..row }, named));
        }
    }
    let held = still_held(&snapshot, owners)?;
    let page = pragma(&snapshot, "page_size")?;
    let (pages, free) = (pragma(&snapshot, "page_count")?, pragma(&snapshot, "freelist_count")?);
    Ok(Census {
        at: now,
        runs,
        held: held.into_iter().filter(|digest| blobs.contains_key(digest)).collect(),
        blobs,
        batches: known,
        damaged,
        file: (pages * page, free * page),
    })
}

/// Gives free pages back, a few at a time. A file that an earlier release made is written anew for
/// that, which takes long and lets nobody write: only while no other process lives.
pub(super) fn shrink(
    connection: &mut Connection,
    owners: &Owners,
    own: Option<&str>,
) -> Result<Shrunk, JournalError> {
    let page = pragma(connection, "page_size")?;
    let before = pragma(connection, "page_count")?;
    // 0: pages cannot be moved.
    if pragma(connection, "auto_vacuum")? == 0 && pragma(connection, "freelist_count")? > 0 {
        if owners.others(own)? {
            return Ok(Shrunk { bytes: 0, left: pragma(connection, "freelist_count")? * page });
        }
        connection.execute_batch("PRAGMA auto_vacuum = INCREMENTAL; VACUUM;").doing(DOING)?;
    }
    let mut steps = SHRINK_PAGES.into_iter();
    let mut pages = steps.next().unwrap_or(1);
    loop {
        let began = Instant::now();
        let moved = transact(connection, DOING, |transaction| {
            let statement = format!("PRAGMA incremental_vacuum({pages})");
            // Each row is one page that was moved.
            let mut statement = transaction.prepare(&statement).doing(DOING)?;
            let mut rows = statement.query(()).doing(DOING)?;
            while rows.next().doing(DOING)?.is_some() {}
            drop(rows);
            pragma(transaction, "freelist_count")
        });
        let left = match (moved, steps.as_slice().first().copied()) {
            (Err(JournalError::Full { .. }), Some(fewer)) => {
                pages = fewer;
                steps.next();
                rest(connection, began);
                continue;
            }
            (moved, _) => moved?,
        };
        if left == 0 || pragma(connection, "auto_vacuum")? == 0 {
            break;
        }
        rest(connection, began);
    }
    let after = pragma(connection, "page_count")?;
    // The file gets shorter when the log is carried over.
    rest(connection, Instant::now());
    let left = pragma(connection, "freelist_count")? * page;
    Ok(Shrunk { bytes: before.saturating_sub(after) * page, left })
}

fn pragma(connection: &Connection, name: &str) -> Result<u64, JournalError> {
    connection
        .pragma_query_value(None, name, |row| row.get::<_, i64>(0))
        .map(|number| number.unsigned_abs())
        .doing(DOING)
}
