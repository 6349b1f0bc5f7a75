//! Projection rows in the database.
//!
//! Columns and parameters go by position: every append passes here, and looking names up costs a
//! tenth of it.

use baton_core::handoff::Usage;
use baton_core::ids::{RunId, TaskPath};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};
use serde::{Deserialize, Serialize};

use crate::projection::Tasks;
use crate::rows::{RunRow, TaskRow};

use super::rows::{
    digest, from_json, integer, json, moment, number, optional_moment, parsed, state,
};

/// A run as the database has it.
pub(super) struct Held {
    /// Its number in the database.
    pub(super) no: i64,
    /// Who owns it.
    pub(super) owner: Option<String>,
    /// Its row, with `owned` left false.
    pub(super) row: RunRow,
}

/// What [`Held::read`] reads.
pub(super) const RUNS: &str = "SELECT no, id, owner, epoch, name, state, paused, created, updated, \
     program, records, tasks, failed_tasks, usage, failure_code, failure_message, batch, \
     batch_line, shared FROM run";

impl Held {
    /// Reads a row of [`RUNS`].
    pub(super) fn read(row: &Row<'_>) -> Result<Self> {
        let failure_code: Option<String> = row.get(14)?;
        let batch: Option<String> = row.get(16)?;
        Ok(Self {
            no: row.get(0)?,
            owner: row.get(2)?,
            row: RunRow {
                run: parsed(row, 1)?,
                name: row.get(4)?,
                state: state(row, 5)?,
                paused: row.get(6)?,
                owned: false,
                epoch: number(row, 3)?,
                created: moment(row, 7)?,
                updated: moment(row, 8)?,
                program: digest(row, 9)?,
                records: number(row, 10)?,
                tasks: number(row, 11)?,
                failed_tasks: number(row, 12)?,
                usage: from_json(row, 13)?,
                failure: failure_code.zip(row.get(15)?),
                batch: match batch {
                    Some(batch) => Some((batch, number(row, 17)?)),
                    None => None,
                },
                shared: number(row, 18)?,
            },
        })
    }
}

/// One run.
pub(super) fn held_run(connection: &Connection, run: &RunId) -> Result<Option<Held>> {
    connection
        .prepare_cached(&[RUNS, " WHERE id = ?1"].concat())?
        .query_row([run.as_str()], Held::read)
        .optional()
}

/// Inserts a run and returns its number.
pub(super) fn insert_run(connection: &Connection, row: &RunRow, owner: &str) -> Result<i64> {
    let batch_line = row.batch.as_ref().map(|(_, line)| integer(*line)).transpose()?;
    connection
        .prepare_cached(
            "INSERT INTO run (id, owner, epoch, name, state, created, updated, program, records,
                 tasks, failed_tasks, usage, batch, batch_line, shared)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
        )?
        .execute(params![
            row.run.as_str(),
            owner,
            integer(row.epoch)?,
            row.name,
            row.state.as_str(),
            integer(row.created.0)?,
            integer(row.updated.0)?,
            row.program.bytes().as_slice(),
            integer(row.records)?,
            integer(row.tasks)?,
            integer(row.failed_tasks)?,
            json(&row.usage)?,
            row.batch.as_ref().map(|(batch, _)| batch),
            batch_line,
            integer(row.shared)?,
        ])?;
    let no = connection.last_insert_rowid();
    // Nobody can have written to a run that was not there.
    connection.prepare_cached("DELETE FROM inbox WHERE run = ?1")?.execute([no])?;
    Ok(no)
}

/// Writes what records can change of a run.
pub(super) fn update_run(connection: &Connection, no: i64, row: &RunRow) -> Result<()> {
    connection
        .prepare_cached(
            "UPDATE run SET state = ?2, paused = ?3, updated = ?4, records = ?5, tasks = ?6,
                 failed_tasks = ?7, usage = ?8, failure_code = ?9, failure_message = ?10,
                 owner = CASE WHEN ?11 THEN NULL ELSE owner END
             WHERE no = ?1",
        )?
        .execute(params![
            no,
            row.state.as_str(),
            row.paused,
            integer(row.updated.0)?,
            integer(row.records)?,
            integer(row.tasks)?,
            integer(row.failed_tasks)?,
            json(&row.usage)?,
            row.failure.as_ref().map(|(code, _)| code),
            row.failure.as_ref().map(|(_, message)| message),
            // Nothing follows the end of a run: it needs no owner, and no commit to give it up.
            row.state.is_final(),
        ])?;
    Ok(())
}

/// The tasks of one run in the database.
pub(super) struct TaskTable<'a> {
    pub(super) connection: &'a Connection,
    pub(super) run: i64,
}

/// What [`task_row`] reads.
const TASKS: &str = "SELECT path, kind, label, phase, backend, state, attempts, spawned, started, \
     ended, usage, failure_code, failure_message FROM task";

impl Tasks for TaskTable<'_> {
    type Error = rusqlite::Error;

    fn get(&mut self, path: &TaskPath) -> Result<Option<TaskRow>> {
        self.connection
            .prepare_cached(&[TASKS, " WHERE run = ?1 AND path = ?2"].concat())?
            .query_row(params![self.run, path.to_string()], task_row)
            .optional()
    }

    fn put(&mut self, row: TaskRow) -> Result<()> {
        self.connection
            .prepare_cached(
                "INSERT OR REPLACE INTO task (run, path, kind, label, phase, backend, state,
                     attempts, spawned, started, ended, usage, failure_code, failure_message)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(params![
                self.run,
                row.path.to_string(),
                row.kind,
                row.label,
                row.phase,
                row.backend,
                row.state.as_str(),
                row.attempts,
                integer(row.spawned.0)?,
                row.started.map(|at| integer(at.0)).transpose()?,
                row.ended.map(|at| integer(at.0)).transpose()?,
                spent(&row)?,
                row.failure.as_ref().map(|(code, _)| code),
                row.failure.as_ref().map(|(_, message)| message),
            ])?;
        Ok(())
    }
}

/// The usage of a task as the database keeps it: that of a task without metered calls as it always
/// was.
fn spent(row: &TaskRow) -> Result<String> {
    let TaskRow { usage, metered, reserved, .. } = row;
    let nothing = Usage::default();
    if *metered == nothing && *reserved == nothing {
        return json(usage);
    }
    json(&Spent { usage: *usage, metered: *metered, reserved: *reserved })
}

/// The usage of a task, with the part of it that was metered and what a call may add.
#[derive(Serialize, Deserialize)]
struct Spent {
    #[serde(flatten)]
    usage: Usage,
    #[serde(default)]
    metered: Usage,
    #[serde(default)]
    reserved: Usage,
}

/// All tasks of a run, in order of their paths.
pub(super) fn tasks(connection: &Connection, run: i64) -> Result<Vec<TaskRow>> {
    let mut tasks = connection
        .prepare_cached(&[TASKS, " WHERE run = ?1"].concat())?
        .query_map([run], task_row)?
        .collect::<Result<Vec<_>>>()?;
    // Paths are texts in the database, where `10` comes before `2`.
    tasks.sort_unstable_by(|left, right| left.path.cmp(&right.path));
    Ok(tasks)
}

/// Reads a row of [`TASKS`].
fn task_row(row: &Row<'_>) -> Result<TaskRow> {
    let failure_code: Option<String> = row.get(11)?;
    let Spent { usage, metered, reserved } = from_json(row, 10)?;
    Ok(TaskRow {
        path: parsed(row, 0)?,
        kind: row.get(1)?,
        label: row.get(2)?,
        phase: row.get(3)?,
        backend: row.get(4)?,
        state: state(row, 5)?,
        attempts: row.get(6)?,
        spawned: moment(row, 7)?,
        started: optional_moment(row, 8)?,
        ended: optional_moment(row, 9)?,
        usage,
        metered,
        reserved,
        failure: failure_code.zip(row.get(12)?),
    })
}
