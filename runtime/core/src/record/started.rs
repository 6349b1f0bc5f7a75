//! The facts a run begins with.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::{Fork, Program, Reuse, ScriptOptions};
use crate::budget::{Amounts, Caps};
use crate::digest::Digest;
use crate::forecast::Forecast;
use crate::ids::RunId;
use crate::json::Json;
use crate::limits::Limits;
use crate::model::Models;
use crate::scope::{Authority, Scope};
use crate::tool::Tools;

/// The facts a run begins with.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct RunStarted {
    /// Record format of this run.
    pub format: u32,
    /// The run.
    pub run: RunId,
    /// What runs; its bytes are blobs.
    pub program: Program,
    /// The input.
    pub input: Json,
    /// 32 bytes from which every random number of the run's workflows follows.
    pub seed: Digest,
    /// What the root workflow may touch.
    pub scope: Scope,
    /// The tools it may call, where they come from, and the secrets they use.
    #[serde(default, skip_serializing_if = "Tools::is_empty")]
    pub tools: Tools,
    /// Models and who serves them.
    #[serde(default, skip_serializing_if = "Models::is_empty")]
    pub models: Models,
    /// The most that agents which work by themselves may touch, beside their tools: what policy
    /// grants of files and commands. Component agents have nothing of it.
    #[serde(default, skip_serializing_if = "Authority::is_nothing")]
    pub workers: Authority,
    /// Whether it goes on by itself when a provider serves again.
    #[serde(default = "yes", skip_serializing_if = "is_true")]
    pub continues: bool,
    /// W3C trace context that it was started with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub traceparent: Option<String>,
    /// The granted directory on the host, if there is one. For people and for a resume.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub root: Option<String>,
    /// The commit that was checked out there: what agents with `isolation` begin with. None where
    /// the directory is in no git repository.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub base: Option<String>,
    /// Who performs agent tasks.
    #[serde(default)]
    pub backends: BackendChoice,
    /// The script's budget.
    #[serde(default)]
    pub budget: Amounts,
    /// The operator's caps.
    #[serde(default)]
    pub caps: Caps,
    /// Agents of this run at work at once; none: only the engine's own bound.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub concurrency: Option<u32>,
    /// Every limit.
    #[serde(default)]
    pub limits: Limits,
    /// How its scripts are interpreted; none: the root workflow is no script.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub script: Option<Box<ScriptOptions>>,
    /// Paths inside the granted directory that no snapshot counts: what makes up the program and its
    /// agent definitions, because what counts of them is in the program, and Baton's own state.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub own_files: Vec<String>,
    /// The run whose results it may use.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reuse: Option<Reuse>,
    /// Where it was forked from another run.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fork: Option<Box<Fork>>,
    /// The finished run that it follows up.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follows: Option<RunId>,
    /// What it was expected to consume, if that was told before it began.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub forecast: Option<Box<Forecast>>,
    /// Who started it.
    #[serde(default)]
    pub by: String,
    /// The wasm engine that ran it first.
    #[serde(default)]
    pub engine: String,
    /// The batch it belongs to, and its line there, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub batch: Option<BatchLine>,
}

impl RunStarted {
    /// Short name of the root workflow, for people.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.program.name
    }
}

/// Which backends perform agent tasks.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct BackendChoice {
    /// The operator's choice for every agent; wins over everything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub all: Option<String>,
    /// The operator's choice by agent type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub by_type: BTreeMap<String, String>,
    /// What performs tasks for which nobody else names anything.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
}

/// Place of a run in a batch (`baton run --each`).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct BatchLine {
    /// The batch.
    pub batch: String,
    /// The line, from 1.
    pub line: u64,
}

fn yes() -> bool {
    true
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "the signature serde asks for")]
fn is_true(value: &bool) -> bool {
    *value
}
