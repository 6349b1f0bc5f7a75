//! A component that is ready to be instantiated.

use baton_core::digest::Digest;
use baton_core::manifest::World;

use crate::bindings::v0_1::{agent::AgentPre, tool::ToolPre, workflow::WorkflowPre};
use crate::inspect::Inspection;
use crate::state::{Agent, State, Workflow};
use crate::tool::ToolState;

/// A component that was compiled, linked and checked. One per digest and host.
pub struct Guest {
    pub(crate) inspection: Inspection,
    pub(crate) prepared: Prepared,
}

/// The instance to be, of any world.
pub(crate) enum Prepared {
    Workflow(WorkflowPre<State<Workflow>>),
    Agent(AgentPre<State<Agent>>),
    Tool(ToolPre<ToolState>),
}

impl Guest {
    /// Digest of the component's file.
    #[must_use]
    pub fn digest(&self) -> &Digest {
        &self.inspection.digest
    }

    /// What the component is and asks for.
    #[must_use]
    pub fn inspection(&self) -> &Inspection {
        &self.inspection
    }

    /// The world it is written for.
    #[must_use]
    pub fn world(&self) -> World {
        match self.prepared {
            Prepared::Workflow(_) => World::Workflow,
            Prepared::Agent(_) => World::Agent,
            Prepared::Tool(_) => World::Tool,
        }
    }
}

impl std::fmt::Debug for Guest {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Guest")
            .field("digest", self.digest())
            .field("world", &self.world())
            .finish()
    }
}
