//! What the engine must do next.

use crate::ids::{TaskPath, Timestamp};
use crate::record::Work;

/// Something to be done outside, once the records made before it are durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Action {
    /// Hand an agent or a tool to whoever performs it when there is room for it. A tool that an agent
    /// called needs none: it works in the room of its agent, which waits for it.
    Perform {
        /// The task.
        task: TaskPath,
    },
    /// Run a child workflow.
    StartWorkflow {
        /// The task.
        task: TaskPath,
    },
    /// Report back when the moment has come.
    ArmTimer {
        /// The task.
        task: TaskPath,
        /// The moment.
        due: Timestamp,
    },
    /// Stop whatever works on the task: its result is not wanted any more.
    Abort {
        /// The task.
        task: TaskPath,
    },
    /// Something a workflow may be waiting for is there.
    Wake {
        /// The workflow.
        workflow: TaskPath,
    },
}

impl Action {
    /// What is to be done for an open task; none: nothing, it waits for a person.
    pub(crate) fn of(task: &TaskPath, work: &Work) -> Option<Self> {
        let task = task.clone();
        match work {
            Work::Agent { .. } | Work::Tool { .. } => Some(Self::Perform { task }),
            Work::Workflow { .. } => Some(Self::StartWorkflow { task }),
            Work::Sleep { due } => Some(Self::ArmTimer { task, due: *due }),
            Work::Gate { due, .. } => due.map(|due| Self::ArmTimer { task, due }),
        }
    }
}
