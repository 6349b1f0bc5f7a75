//! What is to be done by a task.

use serde::{Deserialize, Serialize};

use crate::budget::Amounts;
use crate::digest::Digest;
use crate::gate::GateSpec;
use crate::ids::{TaskPath, Timestamp};
use crate::scope::Authority;
use crate::spec::{AgentSpec, WorkflowSpec};
use crate::tool::ToolSpec;

/// What is to be done by a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Work {
    /// An agent performs something.
    Agent {
        /// What was asked for.
        spec: AgentSpec,
        /// The backend that will do it.
        backend: String,
        /// What a repeat would do outside.
        effect: Effect,
    },
    /// A tool does something.
    Tool {
        /// What was asked for.
        spec: ToolSpec,
        /// Full name of the tool.
        tool: String,
        /// What it may touch.
        authority: Box<Authority>,
        /// What a repeat would do outside.
        effect: Effect,
    },
    /// Another workflow runs.
    Workflow {
        /// What was asked for.
        spec: WorkflowSpec,
        /// Its component, pinned with the program.
        component: Digest,
        /// What it may spend.
        budget: Amounts,
    },
    /// A timer runs down.
    Sleep {
        /// When it is due.
        due: Timestamp,
    },
    /// A person is asked.
    Gate {
        /// The question.
        spec: GateSpec,
        /// When the default is taken, or the gate fails; none: never.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        due: Option<Timestamp>,
    },
}

impl Work {
    /// Whether somebody performs it outside of the run's own state: an agent or a tool.
    #[must_use]
    pub fn is_performed(&self) -> bool {
        matches!(self, Self::Agent { .. } | Self::Tool { .. })
    }

    /// What a repeat would do outside; none: nobody performs it.
    #[must_use]
    pub fn effect(&self) -> Option<Effect> {
        match self {
            Self::Agent { effect, .. } | Self::Tool { effect, .. } => Some(*effect),
            Self::Workflow { .. } | Self::Sleep { .. } | Self::Gate { .. } => None,
        }
    }

    /// Short name of the kind.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Agent { .. } => "agent",
            Self::Tool { .. } => "tool",
            Self::Workflow { .. } => "workflow",
            Self::Sleep { .. } => "timer",
            Self::Gate { .. } => "gate",
        }
    }

    /// The label, if one was given.
    #[must_use]
    pub fn label(&self) -> Option<&str> {
        match self {
            Self::Agent { spec, .. } => spec.options.label.as_deref(),
            Self::Tool { spec, tool, .. } => spec.options.label.as_deref().or(Some(tool)),
            Self::Workflow { spec, .. } => spec.options.label.as_deref().or(Some(&spec.name)),
            Self::Sleep { .. } => None,
            Self::Gate { spec, .. } => spec.options.label.as_deref(),
        }
    }
}

/// What a repeat would do outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// Nothing: it only reads.
    Read,
    /// The same again, which is acceptable.
    Repeatable,
    /// Something that must not happen twice.
    Once,
}

/// A task handed to its backend.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Start {
    /// The task.
    pub task: TaskPath,
    /// The attempt, from 1.
    pub attempt: u32,
}
