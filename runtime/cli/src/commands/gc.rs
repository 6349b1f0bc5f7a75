//! `baton gc`: what is old or left behind goes.

mod leftovers;
mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::path::{Path, PathBuf};

use baton_core::ids::RunId;
use baton_journal::housekeeping::{Census, Housekeeping, Removal, Shrunk, Swept};
use baton_journal::retention::{self, Plan, Reason, Retention, Stay};
use baton_journal::rows::RunRow;

use crate::args::{Common, GcArgs};
use crate::codes::{Code, Exit};
use crate::commands::doctor::worktrees::{self, Worktree};
use crate::commands::each;
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::{note, stdout};
use crate::project::config;
use crate::project::places::Places;
use crate::records;
use crate::select;

use self::leftovers::Files;

/// Held while one process does this; a second one would only do the same.
const LOCK: &str = "gc.lock";

/// What went, or would go.
struct Outcome {
    dry: bool,
    plan: Plan,
    rows: BTreeMap<RunId, RunRow>,
    /// Runs that are gone.
    removed: Vec<(RunId, Reason)>,
    /// Runs that stay although they are too many, too old or too large, and why.
    kept: Vec<(RunId, String)>,
    swept: Swept,
    shrunk: Shrunk,
    /// Bytes of the journal's files before and after.
    file: (u64, u64),
    /// Bytes inside of them that were free before.
    free: u64,
    logs: Files,
    cache: Files,
    /// Temporary folders of killed processes.
    temporary: Files,
    worktrees: Vec<Worktree>,
}

/// Removes what settings and flags let go.
///
/// # Errors
/// When a file of settings is wrong, the journal is damaged or cannot be written, or another process
/// does the same.
pub fn run(args: &GcArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let places = Places::find()?;
    let set = config::retention(&places)?;
    let retention = Retention {
        max_age_ms: args.older_than.or(set.max_age_ms),
        max_runs: args.keep.or(set.max_runs),
        max_bytes: args.max_size.or(set.max_bytes),
    };
    let outcome = if args.dry_run {
        home.reader()?.map(|keeper| block_on(look(&home, &*keeper, &retention, &args.damaged)))
    } else {
        let done = remove(&home, &places, &retention, &args.damaged);
        match done.transpose() {
            // Whatever was done before it is done.
            Some(Err(error)) if error.code() == Some(Code::DiskFull) && home.give_up_reserve() => {
                remove(&home, &places, &retention, &args.damaged).transpose()
            }
            done => done,
        }
    };
    let Some(outcome) = outcome.transpose()? else { return nothing(&home, args) };
    if args.json {
        stdout(&words::json(&outcome)?)?;
    } else {
        stdout(&words::text(&outcome, &retention))?;
    }
    Ok(Exit::Done)
}

/// Removes what may go. None: nothing ever ran here.
fn remove(
    home: &Home,
    places: &Places,
    retention: &Retention,
    damaged: &[String],
) -> Result<Option<Outcome>> {
    let Some(keeper) = home.keeper()? else { return Ok(None) };
    let _alone = alone(home)?;
    let mut outcome = block_on(async {
        let outcome = tidy(home, &*keeper, retention, damaged).await?;
        let gone = outcome.removed.iter().map(|(run, _)| run.to_string()).collect();
        leftovers::lists(home, places, &*keeper, &gone).await?;
        Ok(outcome)
    })?;
    // The last one to close a journal carries its log over.
    drop(keeper);
    outcome.file.1 = on_disk(home);
    home.keep_reserve();
    Ok(Some(outcome))
}

fn nothing(home: &Home, args: &GcArgs) -> Result<Exit> {
    note(&format!("nothing has run in {} yet", home.dir().display()));
    if args.json {
        stdout("{}\n")?;
    }
    Ok(Exit::Done)
}

fn alone(home: &Home) -> Result<File> {
    home.top()?.lock(LOCK)?.ok_or_else(|| {
        CliError::new(Code::Locked, "another `baton gc` is at work here")
            .hint("wait for it; it does the same")
    })
}

/// The runs that were named because they are damaged.
async fn broken(keeper: &dyn Housekeeping, named: &[String]) -> Result<BTreeSet<RunId>> {
    let mut found = BTreeSet::new();
    for text in named {
        let run = select::run(keeper, text).await?.run;
        if keeper.damage(&run).await?.is_none() {
            return Err(CliError::new(Code::Argument, format!("{run} is not damaged")).hint(
                format!("`baton cancel {run}` ends it; runs that have ended go by the other rules"),
            ));
        }
        found.insert(run);
    }
    Ok(found)
}

/// What there is and what may go.
async fn consider(
    home: &Home,
    keeper: &dyn Housekeeping,
    retention: &Retention,
    damaged: &[String],
) -> Result<(Outcome, Census)> {
    let broken = broken(keeper, damaged).await?;
    let census = keeper.census().await?;
    let mut whole = BTreeSet::new();
    for (row, _) in &census.batches {
        let of_batch = |run: &&RunRow| run.batch.as_ref().is_some_and(|(of, _)| *of == row.id);
        let runs = census.runs.iter().map(|run| &run.row).filter(of_batch).count() as u64;
        if each::is_whole(keeper, row, runs).await {
            whole.insert(row.id.clone());
        }
    }
    let plan = retention::plan(&census, retention, &whole, &broken);
    let because = |stay: &Stay| match stay {
        Stay::Needed(by) => format!("{by} has not ended and refers to it"),
        Stay::Batch(batch) => format!("{batch} has lines that have not ended"),
    };
    let going: BTreeSet<&RunId> = plan.remove.iter().map(|(run, _)| run).collect();
    let damaged = census.damaged.iter().filter(|(run, _)| !going.contains(run));
    let damaged = damaged.map(|(run, what)| {
        let because = format!(
            "it is damaged ({what}), and nobody knows which blobs it needs: no blob goes before it \
             does; `baton gc --damaged {run}` removes it"
        );
        (run.clone(), because)
    });
    let stay = plan.stay.iter().map(|(run, stay)| (run.clone(), because(stay)));
    let kept = stay.chain(damaged).collect();
    let outcome = Outcome {
        dry: true,
        rows: census.runs.iter().map(|run| (run.row.run.clone(), run.row.clone())).collect(),
        removed: Vec::new(),
        kept,
        swept: Swept::default(),
        shrunk: Shrunk::default(),
        file: (on_disk(home), 0),
        free: census.file.1,
        logs: Files::default(),
        cache: Files::default(),
        temporary: Files::default(),
        worktrees: Vec::new(),
        plan,
    };
    Ok((outcome, census))
}

/// Says what would go.
async fn look(
    home: &Home,
    keeper: &dyn Housekeeping,
    retention: &Retention,
    damaged: &[String],
) -> Result<Outcome> {
    let (mut outcome, _) = consider(home, keeper, retention, damaged).await?;
    outcome.removed = outcome.plan.remove.clone();
    let gone: BTreeSet<String> = outcome.removed.iter().map(|(run, _)| run.to_string()).collect();
    let roots = roots(keeper, &outcome.removed).await;
    outcome.worktrees = worktrees::forgotten(home, keeper, &gone, &roots, true).await?;
    outcome.logs = leftovers::logs(home, keeper, &gone, true).await?;
    outcome.cache = leftovers::cache(home, true);
    outcome.temporary = leftovers::temporary(true);
    outcome.swept = Swept { blobs: outcome.plan.blobs, bytes: outcome.plan.blob_bytes };
    outcome.file.1 = outcome.file.0;
    Ok(outcome)
}

/// Lets it go.
async fn tidy(
    home: &Home,
    keeper: &dyn Housekeeping,
    retention: &Retention,
    damaged: &[String],
) -> Result<Outcome> {
    let (mut outcome, census) = consider(home, keeper, retention, damaged).await?;
    let damaged: Vec<RunId> = census.damaged.iter().map(|(run, _)| run.clone()).collect();
    // It holds every digest of the journal.
    drop(census);
    outcome.dry = false;
    let roots = roots(keeper, &outcome.plan.remove).await;
    for batch in &outcome.plan.batches {
        // False: a run of it began meanwhile. It and its runs stay.
        keeper.remove_batch(batch).await?;
    }
    for (run, reason) in outcome.plan.remove.clone() {
        // What was decided from may have changed: the removal looks again.
        let removal = match reason {
            Reason::Damaged => keeper.remove_damaged(&run).await?,
            _ => keeper.remove(&run).await?,
        };
        let why = match removal {
            Removal::Removed | Removal::Gone => {
                outcome.removed.push((run, reason));
                continue;
            }
            Removal::NotEnded => "it has not ended".to_owned(),
            Removal::Owned => "a process is at work on it".to_owned(),
            Removal::Sound => "it is not damaged any more".to_owned(),
            Removal::Needed(by) => format!("{by} has not ended and refers to it"),
            Removal::InBatch(batch) => format!("{batch} has lines that have not ended"),
        };
        outcome.kept.push((run, why));
    }
    let removed = |run: &RunId| outcome.removed.iter().any(|(gone, _)| gone == run);
    if damaged.iter().all(removed) {
        outcome.swept = keeper.sweep().await?;
    }
    let gone: BTreeSet<String> = outcome.removed.iter().map(|(run, _)| run.to_string()).collect();
    outcome.worktrees = worktrees::forgotten(home, keeper, &gone, &roots, false).await?;
    outcome.logs = leftovers::logs(home, keeper, &gone, false).await?;
    leftovers::locks(home, keeper).await?;
    leftovers::words(home, keeper).await?;
    outcome.cache = leftovers::cache(home, false);
    outcome.temporary = leftovers::temporary(false);
    outcome.shrunk = keeper.shrink().await?;
    Ok(outcome)
}

/// Directories that were granted to runs whose agents could be isolated.
async fn roots(keeper: &dyn Housekeeping, runs: &[(RunId, Reason)]) -> BTreeSet<PathBuf> {
    let mut roots = BTreeSet::new();
    for (run, _) in runs {
        // One that is gone by now has left nothing to look for.
        if let Ok(started) = records::started(keeper, run).await
            && started.base.is_some()
        {
            roots.extend(started.root.map(PathBuf::from));
        }
    }
    roots
}

/// Bytes of the journal's files.
fn on_disk(home: &Home) -> u64 {
    let size = |path: &Path| path.metadata().map_or(0, |about| about.len());
    let files = ["journal.db", "journal.db-wal"];
    files.iter().map(|name| size(&home.dir().join(name))).sum()
}
