//! `baton resume`: go on with a run or batch that stopped.

mod again;
pub mod consent;

use std::path::Path;
use std::sync::Arc;

use baton_core::budget::Caps;
use baton_core::record::RunStarted;
use baton_engine::{ResumeOptions, RunReport};
use baton_journal::rows::{RunRow, State};

use crate::args::{Common, ResumeArgs};
use crate::codes::{Code, Exit};
use crate::commands::each;
use crate::commands::run::caps;
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::input::{Given, InputCheck};
use crate::live::{self, Live};
use crate::output::note;
use crate::session::{self, CONCURRENCY, Session};
use crate::telemetry::Spans;
use crate::totals::Totals;
use crate::{home, records, result, reuse, select};

use self::consent::Granted;

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
    let (row, started, ended) = home::block_on(async {
        let row = select::run(&*journal, &args.id).await?;
        let started = records::started(&*journal, &row.run).await?;
        same_input(args, &started)?;
        let ended = records::finished(&*journal, &row).await?;
        Ok((row, started, ended))
    })?;
    let concurrency = started.concurrency.unwrap_or(CONCURRENCY);
    if let Some(ended) = ended {
        note(&format!("{} has already ended; this is its recorded result", row.run));
        let (decisions, totals) = home::block_on(async {
            let decisions = reuse::decisions(&*journal, &row.run).await?;
            Ok((decisions, Totals::of(&*journal, &row.run).await?))
        })?;
        let report = recorded(&row, ended, reuse::count(&decisions));
        return result::show(report, &totals, &args.result);
    }
    let batch = row.batch.as_ref().map(|(batch, _)| batch.as_str());
    let id = batch.unwrap_or(row.run.as_str());
    let mut granted = Granted::from(&*started);
    if !consent::is_mine(id)? {
        let runs = std::slice::from_ref(&row.run);
        granted.recorded = home::block_on(consent::programs_on_record(&*journal, runs))?;
    }
    consent::allow(id, granted, args.yes)?;
    if row.owned && row.state == State::Paused {
        return elsewhere(args, &home, &row);
    }
    let substitute = args.workflow.as_deref().map(bytes).transpose()?;
    let continues = args.no_continue.then_some(false);
    let (report, totals) = session::block_on(async {
        let session = Session::open(&home, concurrency, 1)?;
        let (observer, watcher, feeds) = live::feeds();
        let spans = Spans::start();
        let feeds = feeds.also(spans.observer(session.journal.now()));
        let options = ResumeOptions {
            caps: caps(&args.caps),
            by: session::who(),
            substitute,
            observer: Some(observer),
            watcher: Some(watcher),
            continues,
        };
        let handle = session.engine.resume(&row.run, options).await?;
        session.obey_signals(format!("baton resume {}", row.run))?;
        let feeds = feeds.continuing(continues);
        let live = Live::start(session.journal.clone(), feeds, common.plain);
        let report = handle.wait().await;
        let totals = live.finish().await;
        spans.finish().await;
        Ok((report, totals))
    })?;
    result::show(report, &totals, &args.result)
}

/// Goes on with a run that is paused in another process, which alone can do that.
fn elsewhere(args: &ResumeArgs, home: &Home, row: &RunRow) -> Result<Exit> {
    if caps(&args.caps) != Caps::default() || args.workflow.is_some() || args.no_continue {
        let message = format!("{} waits in another process, with the caps it has", row.run);
        return Err(CliError::new(Code::Owned, message).hint(format!(
            "end that process with Ctrl-C first; `baton resume {}` alone makes it go on",
            row.run
        )));
    }
    home::block_on(again::ask(home, row))
}

/// A run keeps the input it began with: another one is another run.
fn same_input(args: &ResumeArgs, started: &RunStarted) -> Result<()> {
    let Some(given) = Given::of(args.input.as_deref(), args.text.as_deref()) else {
        return Ok(());
    };
    let given = given.read(&InputCheck::any(started.limits.run))?;
    let absent = started.script.as_ref().is_some_and(|script| script.absent);
    if !absent && given.value() == started.input.value() {
        return Ok(());
    }
    let message = format!("{} began with another input, and goes on with it", started.run);
    Err(CliError::new(Code::Argument, message).hint(format!(
        "`baton run … --reuse {}` begins a run with the new input and pays only for what changed",
        started.run
    )))
}

/// The report of a run that ended earlier. `reused`: agents with results of another run.
#[must_use]
pub fn recorded(
    row: &RunRow,
    (outcome, usage): (baton_core::handoff::Outcome, baton_core::handoff::Usage),
    reused: u64,
) -> RunReport {
    RunReport {
        run: row.run.clone(),
        state: row.state,
        outcome: Some(outcome),
        pause: None,
        usage,
        failed_tasks: row.failed_tasks,
        reused,
        error: None,
    }
}

/// The component or script to go on with. Whether it fits is decided by the replay.
fn bytes(path: &Path) -> Result<Arc<[u8]>> {
    let bytes = std::fs::read(path).map_err(|error| CliError::file("read", path, &error))?;
    Ok(bytes.into())
}
