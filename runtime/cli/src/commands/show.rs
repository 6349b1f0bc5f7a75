//! `baton show`: one run or task.

mod follow;

use std::collections::BTreeMap;

use baton_core::budget::Caps;
use baton_core::handoff::Outcome;
use baton_core::ids::{TaskId, TaskPath};
use baton_core::json::Json;
use baton_core::record::{Body, Fork, Reuse, RunStarted, ScriptOptions, Work};
use baton_core::scope::Scope;
use baton_core::tool::{Denial, Tools};
use baton_journal::rows::{RunRow, TaskRow};
use baton_journal::store::Journal;
use serde::Serialize;

use crate::args::{Common, ShowArgs};
use crate::codes::Exit;
use crate::error::Result;
use crate::forecast::ForecastShape;
use crate::home::{Home, block_on};
use crate::output::{self, stdout};
use crate::render::task::Story;
use crate::reuse::Decision;
use crate::shapes::{self, RunShape, TaskShape, TotalsShape};
use crate::totals::Totals;
use crate::{gates, records, render, select};

/// A run with what it began with and how it ended.
#[derive(Serialize)]
struct RunDetail<'a> {
    #[serde(flatten)]
    row: RunShape<'a>,
    by: &'a str,
    input: &'a Json,
    root: Option<&'a str>,
    scope: &'a Scope,
    #[serde(skip_serializing_if = "Tools::is_empty")]
    tools: &'a Tools,
    caps: &'a Caps,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    programs: &'a BTreeMap<String, String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    forecast: Option<ForecastShape<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    script: Option<&'a ScriptOptions>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reuse: Option<&'a Reuse>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fork: Option<&'a Fork>,
    totals: TotalsShape<'a>,
    result: Option<&'a Outcome>,
}

/// A task with what was asked and how it ended.
#[derive(Serialize)]
struct TaskDetail<'a> {
    #[serde(flatten)]
    row: TaskShape<'a>,
    work: Option<&'a Work>,
    #[serde(skip_serializing_if = "<[Denial]>::is_empty")]
    denials: &'a [Denial],
    result: Option<&'a Outcome>,
}

/// Shows a run or a task.
///
/// # Errors
/// When there is no such thing, or the journal cannot be read.
pub fn run(args: &ShowArgs, common: &Common) -> Result<Exit> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    block_on(async {
        let (row, path) = select::task(&*journal, &args.id).await?;
        if args.follow || args.transcript.is_some() {
            let draws = output::can_draw_on_stdout(common.plain);
            let live = draws.then(|| home.live());
            return follow::tell(&*journal, &row, &path, args, live).await;
        }
        if path.is_root() {
            show_run(&*journal, &row, args.json).await
        } else {
            show_task(&*journal, &row, &path, args).await
        }
    })
}

async fn show_run(journal: &dyn Journal, row: &RunRow, json: bool) -> Result<Exit> {
    let started: Box<RunStarted> = records::started(journal, &row.run).await?;
    let finished = records::finished(journal, row).await?;
    let pause = records::paused(journal, row).await?;
    let totals = Totals::of(journal, &row.run).await?;
    let result = finished.as_ref().map(|(outcome, _)| outcome);
    if json {
        let asked = records::asked(journal, &row.run, pause.as_ref()).await?;
        let RunStarted { by, input, root, scope, tools, script, reuse, .. } = &*started;
        let detail = RunDetail {
            row: RunShape::new(row, pause.as_ref(), asked.as_ref())
                .following(started.follows.as_ref()),
            by,
            input,
            root: root.as_deref(),
            scope,
            tools,
            caps: totals.caps.as_ref().unwrap_or(&started.caps),
            programs: &totals.programs,
            forecast: started.forecast.as_deref().map(Into::into),
            script: script.as_deref(),
            reuse: reuse.as_ref(),
            fork: started.fork.as_deref(),
            totals: (&totals).into(),
            result,
        };
        stdout(&shapes::line(&detail)?)?;
    } else {
        let shown = render::task::Run { row, started: &started, pause: pause.as_ref(), result };
        stdout(&render::task::run(shown, &totals, journal.now()))?;
    }
    Ok(Exit::Done)
}

async fn show_task(
    journal: &dyn Journal,
    row: &RunRow,
    path: &TaskPath,
    args: &ShowArgs,
) -> Result<Exit> {
    let mut tasks: Vec<TaskRow> = journal.tasks(&row.run).await?;
    gates::mark(row, &mut tasks);
    let Some(task) = tasks.iter().find(|task| task.path == *path) else {
        return Err(select::no_task(&row.run, path));
    };
    let mut asked: Option<Box<Work>> = None;
    let mut ended: Option<Outcome> = None;
    let mut decision: Option<Decision> = None;
    let mut denials: Vec<Denial> = Vec::new();
    records::after(journal, &row.run, 0, |record| {
        if let Some((_, found)) = Decision::of(&record.body).filter(|(task, _)| *task == path) {
            decision = Some(found);
        }
        match record.body {
            Body::Spawned { task, work, .. } | Body::Called { task, work } if task == *path => {
                asked = Some(work);
            }
            Body::Denied { task, denial } if task == *path => denials.push(denial),
            Body::Completed { task, outcome, .. } if task == *path => ended = Some(outcome),
            _ => {}
        }
        Ok(())
    })
    .await?;
    if args.json {
        let shape = TaskShape::new(&row.run, task, decision.as_ref());
        let work = asked.as_deref();
        let detail = TaskDetail { row: shape, work, denials: &denials, result: ended.as_ref() };
        stdout(&shapes::line(&detail)?)?;
        return Ok(Exit::Done);
    }
    let told = follow::told(journal, &row.run, path, args.full).await?;
    let story = Story {
        work: asked.as_deref(),
        decision: decision.as_ref(),
        denials: if told.is_empty() { &denials } else { &[] },
        told: &told,
        result: ended.as_ref(),
    };
    stdout(&render::task::task(row, task, &story, journal.now()))?;
    Ok(Exit::Done)
}

/// The id of a task as people write it.
fn id_of(row: &RunRow, path: &TaskPath) -> String {
    TaskId { run: row.run.clone(), path: path.clone() }.to_string()
}
