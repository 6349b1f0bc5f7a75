//! What the processes of a journal in memory share.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use baton_core::blobs::{Named, named};
use baton_core::digest::Digest;
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::record::{Body, Record};

use crate::error::JournalError;
use crate::housekeeping::needs;
use crate::projection;
use crate::rows::{RunFilter, RunRow, TaskRow};
use crate::store::{BatchRow, Blob, Control, Lease, Letter, imported_epoch};

/// Runs, blobs, letters and batches.
#[derive(Default)]
pub(super) struct Store {
    /// In the order of their creation.
    pub(super) runs: Vec<Held>,
    index: HashMap<RunId, usize>,
    pub(super) blobs: HashMap<Digest, Arc<[u8]>>,
    /// Not obeyed yet.
    pub(super) letters: BTreeMap<u64, Letter>,
    /// Taken, with why they could not be obeyed.
    pub(super) taken: BTreeMap<u64, Option<String>>,
    letters_sent: u64,
    pub(super) batches: HashMap<String, BatchRow>,
    /// Blobs that came before what names them, and the process that brought them.
    pub(super) held: BTreeSet<(Digest, u64)>,
    pub(super) living: BTreeSet<u64>,
    born: u64,
}

/// One run.
pub(super) struct Held {
    pub(super) owner: Option<u64>,
    pub(super) row: RunRow,
    pub(super) records: Vec<Record>,
    pub(super) tasks: BTreeMap<TaskPath, TaskRow>,
}

impl Store {
    /// A new process; its number.
    pub(super) fn born(&mut self) -> u64 {
        self.born += 1;
        self.living.insert(self.born);
        self.born
    }

    pub(super) fn died(&mut self, process: u64) {
        self.living.remove(&process);
    }

    pub(super) fn run(&mut self, run: &RunId) -> Result<&mut Held, JournalError> {
        let none = || JournalError::NoRun(run.clone());
        let index = self.index.get(run).copied().ok_or_else(none)?;
        self.runs.get_mut(index).ok_or_else(none)
    }

    pub(super) fn create(
        &mut self,
        process: u64,
        first: Record,
        blobs: Vec<Blob>,
    ) -> Result<Lease, JournalError> {
        // From here on they stay until this run has ended.
        for other in needs(&first) {
            if !self.index.contains_key(&other) {
                return Err(JournalError::NoRun(other));
            }
        }
        self.bring(process, first, blobs)
    }

    fn bring(
        &mut self,
        process: u64,
        first: Record,
        blobs: Vec<Blob>,
    ) -> Result<Lease, JournalError> {
        let Body::RunStarted(started) = &first.body else {
            return Err(JournalError::Store {
                doing: "creating a run",
                message: "its first record is not a start".to_owned(),
            });
        };
        let run = started.run.clone();
        if first.seq != 1 {
            return Err(JournalError::Gap { run, expected: 1, got: first.seq });
        }
        if self.index.contains_key(&run) {
            return Err(JournalError::Exists(run));
        }
        let row = projection::begun(started, first.at);
        let lease = Lease { run: run.clone(), epoch: row.epoch };
        self.keep(process, blobs, std::slice::from_ref(&first));
        self.index.insert(run, self.runs.len());
        self.runs.push(Held {
            owner: Some(process),
            row,
            records: vec![first],
            tasks: BTreeMap::new(),
        });
        Ok(lease)
    }

    pub(super) fn import(
        &mut self,
        process: u64,
        records: Vec<Record>,
        blobs: Vec<Blob>,
    ) -> Result<(), JournalError> {
        let epoch = records.iter().fold(1, imported_epoch);
        for (expected, record) in (1..).zip(&records) {
            if record.seq != expected {
                let run = match records.first().map(|first| &first.body) {
                    Some(Body::RunStarted(started)) => started.run.clone(),
                    _ => break,
                };
                return Err(JournalError::Gap { run, expected, got: record.seq });
            }
        }
        for Named { digest, sure } in records.iter().flat_map(named) {
            let brought = blobs.iter().any(|blob| blob.digest == digest);
            if sure && !brought && !self.blobs.contains_key(&digest) {
                return Err(JournalError::NoBlob(digest));
            }
        }
        let mut records = records.into_iter();
        let Some(first) = records.next() else {
            return Err(JournalError::Store {
                doing: "importing a run",
                message: "it has no records".to_owned(),
            });
        };
        let lease = Lease { epoch, ..self.bring(process, first, blobs)? };
        self.run(&lease.run)?.row.epoch = epoch;
        self.append(process, &lease, records.collect(), Vec::new())?;
        self.release(process, &lease);
        Ok(())
    }

    pub(super) fn claim(
        &mut self,
        process: u64,
        run: &RunId,
    ) -> Result<(Lease, Vec<Record>), JournalError> {
        let living = self.living.clone();
        let held = self.run(run)?;
        if let Some(owner) = held.owner.filter(|owner| living.contains(owner)) {
            return Err(JournalError::Owned {
                run: run.clone(),
                owner: format!("process {owner}"),
            });
        }
        held.owner = Some(process);
        held.row.epoch += 1;
        Ok((Lease { run: run.clone(), epoch: held.row.epoch }, held.records.clone()))
    }

    /// A letter was taken.
    pub(super) fn mark(&mut self, letter: u64, reply: Option<String>) {
        if self.letters.remove(&letter).is_some() {
            self.taken.insert(letter, reply);
        }
    }

    pub(super) fn append(
        &mut self,
        process: u64,
        lease: &Lease,
        records: Vec<Record>,
        blobs: Vec<Blob>,
    ) -> Result<(), JournalError> {
        let run = &lease.run;
        let held = self.run(run)?;
        if held.owner != Some(process) || held.row.epoch != lease.epoch {
            return Err(JournalError::Fenced { run: run.clone(), held: lease.epoch });
        }
        for (expected, record) in (held.row.records + 1..).zip(&records) {
            if record.seq != expected {
                let run = run.clone();
                return Err(JournalError::Gap { run, expected, got: record.seq });
            }
        }
        for record in &records {
            let Ok(()) = projection::apply(&mut held.row, &mut held.tasks, record);
        }
        held.records.extend(records.iter().cloned());
        if held.row.state.is_final() {
            held.owner = None;
        }
        self.keep(process, blobs, &records);
        Ok(())
    }

    pub(super) fn release(&mut self, process: u64, lease: &Lease) {
        if let Ok(held) = self.run(&lease.run)
            && held.owner == Some(process)
            && held.row.epoch == lease.epoch
        {
            held.owner = None;
        }
    }

    /// Keeps blobs. What none of the records names that come with it is held by the process.
    pub(super) fn keep(&mut self, process: u64, blobs: Vec<Blob>, records: &[Record]) {
        if blobs.is_empty() {
            return;
        }
        let named: HashSet<Digest> =
            records.iter().flat_map(named).map(|named| named.digest).collect();
        for Blob { digest, bytes } in blobs {
            if !named.contains(&digest) {
                self.held.insert((digest, process));
            }
            self.blobs.entry(digest).or_insert(bytes);
        }
    }

    /// Finds the runs anew.
    pub(super) fn index(&mut self) {
        let runs = self.runs.iter().enumerate();
        self.index = runs.map(|(at, held)| (held.row.run.clone(), at)).collect();
    }

    pub(super) fn row(&self, run: &RunId) -> Option<RunRow> {
        self.index.get(run).and_then(|index| self.runs.get(*index)).map(|held| self.judged(held))
    }

    pub(super) fn list(&self, filter: &RunFilter) -> Vec<RunRow> {
        let passes = |row: &RunRow| {
            let RunFilter { states, batch, prefix, limit: _ } = filter;
            (states.is_empty() || states.contains(&row.state))
                && batch
                    .as_ref()
                    .is_none_or(|batch| row.batch.as_ref().is_some_and(|(of, _)| of == batch))
                && prefix.as_ref().is_none_or(|prefix| {
                    row.run.as_str().starts_with(prefix) || row.name.starts_with(prefix)
                })
        };
        let limit =
            filter.limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let newest_first = self.runs.iter().rev();
        newest_first.map(|held| self.judged(held)).filter(passes).take(limit).collect()
    }

    pub(super) fn send(
        &mut self,
        run: &RunId,
        at: Timestamp,
        by: &str,
        control: Control,
    ) -> Result<u64, JournalError> {
        self.run(run)?;
        self.letters_sent += 1;
        let id = self.letters_sent;
        self.letters.insert(id, Letter { id, run: run.clone(), at, by: by.to_owned(), control });
        Ok(id)
    }

    pub(super) fn inbox(&mut self, process: u64) -> Vec<Letter> {
        let letters: Vec<Letter> = self.letters.values().cloned().collect();
        letters
            .into_iter()
            .filter(|letter| self.run(&letter.run).is_ok_and(|held| held.owner == Some(process)))
            .collect()
    }

    pub(super) fn pending(&self, run: &RunId) -> Vec<Letter> {
        self.letters.values().filter(|letter| letter.run == *run).cloned().collect()
    }

    pub(super) fn create_batch(&mut self, batch: BatchRow) -> Result<(), JournalError> {
        if self.batches.contains_key(&batch.id) {
            return Err(JournalError::Store {
                doing: "creating a batch",
                message: format!("{} exists already", batch.id),
            });
        }
        self.batches.insert(batch.id.clone(), batch);
        Ok(())
    }

    pub(super) fn judged(&self, held: &Held) -> RunRow {
        let owned = held.owner.is_some_and(|owner| self.living.contains(&owner));
        RunRow { owned, ..held.row.clone() }
    }
}
