//! `baton attach`: follow a run that another process drives, to its end.

use std::sync::Arc;
use std::time::Duration;

use baton_engine::{Observer, RunReport, Watcher, live};
use baton_journal::rows::{RunRow, State};
use baton_journal::store::Journal;

use crate::args::{AttachArgs, Common};
use crate::codes::{Code, Exit};
use crate::commands::resume::recorded;
use crate::driving::Company;
use crate::error::{CliError, Result};
use crate::home::Home;
use crate::output::note;
use crate::totals::Totals;
use crate::{prompt, records, result, reuse, select, session};

/// Time between two looks for further records.
const INTERVAL: Duration = Duration::from_millis(100);
/// Looks without an owner before the run counts as one that nobody drives: it may change hands.
const LOST_LOOKS: u32 = 5;

/// Follows a run, and shows its result.
///
/// # Errors
/// When there is no such run, nobody drives it, or it has no result.
pub fn run(args: &AttachArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    // Whoever is asked something here answers through the journal.
    let journal = if prompt::possible() {
        home.read_existing().and_then(|_| home.write())
    } else {
        home.read_existing()
    }?;
    let ended = session::block_on(async {
        let row = select::run(&*journal, &args.run).await?;
        follow(&home, &journal, &row, common.plain).await
    })?;
    let Some((report, totals)) = ended else {
        let message = "detached: the run goes on";
        return Err(CliError::new(Code::Interrupted, message)
            .hint(format!("`baton attach {}` follows it again", args.run)));
    };
    result::show(report, &totals, &args.result)
}

/// Shows what happens until nothing more does; none: the person has seen enough.
async fn follow(
    home: &Home,
    journal: &Arc<dyn Journal>,
    row: &RunRow,
    plain: bool,
) -> Result<Option<(RunReport, Totals)>> {
    let company = Company::lookers(journal);
    let (observer, watcher) = (company.observer(), company.watcher());
    let ears = live::Reader::new(&home.live(), &row.run);
    let following = company.follow(journal, None, plain);
    let ended = tokio::select! {
        ended = hear(&**journal, row, ears, observer, watcher) => Some(ended),
        _ = tokio::signal::ctrl_c() => None,
    };
    let totals = following.finish().await;
    match ended {
        None => Ok(None),
        Some(Ok(report)) => Ok(Some((report, totals))),
        Some(Err(error)) => Err(error),
    }
}

/// Hands on the records of a run, and what its agents say, until nobody drives it any more; where it
/// stands then.
async fn hear(
    journal: &dyn Journal,
    row: &RunRow,
    mut ears: live::Reader,
    observer: Observer,
    watcher: Watcher,
) -> Result<RunReport> {
    let run = &row.run;
    let (mut last, mut lost) = (0, 0);
    loop {
        // The owner before the records: what it did with its last breath is still seen.
        let now = journal
            .run(run)
            .await?
            .ok_or_else(|| CliError::new(Code::NoRun, format!("{run} is gone")))?;
        // What nobody drives was left behind.
        let words = if now.owned { ears.read() } else { Vec::new() };
        let seen = last;
        last = records::after(journal, run, last, |record| {
            let _ = observer.send(Arc::new(record));
            Ok(())
        })
        .await?;
        for said in words {
            let _ = watcher.send(said);
        }
        lost = if now.owned || seen != last { 0 } else { lost + 1 };
        if now.state.is_final() || lost >= LOST_LOOKS {
            if lost >= LOST_LOOKS && seen == 0 {
                note(&format!("nobody drives {run} now"));
            }
            return report(journal, &now).await;
        }
        tokio::time::sleep(INTERVAL).await;
    }
}

/// Where a run stands that nobody drives.
async fn report(journal: &dyn Journal, row: &RunRow) -> Result<RunReport> {
    let reused = reuse::count(&reuse::decisions(journal, &row.run).await?);
    if let Some(ended) = records::finished(journal, row).await? {
        return Ok(recorded(row, ended, reused));
    }
    let pause = records::paused(journal, row).await?;
    let state = match (row.state, &pause) {
        // It was interrupted without a word.
        (State::Running | State::Queued, _) | (_, None) => State::Running,
        (state, Some(_)) => state,
    };
    Ok(RunReport {
        run: row.run.clone(),
        state,
        outcome: None,
        pause,
        usage: row.usage,
        failed_tasks: row.failed_tasks,
        reused,
        error: None,
    })
}
