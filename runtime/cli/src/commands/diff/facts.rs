//! What is known of a run that can be held against another.

use std::collections::BTreeMap;

use baton_core::digest::Digest;
use baton_core::handoff::{Outcome, Usage};
use baton_core::ids::TaskPath;
use baton_core::record::{Body, Record, RunStarted, Work};
use baton_core::reuse::request_name;
use baton_journal::rows::RunRow;
use baton_journal::store::Journal;

use crate::error::Result;
use crate::records;
use crate::totals::Totals;

/// A run.
pub struct Facts {
    /// Its row.
    pub row: RunRow,
    /// What it began with.
    pub started: Box<RunStarted>,
    /// Its tasks.
    pub tasks: BTreeMap<TaskPath, Task>,
    /// What workflows and agents read, and a digest of what they saw.
    pub reads: BTreeMap<TaskPath, BTreeMap<String, Digest>>,
    /// How it ended, if it did.
    pub end: Option<Outcome>,
    /// What it consumed.
    pub usage: Usage,
}

/// A task.
pub struct Task {
    /// What was to be done.
    pub work: Box<Work>,
    /// How it ended, if it did.
    pub end: Option<Outcome>,
    /// What was asked, as far as two calls of it are the same.
    pub key: Digest,
}

impl Facts {
    /// Reads a run.
    ///
    /// # Errors
    /// Those of the journal.
    pub async fn read(journal: &dyn Journal, row: RunRow) -> Result<Self> {
        let started = records::started(journal, &row.run).await?;
        let mut facts = Self {
            row,
            started,
            tasks: BTreeMap::new(),
            reads: BTreeMap::new(),
            end: None,
            usage: Usage::default(),
        };
        let mut totals = Totals::default();
        let run = facts.row.run.clone();
        records::after(journal, &run, 0, |record| {
            totals.take(&record);
            facts.take(record);
            Ok(())
        })
        .await?;
        let wall_ms = facts.row.updated.since(facts.row.created);
        facts.usage = Usage { wall_ms, ..totals.used };
        Ok(facts)
    }

    fn take(&mut self, record: Record) {
        match record.body {
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                let key = key(&work);
                self.tasks.insert(task, Task { work, end: None, key });
            }
            Body::Observed { workflow, request, observation, .. } => {
                let seen = Digest::of_json(&observation);
                self.reads.entry(workflow).or_default().insert(request_name(&request), seen);
            }
            Body::AgentRead { task, reads, .. } => {
                let known = self.reads.entry(task).or_default();
                known.extend(reads.iter().map(|seen| (request_name(&seen.request), seen.digest)));
            }
            Body::Completed { task, outcome, .. } => {
                if let Some(task) = self.tasks.get_mut(&task) {
                    task.end = Some(outcome);
                }
            }
            Body::Finished { outcome, .. } => self.end = Some(outcome),
            _ => {}
        }
    }

    /// The tasks right below one, in order of their numbers.
    pub fn children<'a>(
        &'a self,
        of: &'a TaskPath,
    ) -> impl Iterator<Item = (&'a TaskPath, &'a Task)> + 'a {
        self.tasks
            .range(of.clone()..)
            .take_while(move |(path, _)| path.is_within(of))
            .filter(move |(path, _)| path.depth() == of.depth() + 1)
    }

    /// How many tasks are below one.
    pub fn below(&self, of: &TaskPath) -> u64 {
        let within = self.tasks.range(of.clone()..).take_while(|(path, _)| path.is_within(of));
        within.filter(|(path, _)| *path != of).count() as u64
    }
}

/// What was asked of a task. Moments are never the same, and are left out.
fn key(work: &Work) -> Digest {
    let kind = work.kind();
    match work {
        Work::Agent { spec, .. } => Digest::of_json(&(kind, spec)),
        Work::Tool { spec, tool, .. } => Digest::of_json(&(kind, tool, &spec.input)),
        Work::Workflow { spec, .. } => Digest::of_json(&(kind, spec)),
        Work::Gate { spec, .. } => Digest::of_json(&(kind, spec)),
        Work::Sleep { .. } => Digest::of_json(kind),
    }
}
