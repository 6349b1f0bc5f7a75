//! Becoming the owner of a run, and giving it up.

use std::sync::Arc;

use baton_core::ids::RunId;
use baton_core::record::{Body, Record, RunStarted};
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::error::JournalError;
use crate::housekeeping::needs;
use crate::projection;
use crate::record::{Encoded, encode};
use crate::sqlite::fault::Trouble;
use crate::sqlite::owner::{Life, Owner, Owners};
use crate::sqlite::projected;
use crate::sqlite::rows::integer;
use crate::sqlite::writer::{Jobs, Work};
use crate::store::{Blob, Lease};

use super::append::insert_record;
use super::blobs::insert_blobs;
use super::number;

/// A lease on its way to the caller. Given back if it does not get there: nobody could release it.
pub(in crate::sqlite) struct Granted {
    lease: Lease,
    /// Whether there is something to give back: not before the commit, nor when it was kept.
    pending: bool,
    owner: Arc<Owner>,
    jobs: Jobs,
}

impl Granted {
    fn new(lease: Lease, owner: &Arc<Owner>, jobs: &Jobs) -> Self {
        Self { lease, pending: false, owner: owner.clone(), jobs: jobs.clone() }
    }

    /// The lease, which is the caller's from now on.
    pub(in crate::sqlite) fn keep(mut self) -> Lease {
        self.pending = false;
        self.lease.clone()
    }
}

impl Drop for Granted {
    fn drop(&mut self) {
        if self.pending {
            self.jobs.post(Release { lease: self.lease.clone(), owner: self.owner.clone() });
        }
    }
}

/// Creates a run.
pub(in crate::sqlite) struct Create {
    owner: Arc<Owner>,
    jobs: Jobs,
    started: Box<RunStarted>,
    record: Record,
    first: Encoded,
    blobs: Vec<Blob>,
}

impl Create {
    pub(in crate::sqlite) fn new(
        owner: Arc<Owner>,
        jobs: Jobs,
        first: Record,
        blobs: Vec<Blob>,
    ) -> Result<Self, JournalError> {
        let Body::RunStarted(started) = &first.body else {
            return Err(JournalError::Store {
                doing: "creating a run",
                message: "its first record is not a start".to_owned(),
            });
        };
        if first.seq != 1 {
            let run = started.run.clone();
            return Err(JournalError::Gap { run, expected: 1, got: first.seq });
        }
        let encoded = encode(&started.run, &first)?;
        let started = started.clone();
        Ok(Self { owner, jobs, started, record: first, first: encoded, blobs })
    }
}

impl Work for Create {
    type Output = Granted;
    const DOING: &'static str = "creating a run";

    fn perform(&self, connection: &Connection) -> Result<Granted, Trouble> {
        let run = &self.started.run;
        if number(connection, run)?.is_some() {
            return Err(JournalError::Exists(run.clone()).into());
        }
        // From here on they stay until this run has ended.
        for other in needs(&self.record) {
            if number(connection, &other)?.is_none() {
                return Err(JournalError::NoRun(other).into());
            }
        }
        let row = projection::begun(&self.started, self.first.at);
        let no = projected::insert_run(connection, &row, self.owner.id())?;
        let lease = Lease { run: run.clone(), epoch: row.epoch };
        insert_blobs(connection, &self.blobs, &self.owner, std::iter::once(&self.record))?;
        insert_record(connection, no, &lease, &self.owner, &self.first)?;
        Ok(Granted::new(lease, &self.owner, &self.jobs))
    }

    fn committed(&self, granted: &mut Granted) {
        granted.pending = true;
    }
}

/// Takes over a run.
pub(in crate::sqlite) struct Claim {
    pub(in crate::sqlite) run: RunId,
    pub(in crate::sqlite) owner: Arc<Owner>,
    pub(in crate::sqlite) owners: Owners,
    pub(in crate::sqlite) jobs: Jobs,
}

impl Work for Claim {
    type Output = Granted;
    const DOING: &'static str = "claiming a run";

    fn perform(&self, connection: &Connection) -> Result<Granted, Trouble> {
        let found: Option<(i64, Option<String>)> = connection
            .prepare_cached("SELECT no, owner FROM run WHERE id = ?1")?
            .query_row([self.run.as_str()], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((no, owner)) = found else {
            return Err(JournalError::NoRun(self.run.clone()).into());
        };
        if let Some(owner) = owner
            && let Life::Alive(pid) = self.owners.look(&owner)?
        {
            let owner = pid.map_or_else(|| "a process".to_owned(), |pid| format!("process {pid}"));
            return Err(JournalError::Owned { run: self.run.clone(), owner }.into());
        }
        let epoch: i64 = connection
            .prepare_cached(
                "UPDATE run SET owner = ?2, epoch = epoch + 1 WHERE no = ?1 RETURNING epoch",
            )?
            .query_row(params![no, self.owner.id()], |row| row.get(0))?;
        let lease = Lease { run: self.run.clone(), epoch: epoch.unsigned_abs() };
        Ok(Granted::new(lease, &self.owner, &self.jobs))
    }

    fn committed(&self, granted: &mut Granted) {
        granted.pending = true;
    }
}

/// Gives up a run. Does nothing if it is not held any more.
pub(in crate::sqlite) struct Release {
    pub(in crate::sqlite) lease: Lease,
    pub(in crate::sqlite) owner: Arc<Owner>,
}

impl Work for Release {
    type Output = ();
    const DOING: &'static str = "releasing a run";
    const WAITS: bool = true;

    fn perform(&self, connection: &Connection) -> Result<(), Trouble> {
        connection
            .prepare_cached(
                "UPDATE run SET owner = NULL WHERE id = ?1 AND epoch = ?2 AND owner = ?3",
            )?
            .execute(params![
                self.lease.run.as_str(),
                integer(self.lease.epoch)?,
                self.owner.id()
            ])?;
        Ok(())
    }
}
