//! Reading runs, tasks, letters and batches.

use std::collections::HashMap;

use baton_core::ids::RunId;
use rusqlite::{Connection, OptionalExtension as _, Transaction, params};

use crate::error::JournalError;
use crate::rows::{RunFilter, RunRow, TaskRow};
use crate::store::{BatchRow, Letter, LetterState};

use super::fault::Doing;
use super::owner::{Life, Owners};
use super::projected::{self, Held};
use super::rows::{json, moment, number, parsed};

const RUNS: &str = "reading runs";

/// Runs that a filter lets pass, newest first.
pub(super) fn runs(
    connection: &Connection,
    filter: &RunFilter,
    owners: &Owners,
) -> Result<Vec<RunRow>, JournalError> {
    let states: Vec<&str> = filter.states.iter().map(|state| state.as_str()).collect();
    let held: Vec<Held> = connection
        .prepare_cached(
            &[
                projected::RUNS,
                " WHERE (?1 = '[]' OR state IN (SELECT value FROM json_each(?1)))
               AND (?2 IS NULL OR batch = ?2)
               AND (?3 IS NULL OR substr(id, 1, length(?3)) = ?3
                    OR substr(name, 1, length(?3)) = ?3)
             ORDER BY no DESC LIMIT ?4",
            ]
            .concat(),
        )
        .and_then(|mut statement| {
            let limit = filter.limit.map_or(-1, saturated);
            let states = json(&states)?;
            statement
                .query_map(params![states, filter.batch, filter.prefix, limit], Held::read)?
                .collect()
        })
        .doing(RUNS)?;
    let mut living = Living { owners, known: HashMap::new() };
    held.into_iter().map(|held| living.judge(held)).collect()
}

/// One run.
pub(super) fn run(
    connection: &Connection,
    run: &RunId,
    owners: &Owners,
) -> Result<Option<RunRow>, JournalError> {
    let mut living = Living { owners, known: HashMap::new() };
    projected::held_run(connection, run).doing(RUNS)?.map(|held| living.judge(held)).transpose()
}

/// Says of runs whether their owners live; asks once for each owner.
struct Living<'a> {
    owners: &'a Owners,
    known: HashMap<String, bool>,
}

impl Living<'_> {
    fn judge(&mut self, held: Held) -> Result<RunRow, JournalError> {
        let Held { owner, mut row, .. } = held;
        row.owned = match owner {
            None => false,
            Some(owner) => match self.known.get(&owner) {
                Some(alive) => *alive,
                None => {
                    let alive = self.owners.look(&owner)? != Life::Dead;
                    self.known.insert(owner, alive);
                    alive
                }
            },
        };
        Ok(row)
    }
}

/// Tasks of a run, in order of their paths.
pub(super) fn tasks(connection: &Connection, run: &RunId) -> Result<Vec<TaskRow>, JournalError> {
    let snapshot = snapshot(connection)?;
    let (no, _) = found(&snapshot, run)?;
    projected::tasks(&snapshot, no).doing("reading tasks")
}

/// Letters that are not obeyed yet, for the runs of an owner, oldest first.
pub(super) fn inbox(connection: &Connection, owner: &str) -> Result<Vec<Letter>, JournalError> {
    letters(
        connection,
        "SELECT inbox.id AS letter, run.id AS run, inbox.at, inbox.sender, inbox.control
         FROM inbox JOIN run ON run.no = inbox.run
         WHERE inbox.obeyed = 0 AND run.owner = ?1 ORDER BY inbox.id",
        owner,
    )
}

/// Letters to one run that nobody has taken yet.
pub(super) fn pending(connection: &Connection, run: &RunId) -> Result<Vec<Letter>, JournalError> {
    letters(
        connection,
        "SELECT inbox.id AS letter, run.id AS run, inbox.at, inbox.sender, inbox.control
         FROM inbox JOIN run ON run.no = inbox.run
         WHERE inbox.obeyed = 0 AND run.id = ?1 ORDER BY inbox.id",
        run.as_str(),
    )
}

fn letters(connection: &Connection, sql: &str, of: &str) -> Result<Vec<Letter>, JournalError> {
    const DOING: &str = "reading the inbox";
    let mut statement = connection.prepare_cached(sql).doing(DOING)?;
    let mut rows = statement.query([of]).doing(DOING)?;
    let mut letters = Vec::new();
    while let Some(row) = rows.next().doing(DOING)? {
        let id = number(row, "letter").doing(DOING)?;
        let control: String = row.get("control").doing(DOING)?;
        letters.push(Letter {
            id,
            run: parsed(row, "run").doing(DOING)?,
            at: moment(row, "at").doing(DOING)?,
            by: row.get("sender").doing(DOING)?,
            control: serde_json::from_str(&control).map_err(|error| JournalError::Damaged {
                place: format!("letter {id}"),
                what: error.to_string(),
            })?,
        });
    }
    Ok(letters)
}

/// What became of a letter.
pub(super) fn letter(
    connection: &Connection,
    id: u64,
) -> Result<Option<LetterState>, JournalError> {
    connection
        .prepare_cached("SELECT obeyed, reply FROM inbox WHERE id = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([saturated(id)], |row| {
                    Ok(LetterState { obeyed: row.get(0)?, reply: row.get(1)? })
                })
                .optional()
        })
        .doing("reading a letter")
}

/// One batch.
pub(super) fn batch(connection: &Connection, id: &str) -> Result<Option<BatchRow>, JournalError> {
    connection
        .prepare_cached("SELECT id, created, spec FROM batch WHERE id = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([id], |row| {
                    Ok(BatchRow {
                        id: row.get("id")?,
                        created: moment(row, "created")?,
                        spec: row.get("spec")?,
                    })
                })
                .optional()
        })
        .doing("reading a batch")
}

/// Everything read through this belongs to one moment.
pub(super) fn snapshot(connection: &Connection) -> Result<Transaction<'_>, JournalError> {
    connection.unchecked_transaction().doing("beginning to read")
}

/// Number of a run in the database, and how many records it must have.
pub(super) fn found(connection: &Connection, run: &RunId) -> Result<(i64, u64), JournalError> {
    connection
        .prepare_cached("SELECT no, records FROM run WHERE id = ?1")
        .and_then(|mut statement| {
            statement
                .query_row([run.as_str()], |row| Ok((row.get("no")?, number(row, "records")?)))
                .optional()
        })
        .doing(RUNS)?
        .ok_or_else(|| JournalError::NoRun(run.clone()))
}

/// A bound as the database takes it.
pub(super) fn saturated(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
