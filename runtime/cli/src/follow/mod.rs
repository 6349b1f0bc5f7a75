//! A message to a run that has ended: a new run answers it, which knows what the other was given and
//! what it handed off.

mod context;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use baton_core::backend::COMPONENT;
use baton_core::ids::RunId;
use baton_core::record::RunStarted;
use baton_core::scope::{Authority, Scope};
use baton_engine::NewRun;
use baton_journal::rows::{RunRow, TaskRow};
use clap::Parser as _;

use self::context::Context;
use crate::args::{Cli, Command, Common, FollowArgs, RunArgs};
use crate::codes::{Code, Exit};
use crate::commands::resume::consent::is_mine;
use crate::commands::run::{Prepared, Wish, go};
use crate::error::{CliError, Result};
use crate::home::{self, Home};
use crate::input::Given;
use crate::output::{WARN, note};
use crate::program::models::outside;
use crate::text::{one_line, paint};
use crate::value::{self, AgentArg};
use crate::{records, result, select};

/// The workflow that answers.
pub const WORKFLOW: &str = "follow-up";

/// Starts the run that answers a message to a finished one, and shows its result.
///
/// # Errors
/// When the run has not ended, nobody is there to answer, or the answer cannot be had.
pub fn start(args: &FollowArgs, text: &str, run: &RunId, common: &Common) -> Result<Exit> {
    match drive(args, text, run, common) {
        Ok((report, totals)) => result::show(report, &totals, &args.result),
        Err(error) => {
            if args.result.json {
                result::show_failed_start(&error)?;
            }
            Err(error)
        }
    }
}

fn drive(
    args: &FollowArgs,
    text: &str,
    run: &RunId,
    common: &Common,
) -> Result<(baton_engine::RunReport, crate::totals::Totals)> {
    let home = Home::find(common)?;
    let journal = home.read_existing()?;
    let (row, started, outcome, tasks) = home::block_on(async {
        let row = select::run(&*journal, run.as_str()).await?;
        let started = records::started(&*journal, run).await?;
        let outcome = records::finished(&*journal, &row).await?;
        let tasks = journal.tasks(run).await?;
        Ok((row, started, outcome, tasks))
    })?;
    let Some((outcome, _)) = outcome else {
        let message = format!("{run} has not ended: there is nothing to follow up");
        return Err(CliError::new(Code::Argument, message)
            .hint(format!("`baton send {run}/N TEXT` reaches an agent of it")));
    };
    let context = Context::of(&started, &outcome, text);
    let asked = run_args(args, &row, &started, &tasks, context.to_json(), &home)?;
    let mut prepared = Prepared::new(&asked, &home)?;
    let choice = &prepared.bundle.backends;
    if choice.all.is_none() && choice.default.is_none() && choice.by_type.is_empty() {
        let message = format!("nobody is there to answer the message to {run}");
        return Err(CliError::new(Code::Incomplete, message).hint(
            "name a backend: --agent PROVIDER:MODEL (`baton models` lists them), --agent claude or \
             --agent 'command:./worker'",
        ));
    }
    let input = prepared.input(Given::of(asked.input.as_deref(), None))?;
    let how = (Wish::of(&asked), asked.wait);
    let follows = run.clone();
    go(prepared, input, how, &home, common, |new| NewRun {
        follows: Some(follows),
        scope: narrowed(&new.scope, &started.scope),
        workers: within(&new.workers, &started),
        ..new
    })
}

/// The flags of `baton run` that this is the same as.
fn run_args(
    args: &FollowArgs,
    row: &RunRow,
    started: &RunStarted,
    tasks: &[TaskRow],
    input: String,
    home: &Home,
) -> Result<RunArgs> {
    let plain = Cli::try_parse_from(["baton", "run", WORKFLOW]).map(|cli| cli.command);
    let Ok(Command::Run(mut asked)) = plain else {
        return Err(CliError::new(Code::Internal, "the flags of `baton run` cannot be read"));
    };
    asked.input = Some(input);
    asked.agents = backends(args, row, started, tasks, home)?;
    asked.root = started.root.as_ref().map(PathBuf::from).filter(|root| root.is_dir());
    if let (Some(root), None) = (&started.root, &asked.root) {
        let told =
            format!("{} is not there any more, so that no files can be read", one_line(root));
        note(&format!("{} {told}", paint(WARN, "note:")));
    }
    asked.consent = args.consent;
    (asked.policy, asked.caps) = (args.policy.clone(), args.caps.clone());
    asked.result = args.result;
    Ok(*asked)
}

/// Who answers: whom the person names, else whoever performed the agents of the finished run.
fn backends(
    args: &FollowArgs,
    row: &RunRow,
    started: &RunStarted,
    tasks: &[TaskRow],
    home: &Home,
) -> Result<Vec<AgentArg>> {
    if !args.agents.is_empty() {
        return Ok(args.agents.clone());
    }
    let Some(backend) = likely(started, tasks) else { return Ok(Vec::new()) };
    let id = row.batch.as_ref().map_or(row.run.as_str(), |(batch, _)| batch);
    // A journal comes with a directory, and that may be a stranger's: what it names starts nothing.
    if outside(&backend) && !is_mine(id, home)? {
        let told = format!("{} was not started by you: say who answers with --agent", row.run);
        return Err(CliError::new(Code::ConsentNeeded, told)
            .hint(format!("its agents were performed by {}", one_line(&backend))));
    }
    Ok(value::agent(&backend).into_iter().collect())
}

/// The backend that performed a run's agents, as far as it answers to other tasks, too.
fn likely(started: &RunStarted, tasks: &[TaskRow]) -> Option<String> {
    let chosen = started.backends.all.as_ref().or(started.backends.default.as_ref()).cloned();
    let chosen = chosen.or_else(|| {
        let mut counts = std::collections::BTreeMap::<&str, usize>::new();
        for task in tasks.iter().filter(|task| task.kind == "agent") {
            *counts.entry(task.backend.as_deref()?).or_default() += 1;
        }
        counts.into_iter().max_by_key(|(_, count)| *count).map(|(name, _)| name.to_owned())
    });
    // A component is made for tasks of its workflow.
    chosen.filter(|backend| !backend.starts_with(COMPONENT))
}

/// What a follow-up may read: what policy grants it, as far as the finished run might.
fn narrowed(own: &Scope, finished: &Scope) -> Scope {
    Scope { agents: own.agents, ..own.intersect(finished) }
}

/// What agents that work by themselves may touch: no more than those of the finished run, and files
/// as far as its workflow might read them.
fn within(own: &Authority, finished: &RunStarted) -> Authority {
    if !finished.workers.is_nothing() {
        return own.intersect(&finished.workers);
    }
    let reading = Authority { read: finished.scope.read.clone(), ..Authority::default() };
    own.intersect(&reading)
}
