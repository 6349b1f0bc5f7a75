//! The projection: rows derived from records, for queries.

use baton_core::digest::Digest;
use baton_core::handoff::Usage;
use baton_core::ids::{RunId, TaskPath, Timestamp};
use serde::{Deserialize, Serialize};

/// State of a run or a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum State {
    /// Accepted, not started.
    Queued,
    /// At work.
    Running,
    /// Waiting for a person.
    Waiting,
    /// Stopped for a time.
    Paused,
    /// Ended with a result.
    Done,
    /// Ended without one.
    Failed,
    /// Cancelled.
    Cancelled,
}

impl State {
    /// Whether nothing more will happen.
    #[must_use]
    pub fn is_final(self) -> bool {
        matches!(self, Self::Done | Self::Failed | Self::Cancelled)
    }

    /// The state as it is written.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Queued => "queued",
            Self::Running => "running",
            Self::Waiting => "waiting",
            Self::Paused => "paused",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Cancelled => "cancelled",
        }
    }
}

/// One run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct RunRow {
    /// The run.
    pub run: RunId,
    /// Name of its workflow.
    pub name: String,
    /// Its state. A run that is `running` without a living owner was interrupted: see `owned`.
    pub state: State,
    /// Why it is paused, if it is.
    pub paused: Option<String>,
    /// Whether a living process owns it now.
    pub owned: bool,
    /// Fencing epoch.
    pub epoch: u64,
    /// When it was created.
    pub created: Timestamp,
    /// When its last record was made.
    pub updated: Timestamp,
    /// Digest of its program.
    pub program: Digest,
    /// Number of records.
    pub records: u64,
    /// Number of tasks.
    pub tasks: u64,
    /// Tasks that ended without a result.
    pub failed_tasks: u64,
    /// What it consumed so far: ended agents and tools, and calls of models by those at work.
    pub usage: Usage,
    /// Code and message of the failure, if it failed.
    pub failure: Option<(String, String)>,
    /// Batch and line, if it belongs to one.
    pub batch: Option<(String, u64)>,
    /// How many of its first records are those of the run it was forked from; 0: it is no fork.
    pub shared: u64,
}

/// One task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TaskRow {
    /// Its place in the tree.
    pub path: TaskPath,
    /// `workflow`, `agent` or `timer`.
    pub kind: String,
    /// Short name.
    pub label: Option<String>,
    /// Title of its phase.
    pub phase: Option<String>,
    /// The backend that performs it, for agents.
    pub backend: Option<String>,
    /// Its state.
    pub state: State,
    /// Attempts so far.
    pub attempts: u32,
    /// When it was spawned.
    pub spawned: Timestamp,
    /// When it was first started.
    pub started: Option<Timestamp>,
    /// When it ended.
    pub ended: Option<Timestamp>,
    /// What it consumed.
    pub usage: Usage,
    /// The part of it that was metered, call by call. That of a task at work is in the run's usage
    /// already.
    pub metered: Usage,
    /// The most that the call under way may consume. In the usage of a task that ended during one.
    pub reserved: Usage,
    /// Code and message of the failure, if it failed.
    pub failure: Option<(String, String)>,
}

/// Which runs to list.
#[derive(Clone, Debug, Default)]
pub struct RunFilter {
    /// Only runs in one of these states; empty: any.
    pub states: Vec<State>,
    /// Only runs of this batch.
    pub batch: Option<String>,
    /// Only runs whose id or name starts with this.
    pub prefix: Option<String>,
    /// At most so many; none: all.
    pub limit: Option<u64>,
}
