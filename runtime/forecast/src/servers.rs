//! The tools of servers that nobody starts for a forecast, as earlier runs knew them.

use std::collections::BTreeMap;

use baton_core::ids::RunId;
use baton_core::record::Body;
use baton_core::tool::{Provider, Server, ToolDefinition};
use baton_journal::error::JournalError;
use baton_journal::rows::RunFilter;
use baton_journal::store::Journal;

/// How many runs are looked at, the newest first.
const RUNS_MAX: u64 = 50;

/// The tools of a server.
#[derive(Clone, Debug, PartialEq)]
pub struct Tooled {
    /// The newest run that knew them.
    pub run: RunId,
    /// The tools, by their full names.
    pub tools: BTreeMap<String, ToolDefinition>,
}

/// What the newest runs knew of a server of that name that is reached in the same way, by name. A
/// server that no run used is not among them.
///
/// # Errors
/// When the store cannot be read.
pub async fn tools(
    journal: &dyn Journal,
    servers: &BTreeMap<String, Server>,
) -> Result<BTreeMap<String, Tooled>, JournalError> {
    let mut found: BTreeMap<String, Tooled> = BTreeMap::new();
    if servers.is_empty() {
        return Ok(found);
    }
    let filter = RunFilter { limit: Some(RUNS_MAX), ..RunFilter::default() };
    for row in journal.runs(&filter).await? {
        let first = journal.records(&row.run, 0, 1).await?.into_iter().next();
        let Some(Body::RunStarted(started)) = first.map(|record| record.body) else { continue };
        let pinned = started.tools;
        for (name, tool) in pinned.known {
            let Provider::Mcp(server) = &tool.provider else { continue };
            let same = servers.get(server);
            if same.is_none() || same != pinned.servers.get(server) {
                continue;
            }
            let known = found
                .entry(server.clone())
                .or_insert_with(|| Tooled { run: row.run.clone(), tools: BTreeMap::new() });
            known.tools.entry(name).or_insert(tool);
        }
    }
    Ok(found)
}
