//! What policy takes from tools while they are at work.

use baton_core::scope::Denials;
use baton_core::tool::{Provider, ToolDefinition};

use super::{ToolCall, Toolbox};
use crate::exec;
use crate::job::ToolJob;

impl Toolbox {
    /// Whether nobody may call a tool any more: it is denied, or its server lost something that it was
    /// to be started with.
    pub(super) fn is_denied(&self, tool: &str, denied: &Denials) -> bool {
        let provider = self.known.get(tool).map(|definition| &definition.provider);
        denied.takes_tool(tool)
            || matches!(provider, Some(Provider::Mcp(server)) if self.servers.loses(server, denied))
    }

    /// Whether more that is denied takes something from a call at work.
    pub(super) fn takes(
        &self,
        call: &ToolCall,
        definition: &ToolDefinition,
        job: &ToolJob,
        now: &Denials,
    ) -> bool {
        let left = || (*call.authority).clone().denied(now);
        self.is_denied(&call.tool, now)
            || match &definition.provider {
                Provider::Component(_) => left() != *job.authority,
                Provider::Exec => exec::keeps(job, &left()),
                // It is held to no authority: a server is a program of whoever configured it.
                Provider::Mcp(_) => false,
            }
    }

    /// Ends every server that something was taken from, or of which no tool may be called any more.
    pub async fn deny(&self, denied: &Denials) {
        let is_used = |server: &String| {
            self.known.iter().any(|(name, definition)| {
                let own = matches!(&definition.provider, Provider::Mcp(own) if own == server);
                own && !self.is_denied(name, denied)
            })
        };
        let mut gone = self.servers.names();
        gone.retain(|server| !is_used(server));
        self.servers.close_those(&gone).await;
    }
}
