//! What is named, as far as it was looked for.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use baton_core::blobs::mentioned;
use baton_core::digest::Digest;
use baton_core::ids::RunId;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::JournalError;
use crate::record::check;
use crate::sqlite::fault::Doing;
use crate::sqlite::owner::{Life, Owners};
use crate::sqlite::query::saturated;
use crate::sqlite::rows::{digest, number, parsed};
use crate::sqlite::stored::{STORED, missing, stored};

use super::noted::{self, Note};

const DOING: &str = "looking for what is still named";

/// Everything that records and batches name, up to some record of each run.
#[derive(Default)]
pub(super) struct Marks {
    /// Numbers of runs in the database, with their names, for a number may be given anew, and how many
    /// of their records were read.
    runs: HashMap<i64, (RunId, u64)>,
    batches: HashSet<String>,
    named: HashSet<Digest>,
    /// Of runs that were read from their beginning: what is to be put down, if they have ended.
    fresh: Vec<(i64, RunId, Note)>,
}

impl Marks {
    /// Whether anything was found that names a blob.
    pub(super) fn names(&self, digest: &Digest) -> bool {
        self.named.contains(digest)
    }

    /// Reads what was written since the last time. Inside of a transaction that writes, that is
    /// everything.
    pub(super) fn catch_up(&mut self, connection: &Connection) -> Result<(), JournalError> {
        let mut statement =
            connection.prepare_cached("SELECT no, id, records FROM run").doing(DOING)?;
        let mut rows = statement.query(()).doing(DOING)?;
        let mut changed = Vec::new();
        while let Some(row) = rows.next().doing(DOING)? {
            let no: i64 = row.get("no").doing(DOING)?;
            let run: RunId = parsed(row, "id").doing(DOING)?;
            let known = self.runs.get(&no).filter(|(known, _)| *known == run);
            let read = known.map_or(0, |(_, read)| *read);
            if known.is_none() || number(row, "records").doing(DOING)? != read {
                changed.push((no, run, read));
            }
        }
        drop(rows);
        for (no, run, read) in changed {
            let last = match read {
                0 => {
                    let Some((note, known)) = whole(connection, no, &run)? else { continue };
                    self.named.extend(&note.digests);
                    let records = note.records;
                    if !known {
                        self.fresh.push((no, run.clone(), note));
                    }
                    records
                }
                read => {
                    let seen = records(connection, no, &run, read, |digest| {
                        self.named.insert(digest);
                    })?;
                    let Some((last, _)) = seen else { continue };
                    last
                }
            };
            self.runs.insert(no, (run, last));
        }
        for (id, spec) in batches(connection)? {
            if self.batches.insert(id) {
                self.named.extend(mentioned(spec.as_bytes()));
            }
        }
        Ok(())
    }

    /// What was read of whole runs since the last time this was asked.
    pub(super) fn fresh(&mut self) -> Vec<(i64, RunId, Note)> {
        std::mem::take(&mut self.fresh)
    }

    /// Blobs that nothing names, with their sizes.
    pub(super) fn unnamed(
        &self,
        connection: &Connection,
    ) -> Result<Vec<(Digest, u64)>, JournalError> {
        Ok(blobs(connection)?.into_iter().filter(|(digest, _)| !self.names(digest)).collect())
    }
}

/// All blobs with their sizes.
pub(super) fn blobs(connection: &Connection) -> Result<BTreeMap<Digest, u64>, JournalError> {
    connection
        .prepare("SELECT digest, length(bytes) FROM blob")
        .and_then(|mut statement| {
            statement.query_map((), |row| Ok((digest(row, 0)?, number(row, 1)?)))?.collect()
        })
        .doing(DOING)
}

/// Ids and specifications of all batches.
pub(super) fn batches(connection: &Connection) -> Result<Vec<(String, String)>, JournalError> {
    connection
        .prepare_cached("SELECT id, spec FROM batch ORDER BY id")
        .and_then(|mut statement| {
            statement.query_map((), |row| Ok((row.get(0)?, row.get(1)?)))?.collect()
        })
        .doing(DOING)
}

/// What a run names, and whether that was put down before. None if the run is gone.
///
/// # Errors
/// When a record is damaged or missing, and nothing was put down.
pub(super) fn whole(
    connection: &Connection,
    no: i64,
    run: &RunId,
) -> Result<Option<(Note, bool)>, JournalError> {
    let Some(count) = count(connection, no, run)? else { return Ok(None) };
    if let Some(note) = noted::read(connection, no, run, count)? {
        return Ok(Some((note, true)));
    }
    let mut digests = BTreeSet::new();
    let seen = records(connection, no, run, 0, |digest| {
        digests.insert(digest);
    })?;
    Ok(seen.map(|(records, bytes)| (Note { records, bytes, digests }, false)))
}

/// How many records a run has; none: it is gone.
fn count(connection: &Connection, no: i64, run: &RunId) -> Result<Option<u64>, JournalError> {
    connection
        .prepare_cached("SELECT records FROM run WHERE no = ?1 AND id = ?2")
        .and_then(|mut statement| {
            statement.query_row(params![no, run.as_str()], |row| number(row, 0)).optional()
        })
        .doing(DOING)
}

/// Tells every digest that records of a run after `after` mention; returns the number of the last
/// record and the bytes of those read. None if the run is gone.
///
/// # Errors
/// When a record is damaged or missing: nobody knows then what it named.
pub(super) fn records(
    connection: &Connection,
    no: i64,
    run: &RunId,
    after: u64,
    mut each: impl FnMut(Digest),
) -> Result<Option<(u64, u64)>, JournalError> {
    // Everything read here belongs to one moment: between two statements another process may remove
    // the run. Inside of a transaction that is so already.
    let snapshot = match connection.is_autocommit() {
        true => Some(connection.unchecked_transaction().doing(DOING)?),
        false => None,
    };
    let Some(count) = count(connection, no, run)? else { return Ok(None) };
    let mut statement = connection
        .prepare_cached(&format!("{STORED} WHERE run = ?1 AND seq > ?2 ORDER BY seq"))
        .doing(DOING)?;
    let mut rows = statement.query(params![no, saturated(after)]).doing(DOING)?;
    let (mut last, mut bytes) = (after, 0);
    while let Some(row) = rows.next().doing(DOING)? {
        let found = stored(row, run)?;
        if found.seq != last + 1 {
            return Err(missing(run, last + 1));
        }
        check(run, &found)?;
        last = found.seq;
        mentioned(&found.body).for_each(&mut each);
        match row.get::<_, Option<[u8; 32]>>("spilled").doing(DOING)? {
            Some(spilled) => each(Digest::from_bytes(spilled)),
            None => bytes += found.body.len() as u64,
        }
    }
    if last != count {
        return Err(missing(run, last + 1));
    }
    drop(rows);
    drop(statement);
    drop(snapshot);
    Ok(Some((last, bytes)))
}

/// Blobs that living processes hold. Forgets what dead ones held.
pub(super) fn held(
    connection: &Connection,
    owners: &Owners,
) -> Result<HashSet<Digest>, JournalError> {
    for owner in holders(connection)? {
        if owners.look(&owner)? == Life::Dead {
            connection
                .prepare_cached("DELETE FROM held WHERE owner = ?1")
                .and_then(|mut statement| statement.execute([owner]))
                .doing(DOING)?;
        }
    }
    all_held(connection)
}

/// The same without forgetting, for who only reads.
pub(super) fn still_held(
    connection: &Connection,
    owners: &Owners,
) -> Result<Vec<Digest>, JournalError> {
    let mut found = Vec::new();
    for owner in holders(connection)? {
        if owners.look(&owner)? != Life::Dead {
            let held: Vec<Digest> = connection
                .prepare_cached("SELECT digest FROM held WHERE owner = ?1")
                .and_then(|mut statement| {
                    statement.query_map([owner], |row| digest(row, 0))?.collect()
                })
                .doing(DOING)?;
            found.extend(held);
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

fn holders(connection: &Connection) -> Result<Vec<String>, JournalError> {
    connection
        .prepare_cached("SELECT DISTINCT owner FROM held")
        .and_then(|mut statement| statement.query_map((), |row| row.get(0))?.collect())
        .doing(DOING)
}

fn all_held(connection: &Connection) -> Result<HashSet<Digest>, JournalError> {
    connection
        .prepare_cached("SELECT digest FROM held")
        .and_then(|mut statement| statement.query_map((), |row| digest(row, 0))?.collect())
        .doing(DOING)
}
