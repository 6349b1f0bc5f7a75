//! What the engine must do next.

use crate::ids::{TaskPath, Timestamp};

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
