//! Bringing in a run that was recorded elsewhere, or that shares its beginning with another.

use std::collections::HashSet;
use std::sync::Arc;

use baton_core::blobs::{Named, named};
use baton_core::digest::Digest;
use baton_core::ids::Timestamp;
use baton_core::record::{Body, Record, RunStarted};
use rusqlite::{Connection, params};

use crate::error::JournalError;
use crate::projection;
use crate::record::encode;
use crate::sqlite::fault::Trouble;
use crate::sqlite::owner::Owner;
use crate::sqlite::projected::{self, TaskTable};
use crate::sqlite::writer::Work;
use crate::store::{Blob, Lease, RecordSource, imported_epoch};

use super::append::insert_record;
use super::blobs::{insert_blob, insert_blobs, is_there};
use super::number;

/// Creates a run from all its records.
pub(in crate::sqlite) struct Import {
    owner: Arc<Owner>,
    started: Box<RunStarted>,
    records: Box<dyn RecordSource>,
    blobs: Vec<Blob>,
    looked: Looked,
}

/// What is known of the records after they were read once, before anybody has to wait for it.
#[derive(Default)]
struct Looked {
    epoch: u64,
    begun: Timestamp,
    /// Those of the blobs brought that they name.
    named: HashSet<Digest>,
    /// Blobs that they name and that were not brought, in their order: whoever wrote that has seen them
    /// in another run, which may be gone by now.
    needed: Vec<Digest>,
    known: HashSet<Digest>,
}

impl Looked {
    fn at(&mut self, record: &Record, brought: &HashSet<Digest>) {
        self.epoch = imported_epoch(self.epoch, record);
        for Named { digest, sure } in named(record) {
            if brought.contains(&digest) {
                self.named.insert(digest);
            } else if sure && self.known.insert(digest) {
                self.needed.push(digest);
            }
        }
    }
}

impl Import {
    pub(in crate::sqlite) fn new(
        owner: Arc<Owner>,
        records: Box<dyn RecordSource>,
        blobs: Vec<Blob>,
    ) -> Result<Self, JournalError> {
        let brought: HashSet<Digest> = blobs.iter().map(|blob| blob.digest).collect();
        let mut first: Option<Box<RunStarted>> = None;
        let mut looked = Looked::default();
        let mut expected = 0;
        records.each(&mut |record| {
            expected += 1;
            if first.is_none() {
                let Body::RunStarted(started) = &record.body else { return Err(no_start()) };
                first = Some(started.clone());
                looked.begun = record.at;
            }
            looked.at(record, &brought);
            match &first {
                Some(started) if record.seq != expected => {
                    let (run, got) = (started.run.clone(), record.seq);
                    Err(JournalError::Gap { run, expected, got })
                }
                _ => Ok(()),
            }
        })?;
        let started = first.ok_or_else(no_start)?;
        Ok(Self { owner, started, records, blobs, looked })
    }

    fn all_there(&self, connection: &Connection) -> Result<(), Trouble> {
        for digest in &self.looked.needed {
            if !is_there(connection, digest.bytes())? {
                return Err(JournalError::NoBlob(*digest).into());
            }
        }
        Ok(())
    }

    fn write(&self, connection: &Connection) -> Result<(), Trouble> {
        let Looked { epoch, begun, named, .. } = &self.looked;
        let mut row = projection::begun(&self.started, *begun);
        row.epoch = *epoch;
        let no = projected::insert_run(connection, &row, self.owner.id())?;
        // This process owns it for the length of this commit: the fence of a record asks for an owner.
        let lease = Lease { run: self.started.run.clone(), epoch: row.epoch };
        let (mine, held): (Vec<&Blob>, Vec<&Blob>) =
            self.blobs.iter().partition(|blob| named.contains(&blob.digest));
        for blob in mine {
            insert_blob(connection, blob.digest.bytes(), &blob.bytes)?;
        }
        let held: Vec<Blob> = held.into_iter().cloned().collect();
        insert_blobs(connection, &held, &self.owner, [].iter())?;
        let mut tasks = TaskTable { connection, run: no };
        self.each(&mut |record| {
            let encoded = encode(&lease.run, record)?;
            insert_record(connection, no, &lease, &self.owner, &encoded)?;
            if record.seq > 1 {
                projection::apply(&mut row, &mut tasks, record)?;
            }
            Ok(())
        })?;
        projected::update_run(connection, no, &row)?;
        connection
            .prepare_cached("UPDATE run SET owner = NULL WHERE no = ?1")?
            .execute(params![no])?;
        Ok(())
    }

    /// Tells each record to somebody whose trouble may be that of the database.
    fn each(&self, visit: &mut dyn FnMut(&Record) -> Result<(), Trouble>) -> Result<(), Trouble> {
        let mut trouble = None;
        let read = self.records.each(&mut |record| {
            visit(record).map_err(|found| {
                trouble = Some(found);
                no_start()
            })
        });
        match trouble {
            Some(trouble) => Err(trouble),
            None => Ok(read?),
        }
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
        self.all_there(connection)?;
        connection.execute_batch("SAVEPOINT import")?;
        match self.write(connection) {
            // Records that could be read a moment ago. Whoever refuses has written nothing.
            Err(Trouble::Refused(error)) => {
                connection.execute_batch("ROLLBACK TO import; RELEASE import")?;
                Err(error.into())
            }
            Err(error) => Err(error),
            Ok(()) => Ok(connection.execute_batch("RELEASE import")?),
        }
    }
}

fn no_start() -> JournalError {
    JournalError::Store {
        doing: "importing a run",
        message: "its first record is not a start".to_owned(),
    }
}
