//! `baton cancel`: ask the owner of a run to cancel it or one of its tasks.

use std::time::Duration;

use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_journal::rows::State;
use baton_journal::store::{Control, Journal};

use crate::args::{CancelArgs, Common};
use crate::codes::{Code, Exit};
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::output::note;
use crate::{select, session};

/// Time between two looks whether the owner has obeyed.
const LOOK_INTERVAL: Duration = Duration::from_millis(50);
/// Looks before the command stops waiting: an owner obeys within a quarter of a second.
const LOOKS_MAX: u32 = 60;

/// Sends the order, and waits for a living owner to obey.
///
/// # Errors
/// When there is no such task, it has ended, or the journal cannot be written.
pub fn run(args: &CancelArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    home.read_existing()?;
    let journal = home.write()?;
    block_on(async {
        let (row, path) = select::task(&*journal, &args.id).await?;
        let id = TaskId { run: row.run.clone(), path: path.clone() };
        let state = state(&*journal, &row.run, &path).await?;
        if state.is_final() {
            let message = format!("{id} has already ended: {}", state.as_str());
            return Err(CliError::new(Code::Ended, message)
                .hint(format!("`baton show {id}` shows its result")));
        }
        let order = Control::Cancel { task: path.clone() };
        journal.send(&row.run, &session::who(), order).await?;
        if !row.owned {
            note(&format!(
                "{id} will be cancelled when `baton resume {}` goes on with its run",
                row.run
            ));
            return Ok(Exit::Done);
        }
        for _ in 0..LOOKS_MAX {
            tokio::time::sleep(LOOK_INTERVAL).await;
            if self::state(&*journal, &row.run, &path).await?.is_final() {
                note(&format!("{id} is cancelled"));
                return Ok(Exit::Done);
            }
        }
        note(&format!("the order is in the journal; the owner of {} has not obeyed yet", row.run));
        Ok(Exit::Done)
    })
}

/// State of a run or of one of its tasks.
async fn state(journal: &dyn Journal, run: &RunId, path: &TaskPath) -> Result<State> {
    if path.is_root() {
        let row = journal.run(run).await?;
        return row.map(|row| row.state).ok_or_else(|| select::no_task(run, path));
    }
    let tasks = journal.tasks(run).await?;
    let task = tasks.iter().find(|task| task.path == *path);
    task.map(|task| task.state).ok_or_else(|| select::no_task(run, path))
}
