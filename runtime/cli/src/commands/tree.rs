//! `baton tree`: the tasks of a run.

use crate::args::{Common, TreeArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::home::{Home, block_on};
use crate::output::{columns, stdout};
use crate::shapes::{self, TaskShape};
use crate::{render, select};

/// Shows the tasks.
///
/// # Errors
/// When there is no such run, or the journal cannot be read.
pub fn run(args: &TreeArgs, common: &Common) -> Result<Exit> {
    let journal = Home::find(common)?.read_existing()?;
    let (row, tasks) = block_on(async {
        let row = select::run(&*journal, &args.run).await?;
        let tasks = journal.tasks(&row.run).await?;
        Ok((row, tasks))
    })?;
    if args.json {
        let lines = tasks.iter().map(|task| shapes::line(&TaskShape::new(&row.run, task)));
        stdout(&lines.collect::<Result<String>>()?)?;
    } else {
        stdout(&render::tree::tree(&row, &tasks, journal.now(), columns()))?;
    }
    Ok(Exit::Done)
}
