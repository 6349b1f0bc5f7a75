//! Which runs may go. Pure: it decides from a census and removes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use baton_core::digest::Digest;
use baton_core::ids::RunId;

use crate::housekeeping::{Census, RunRoom};

/// What is kept of runs that have ended. Runs that have not ended are always kept.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    /// Those that ended less than so many milliseconds ago; none: of any age.
    pub max_age_ms: Option<u64>,
    /// So many of them, the ones that ended last; none: any number.
    pub max_runs: Option<u64>,
    /// As many as leave records and blobs of the whole store below so many bytes; none: any size.
    pub max_bytes: Option<u64>,
}

/// Why a run goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reason {
    /// It ended too long ago.
    Age,
    /// There are too many that ended later.
    Count,
    /// The store is too large.
    Size,
    /// It is damaged, and was named.
    Damaged,
}

/// Why a run stays that would otherwise go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Stay {
    /// This run has not ended and refers to it.
    Needed(RunId),
    /// Not all lines of its batch have ended, or may go.
    Batch(String),
}

/// What is to be done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Plan {
    /// Runs to remove: those that are damaged, then the others, the oldest first.
    pub remove: Vec<(RunId, Reason)>,
    /// Batches to remove before them.
    pub batches: Vec<String>,
    /// Runs that stay all the same.
    pub stay: Vec<(RunId, Stay)>,
    /// Bytes of records and blobs now.
    pub bytes: u64,
    /// Bytes of records and blobs after it.
    pub bytes_after: u64,
    /// Blobs that go, those included that nothing names already.
    pub blobs: u64,
    /// Their bytes.
    pub blob_bytes: u64,
}

/// Decides which runs go. `whole`: batches all of whose lines have a run; `damaged`: runs that go first,
/// whether they have ended or not, because they are damaged and a person named them.
///
/// The runs of a batch go together or not at all, because a batch of which some runs are missing would
/// perform these lines again.
#[must_use]
pub fn plan(
    census: &Census,
    retention: &Retention,
    whole: &BTreeSet<String>,
    damaged: &BTreeSet<RunId>,
) -> Plan {
    let mut room = Room::new(census);
    let mut plan = Plan { bytes: room.named + room.unnamed.1, ..Plan::default() };
    let mut needed: HashMap<&RunId, &RunId> = HashMap::new();
    let stays = |run: &&RunRoom| !is_over(run) && !damaged.contains(&run.row.run);
    for run in census.runs.iter().filter(stays) {
        needed.extend(run.needs.iter().map(|other| (other, &run.row.run)));
    }
    let (goes, others): (Vec<&RunRoom>, Vec<&RunRoom>) =
        census.runs.iter().partition(|run| damaged.contains(&run.row.run));
    for run in goes {
        let id = &run.row.run;
        if let Some(by) = needed.get(id) {
            plan.stay.push((id.clone(), Stay::Needed((*by).clone())));
            continue;
        }
        plan.remove.push((id.clone(), Reason::Damaged));
        room.without(run);
    }
    let mut left = others.iter().filter(|run| is_over(run)).count() as u64;
    let units = units(census, &others, whole);
    for unit in units {
        let Some(newest) = unit.runs.iter().map(|run| run.row.updated).max() else { continue };
        let age = census.at.since(newest);
        let reason = if retention.max_age_ms.is_some_and(|max| age > max) {
            Reason::Age
        } else if retention.max_runs.is_some_and(|max| left > max) {
            Reason::Count
        } else if retention.max_bytes.is_some_and(|max| room.named > max) {
            Reason::Size
        } else {
            continue;
        };
        let by_need = |run: &&RunRoom| {
            let by = needed.get(&run.row.run)?;
            Some(Stay::Needed((*by).clone()))
        };
        let because = unit.runs.iter().find_map(by_need).or_else(|| unit.incomplete.clone());
        let runs = unit.runs.iter().filter(|run| is_over(run));
        if let Some(because) = because {
            plan.stay.extend(runs.map(|run| (run.row.run.clone(), because.clone())));
            continue;
        }
        if let Some(batch) = unit.batch {
            let of = census.batches.iter().find(|(row, _)| row.id == batch);
            room.release(of.map_or(&[], |(_, blobs)| blobs));
            plan.batches.push(batch);
        }
        for run in runs {
            plan.remove.push((run.row.run.clone(), reason));
            room.without(run);
            left -= 1;
        }
    }
    plan.bytes_after = room.named;
    let gone: BTreeSet<&RunId> = plan.remove.iter().map(|(run, _)| run).collect();
    // Nobody knows what a damaged run names: as long as one is there, no blob goes.
    if census.damaged.iter().all(|(run, _)| gone.contains(run)) {
        (plan.blobs, plan.blob_bytes) = room.unnamed;
    }
    plan
}

fn is_over(run: &RunRoom) -> bool {
    run.row.state.is_final() && !run.row.owned
}

/// Runs that go together.
struct Unit<'a> {
    runs: Vec<&'a RunRoom>,
    /// The batch that goes with them.
    batch: Option<String>,
    /// Why none of them may go.
    incomplete: Option<Stay>,
}

/// Units, the oldest first.
fn units<'a>(census: &'a Census, runs: &[&'a RunRoom], whole: &BTreeSet<String>) -> Vec<Unit<'a>> {
    let known: BTreeSet<&str> = census.batches.iter().map(|(row, _)| row.id.as_str()).collect();
    let mut units: Vec<Unit<'a>> = Vec::new();
    let mut of_batch: HashMap<&str, usize> = HashMap::new();
    for &run in runs {
        let batch = run.row.batch.as_ref().map(|(batch, _)| batch.as_str());
        // A batch that is gone keeps nobody.
        match batch.filter(|batch| known.contains(batch)) {
            Some(batch) => {
                let at = *of_batch.entry(batch).or_insert(units.len());
                if at == units.len() {
                    let (batch, runs) = (Some(batch.to_owned()), Vec::new());
                    units.push(Unit { runs, batch, incomplete: None });
                }
                if let Some(unit) = units.get_mut(at) {
                    unit.runs.push(run);
                }
            }
            None if is_over(run) => {
                units.push(Unit { runs: vec![run], batch: None, incomplete: None });
            }
            None => {}
        }
    }
    for unit in &mut units {
        if let Some(batch) = &unit.batch
            && (!whole.contains(batch) || !unit.runs.iter().all(|run| is_over(run)))
        {
            unit.incomplete = Some(Stay::Batch(batch.clone()));
        }
    }
    // By the run of each that ended last.
    units.sort_by_key(|unit| unit.runs.iter().map(|run| run.row.updated).max());
    units
}

/// The room that is taken, and by how many.
struct Room<'a> {
    sizes: &'a BTreeMap<Digest, u64>,
    names: HashMap<Digest, u64>,
    /// Bytes of records, and of the blobs that something names.
    named: u64,
    /// Blobs that nothing names, and their bytes.
    unnamed: (u64, u64),
}

impl<'a> Room<'a> {
    fn new(census: &'a Census) -> Self {
        let mut names: HashMap<Digest, u64> = HashMap::new();
        let of_runs = census.runs.iter().flat_map(|run| &run.blobs);
        let of_batches = census.batches.iter().flat_map(|(_, blobs)| blobs);
        for digest in of_runs.chain(of_batches).chain(&census.held) {
            *names.entry(*digest).or_default() += 1;
        }
        let mut room = Self {
            sizes: &census.blobs,
            names,
            named: census.runs.iter().map(|run| run.bytes).sum(),
            unnamed: (0, 0),
        };
        for (digest, size) in &census.blobs {
            if room.names.contains_key(digest) {
                room.named += size;
            } else {
                room.unnamed.0 += 1;
                room.unnamed.1 += size;
            }
        }
        room
    }

    /// A run goes: so do its records, and what only it names is unnamed.
    fn without(&mut self, run: &RunRoom) {
        self.named -= run.bytes;
        self.release(&run.blobs);
    }

    /// Takes names away.
    fn release(&mut self, blobs: &[Digest]) {
        for digest in blobs {
            let Some(names) = self.names.get_mut(digest) else { continue };
            *names -= 1;
            if *names > 0 {
                continue;
            }
            self.names.remove(digest);
            if let Some(size) = self.sizes.get(digest) {
                self.named -= size;
                self.unnamed.0 += 1;
                self.unnamed.1 += size;
            }
        }
    }
}

#[cfg(test)]
mod tests;
