//! What a batch was started with, as it is stored.

use std::path::PathBuf;

use baton_core::budget::{Amounts, Caps};
use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::model::Models;
use baton_core::record::{BackendChoice, BatchLine, Program, ScriptOptions};
use baton_core::scope::{Authority, Scope};
use baton_core::tool::Tools;
use baton_engine::NewRun;
use baton_journal::store::{BatchRow, Blob};
use serde::{Deserialize, Serialize};

use crate::codes::Code;
use crate::commands::resume::consent::Granted;
use crate::commands::run::Prepared;
use crate::error::{CliError, Result};
use crate::session::who;
use crate::telemetry;

/// Version of the stored form of [`Spec`].
const SPEC_VERSION: u32 = 1;

/// What a batch was started with, as it is stored.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Spec {
    version: u32,
    /// The file of inputs, a blob.
    pub inputs: Digest,
    /// What runs; its components and scripts are blobs.
    pub program: Program,
    scope: Scope,
    #[serde(default, skip_serializing_if = "Tools::is_empty")]
    tools: Tools,
    #[serde(default, skip_serializing_if = "Models::is_empty")]
    models: Models,
    #[serde(default, skip_serializing_if = "Authority::is_nothing")]
    workers: Authority,
    /// Whether its runs go on by themselves when a provider serves again.
    #[serde(default = "yes")]
    continues: bool,
    root: Option<PathBuf>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    own_files: Vec<String>,
    backends: BackendChoice,
    budget: Amounts,
    caps: Caps,
    /// Agents at work at once, where the operator said so.
    pub concurrency: Option<u32>,
    /// Limits of each run.
    pub limits: Limits,
    /// How scripts are interpreted; none: the workflow is no script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    script: Option<Box<ScriptOptions>>,
}

fn yes() -> bool {
    true
}

impl Spec {
    /// What a prepared run and a file of inputs make.
    #[must_use]
    pub fn new(prepared: &Prepared, inputs: Digest) -> Self {
        Self {
            version: SPEC_VERSION,
            inputs,
            program: prepared.bundle.program.clone(),
            scope: prepared.authority.effective.scope.clone(),
            tools: prepared.authority.effective.tools.clone(),
            models: prepared.bundle.reach.models.clone(),
            workers: prepared.authority.workers.clone(),
            continues: prepared.continues,
            root: prepared.root.clone(),
            base: prepared.base.clone(),
            own_files: prepared.own_files.clone(),
            backends: prepared.bundle.backends.clone(),
            budget: prepared.budget,
            caps: prepared.caps.clone(),
            concurrency: prepared.concurrency_asked,
            limits: prepared.limits,
            script: prepared.bundle.script.clone(),
        }
    }

    /// What each of its runs is granted.
    #[must_use]
    pub fn granted(&self) -> Granted<'_> {
        let Self { scope, tools, models, workers, backends, program, root, limits, .. } = self;
        let root = root.as_deref();
        Granted {
            scope,
            tools,
            models,
            workers,
            backends,
            program,
            root,
            limits,
            recorded: false,
            replaced: None,
        }
    }

    /// One of its runs, under caps of this sitting.
    pub(super) fn run(&self, of: BatchLine, parts: Vec<Blob>, input: Json, caps: &Caps) -> NewRun {
        NewRun {
            id: None,
            program: self.program.clone(),
            parts,
            input,
            scope: self.scope.clone(),
            tools: self.tools.clone(),
            models: self.models.clone(),
            workers: self.workers.clone(),
            continues: self.continues,
            traceparent: telemetry::context(),
            root: self.root.clone(),
            base: self.base.clone(),
            backends: self.backends.clone(),
            budget: self.budget,
            caps: self.caps.updated(caps),
            concurrency: self.concurrency,
            limits: self.limits,
            script: self.script.clone(),
            by: who(),
            own_files: self.own_files.clone(),
            reuse: None,
            follows: None,
            forecast: None,
            waits: false,
            batch: Some(of),
            seed: None,
            observer: None,
            watcher: None,
        }
    }

    /// The stored form.
    ///
    /// # Errors
    /// When it cannot be JSON: a root that is not UTF-8.
    pub fn text(&self) -> Result<String> {
        serde_json::to_string(self).map_err(|error| {
            CliError::new(Code::Argument, "the batch cannot be stored").because(&error)
        })
    }

    /// Reads the stored form.
    ///
    /// # Errors
    /// When it was written by a newer release, or is damaged.
    pub fn read(row: &BatchRow) -> Result<Self> {
        let spec: Self = serde_json::from_str(&row.spec).map_err(|error| {
            CliError::new(Code::Damaged, format!("{} is damaged", row.id)).because(&error)
        })?;
        if spec.version > SPEC_VERSION {
            let message = format!("{} was started by a newer release", row.id);
            return Err(CliError::new(Code::TooNew, message));
        }
        Ok(spec)
    }
}
