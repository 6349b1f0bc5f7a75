//! `baton retry`: a task once more, and everything else as it was.

use baton_core::fork::Cut;
use baton_core::ids::TaskPath;
use baton_journal::rows::{RunRow, State};
use baton_journal::store::Journal;

use crate::args::{Common, RetryArgs};
use crate::codes::{Code, Exit};
use crate::commands::fork::{Parent, Wish, task_of};
use crate::error::{CliError, Result};
use crate::home::{self, Home};
use crate::select;

/// Forks the run at the task, and lets everything else take its results from the run.
///
/// # Errors
/// When there is no such task, it is still at work, the person declines, or the fork has no result.
pub fn run(args: &RetryArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    let (row, path) = home::block_on(task_of(&*journal, &args.id))?;
    home::block_on(async {
        at_work(&*journal, &row, &path).await?;
        something_failed(&*journal, &row, &path).await
    })?;
    let parent = Parent::read(&*journal, row)?;
    // Of a whole run: from its beginning, with every result that serves.
    let (cut, except) = match path.is_root() {
        true => (Cut::After(1), Vec::new()),
        false => (Cut::At(path.clone()), vec![path]),
    };
    let plan = parent.plan(&cut, None)?;
    let wish = Wish { cut, plan, reuse: Some(except), other: None };
    parent.go(wish, &args.begin, &home, common)
}

/// Of a whole run only what failed is done again: where nothing did, there is nothing to do.
async fn something_failed(journal: &dyn Journal, row: &RunRow, path: &TaskPath) -> Result<()> {
    if !path.is_root() || row.state != State::Done {
        return Ok(());
    }
    let tasks = journal.tasks(&row.run).await?;
    if tasks.iter().any(|task| matches!(task.state, State::Failed | State::Cancelled)) {
        return Ok(());
    }
    Err(CliError::new(Code::NoFork, format!("nothing in {} failed", row.run)).hint(format!(
        "`baton retry {}/1` does one of its tasks again; `baton run … --reuse {}` does what changed",
        row.run, row.run
    )))
}

/// A task that has not ended goes on in its own run.
async fn at_work(journal: &dyn Journal, row: &RunRow, path: &TaskPath) -> Result<()> {
    if path.is_root() {
        if row.state.is_final() {
            return Ok(());
        }
        let message = format!("{} has not ended", row.run);
        return Err(CliError::new(Code::NoFork, message)
            .hint(format!("`baton resume {}` goes on with it; name a task that ended", row.run)));
    }
    let tasks = journal.tasks(&row.run).await?;
    let Some(task) = tasks.iter().find(|task| task.path == *path) else {
        return Err(select::no_task(&row.run, path));
    };
    if matches!(task.state, State::Done | State::Failed | State::Cancelled) {
        return Ok(());
    }
    let id = format!("{}/{path}", row.run);
    let hint = match task.kind.as_str() {
        "agent" => format!(
            "`baton restart {id}` lets it begin anew in its run; `baton fork {id}` makes another run"
        ),
        _ => format!("`baton fork {id}` makes another run, which does it again"),
    };
    Err(CliError::new(Code::NoFork, format!("{id} has not ended")).hint(hint))
}
