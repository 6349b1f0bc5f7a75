//! Bringing in a run that was recorded elsewhere, or that shares its beginning with another.

use std::collections::HashSet;
use std::sync::Arc;

use baton_core::blobs::{Named, named};
use baton_core::digest::Digest;
use baton_core::record::{Body, Record, RunStarted};
use rusqlite::{Connection, params};

use crate::error::JournalError;
use crate::projection;
use crate::record::{Encoded, encode};
use crate::sqlite::fault::Trouble;
use crate::sqlite::owner::Owner;
use crate::sqlite::projected::{self, TaskTable};
use crate::sqlite::writer::Work;
use crate::store::{Blob, Lease, imported_epoch};

use super::append::insert_record;
use super::blobs::{insert_blobs, is_there};
use super::number;

/// Creates a run from all its records.
pub(in crate::sqlite) struct Import {
    owner: Arc<Owner>,
    started: Box<RunStarted>,
    records: Vec<(Record, Encoded)>,
    blobs: Vec<Blob>,
}

impl Import {
    pub(in crate::sqlite) fn new(
        owner: Arc<Owner>,
        records: Vec<Record>,
        blobs: Vec<Blob>,
    ) -> Result<Self, JournalError> {
        let started = match records.first().map(|first| &first.body) {
            Some(Body::RunStarted(started)) => started.clone(),
            _ => {
                return Err(JournalError::Store {
                    doing: "importing a run",
                    message: "its first record is not a start".to_owned(),
                });
            }
        };
        let run = &started.run;
        for (expected, record) in (1..).zip(&records) {
            if record.seq != expected {
                return Err(JournalError::Gap { run: run.clone(), expected, got: record.seq });
            }
        }
        let encode = |record: Record| encode(run, &record).map(|encoded| (record, encoded));
        let records = records.into_iter().map(encode).collect::<Result<_, _>>()?;
        Ok(Self { owner, started, records, blobs })
    }
}

impl Import {
    /// Whoever names a blob without bringing it has seen it in another run, which may be gone by now.
    fn all_there(&self, connection: &Connection) -> Result<(), Trouble> {
        let brought: HashSet<Digest> = self.blobs.iter().map(|blob| blob.digest).collect();
        for named in self.records.iter().flat_map(|(record, _)| named(record)) {
            let Named { digest, sure } = named;
            if sure && !brought.contains(&digest) && !is_there(connection, digest.bytes())? {
                return Err(JournalError::NoBlob(digest).into());
            }
        }
        Ok(())
    }
}

impl Work for Import {
    type Output = ();
    const DOING: &'static str = "importing a run";

    fn perform(&self, connection: &Connection) -> Result<(), Trouble> {
        let run = &self.started.run;
        if number(connection, run)?.is_some() {
            return Err(JournalError::Exists(run.clone()).into());
        }
        let Some((first, rest)) = self.records.split_first() else { return Ok(()) };
        self.all_there(connection)?;
        let mut row = projection::begun(&self.started, first.0.at);
        row.epoch = imported_epoch(self.records.iter().map(|(record, _)| record));
        let no = projected::insert_run(connection, &row, self.owner.id())?;
        // This process owns it for the length of this commit: the fence of a record asks for an owner.
        let lease = Lease { run: run.clone(), epoch: row.epoch };
        let records = self.records.iter().map(|(record, _)| record);
        insert_blobs(connection, &self.blobs, &self.owner, records)?;
        insert_record(connection, no, &lease, &self.owner, &first.1)?;
        let mut tasks = TaskTable { connection, run: no };
        for (record, encoded) in rest {
            insert_record(connection, no, &lease, &self.owner, encoded)?;
            projection::apply(&mut row, &mut tasks, record)?;
        }
        projected::update_run(connection, no, &row)?;
        connection
            .prepare_cached("UPDATE run SET owner = NULL WHERE no = ?1")?
            .execute(params![no])?;
        Ok(())
    }
}
