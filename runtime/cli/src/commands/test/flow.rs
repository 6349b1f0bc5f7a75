//! Performs cases of workflows, components and scripts, over a journal in memory.

use std::sync::Arc;

use baton_core::budget::{Cap, Caps};
use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_engine::{Engine, EngineConfig, NewRun};
use baton_journal::memory::MemoryJournal;
use baton_scratch::Scratch;

use super::answers;
use super::cases::Case;
use super::perform::{ATTEMPTS, Bench, End, TIME_MS, output};
use super::place::Place;
use crate::error::{CliError, Result};
use crate::input::InputCheck;
use crate::program::models::Wanted;
use crate::program::toolset::effective;
use crate::program::{ScriptWishes, gather};
use crate::project::Project;
use crate::project::models::ModelSettings;
use crate::session::{self, supervisor};

impl Bench {
    /// Runs a workflow, component or script, to its end.
    ///
    /// # Errors
    /// When it cannot be started.
    pub fn workflow(
        &self,
        workflow: &str,
        project: &mut Project,
        case: &Case,
        place: &Place,
    ) -> Result<End> {
        let made = Scratch::new();
        let beside = made.map_err(|error| {
            CliError::file("make a directory in", &std::env::temp_dir(), &error)
        })?;
        let agents = [answers::backend(&case.agents, &beside.path().join("answers.json"))?];
        let wishes = ScriptWishes { lenient: false, extensions: true, schema_attempts: ATTEMPTS };
        let settings = ModelSettings::default();
        let wanted = Wanted { agents: &agents, settings: &settings };
        let mut bundle = gather(workflow, &wanted, wishes, &self.policy, project)?;
        let limits = Limits::default();
        let check = InputCheck::new(&bundle.manifest, limits.run)?;
        let input = match (&case.input, &mut bundle.script) {
            (Some(input), _) => check.parse(&input.to_string()),
            (None, Some(script)) => {
                script.absent = true;
                Ok(Json::null())
            }
            (None, None) => check.absent().or_else(|_| check.parse("null")),
        };
        let input = match input {
            Ok(input) => input,
            Err(violations) => return Ok(End::failed("input", violations.join("; "))),
        };
        let held = effective(&bundle.manifest.requests, &bundle.providers, &self.policy, true)?;
        let config = EngineConfig {
            journal: Arc::new(MemoryJournal::new()),
            host: Arc::clone(&self.host),
            supervisor: supervisor()?,
            concurrency: session::CONCURRENCY,
            backend_concurrency: Vec::new(),
            runs: 1,
            worktrees: beside.path().join("worktrees"),
            live: None,
            recorder: None,
            stand_in: None,
            policy: None,
        };
        let new = NewRun {
            scope: held.scope,
            tools: held.tools,
            models: bundle.reach.models,
            continues: false,
            root: Some(place.path().to_owned()),
            backends: bundle.backends,
            budget: bundle.budget,
            caps: Caps::of_run(Cap { wall_ms: Some(TIME_MS), ..Cap::default() }),
            limits,
            script: bundle.script,
            by: session::who(),
            seed: Some(Digest::of(b"baton test")),
            ..NewRun::new(bundle.program, bundle.parts, input)
        };
        let report = session::block_on(async {
            // An engine watches its inbox, so it begins where a runtime is.
            Ok(Engine::new(config).start(new).await?.wait().await)
        })?;
        let result = match (report.outcome, report.error) {
            (Some(Outcome::Done(handoff)), _) => Ok(output(&handoff)),
            (Some(Outcome::Failed(failure)), _) => Err(failure),
            (None, Some(error)) => return Err(error.into()),
            (None, None) => {
                let message = "the run stands still: its time is over, or it waits for a person";
                Err(Failure::new(FailureKind::TimedOut, "paused", message))
            }
        };
        Ok(End { result, denied: Vec::new() })
    }
}
