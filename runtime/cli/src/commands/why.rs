//! `baton why`: what a run waits for, and why its tasks are as they are.

use baton_core::ids::TaskId;

use crate::args::{Common, WhyArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::home::{Home, block_on};
use crate::output::{columns, stdout};
use crate::session::CONCURRENCY;
use crate::why::{Standing, Story, WhyShape, explain, heading, text};
use crate::{gates, records, render, select, shapes};

/// Explains a run or a task.
///
/// # Errors
/// When there is no such thing, or the journal cannot be read.
pub fn run(args: &WhyArgs, common: &Common) -> Result<Exit> {
    let journal = Home::find(common)?.read_existing()?;
    block_on(async {
        let (row, path) = select::task(&*journal, &args.id).await?;
        let mut story = Story::default();
        records::after(&*journal, &row.run, 0, |record| {
            story.take(&record);
            Ok(())
        })
        .await?;
        let Some(told) = story.tasks.get(&path) else {
            return Err(select::no_task(&row.run, &path));
        };
        let now = journal.now();
        let standing =
            Standing { run: row.run.clone(), owned: row.owned, now, places: CONCURRENCY };
        let state = if path.is_root() {
            row.state
        } else {
            let mut tasks = journal.tasks(&row.run).await?;
            gates::mark(&row, &mut tasks);
            let task = tasks.into_iter().find(|task| task.path == path);
            task.ok_or_else(|| select::no_task(&row.run, &path))?.state
        };
        let shown = render::state(state, row.owned);
        let findings = explain(&story, &path, &standing);
        if args.json {
            stdout(&shapes::line(&WhyShape::new(&standing, &path, shown.1, &findings))?)?;
            return Ok(Exit::Done);
        }
        let id = match path.is_root() {
            true => row.run.to_string(),
            false => TaskId { run: row.run.clone(), path: path.clone() }.to_string(),
        };
        let mut out = heading(&id, told.label.as_deref(), shown);
        out.push_str(&text(&standing, &path, &findings, columns()));
        stdout(&out)?;
        Ok(Exit::Done)
    })
}
