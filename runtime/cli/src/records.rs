//! Reading the records of a run page by page.

use baton_core::gate::GateSpec;
use baton_core::handoff::{Outcome, Usage};
use baton_core::ids::RunId;
use baton_core::record::{Body, Pause, Record, RunStarted, Work};
use baton_journal::rows::{RunRow, State};
use baton_journal::store::Journal;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::follow;

/// Records that are in memory at once.
const PAGE: u64 = 1_000;

/// Calls `each` for the records of a run after `after`, in order, and returns the number of the
/// last one.
///
/// # Errors
/// Those of the journal and of `each`.
pub async fn after(
    journal: &dyn Journal,
    run: &RunId,
    after: u64,
    mut each: impl FnMut(Record) -> Result<()>,
) -> Result<u64> {
    let mut last = after;
    loop {
        let page = journal.records(run, last, PAGE).await?;
        let Some(end) = page.last().map(|record| record.seq) else { return Ok(last) };
        last = end;
        for record in page {
            each(record)?;
        }
    }
}

/// The facts a run began with.
///
/// # Errors
/// When the journal does not begin with them.
pub async fn started(journal: &dyn Journal, run: &RunId) -> Result<Box<RunStarted>> {
    match journal.records(run, 0, 1).await?.pop().map(|record| record.body) {
        Some(Body::RunStarted(started)) => Ok(started),
        _ => {
            Err(CliError::new(Code::Damaged, format!("{run} does not begin with its first record")))
        }
    }
}

/// The finished run that a run follows up, if it follows one.
///
/// # Errors
/// Those of the journal.
pub async fn follows(journal: &dyn Journal, row: &RunRow) -> Result<Option<RunId>> {
    // Nothing else follows: the first records of all runs need not be read.
    if row.name != follow::WORKFLOW {
        return Ok(None);
    }
    Ok(started(journal, &row.run).await?.follows)
}

/// How a run ended, if it did.
///
/// # Errors
/// Those of the journal.
pub async fn finished(journal: &dyn Journal, row: &RunRow) -> Result<Option<(Outcome, Usage)>> {
    if !row.state.is_final() {
        return Ok(None);
    }
    let last = journal.records(&row.run, row.records.saturating_sub(1), 1).await?.pop();
    match last.map(|record| record.body) {
        Some(Body::Finished { outcome, usage }) => Ok(Some((outcome, usage))),
        _ => Err(CliError::new(
            Code::Damaged,
            format!("{} does not end with its last record", row.run),
        )),
    }
}

/// Whether somebody ordered a pause that has not come about yet: what is at work finishes first.
///
/// # Errors
/// Those of the journal.
pub async fn pausing(journal: &dyn Journal, row: &RunRow) -> Result<bool> {
    if row.state.is_final() {
        return Ok(false);
    }
    let mut end = row.records;
    while end > 0 {
        let begin = end.saturating_sub(TAIL);
        let page = journal.records(&row.run, begin, end - begin).await?;
        let ordered = page.into_iter().rev().find_map(|record| match record.body {
            Body::PauseOrdered { lifted, .. } => Some(!lifted),
            Body::Paused { .. } | Body::Resumed { .. } => Some(false),
            _ => None,
        });
        if let Some(ordered) = ordered {
            return Ok(ordered);
        }
        end = begin;
    }
    Ok(false)
}

/// What the gate asks that a run waits for, if it waits for one.
///
/// # Errors
/// Those of the journal.
pub async fn asked(
    journal: &dyn Journal,
    run: &RunId,
    reason: Option<&Pause>,
) -> Result<Option<GateSpec>> {
    let Some(Pause::Gate { task: gate, .. }) = reason else { return Ok(None) };
    let mut asked = None;
    after(journal, run, 1, |record| {
        if let Body::Spawned { task, work, .. } = record.body
            && let Work::Gate { spec, .. } = *work
            && task == *gate
        {
            asked = Some(spec);
        }
        Ok(())
    })
    .await?;
    Ok(asked)
}

/// Records that are looked at together on the way back from the end.
const TAIL: u64 = 64;

/// Why a run is paused, if it is.
///
/// # Errors
/// Those of the journal.
pub async fn paused(journal: &dyn Journal, row: &RunRow) -> Result<Option<Pause>> {
    if !matches!(row.state, State::Paused | State::Waiting) {
        return Ok(None);
    }
    let mut end = row.records;
    while end > 0 {
        let begin = end.saturating_sub(TAIL);
        let page = journal.records(&row.run, begin, end - begin).await?;
        let reason = page.into_iter().rev().find_map(|record| match record.body {
            Body::Paused { reason } => Some(reason),
            _ => None,
        });
        if reason.is_some() {
            return Ok(reason);
        }
        end = begin;
    }
    Ok(None)
}
