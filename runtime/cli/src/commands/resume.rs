//! `baton resume`: go on with a run or batch that stopped.

use std::path::Path;
use std::sync::Arc;

use baton_engine::{ResumeOptions, RunReport};
use baton_journal::rows::RunRow;
use tokio::sync::mpsc;

use crate::args::{Common, ResumeArgs};
use crate::codes::Exit;
use crate::commands::each;
use crate::commands::run::caps;
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::live::Live;
use crate::output::note;
use crate::session::{self, CONCURRENCY, Session};
use crate::{home, records, result, select};

/// Goes on with a run or batch, or shows the result of a run that has ended.
///
/// # Errors
/// When there is no such thing, it cannot go on, or it has no result.
pub fn run(args: &ResumeArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    if args.id.starts_with(select::BATCH_PREFIX) {
        return each::resume(args, &home, common);
    }
    let (row, concurrency, ended) = home::block_on(async {
        let row = select::run(&*journal, &args.id).await?;
        let started = records::started(&*journal, &row.run).await?;
        let ended = records::finished(&*journal, &row).await?;
        Ok((row, started.concurrency.unwrap_or(CONCURRENCY), ended))
    })?;
    if let Some(ended) = ended {
        note(&format!("{} has already ended; this is its recorded result", row.run));
        return result::show(recorded(&row, ended), &args.result);
    }
    let component = args.workflow.as_deref().map(component).transpose()?;
    let report = session::block_on(async {
        let session = Session::open(&home, concurrency, 1)?;
        let (observer, records) = mpsc::unbounded_channel();
        let options = ResumeOptions {
            caps: caps(&args.caps),
            by: session::who(),
            component,
            observer: Some(observer),
        };
        let handle = session.engine.resume(&row.run, options).await?;
        session.obey_signals(format!("baton resume {}", row.run))?;
        let live = Live::start(session.journal.clone(), records, common.plain);
        let report = handle.wait().await;
        live.finish().await;
        Ok(report)
    })?;
    result::show(report, &args.result)
}

/// The report of a run that ended earlier.
#[must_use]
pub fn recorded(
    row: &RunRow,
    (outcome, usage): (baton_core::handoff::Outcome, baton_core::handoff::Usage),
) -> RunReport {
    RunReport {
        run: row.run.clone(),
        state: row.state,
        outcome: Some(outcome),
        pause: None,
        usage,
        failed_tasks: row.failed_tasks,
        error: None,
    }
}

/// The component to go on with. Whether it fits is decided by the replay.
fn component(path: &Path) -> Result<Arc<[u8]>> {
    let bytes = std::fs::read(path).map_err(|error| CliError::file("read", path, &error))?;
    Ok(bytes.into())
}
