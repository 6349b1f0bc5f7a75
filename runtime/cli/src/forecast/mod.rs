//! Forecasts: made before a run, shown, and held against what the run came to.

mod against;
mod shape;
mod words;

use std::sync::Arc;

use baton_core::forecast::Forecast;
use baton_core::json::Json;
use baton_core::scope::Capability;
use baton_forecast::{Question, SEEDS};

use crate::args::ForecastArgs;
use crate::commands::run::Prepared;
use crate::error::Result;
use crate::home::Home;
use crate::output::{DIM, note};
use crate::project::policy::Source;
use crate::session;
use crate::text::{paint, plural};

pub use self::against::{against, footer};
pub use self::shape::ForecastShape;
pub use self::words::{bounds, lines};

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
    // A script reaches files only by what lies beyond the dialect.
    let able = script.is_none_or(|script| script.extensions);
    able && prepared.root.is_some() && prepared.authority.effective.scope.read.is_some()
}

/// Whether the person granted reading, beside naming the directory.
#[must_use]
pub fn is_granted(prepared: &Prepared) -> bool {
    let granted = prepared.authority.policy.granted(Capability::Read, true);
    granted.iter().any(|rule| matches!(rule.place.source, Source::Person | Source::Flag))
}

/// Makes a forecast of a run with that input. Nothing of it remains.
///
/// # Errors
/// When the sandbox cannot be set up, or a dry run cannot be started.
pub fn make(
    prepared: &mut Prepared,
    input: &Json,
    home: &Home,
    seeds: Option<u32>,
) -> Result<Forecast> {
    let host = match &prepared.host {
        Some(host) => Arc::clone(host),
        None => Arc::clone(prepared.host.insert(Arc::new(session::host(home)?))),
    };
    let seeds = seeds.unwrap_or(SEEDS);
    note(&paint(DIM, &format!("{} with made-up answers …", plural(seeds.into(), "dry run"))));
    let prepared = &*prepared;
    let program = &prepared.bundle.program;
    let mut forecast = session::block_on(async {
        let past = match home.read()? {
            None => Vec::new(),
            Some(journal) => {
                let (name, digest) = (&program.name, program.digest());
                baton_forecast::history(&*journal, name, &digest, input).await?
            }
        };
        let new = || prepared.new_run(input.clone(), None, None);
        let concurrency = prepared.concurrency;
        let question = Question { host, new: &new, concurrency, seeds, past: &past };
        Ok(baton_forecast::forecast(question).await?)
    })?;
    let servers = &prepared.authority.effective.tools.servers;
    if !servers.is_empty() {
        let names: Vec<&str> = servers.keys().map(String::as_str).collect();
        forecast.notes.push(format!(
            "servers of tools are not started for a forecast; what is called there is not known: {}",
            names.join(", ")
        ));
    }
    Ok(forecast)
}
