//! Removing runs, batches and blobs, each inside of a transaction.

use std::collections::{BTreeSet, HashSet};

use baton_core::blobs::{Named, named};
use baton_core::digest::Digest;
use baton_core::ids::RunId;
use rusqlite::{Connection, params};

use crate::error::JournalError;
use crate::housekeeping::{Removal, Swept, needs};
use crate::record::decode;
use crate::rows::State;
use crate::sqlite::fault::Doing;
use crate::sqlite::owner::{Life, Owners};
use crate::sqlite::projected;
use crate::sqlite::rows::parsed;
use crate::sqlite::stored::{STORED, all_records, blob, missing, stored};

pub(super) const DOING: &str = "removing a run";

/// States in which a run has ended, as the database compares them.
pub(super) fn is_final() -> String {
    let states = [State::Done, State::Failed, State::Cancelled];
    let states: Vec<String> = states.iter().map(|state| format!("'{}'", state.as_str())).collect();
    format!("state IN ({})", states.join(", "))
}

/// On what terms a run goes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Terms {
    /// It has ended, and so has its batch.
    Ended,
    /// Nobody can go on with it.
    Damaged,
}

/// What of a run is damaged, a blob that it needs included.
pub(super) fn damage(connection: &Connection, run: &RunId) -> Result<Option<String>, JournalError> {
    let told = |error: JournalError| match error {
        JournalError::Damaged { .. } | JournalError::NoBlob(_) => Ok(Some(error.to_string())),
        error => Err(error),
    };
    let records = match all_records(connection, run) {
        Ok(records) => records,
        Err(error) => return told(error),
    };
    let needed: BTreeSet<Digest> = records
        .iter()
        .flat_map(named)
        .filter_map(|Named { digest, sure }| sure.then_some(digest))
        .collect();
    for digest in needed {
        if let Err(error) = blob(connection, &digest) {
            return told(error);
        }
    }
    Ok(None)
}

/// Removes a run if it may go.
pub(super) fn remove(
    connection: &Connection,
    run: &RunId,
    owners: &Owners,
    terms: Terms,
) -> Result<Removal, JournalError> {
    let Some(held) = projected::held_run(connection, run).doing(DOING)? else {
        return Ok(Removal::Gone);
    };
    if terms == Terms::Ended && !held.row.state.is_final() {
        return Ok(Removal::NotEnded);
    }
    if let Some(owner) = &held.owner
        && owners.look(owner)? != Life::Dead
    {
        return Ok(Removal::Owned);
    }
    if terms == Terms::Ended
        && let Some((batch, _)) = held.row.batch
        && exists(connection, "SELECT 1 FROM batch WHERE id = ?1", &batch)?
    {
        return Ok(Removal::InBatch(batch));
    }
    if let Some(by) = needed_by(connection, run)? {
        return Ok(Removal::Needed(by));
    }
    for table in ["inbox", "task", "noted", "record"] {
        connection
            .prepare_cached(&format!("DELETE FROM {table} WHERE run = ?1"))
            .and_then(|mut statement| statement.execute([held.no]))
            .doing(DOING)?;
    }
    connection
        .prepare_cached("DELETE FROM run WHERE no = ?1")
        .and_then(|mut statement| statement.execute([held.no]))
        .doing(DOING)?;
    Ok(Removal::Removed)
}

/// The first other run that has not ended and refers to this one.
fn needed_by(connection: &Connection, run: &RunId) -> Result<Option<RunId>, JournalError> {
    let open: Vec<(i64, RunId)> = connection
        .prepare_cached(&format!("SELECT no, id FROM run WHERE NOT {}", is_final()))
        .and_then(|mut statement| {
            statement.query_map((), |row| Ok((row.get(0)?, parsed(row, 1)?)))?.collect()
        })
        .doing(DOING)?;
    for (no, id) in open.into_iter().filter(|(_, id)| id != run) {
        if needs_of(connection, no, &id)?.contains(run) {
            return Ok(Some(id));
        }
    }
    Ok(None)
}

/// What a run refers to.
pub(super) fn needs_of(
    connection: &Connection,
    no: i64,
    run: &RunId,
) -> Result<HashSet<RunId>, JournalError> {
    let mut statement =
        connection.prepare_cached(&format!("{STORED} WHERE run = ?1 AND seq = 1")).doing(DOING)?;
    let mut rows = statement.query([no]).doing(DOING)?;
    let Some(row) = rows.next().doing(DOING)? else { return Err(missing(run, 1)) };
    let first = decode(run, &stored(row, run)?)?;
    Ok(needs(&first).into_iter().collect())
}

/// Removes a batch if none of its runs can go on.
pub(super) fn remove_batch(connection: &Connection, id: &str) -> Result<bool, JournalError> {
    let open = format!("SELECT 1 FROM run WHERE batch = ?1 AND NOT {}", is_final());
    if exists(connection, &open, id)? {
        return Ok(false);
    }
    connection
        .prepare_cached("DELETE FROM batch WHERE id = ?1")
        .and_then(|mut statement| statement.execute([id]))
        .doing(DOING)?;
    Ok(true)
}

/// Removes blobs that were found to be named by nothing.
pub(super) fn remove_blobs<'a>(
    connection: &Connection,
    blobs: impl Iterator<Item = &'a (Digest, u64)>,
) -> Result<Swept, JournalError> {
    let mut swept = Swept::default();
    for (digest, size) in blobs {
        let removed = connection
            .prepare_cached("DELETE FROM blob WHERE digest = ?1")
            .and_then(|mut statement| statement.execute(params![digest.bytes().as_slice()]))
            .doing("removing blobs")?;
        if removed > 0 {
            swept.blobs += 1;
            swept.bytes += size;
        }
    }
    Ok(swept)
}

fn exists(connection: &Connection, question: &str, value: &str) -> Result<bool, JournalError> {
    connection
        .prepare_cached(question)
        .and_then(|mut statement| statement.exists([value]))
        .doing(DOING)
}
