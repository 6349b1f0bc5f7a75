//! Forecasts: made before a run, shown, and held against what the run came to.

mod against;
mod shape;
mod words;

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_core::forecast::Forecast;
use baton_core::json::Json;
use baton_core::scope::{Capability, NameScope};
use baton_core::tool::{Provider, ToolDefinition};
use baton_forecast::{Question, SEEDS, Tooled};

use crate::args::ForecastArgs;
use crate::commands::run::Prepared;
use crate::error::Result;
use crate::home::Home;
use crate::output::{DIM, note};
use crate::program::toolset::loosened;
use crate::project::policy::Source;
use crate::session;
use crate::text::{paint, plural};

pub use self::against::{against, footer};
pub use self::shape::ForecastShape;
pub use self::words::{bounds, lines, marked};

/// What is known of what a run will come to.
#[derive(Clone, Debug)]
pub struct Ahead {
    /// Where earlier runs are.
    pub home: Home,
    /// Whether a forecast is made, and how.
    pub wish: ForecastArgs,
    /// The input; none: there are several, or they come from elsewhere.
    pub input: Option<Json>,
    /// The forecast that was shown.
    pub forecast: Option<Box<Forecast>>,
}

impl Ahead {
    /// Nothing is known yet.
    #[must_use]
    pub fn new(home: &Home, wish: ForecastArgs) -> Self {
        Self { home: home.clone(), wish, input: None, forecast: None }
    }
}

/// Whether a dry run reads files of the granted directory.
#[must_use]
pub fn reads(prepared: &Prepared) -> bool {
    let script = prepared.bundle.script.as_deref();
    // A script reaches files, and tools that do, only by what lies beyond the dialect.
    let able = script.is_none_or(|script| script.extensions);
    let effective = &prepared.authority.effective;
    let tools = effective.tools.known.values();
    let read = effective.scope.read.is_some()
        || tools.clone().any(|tool| {
            matches!(tool.provider, Provider::Component(_)) && tool.authority.read.is_some()
        });
    able && prepared.root.is_some() && read
}

/// Whether the person granted reading, beside naming the directory.
#[must_use]
pub fn is_granted(prepared: &Prepared) -> bool {
    let granted = prepared.authority.policy.granted(Capability::Read, true);
    granted.iter().any(|rule| matches!(rule.place.source, Source::Person | Source::Flag))
}

/// Makes a forecast of a run with that input. Nothing of it remains. A person was asked before, where a
/// dry run [`reads`]; `granted`: files may be looked at also where none does.
///
/// # Errors
/// When the sandbox cannot be set up, or a dry run cannot be started.
pub fn make(
    prepared: &mut Prepared,
    input: &Json,
    home: &Home,
    seeds: Option<u32>,
    granted: bool,
) -> Result<Forecast> {
    let host = match &prepared.host {
        Some(host) => Arc::clone(host),
        None => Arc::clone(prepared.host.insert(Arc::new(session::host(home)?))),
    };
    let seeds = seeds.unwrap_or(SEEDS);
    note(&paint(DIM, &format!("{} with made-up answers …", plural(seeds.into(), "dry run"))));
    let prepared = &*prepared;
    let program = &prepared.bundle.program;
    let reads = granted || reads(prepared);
    let servers = &prepared.authority.effective.tools.servers;
    session::block_on(async {
        let (past, tooled) = match home.read()? {
            None => (Vec::new(), BTreeMap::new()),
            Some(journal) => {
                let (name, digest) = (&program.name, program.digest());
                let past = baton_forecast::history(&*journal, name, &digest, input).await?;
                (past, baton_forecast::tools(&*journal, servers).await?)
            }
        };
        let known = known(prepared, &tooled);
        let new = || {
            let mut new = prepared.new_run(input.clone(), None, None);
            new.tools.known.extend(known.clone());
            new
        };
        let concurrency = prepared.concurrency;
        let question = Question { host, new: &new, reads, concurrency, seeds, past: &past };
        let mut forecast = baton_forecast::forecast(question).await?;
        forecast.notes.extend(of_servers(servers.keys(), &tooled));
        Ok(forecast)
    })
}

/// The tools of servers that earlier runs knew, as far as this program may call them.
fn known(
    prepared: &Prepared,
    tooled: &BTreeMap<String, Tooled>,
) -> BTreeMap<String, ToolDefinition> {
    let asked = NameScope::of(&prepared.bundle.manifest.requests.tools);
    let all = tooled.values().flat_map(|tooled| &tooled.tools);
    let may = all.filter(|(name, _)| asked.allows(name));
    let policy = &prepared.authority.policy;
    may.map(|(name, tool)| (name.clone(), loosened(policy, name, tool.clone()))).collect()
}

/// What is known of servers that are not started, a note for each.
fn of_servers<'a>(
    servers: impl Iterator<Item = &'a String>,
    tooled: &BTreeMap<String, Tooled>,
) -> Vec<String> {
    let note = |server: &String| match tooled.get(server) {
        Some(Tooled { run, .. }) => {
            format!("the server {server} is not started: its tools are those that {run} knew")
        }
        None => format!(
            "the server {server} is not started, and no earlier run knew its tools: a workflow that calls \
             one is refused in a dry run"
        ),
    };
    servers.map(note).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_every_server_it_is_said_whether_its_tools_are_known() -> std::result::Result<(), String> {
        let run = "run_01JQ0000000000000000000000".parse().map_err(|_| "an id")?;
        let tooled = Tooled { run, tools: BTreeMap::new() };
        let tooled = BTreeMap::from([("near".to_owned(), tooled)]);
        let servers = ["far".to_owned(), "near".to_owned()];
        let notes = of_servers(servers.iter(), &tooled);
        assert!(notes[0].contains("far is not started, and no earlier run knew"), "{notes:?}");
        assert!(notes[1].contains("those that run_01JQ0000000000000000000000 knew"), "{notes:?}");
        Ok(())
    }
}
