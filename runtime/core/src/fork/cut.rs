//! Where a run is left.

use std::collections::HashMap;

use super::{Cut, ForkError};
use crate::ids::TaskPath;
use crate::record::{Body, Record};

/// When tasks ended, by the numbers of the records.
pub(super) struct Ends(HashMap<TaskPath, u64>);

impl Ends {
    pub(super) fn of(records: &[Record]) -> Self {
        let ends = records.iter().filter_map(|record| match &record.body {
            Body::Completed { task, .. } => Some((task.clone(), record.seq)),
            _ => None,
        });
        Self(ends.collect())
    }

    /// Number of the record that ends a task.
    pub(super) fn of_task(&self, task: &TaskPath) -> Option<u64> {
        self.0.get(task).copied()
    }

    /// Whether a task ended by this record.
    pub(super) fn by(&self, task: &TaskPath, seq: u64) -> bool {
        self.of_task(task).is_some_and(|end| end <= seq)
    }
}

/// Number of the last record that is shared.
pub(super) fn place(records: &[Record], ends: &Ends, cut: &Cut) -> Result<u64, ForkError> {
    let goes_on = |record: &&Record| !matches!(record.body, Body::Finished { .. });
    let last = records.iter().rev().find(goes_on).map_or(0, |record| record.seq);
    let wanted = match cut {
        Cut::After(seq) => {
            let highest = records.last().map_or(0, |record| record.seq);
            if *seq == 0 || *seq > highest {
                return Err(ForkError::NoRecord { asked: *seq, last: highest });
            }
            (*seq).min(last)
        }
        Cut::At(task) => {
            known(records, task)?;
            ends.of_task(task).map_or(last, |end| end.saturating_sub(1))
        }
    };
    Ok(before_orders(records, ends, wanted))
}

/// Whether the run has a task that can be a cut.
fn known(records: &[Record], task: &TaskPath) -> Result<(), ForkError> {
    if task.is_root() {
        return Ok(());
    }
    for record in records {
        match &record.body {
            Body::Spawned { task: spawned, .. } if spawned == task => return Ok(()),
            Body::Called { task: called, .. } if called == task => {
                let agent = task.parent().unwrap_or_default();
                return Err(ForkError::Call { call: task.clone(), agent });
            }
            _ => {}
        }
    }
    Err(ForkError::NoTask(task.clone()))
}

/// A cancellation that a person ordered and that is not carried out to its end at the cut is no part
/// of the fork: else it would be carried out there. The cut moves before the order.
fn before_orders(records: &[Record], ends: &Ends, mut seq: u64) -> u64 {
    loop {
        let order = records.iter().take_while(|record| record.seq <= seq).find(|record| {
            matches!(&record.body, Body::CancelOrdered { task, .. } if !ends.by(task, seq))
        });
        match order {
            // A run has a first record before any order.
            Some(order) => seq = order.seq.saturating_sub(1).max(1),
            None => return seq,
        }
    }
}
