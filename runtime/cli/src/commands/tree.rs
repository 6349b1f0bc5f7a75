//! `baton tree`: the tasks of a run.

use baton_core::ids::RunId;
use baton_core::record::Body;
use baton_core::report::Report;
use baton_journal::rows::TaskRow;
use baton_journal::store::Journal;

use crate::args::{Common, TreeArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::home::{Home, block_on};
use crate::output::{columns, stdout};
use crate::render::tree::More;
use crate::shapes::{self, TaskShape};
use crate::{gates, records, render, reuse, select};

/// Shows the tasks.
///
/// # Errors
/// When there is no such run, or the journal cannot be read.
pub fn run(args: &TreeArgs, common: &Common) -> Result<Exit> {
    let journal = Home::find(common)?.read_existing()?;
    let (row, tasks, decisions, pause, follows) = block_on(async {
        let row = select::run(&*journal, &args.run).await?;
        let mut tasks = journal.tasks(&row.run).await?;
        gates::mark(&row, &mut tasks);
        let decisions = reuse::decisions(&*journal, &row.run).await?;
        let pause = records::paused(&*journal, &row).await?;
        let follows = records::follows(&*journal, &row).await?;
        Ok((row, tasks, decisions, pause, follows))
    })?;
    if args.json {
        let shape = |task| TaskShape::new(&row.run, task, decisions.get(&task.path));
        let lines = tasks.iter().map(|task| shapes::line(&shape(task)));
        stdout(&lines.collect::<Result<String>>()?)?;
    } else {
        let to_come = block_on(to_come(&*journal, &row.run, &tasks))?;
        let more = More {
            decisions: &decisions,
            to_come: &to_come,
            pause: pause.as_ref(),
            follows: follows.as_ref(),
        };
        stdout(&render::tree::tree(&row, &tasks, more, journal.now(), columns()))?;
    }
    Ok(Exit::Done)
}

/// Titles of phases that the run's script declares and has not reached.
async fn to_come(journal: &dyn Journal, run: &RunId, tasks: &[TaskRow]) -> Result<Vec<String>> {
    let started = records::started(journal, run).await?;
    let mut left = started.script.map(|script| script.phases).unwrap_or_default();
    left.retain(|title| !tasks.iter().any(|task| task.phase.as_ref() == Some(title)));
    // A phase may have begun without tasks: only the records know.
    if !left.is_empty() {
        records::after(journal, run, 1, |record| {
            if let Body::Reported { report: Report::Phase { title }, .. } = &record.body {
                left.retain(|waiting| waiting != title);
            }
            Ok(())
        })
        .await?;
    }
    Ok(left)
}
