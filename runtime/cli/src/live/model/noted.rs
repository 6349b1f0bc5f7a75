//! Which records tell of a task.

use baton_core::ids::TaskPath;
use baton_core::record::{Body, Record};

use super::{Kind, Model};

impl Model {
    /// Keeps the number of a record with the tasks that it tells of.
    pub(super) fn note(&mut self, record: &Record) {
        let of_agent = match &record.body {
            Body::Completed { task, .. } => self.called_by_agent(task),
            _ => false,
        };
        let mut keep = |path: &TaskPath| {
            if let Some(task) = self.task_mut(path)
                && task.records.last() != Some(&record.seq)
            {
                task.records.push(record.seq);
            }
        };
        match &record.body {
            Body::Started { tasks } => tasks.iter().for_each(|start| keep(&start.task)),
            // An agent's story tells of its tools as well.
            Body::Called { task, .. } => task.parent().iter().for_each(keep),
            Body::Completed { task, .. } => {
                keep(task);
                task.parent().filter(|_| of_agent).iter().for_each(keep);
            }
            Body::Messaged { task, .. } => keep(&task.clone().unwrap_or_default()),
            Body::AgentReported { task, .. }
            | Body::Denied { task, .. }
            | Body::AttemptFailed { task, .. }
            | Body::Asked { task, .. }
            | Body::Turned { task, .. }
            | Body::Deferred { task, .. }
            | Body::Passed { task, .. }
            | Body::AgentRead { task, .. }
            | Body::NotReused { task, .. }
            | Body::CancelOrdered { task, .. }
            | Body::Heard { task, .. }
            | Body::Session { task, .. }
            | Body::RestartOrdered { task, .. } => keep(task),
            Body::Refused { workflow, .. }
            | Body::Observed { workflow, .. }
            | Body::Reported { workflow, .. } => keep(workflow),
            Body::RunStarted(_)
            | Body::PauseOrdered { .. }
            | Body::DenialsAdded { .. }
            | Body::Paused { .. }
            | Body::Resumed { .. }
            | Body::Finished { .. } => keep(&TaskPath::root()),
            Body::CancelRequested { .. }
            | Body::Process { .. }
            | Body::Snapshot(_)
            | Body::Spawned { .. }
            | Body::Listening { .. } => {}
        }
    }

    /// Whether a task is a call of a tool by an agent.
    pub(super) fn called_by_agent(&self, path: &TaskPath) -> bool {
        let parent = path.parent().and_then(|parent| self.task(&parent));
        parent.is_some_and(|parent| parent.kind == Kind::Agent)
    }
}
