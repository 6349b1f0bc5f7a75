//! `baton metrics`: numbers about the journal, for Prometheus.

use std::collections::HashMap;

use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;
use baton_core::record::Body;
use baton_journal::rows::{RunFilter, RunRow, TaskRow};
use baton_journal::store::Journal;
use baton_telemetry::Numbers;

use crate::args::{Common, MetricsArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::home::{Home, block_on};
use crate::output::stdout;
use crate::shapes;

/// Records that are read at once.
const PAGE: u64 = 1_000;

/// Prints numbers about every run.
///
/// # Errors
/// When the journal cannot be read.
pub fn run(args: &MetricsArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let numbers = match home.read()? {
        Some(journal) => block_on(count(&*journal))?,
        None => Numbers::default(),
    };
    if args.json {
        stdout(&shapes::line(&numbers.json())?)?;
    } else {
        stdout(&numbers.text())?;
    }
    Ok(Exit::Done)
}

async fn count(journal: &dyn Journal) -> Result<Numbers> {
    let mut numbers = Numbers::default();
    for row in journal.runs(&RunFilter::default()).await? {
        of_run(&mut numbers, &row);
        let own = own_since(journal, &row).await?;
        // What a fork shares was done in the other run, and is counted there.
        let is_shared = |task: &TaskRow| own.zip(task.ended).is_some_and(|(own, end)| end < own);
        for task in journal.tasks(&row.run).await?.iter().filter(|task| !is_shared(task)) {
            of_task(&mut numbers, task);
        }
        calls(&mut numbers, journal, &row).await?;
    }
    Ok(numbers)
}

/// When a fork began to do something itself; none: it is no fork.
async fn own_since(journal: &dyn Journal, row: &RunRow) -> Result<Option<Timestamp>> {
    if row.shared == 0 {
        return Ok(None);
    }
    let first = journal.records(&row.run, row.shared, 1).await?.pop();
    // One that has done nothing yet shares all that it has.
    Ok(Some(first.map_or(Timestamp(u64::MAX), |record| record.at)))
}

fn of_run(numbers: &mut Numbers, row: &RunRow) {
    numbers.run(row.state.as_str());
    if let Some(reason) = &row.paused {
        // The first word is the kind, whatever follows it.
        let word = reason.split(|char: char| !char.is_ascii_alphanumeric() && char != '-').next();
        numbers.paused(word.unwrap_or_default());
    }
}

fn of_task(numbers: &mut Numbers, task: &TaskRow) {
    let failure = task.failure.as_ref().map(|(code, _)| code.as_str());
    numbers.task(&task.kind, task.state.as_str(), task.attempts, failure);
    let Some(backend) = task.backend.as_deref().filter(|_| task.kind == "agent") else { return };
    // What is metered call by call is counted there.
    let claimed = Usage {
        input_tokens: task.usage.input_tokens.saturating_sub(task.metered.input_tokens),
        output_tokens: task.usage.output_tokens.saturating_sub(task.metered.output_tokens),
        cached_tokens: task.usage.cached_tokens.saturating_sub(task.metered.cached_tokens),
        cost_micro_usd: task.usage.cost_micro_usd.saturating_sub(task.metered.cost_micro_usd),
        ..Usage::default()
    };
    // Arguments of a command are the user's.
    let kind = backend.split_once(':').map_or(backend, |(kind, _)| kind);
    numbers.usage(kind, "", &claimed);
}

async fn calls(numbers: &mut Numbers, journal: &dyn Journal, row: &RunRow) -> Result<()> {
    let (mut asked, mut after) = (HashMap::new(), row.shared);
    while after < row.records {
        let page = journal.records(&row.run, after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.seq;
        for record in page {
            match record.body {
                Body::Asked { task, call, provider, model, .. } => {
                    asked.insert((task, call), (provider, model));
                }
                Body::Turned { task, call, content, usage, estimated } => {
                    if let Some((provider, model)) = asked.remove(&(task, call)) {
                        numbers.call(&provider, &model, content.is_some(), estimated, &usage);
                    }
                }
                _ => {}
            }
        }
    }
    Ok(())
}
