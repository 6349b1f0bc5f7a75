//! Tells what the agents of one run say.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::backend::Activity;
use baton_core::ids::{RunId, TaskPath};

use super::{Said, Writer};
use crate::api::Watcher;

/// What the agents of one run say, to whoever looks on: in this process and in others.
pub(crate) struct Voice {
    run: RunId,
    watcher: Option<Watcher>,
    writer: Option<Arc<Writer>>,
    /// Bytes that each agent has said since it last began to wait for its model.
    said: BTreeMap<TaskPath, u64>,
}

impl Voice {
    pub(crate) fn new(run: RunId, watcher: Option<Watcher>, writer: Option<Arc<Writer>>) -> Self {
        Self { run, watcher, writer, said: BTreeMap::new() }
    }

    /// Removes what an earlier owner of the run left behind.
    pub(crate) fn begin(&self) {
        if let Some(writer) = &self.writer {
            // A run that cannot be looked at goes on all the same.
            let _ = super::remove(writer.dir(), &self.run);
        }
    }

    /// Tells what an agent does, after the record with this number.
    pub(crate) fn say(&mut self, task: &TaskPath, after: u64, activity: Activity) {
        if self.watcher.is_none() && self.writer.is_none() {
            return;
        }
        let from = match &activity {
            Activity::Waiting => {
                self.said.remove(task);
                0
            }
            Activity::Text(text) | Activity::Thinking(text) => {
                let said = self.said.entry(task.clone()).or_default();
                let from = *said;
                *said = from.saturating_add(text.len() as u64);
                from
            }
            Activity::Tool(_) => self.said.get(task).copied().unwrap_or_default(),
        };
        let said = Said { task: task.clone(), after, from, activity };
        if let Some(writer) = &self.writer {
            writer.say(&self.run, &said);
        }
        if let Some(watcher) = &self.watcher {
            // Somebody who looks no longer does not stop the run.
            let _ = watcher.send(said);
        }
    }

    /// An agent ended.
    pub(crate) fn ended(&mut self, task: &TaskPath) {
        self.said.remove(task);
    }

    /// Ends what is told of the run to other processes. Waits for a moment at the most.
    pub(crate) async fn end(&self) {
        if let Some(writer) = &self.writer {
            writer.end(&self.run).await;
        }
    }
}
