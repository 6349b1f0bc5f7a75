//! The tools of servers, asked for after the person consented: to ask is to start them.

use std::sync::Arc;

use baton_core::limits::Limits;
use baton_core::scope::NameScope;
use baton_core::tool::SEPARATOR;
use baton_tools::mcp::McpServers;
use baton_tools::secrets::Secrets;

use crate::codes::Code;
use crate::commands::run::Prepared;
use crate::error::{CliError, Result};
use crate::output::{WARN, note};
use crate::program::toolset::loosened;
use crate::session;
use crate::text::{one_line, paint};

/// Adds the tools of the servers that the program may call, as far as it may call them.
///
/// # Errors
/// When a server cannot be used.
pub async fn ask(prepared: &mut Prepared) -> Result<()> {
    let tools = &prepared.authority.effective.tools;
    let secrets = Arc::new(Secrets::new(tools.secrets.clone()));
    for warning in secrets.warnings() {
        note(&format!("{} {}", paint(WARN, "warning:"), one_line(&warning)));
    }
    if tools.servers.is_empty() {
        return Ok(());
    }
    let limits: Arc<Limits> = Arc::new(prepared.limits);
    let root = prepared.root.clone();
    let servers =
        McpServers::new(tools.servers.clone(), secrets, session::supervisor()?, root, limits);
    let asked = list(prepared, &servers).await;
    servers.close().await;
    asked
}

async fn list(prepared: &mut Prepared, servers: &McpServers) -> Result<()> {
    let asked = NameScope::of(&prepared.bundle.manifest.requests.tools);
    let authority = &mut prepared.authority;
    let names: Vec<String> = authority.effective.tools.servers.keys().cloned().collect();
    for server in names {
        let listing = servers.list(&server).await.map_err(|error| {
            CliError::new(Code::Server, format!("the server `{server}` cannot be used"))
                .because(&error)
                .hint(format!("--deny 'tools={server}{SEPARATOR}*' goes without it"))
        })?;
        for told in &listing.notes {
            note(&format!("{} {}", paint(WARN, "note:"), one_line(told)));
        }
        for (own, definition) in listing.tools {
            let full = format!("{server}{SEPARATOR}{own}");
            if asked.allows(&full) {
                let definition = loosened(&authority.policy, &full, definition);
                authority.effective.tools.known.insert(full, definition);
            }
        }
    }
    Ok(())
}
