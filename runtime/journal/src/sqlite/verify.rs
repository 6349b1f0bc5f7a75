//! Checks everything that is stored and names what is damaged.

use std::collections::BTreeMap;

use baton_core::blobs::{Named, named};
use baton_core::digest::Digest;
use baton_core::record::Record;
use rusqlite::{Connection, OptionalExtension as _};

use crate::error::JournalError;
use crate::projection;
use crate::record::{decode, place};
use crate::rows::RunRow;
use crate::store::VerifyReport;

use super::fault::Doing;
use super::projected::{self, Held};
use super::rows::number;
use super::stored::{STORED, check_blob, missing, stored};

const DOING: &str = "verifying the journal";

/// Checks the structure of the file, every blob, every record and every derived row, all as of one
/// moment.
pub(super) fn verify(connection: &Connection) -> Result<VerifyReport, JournalError> {
    let snapshot = connection.unchecked_transaction().doing(DOING)?;
    let mut check = Check { connection: &snapshot, report: VerifyReport::default() };
    check.structure()?;
    check.blobs()?;
    check.strays()?;
    let numbers: Vec<i64> = snapshot
        .prepare("SELECT no FROM run ORDER BY no")
        .and_then(|mut statement| statement.query_map((), |row| row.get(0))?.collect())
        .doing(DOING)?;
    for no in numbers {
        check.run(no)?;
    }
    Ok(check.report)
}

struct Check<'a> {
    connection: &'a Connection,
    report: VerifyReport,
}

impl Check<'_> {
    fn damage(&mut self, sentence: impl Into<String>) {
        self.report.damage.push(sentence.into());
    }

    /// Notes damage; anything else ends the check.
    fn note<T>(&mut self, result: Result<T, JournalError>) -> Result<Option<T>, JournalError> {
        match result {
            Ok(value) => Ok(Some(value)),
            Err(error @ (JournalError::Damaged { .. } | JournalError::TooNew { .. })) => {
                self.damage(error.to_string());
                Ok(None)
            }
            Err(error) => Err(error),
        }
    }

    fn structure(&mut self) -> Result<(), JournalError> {
        let lines: Vec<String> = self
            .connection
            .prepare("PRAGMA quick_check")
            .and_then(|mut statement| statement.query_map((), |row| row.get(0))?.collect())
            .doing(DOING)?;
        for line in lines.into_iter().filter(|line| line != "ok") {
            self.damage(format!("the database file is damaged: {line}"));
        }
        Ok(())
    }

    fn blobs(&mut self) -> Result<(), JournalError> {
        let mut statement =
            self.connection.prepare("SELECT digest, bytes FROM blob").doing(DOING)?;
        let mut rows = statement.query(()).doing(DOING)?;
        while let Some(row) = rows.next().doing(DOING)? {
            self.report.blobs += 1;
            let digest: rusqlite::Result<[u8; 32]> = row.get(0);
            let Ok(digest) = digest.map(Digest::from_bytes) else {
                self.damage(format!(
                    "blob {} is damaged: its digest is no digest",
                    self.report.blobs
                ));
                continue;
            };
            let bytes = row.get_ref(1).doing(DOING)?;
            let checked = check_blob(&digest, bytes.as_blob().unwrap_or_default());
            self.note(checked)?;
        }
        Ok(())
    }

    /// Records and tasks of runs that are not there.
    fn strays(&mut self) -> Result<(), JournalError> {
        for (table, what) in [("record", "records"), ("task", "tasks"), ("inbox", "letters")] {
            let count: i64 = self
                .connection
                .query_row(
                    &format!("SELECT count(*) FROM {table} WHERE run NOT IN (SELECT no FROM run)"),
                    (),
                    |row| row.get(0),
                )
                .doing(DOING)?;
            if count > 0 {
                self.damage(format!("{count} {what} belong to a run that is missing"));
            }
        }
        Ok(())
    }

    fn run(&mut self, no: i64) -> Result<(), JournalError> {
        self.report.runs += 1;
        let held = self
            .connection
            .prepare_cached(&[projected::RUNS, " WHERE no = ?1"].concat())
            .and_then(|mut statement| statement.query_row([no], Held::read));
        let row = match held {
            Ok(held) => held.row,
            Err(error) => {
                self.damage(format!("the row of run number {no} is damaged: {error}"));
                return Ok(());
            }
        };
        let (records, whole) = self.records(no, &row)?;
        for record in &records {
            self.named_blobs(&row, record)?;
        }
        // Rows that follow from damaged records would only repeat what is known.
        if whole {
            self.projection(no, &row, &records)?;
        }
        Ok(())
    }

    /// The readable records of a run, and whether these are all.
    fn records(&mut self, no: i64, row: &RunRow) -> Result<(Vec<Record>, bool), JournalError> {
        let run = &row.run;
        let mut statement = self
            .connection
            .prepare_cached(&format!("{STORED} WHERE run = ?1 ORDER BY seq"))
            .doing(DOING)?;
        let mut rows = statement.query([no]).doing(DOING)?;
        let (mut records, mut due, mut whole) = (Vec::<Record>::new(), 1, true);
        while let Some(found) = rows.next().doing(DOING)? {
            self.report.records += 1;
            let seq = number(found, "seq").doing(DOING)?;
            if seq != due {
                whole = false;
                self.damage(missing(run, due).to_string());
            }
            due = seq + 1;
            let decoded = stored(found, run).and_then(|stored| decode(run, &stored));
            match self.note(decoded)? {
                None => whole = false,
                Some(record) => {
                    if records.last().is_some_and(|last| record.at < last.at) {
                        self.damage(format!(
                            "{} is damaged: it was made before the one in front of it",
                            place(run, seq)
                        ));
                    }
                    records.push(record);
                }
            }
        }
        if due != row.records + 1 {
            whole = false;
            let sentence = format!(
                "{run} is damaged: it has {} records where its row says {}",
                due - 1,
                row.records
            );
            self.damage(sentence);
        }
        Ok((records, whole))
    }

    /// Blobs that a record names and the host wrote.
    fn named_blobs(&mut self, row: &RunRow, record: &Record) -> Result<(), JournalError> {
        for Named { digest, .. } in named(record).into_iter().filter(|named| named.sure) {
            let found = self
                .connection
                .prepare_cached("SELECT 1 FROM blob WHERE digest = ?1")
                .and_then(|mut statement| {
                    statement.query_row([digest.bytes().as_slice()], |_| Ok(())).optional()
                })
                .doing(DOING)?;
            if found.is_none() {
                self.damage(format!(
                    "{} names blob {digest}, which is missing",
                    place(&row.run, record.seq)
                ));
            }
        }
        Ok(())
    }

    /// The derived rows of a run against its records.
    fn projection(
        &mut self,
        no: i64,
        row: &RunRow,
        records: &[Record],
    ) -> Result<(), JournalError> {
        let run = &row.run;
        let Some((mut expected, tasks)) = projection::rebuild(records) else {
            self.damage(format!("{} is damaged: it is not a start", place(run, 1)));
            return Ok(());
        };
        expected.epoch = row.epoch;
        if expected != *row {
            self.damage(format!("the row of {run} does not follow from its records"));
        }
        let found = match projected::tasks(self.connection, no) {
            Ok(found) => found,
            Err(error) => {
                self.damage(format!("a task row of {run} is damaged: {error}"));
                return Ok(());
            }
        };
        let found: BTreeMap<_, _> =
            found.into_iter().map(|task| (task.path.clone(), task)).collect();
        for (path, task) in &tasks {
            if found.get(path) != Some(task) {
                self.damage(format!("the row of {run}/{path} does not follow from its records"));
            }
        }
        for path in found.keys().filter(|path| !tasks.contains_key(path)) {
            self.damage(format!("the row of {run}/{path} stands for no task of its records"));
        }
        Ok(())
    }
}
