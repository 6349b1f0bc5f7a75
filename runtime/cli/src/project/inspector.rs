//! Reads scripts inside the sandbox: hostile text can crash a parser, so none runs outside of it.

use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_host::{Guest, Host};
use serde::Deserialize;
use serde_json::json;

use super::inert::Inert;
use super::inspection::Inspection;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::home::{Home, block_on};
use crate::session;

/// Computation that reading one script may cost: some two seconds. The largest script that there
/// may be costs a small part of it.
const INSPECTION_FUEL: u64 = 4_000_000_000;

/// Reads scripts. The sandbox is set up when the first one comes.
pub struct Inspector {
    home: Home,
    fuel: u64,
    ready: Option<(Arc<Host>, Arc<Guest>)>,
}

impl Inspector {
    /// An inspector that keeps the compiled runner where `home` keeps such things.
    #[must_use]
    pub fn new(home: Home) -> Self {
        Self { home, fuel: INSPECTION_FUEL, ready: None }
    }

    /// The sandbox, if it was set up: it may serve the run as well.
    #[must_use]
    pub fn into_host(self) -> Option<Arc<Host>> {
        self.ready.map(|(host, _)| host)
    }

    /// What can be said about a script. A text that breaks the sandbox's reader is refused like any
    /// other that cannot be read.
    ///
    /// # Errors
    /// When the sandbox cannot be set up or fails.
    pub fn inspect(&mut self, path: &str, source: &str) -> Result<Inspection> {
        let (host, guest) = match &self.ready {
            Some(ready) => ready,
            None => self.ready.insert(ready(session::host(&self.home)?)?),
        };
        let mut limits = Limits::default();
        limits.workflow.fuel = limits.workflow.fuel.min(self.fuel);
        let input =
            Json::from(json!({ "op": "inspect", "script": { "path": path, "source": source } }));
        // Reading draws no random numbers.
        let seed = Digest::of(b"");
        let end = block_on(async {
            let slot = host.slot().await;
            Ok(host.run_workflow(guest, slot, &limits, &seed, &input, Box::new(Inert)).await)
        })?;
        match end.outcome {
            Ok(Outcome::Done(handoff)) => {
                let unread =
                    || CliError::new(Code::Internal, format!("reading {path} told nothing"));
                let read = Inspection::deserialize(handoff.output.value())
                    .map_err(|error| unread().because(&error))?;
                // A script is accepted by what was read of it, not by silence.
                if read.meta.is_none() && read.errors.is_empty() { Err(unread()) } else { Ok(read) }
            }
            Ok(Outcome::Failed(failure)) => Ok(unreadable(&failure)),
            Err(error) => {
                Err(CliError::new(Code::Internal, format!("cannot read {path}")).because(&error))
            }
        }
    }
}

fn ready(host: Host) -> Result<(Arc<Host>, Arc<Guest>)> {
    let guest = host.load(baton_plugins::script_runner()).map_err(|error| {
        CliError::new(Code::Internal, "the script runner cannot be loaded").because(&error)
    })?;
    Ok((Arc::new(host), guest))
}

/// A script whose text ended its reader.
fn unreadable(failure: &Failure) -> Inspection {
    let message = match failure.kind {
        FailureKind::Limit => format!("it cannot be parsed: limit {}", failure.code),
        _ => format!("it cannot be parsed, its parser broke: {}", failure.message),
    };
    let hint = "nothing nests thousands of levels deep in a script that people read";
    Inspection::refused("unreadable", message, Some(hint))
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests")]

    use baton_host::HostConfig;

    use super::*;
    use crate::args::Common;

    /// An inspector that shares compiled components with the other tests of this build.
    fn inspector(fuel: u64) -> Inspector {
        let target = std::env::current_exe().unwrap();
        let cache_dir = target.ancestors().nth(3).map(|target| target.join("tmp/cache"));
        let host = Host::new(HostConfig { cache_dir, live_max: 1 }).unwrap();
        let home = Home::find(&Common { home: Some("none".into()), plain: true }).unwrap();
        Inspector { home, fuel, ready: Some(ready(host).unwrap()) }
    }

    #[test]
    fn a_script_costs_a_small_part_of_what_reading_one_may() {
        let head = "export const meta = { name: 'x', description: 'y' }\n";
        let statements: String = (0..20_000).map(|n| format!("f({n}, [a => a]);\n")).collect();
        let text = format!("{head}{statements}");
        let mut inspector = inspector(INSPECTION_FUEL / 2);
        let read = inspector.inspect("x.js", &text).unwrap();
        assert_eq!((read.meta.unwrap().name.as_str(), read.errors), ("x", Vec::new()));
    }

    #[test]
    fn a_text_that_costs_more_is_refused_and_the_next_one_is_read() {
        let head = "export const meta = { name: 'x', description: 'y' }\n";
        let mut inspector = inspector(1_000_000);
        let long = format!("{head}{}", "x;\n".repeat(100_000));
        let refused = inspector.inspect("x.js", &long).unwrap();
        let [error] = refused.errors.as_slice() else { unreachable!("{refused:?}") };
        assert_eq!(error.message, "it cannot be parsed: limit fuel");
        inspector.fuel = INSPECTION_FUEL;
        for open in ["(", "[", "{"] {
            let deep = format!("{head}{}", open.repeat(200_000));
            let refused = inspector.inspect("x.js", &deep).unwrap();
            assert!(!refused.errors.is_empty(), "{open}");
        }
        assert_eq!(inspector.inspect("x.js", head).unwrap().errors, Vec::new());
    }
}
