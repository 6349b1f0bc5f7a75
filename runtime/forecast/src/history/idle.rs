//! Time in which nothing of a run went on: it was paused, or nobody drove it. No forecast counts it.

use baton_core::ids::Timestamp;
use baton_core::record::{Body, Record};
use baton_journal::error::JournalError;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

/// Records of all runs of a forecast that are looked through at the most.
pub(super) const RECORDS_MAX: u64 = 100_000;

/// Records that are read at once.
const PAGE: u64 = 1_000;

/// From each pause, or the last sign of an owner that died, to the moment when the run went on.
#[derive(Debug, Default)]
pub(super) struct Idle {
    gaps: Vec<(Timestamp, Timestamp)>,
    /// When the last record was made.
    last: Option<Timestamp>,
    /// When it was paused, if it is.
    paused: Option<Timestamp>,
}

impl Idle {
    /// That of a run, as long as its records are no more than what is `left` to read: else all its time
    /// counts.
    pub(super) async fn of(
        journal: &dyn Journal,
        row: &RunRow,
        left: &mut u64,
    ) -> Result<Self, JournalError> {
        let mut idle = Self::default();
        let Some(rest) = left.checked_sub(row.records) else { return Ok(idle) };
        *left = rest;
        let mut after = 0;
        loop {
            let records = journal.records(&row.run, after, PAGE).await?;
            let Some(last) = records.last() else { return Ok(idle) };
            after = last.seq;
            for record in &records {
                idle.note(record);
            }
        }
    }

    /// Takes in the next record.
    pub(super) fn note(&mut self, record: &Record) {
        match &record.body {
            Body::Paused { .. } => self.paused = Some(record.at),
            Body::Resumed { .. } => {
                // What was obeyed before it goes on has the time at which it goes on.
                let from = self.paused.take().or(self.last);
                self.gaps.extend(from.map(|from| (from, record.at)));
            }
            _ => {}
        }
        self.last = Some(record.at);
    }

    /// How long a run that was created then had gone on at a moment, in milliseconds.
    pub(super) fn driven(&self, created: Timestamp, moment: Timestamp) -> u64 {
        let idle = self.gaps.iter().map(|(from, to)| moment.min(*to).since(*from));
        moment.since(created).saturating_sub(idle.sum())
    }
}
