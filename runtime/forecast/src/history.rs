//! What earlier runs of the same workflow came to.

mod idle;

use std::collections::BTreeMap;

use baton_core::digest::Digest;
use baton_core::handoff::Usage;
use baton_core::ids::Timestamp;
use baton_core::json::Json;
use baton_core::record::{Body, RunStarted};
use baton_journal::error::JournalError;
use baton_journal::rows::{RunFilter, RunRow, State, TaskRow};
use baton_journal::store::Journal;

use self::idle::{Idle, RECORDS_MAX};
use crate::figures::{Counts, Outturn, Title};

/// How many runs are looked at, the newest first.
const RUNS_MAX: usize = 20;

/// How many rows are read to find them: names that begin with the same word are listed together.
const ROWS_MAX: u64 = 400;

/// An earlier run.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// Its program was the same, to the last byte.
    pub same_program: bool,
    /// Its input was the same.
    pub same_input: bool,
    /// What it came to.
    pub outturn: Outturn,
    /// What its agents consumed, by phase and backend.
    pub rates: BTreeMap<(Title, String), Rate>,
}

/// What agents consumed together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rate {
    /// How many.
    pub agents: u64,
    /// Tokens sent.
    pub input_tokens: u64,
    /// Tokens received.
    pub output_tokens: u64,
    /// Cost in millionths of a US dollar.
    pub cost_micro_usd: u64,
    /// Time at work, in milliseconds.
    pub ms: u64,
    /// How many of them brought no result.
    pub failed: u64,
    /// Attempts beyond the first of each.
    pub again: u64,
}

impl Rate {
    pub(crate) fn add(&mut self, more: &Self) {
        self.agents += more.agents;
        self.input_tokens = self.input_tokens.saturating_add(more.input_tokens);
        self.output_tokens = self.output_tokens.saturating_add(more.output_tokens);
        self.cost_micro_usd = self.cost_micro_usd.saturating_add(more.cost_micro_usd);
        self.ms = self.ms.saturating_add(more.ms);
        self.failed += more.failed;
        self.again += more.again;
    }
}

/// The finished runs of a workflow of that name, the newest first. Those that used results of others,
/// or share their beginning with another, are left out: they cost less than a run from the start.
///
/// # Errors
/// When the store cannot be read.
pub async fn history(
    journal: &dyn Journal,
    name: &str,
    program: &Digest,
    input: &Json,
) -> Result<Vec<Past>, JournalError> {
    let filter = RunFilter {
        states: vec![State::Done],
        prefix: Some(name.to_owned()),
        limit: Some(ROWS_MAX),
        ..RunFilter::default()
    };
    let rows = journal.runs(&filter).await?;
    let mut left = RECORDS_MAX;
    let mut found = Vec::new();
    for row in rows.into_iter().filter(|row| row.name == name) {
        if found.len() == RUNS_MAX {
            break;
        }
        let first = journal.records(&row.run, 0, 1).await?.into_iter().next();
        let Some(Body::RunStarted(started)) = first.map(|record| record.body) else { continue };
        if is_partial(&started) {
            continue;
        }
        let tasks = journal.tasks(&row.run).await?;
        let idle = Idle::of(journal, &row, &mut left).await?;
        found.push(Past {
            same_program: row.program == *program,
            same_input: started.input.digest() == input.digest(),
            ..past(&row, &tasks, &idle)
        });
    }
    Ok(found)
}

fn is_partial(started: &RunStarted) -> bool {
    started.reuse.is_some() || started.fork.is_some()
}

fn past(row: &RunRow, tasks: &[TaskRow], idle: &Idle) -> Past {
    let driven = |moment: Timestamp| idle.driven(row.created, moment);
    let started =
        |task: &&TaskRow| task.kind == "agent" && task.started.is_some() && task.attempts > 0;
    let mut rates: BTreeMap<(Title, String), Rate> = BTreeMap::new();
    let mut agents = Vec::new();
    for task in tasks.iter().filter(started) {
        let Usage { input_tokens, output_tokens, cost_micro_usd, .. } = task.usage;
        let (began, ended) = window(task, &driven);
        let counts = Counts { agents: 1, input_tokens, output_tokens, cost_micro_usd, wall_ms: 0 };
        agents.push((task.phase.clone(), counts, (began, ended)));
        let backend = task.backend.clone().unwrap_or_default();
        let ms = ended.saturating_sub(began);
        let failed = u64::from(task.state == State::Failed);
        let again = u64::from(task.attempts.saturating_sub(1));
        let rate =
            Rate { agents: 1, input_tokens, output_tokens, cost_micro_usd, ms, failed, again };
        rates.entry((task.phase.clone(), backend)).or_default().add(&rate);
    }
    let wall_ms = driven(row.updated).saturating_sub(waited(tasks, &driven));
    let outturn = Outturn::of(agents, wall_ms);
    Past { same_program: false, same_input: false, outturn, rates }
}

/// From when to when a task was at work, in milliseconds since its run began that were not idle.
fn window(task: &TaskRow, driven: &impl Fn(Timestamp) -> u64) -> (u64, u64) {
    let began = task.started.unwrap_or(task.spawned);
    (driven(began), driven(task.ended.unwrap_or(began)))
}

/// How long a run waited for nothing but people, in milliseconds: what they take for their answers no
/// forecast counts.
fn waited(tasks: &[TaskRow], driven: &impl Fn(Timestamp) -> u64) -> u64 {
    let windows = |kinds: &[&str]| -> Vec<(u64, u64)> {
        let of_kind = tasks.iter().filter(|task| kinds.contains(&task.kind.as_str()));
        of_kind.map(|task| window(task, driven)).collect()
    };
    let work = windows(&["agent", "tool", "timer"]);
    let asked = windows(&["gate"]);
    covered([work.clone(), asked].concat()) - covered(work)
}

/// How much time windows cover together.
fn covered(mut windows: Vec<(u64, u64)>) -> u64 {
    windows.sort_unstable();
    let mut covered = 0;
    let mut until = 0;
    for (began, ended) in windows {
        covered += ended.saturating_sub(began.max(until));
        until = until.max(ended);
    }
    covered
}

#[cfg(test)]
mod tests;
