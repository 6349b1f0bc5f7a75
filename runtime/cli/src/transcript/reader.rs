//! Reads entries from the records of a run.

use std::collections::HashMap;

use baton_agents::model::transcript::TurnContent;
use baton_core::digest::Digest;
use baton_core::handoff::{Outcome, Usage};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::record::{Body, Record, Work};
use baton_journal::store::Journal;

use super::{Content, Entry, What};
use crate::error::Result;

/// Records that are read at once.
const PAGE: u64 = 256;

/// Reads the entries of one task, or of all tasks of a run, as they become durable.
pub struct Reader<'a> {
    journal: &'a dyn Journal,
    run: RunId,
    /// None: all tasks.
    only: Option<TaskPath>,
    /// The last record that was read.
    last: u64,
    /// What is known of tasks that are read.
    known: HashMap<TaskPath, Known>,
    /// Calls of tools under way.
    tools: HashMap<TaskPath, String>,
    /// The task, or the run, ended.
    ended: bool,
}

#[derive(Default)]
struct Known {
    attempt: u32,
    /// The model of the last call.
    model: String,
}

impl<'a> Reader<'a> {
    /// A reader from the beginning of a run.
    #[must_use]
    pub fn new(journal: &'a dyn Journal, run: RunId, only: Option<TaskPath>) -> Self {
        let (known, tools) = (HashMap::new(), HashMap::new());
        Self { journal, run, only, last: 0, known, tools, ended: false }
    }

    /// Whether the end of the task, or of the run, has been read.
    #[must_use]
    pub fn ended(&self) -> bool {
        self.ended
    }

    /// The entries of the next page of records; none: there are no more records for now.
    ///
    /// # Errors
    /// Those of the journal. A content that cannot be read is an entry that says so.
    pub async fn next(&mut self) -> Result<Option<Vec<Entry>>> {
        let page = self.journal.records(&self.run, self.last, PAGE).await?;
        let Some(last) = page.last().map(|record| record.seq) else { return Ok(None) };
        self.last = last;
        Ok(Some(self.read(&page).await))
    }

    /// The entries of records that were read elsewhere. Those that do not tell of what is read may be
    /// left out.
    pub async fn read(&mut self, records: &[Record]) -> Vec<Entry> {
        let mut entries = Vec::new();
        for record in records {
            if let Body::Started { tasks } = &record.body {
                for start in tasks {
                    if !self.wants(&start.task) {
                        continue;
                    }
                    let (task, attempt) = (start.task.clone(), start.attempt);
                    self.known.entry(task.clone()).or_default().attempt = attempt;
                    entries.push(Entry { task, at: record.at, attempt, what: What::Started });
                }
            }
            if let Some((task, what)) = self.take(record).await {
                let attempt = self.known.get(&task).map_or(0, |known| known.attempt);
                entries.push(Entry { task, at: record.at, attempt, what });
            }
            // Attempts that follow a failed one have no start of their own.
            if let Body::AttemptFailed { task, attempt, .. } = &record.body
                && let Some(known) = self.known.get_mut(task)
            {
                known.attempt = attempt.saturating_add(1);
            }
        }
        entries
    }

    fn wants(&self, task: &TaskPath) -> bool {
        self.only.as_ref().is_none_or(|only| only == task)
    }

    async fn take(&mut self, record: &Record) -> Option<(TaskPath, What)> {
        let entry = match &record.body {
            Body::Spawned { task, work, .. } if self.wants(task) => {
                self.known.insert(task.clone(), Known::default());
                (task, What::Asked(work.clone()))
            }
            Body::Called { task, work } => return self.called(task, work),
            Body::Asked { task, call, provider, model, reserve } if self.wants(task) => {
                let backend = format!("{provider}:{model}");
                self.known.entry(task.clone()).or_default().model.clone_from(&backend);
                (task, What::Calling { call: *call, backend, reserve: *reserve })
            }
            Body::Turned { task, call, content, usage, estimated } if self.wants(task) => {
                let content = match content {
                    Some(content) => self.content(content).await,
                    None => Content::Nothing,
                };
                let backend = self.known.get(task).map(|known| known.model.clone());
                let backend = backend.unwrap_or_default();
                let (call, usage, estimated) = (*call, *usage, *estimated);
                (task, What::Turned { call, backend, usage, estimated, content })
            }
            Body::Denied { task, denial } if self.wants(task) => {
                (task, What::Denied(denial.clone()))
            }
            Body::AgentReported { task, report } if self.wants(task) => {
                (task, What::Reported(report.clone()))
            }
            Body::Reported { workflow, report, .. } if self.wants(workflow) => {
                (workflow, What::Reported(report.clone()))
            }
            Body::AttemptFailed { task, failure, usage, .. } if self.wants(task) => {
                (task, What::AttemptFailed { failure: failure.clone(), usage: *usage })
            }
            Body::Deferred { task, provider, outage, failure, until, .. } if self.wants(task) => {
                let (provider, failure) = (provider.clone(), failure.clone());
                (task, What::Deferred { provider, outage: *outage, failure, until: *until })
            }
            Body::Passed { task, rung, rungs, backend, saved_micro_usd } if self.wants(task) => {
                let (rung, rungs, saved_micro_usd) = (*rung, *rungs, *saved_micro_usd);
                (task, What::Passed { rung, rungs, backend: backend.clone(), saved_micro_usd })
            }
            Body::Completed { task, outcome, usage, reused_from } => {
                return self.completed(task, outcome, usage, reused_from.as_ref());
            }
            Body::Finished { .. } => {
                self.ended = true;
                return None;
            }
            _ => return None,
        };
        Some((entry.0.clone(), entry.1))
    }

    fn called(&mut self, task: &TaskPath, work: &Work) -> Option<(TaskPath, What)> {
        let agent = task.parent()?;
        if self.only.as_ref() == Some(task) {
            self.known.insert(task.clone(), Known::default());
            return Some((task.clone(), What::Asked(Box::new(work.clone()))));
        }
        let Work::Tool { spec, tool, .. } = work else { return None };
        if !self.wants(&agent) {
            return None;
        }
        self.tools.insert(task.clone(), tool.clone());
        let (child, tool, input) = (task.clone(), tool.clone(), spec.input.clone());
        Some((agent, What::Tool { child, tool, input }))
    }

    fn completed(
        &mut self,
        task: &TaskPath,
        outcome: &Outcome,
        usage: &Usage,
        reused_from: Option<&TaskId>,
    ) -> Option<(TaskPath, What)> {
        if let Some(tool) = self.tools.remove(task) {
            let (child, outcome, usage) = (task.clone(), outcome.clone(), *usage);
            return Some((task.parent()?, What::ToolEnded { child, tool, outcome, usage }));
        }
        if !self.wants(task) {
            return None;
        }
        self.ended |= self.only.is_some();
        let (outcome, usage) = (outcome.clone(), *usage);
        Some((task.clone(), What::Ended { outcome, usage, reused_from: reused_from.cloned() }))
    }

    pub(super) async fn content(&self, digest: &Digest) -> Content {
        match self.journal.blob(digest).await {
            Ok(bytes) => match TurnContent::parse(&bytes) {
                Ok(content) => Content::Said(Box::new(content)),
                Err(error) => Content::Unreadable(error.to_string()),
            },
            Err(error) => Content::Unreadable(error.to_string()),
        }
    }
}
