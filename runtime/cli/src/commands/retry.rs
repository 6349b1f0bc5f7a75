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
    home::block_on(at_work(&*journal, &row, &path))?;
    let parent = Parent::read(&*journal, row)?;
    // Of a whole run: from its beginning, with every result that serves.
    let (cut, except) = match path.is_root() {
        true => (Cut::After(1), Vec::new()),
        false => (Cut::At(path.clone()), vec![path]),
    };
    let plan = parent.plan(&cut, None)?;
    let wish = Wish { plan, reuse: Some(except), other: None };
    parent.go(wish, &args.begin, &home, common)
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
    let message = format!("{}/{path} has not ended", row.run);
    Err(CliError::new(Code::NoFork, message).hint(format!(
        "`baton restart {}/{path}` lets it begin anew in its run; `baton fork {}/{path}` makes another run",
        row.run, row.run
    )))
}
