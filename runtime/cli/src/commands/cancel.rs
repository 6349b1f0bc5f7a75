//! `baton cancel`: ask the owner of a run to cancel it or some of its tasks.

use std::collections::BTreeMap;
use std::time::Duration;

use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_journal::rows::{State, TaskRow};
use baton_journal::store::{Control, Journal};

use crate::args::{CancelArgs, Common};
use crate::codes::{Code, Exit};
use crate::control::{Fate, Told, order};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::select;
use crate::text::plural;

/// Time between two looks whether what was cancelled has ended.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Looks before the command stops waiting.
const LOOKS_MAX: u32 = 60;

/// Sends the orders, and waits for a living owner to obey each.
///
/// # Errors
/// When there is no such task, it has ended, or the journal cannot be written. What was named before
/// is cancelled then.
pub fn run(args: &CancelArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    home.read_existing()?;
    let journal = home.write()?;
    block_on(async {
        for id in &args.ids {
            cancel(&*journal, id, args.json).await?;
        }
        Ok(Exit::Done)
    })
}

async fn cancel(journal: &dyn Journal, text: &str, json: bool) -> Result<()> {
    let (row, path) = select::task(journal, text).await?;
    let id = TaskId { run: row.run.clone(), path: path.clone() };
    let tasks = journal.tasks(&row.run).await?;
    let state = state(&row.run, row.state, &tasks, &path)?;
    if state.is_final() {
        let message = format!("{id} has already ended: {}", state.as_str());
        return Err(
            CliError::new(Code::Ended, message).hint(format!("`baton show {id}` shows its result"))
        );
    }
    let open = open(&tasks, &path);
    let fate = order(journal, &row.run, Control::Cancel { task: path.clone() }).await?;
    if fate == Fate::Obeyed {
        gone(journal, &row.run, &path).await?;
    }
    let with = with(&open, &path);
    let told = Told {
        done: format!("{id} is cancelled{with}"),
        later: format!("{id} is cancelled first{with}"),
        cancelled: Some(open),
        ..Told::new(&row.run, (!path.is_root()).then_some(&path), "cancel", fate)
    };
    told.show(json)?;
    Ok(())
}

/// State of a run or of one of its tasks.
fn state(run: &RunId, of_run: State, tasks: &[TaskRow], path: &TaskPath) -> Result<State> {
    if path.is_root() {
        return Ok(of_run);
    }
    let task = tasks.iter().find(|task| task.path == *path);
    task.map(|task| task.state).ok_or_else(|| select::no_task(run, path))
}

/// Tasks at or below a path that have not ended, by kind.
fn open(tasks: &[TaskRow], path: &TaskPath) -> BTreeMap<String, u64> {
    let mut open = BTreeMap::new();
    let within = |task: &&TaskRow| task.path.is_within(path) && !task.path.is_root();
    for task in tasks.iter().filter(within).filter(|task| !task.state.is_final()) {
        *open.entry(task.kind.clone()).or_default() += 1;
    }
    open
}

/// What goes with it, in words.
fn with(open: &BTreeMap<String, u64>, path: &TaskPath) -> String {
    let others: u64 = open.values().sum();
    if others == 0 || (others == 1 && !path.is_root()) {
        return String::new();
    }
    let kinds: Vec<String> = open.iter().map(|(kind, number)| plural(*number, kind)).collect();
    format!(": {} had not ended", kinds.join(", "))
}

/// Waits a few seconds until a run or task has ended.
async fn gone(journal: &dyn Journal, run: &RunId, path: &TaskPath) -> Result<()> {
    for _ in 0..LOOKS_MAX {
        let ended = if path.is_root() {
            journal.run(run).await?.is_none_or(|row| row.state.is_final())
        } else {
            let tasks = journal.tasks(run).await?;
            tasks.iter().all(|task| task.path != *path || task.state.is_final())
        };
        if ended {
            break;
        }
        tokio::time::sleep(LOOK_INTERVAL).await;
    }
    Ok(())
}
