//! Continuing a run.

use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::record::Record;
use rusqlite::{Connection, params};

use crate::error::JournalError;
use crate::projection;
use crate::record::{Encoded, SPILL_BYTES};
use crate::sqlite::fault::Trouble;
use crate::sqlite::owner::Owner;
use crate::sqlite::projected::{self, TaskTable};
use crate::sqlite::rows::integer;
use crate::sqlite::writer::Work;
use crate::store::{Blob, Lease, TakenLetter};

use super::blobs::{insert_blob, insert_blobs};
use super::fenced;
use super::letters::mark;

/// Continues a run.
pub(in crate::sqlite) struct Append {
    pub(in crate::sqlite) lease: Lease,
    pub(in crate::sqlite) owner: Arc<Owner>,
    pub(in crate::sqlite) records: Vec<(Record, Encoded)>,
    pub(in crate::sqlite) blobs: Vec<Blob>,
    pub(in crate::sqlite) letters: Vec<TakenLetter>,
}

impl Work for Append {
    type Output = ();
    const DOING: &'static str = "appending records";
    const WAITS: bool = true;

    fn perform(&self, connection: &Connection) -> Result<(), Trouble> {
        let run = &self.lease.run;
        let Some(mut held) = projected::held_run(connection, run)? else {
            return Err(JournalError::NoRun(run.clone()).into());
        };
        if held.row.epoch != self.lease.epoch || held.owner.as_deref() != Some(self.owner.id()) {
            return Err(fenced(&self.lease).into());
        }
        for (expected, (record, _)) in (held.row.records + 1..).zip(&self.records) {
            if record.seq != expected {
                let run = run.clone();
                return Err(JournalError::Gap { run, expected, got: record.seq }.into());
            }
        }
        let records = self.records.iter().map(|(record, _)| record);
        insert_blobs(connection, &self.blobs, &self.owner, records)?;
        let mut tasks = TaskTable { connection, run: held.no };
        for (record, encoded) in &self.records {
            insert_record(connection, held.no, &self.lease, &self.owner, encoded)?;
            projection::apply(&mut held.row, &mut tasks, record)?;
        }
        projected::update_run(connection, held.no, &held.row)?;
        for letter in &self.letters {
            mark(connection, letter)?;
        }
        Ok(())
    }
}

/// Inserts a record if the lease still holds: the fence is part of the statement.
pub(super) fn insert_record(
    connection: &Connection,
    no: i64,
    lease: &Lease,
    owner: &Owner,
    record: &Encoded,
) -> Result<(), Trouble> {
    let Encoded { seq, at, version, body, crc } = record;
    let digest = (body.len() > SPILL_BYTES).then(|| Digest::of(body));
    if let Some(digest) = &digest {
        insert_blob(connection, digest.bytes(), body)?;
    }
    // The encoder wrote UTF-8; were it not so, the checksum of what is stored would not fit.
    let text = String::from_utf8_lossy(body);
    let inserted = connection
        .prepare_cached(
            "INSERT INTO record (run, seq, at, version, crc, size, body, spilled)
             SELECT no, ?2, ?3, ?4, ?5, ?6, ?7, ?8 FROM run
             WHERE no = ?1 AND epoch = ?9 AND owner = ?10",
        )?
        .execute(params![
            no,
            integer(*seq)?,
            integer(at.0)?,
            version,
            crc,
            integer(body.len() as u64)?,
            digest.is_none().then_some(text),
            digest.as_ref().map(|digest| digest.bytes().as_slice()),
            integer(lease.epoch)?,
            owner.id(),
        ])?;
    if inserted == 1 { Ok(()) } else { Err(fenced(lease).into()) }
}
