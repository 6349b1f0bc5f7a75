//! Housekeeping in memory.

use std::collections::BTreeSet;

use baton_core::blobs::mentioned;
use baton_core::digest::Digest;
use baton_core::ids::RunId;
use baton_core::record::Record;

use crate::error::JournalError;
use crate::housekeeping::{Census, Housekeeping, Removal, RunRoom, Shrunk, Swept, needs};
use crate::store::{Journal as _, JournalFuture};

use super::store::{Held, Store};
use super::{MemoryJournal, lock, ready};

impl Housekeeping for MemoryJournal {
    fn census(&self) -> JournalFuture<'_, Census> {
        let at = self.now();
        ready(Ok(Census { at, ..lock(&self.store).census() }))
    }

    fn remove(&self, run: &RunId) -> JournalFuture<'_, Removal> {
        ready(self.writable().map(|mut store| store.remove(run)))
    }

    fn damage(&self, run: &RunId) -> JournalFuture<'_, Option<String>> {
        let there = lock(&self.store).runs.iter().any(|held| held.row.run == *run);
        ready(if there { Ok(None) } else { Err(JournalError::NoRun(run.clone())) })
    }

    fn remove_damaged(&self, run: &RunId) -> JournalFuture<'_, Removal> {
        ready(self.writable().map(|store| {
            let there = store.runs.iter().any(|held| held.row.run == *run);
            if there { Removal::Sound } else { Removal::Gone }
        }))
    }

    fn remove_batch(&self, id: &str) -> JournalFuture<'_, bool> {
        ready(self.writable().map(|mut store| {
            let of_batch = |held: &&Held| held.row.batch.as_ref().is_some_and(|(of, _)| of == id);
            let over = store.runs.iter().filter(of_batch).all(|held| held.row.state.is_final());
            if over {
                store.batches.remove(id);
            }
            over
        }))
    }

    fn sweep(&self) -> JournalFuture<'_, Swept> {
        ready(self.writable().map(|mut store| store.sweep()))
    }

    fn shrink(&self) -> JournalFuture<'_, Shrunk> {
        ready(self.writable().map(|_| Shrunk::default()))
    }
}

/// Digests that records mention.
fn of_records(records: &[Record]) -> Result<BTreeSet<Digest>, JournalError> {
    let mut found = BTreeSet::new();
    for record in records {
        let text = serde_json::to_vec(&record.body).map_err(|error| JournalError::Store {
            doing: "reading records",
            message: error.to_string(),
        })?;
        found.extend(mentioned(&text));
    }
    Ok(found)
}

impl Store {
    fn census(&self) -> Census {
        let there = |digests: BTreeSet<Digest>| -> Vec<Digest> {
            digests.into_iter().filter(|digest| self.blobs.contains_key(digest)).collect()
        };
        let mut runs: Vec<RunRoom> = self
            .runs
            .iter()
            .map(|held| RunRoom {
                row: self.judged(held),
                bytes: 0,
                blobs: there(of_records(&held.records).unwrap_or_default()),
                needs: held.records.first().map(needs).unwrap_or_default(),
            })
            .collect();
        runs.sort_by_key(|run| run.row.updated);
        let batches = self.batches.values();
        Census {
            runs,
            blobs: self.blobs.iter().map(|(digest, bytes)| (*digest, bytes.len() as u64)).collect(),
            batches: batches
                .map(|row| (row.clone(), there(mentioned(row.spec.as_bytes()).collect())))
                .collect(),
            held: there(self.still_held()),
            ..Census::default()
        }
    }

    fn still_held(&self) -> BTreeSet<Digest> {
        let living = self.held.iter().filter(|(_, process)| self.living.contains(process));
        living.map(|(digest, _)| *digest).collect()
    }

    fn remove(&mut self, run: &RunId) -> Removal {
        let Some(at) = self.runs.iter().position(|held| held.row.run == *run) else {
            return Removal::Gone;
        };
        let Some(held) = self.runs.get(at) else { return Removal::Gone };
        let row = self.judged(held);
        if !row.state.is_final() {
            return Removal::NotEnded;
        }
        if row.owned {
            return Removal::Owned;
        }
        if let Some((batch, _)) = row.batch
            && self.batches.contains_key(&batch)
        {
            return Removal::InBatch(batch);
        }
        let refers = |held: &&Held| {
            !held.row.state.is_final()
                && held.records.first().is_some_and(|first| needs(first).contains(run))
        };
        if let Some(by) = self.runs.iter().find(refers) {
            return Removal::Needed(by.row.run.clone());
        }
        self.runs.remove(at);
        self.letters.retain(|_, letter| letter.run != *run);
        self.index();
        Removal::Removed
    }

    fn sweep(&mut self) -> Swept {
        let mut named = self.still_held();
        for held in &self.runs {
            match of_records(&held.records) {
                Ok(found) => named.extend(found),
                // Nobody knows what it names.
                Err(_) => return Swept::default(),
            }
        }
        named.extend(self.batches.values().flat_map(|row| mentioned(row.spec.as_bytes())));
        let mut swept = Swept::default();
        self.blobs.retain(|digest, bytes| {
            let kept = named.contains(digest);
            if !kept {
                swept.blobs += 1;
                swept.bytes += bytes.len() as u64;
            }
            kept
        });
        swept
    }
}
