//! Servers of the Model Context Protocol.
use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_agents::backend::{Answer, JobContext};
use baton_core::limits::Limits;
use baton_core::tool::Server;

use crate::job::ToolJob;
use crate::secrets::Secrets;

/// Servers.
pub struct McpServers;

impl McpServers {
    /// Starts nothing.
    #[must_use]
    pub fn new(
        _servers: BTreeMap<String, Server>,
        _secrets: Arc<Secrets>,
        _supervisor: Supervisor,
        _root: Option<PathBuf>,
        _limits: Arc<Limits>,
    ) -> Self {
        Self
    }

    /// One attempt.
    pub async fn call(&self, _s: &str, _t: &str, _job: &ToolJob, _context: &JobContext) -> Answer {
        crate::toolbox::failed(baton_agents::BackendError::Cancelled)
    }

    /// Ends all.
    pub async fn close(&self) {}
}
