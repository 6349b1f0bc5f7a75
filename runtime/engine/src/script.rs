//! The input of an instance that interprets a script.

use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::record::{ScriptOptions, Work};
use baton_core::run::Run;
use baton_journal::store::Journal;
use serde::Serialize;

use crate::error::EngineError;

/// What the script runner is given in place of the plain input. The journal keeps the plain one:
/// all of this follows from it and from the program.
#[derive(Serialize)]
struct Envelope<'a> {
    op: &'static str,
    script: Script<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    args: Option<&'a Json>,
    /// Scripts above this one.
    depth: u32,
    nesting: u32,
    lenient: bool,
    extensions: bool,
    schema_attempts: u32,
    budget_tokens: Option<u64>,
    /// What of that was spent before this script began.
    budget_spent: u64,
}

#[derive(Serialize)]
struct Script<'a> {
    path: &'a str,
    source: &'a str,
}

/// What makes the envelope of one workflow, short of the source's bytes.
pub(crate) struct ScriptFacts {
    source: Digest,
    path: String,
    args: Option<Json>,
    depth: u32,
    options: ScriptOptions,
    budget_tokens: Option<u64>,
    budget_spent: u64,
}

impl ScriptFacts {
    /// The facts about a workflow that is a script; none if it is a component of its own.
    pub(crate) fn of(run: &Run, workflow: &TaskPath) -> Option<Self> {
        let started = run.started();
        let known = run.workflow(workflow)?;
        let options = started.script.as_deref().cloned().unwrap_or_default();
        let (source, path, absent) = if workflow.is_root() {
            (started.program.source(None)?, options.path.clone(), options.absent)
        } else {
            let Work::Workflow { spec, .. } = &*run.task(workflow)?.work else { return None };
            let source = started.program.source(Some(&spec.name))?;
            // A child named by its path carries it in its name.
            let path = spec.name.strip_prefix(FILE).unwrap_or(&spec.name);
            (source, path.to_owned(), spec.options.absent == Some(true))
        };
        // Parent and children see one pool: a child what was left of it when it began.
        let total = started.budget.output_tokens;
        let left = known.budget.output_tokens;
        Some(Self {
            source: *source,
            path,
            args: (!absent).then(|| known.input.clone()),
            depth: u32::try_from(workflow.depth()).unwrap_or(u32::MAX),
            options,
            budget_tokens: total,
            budget_spent: total.unwrap_or(0).saturating_sub(left.or(total).unwrap_or(0)),
        })
    }

    /// The input for the runner; `substitute` is a source in place of the pinned one.
    pub(crate) async fn envelope(
        &self,
        journal: &Arc<dyn Journal>,
        substitute: Option<Arc<[u8]>>,
    ) -> Result<Json, EngineError> {
        let bytes = match substitute {
            Some(bytes) => bytes,
            None => journal.blob(&self.source).await?,
        };
        self.envelope_of(&bytes)
    }

    /// Digest of the pinned source.
    pub(crate) fn source(&self) -> &Digest {
        &self.source
    }

    /// The input for the runner, with this source.
    pub(crate) fn envelope_of(&self, bytes: &[u8]) -> Result<Json, EngineError> {
        let source = std::str::from_utf8(bytes)
            .map_err(|_| EngineError::Internal(format!("script {} is not text", self.source)))?;
        let envelope = Envelope {
            op: "run",
            script: Script { path: &self.path, source },
            args: self.args.as_ref(),
            depth: self.depth,
            nesting: self.options.nesting,
            lenient: self.options.lenient,
            extensions: self.options.extensions,
            schema_attempts: self.options.schema_attempts,
            budget_tokens: self.budget_tokens,
            budget_spent: self.budget_spent,
        };
        // The text of `args` goes in as it is: the order of its keys is the author's.
        Json::of(&envelope)
            .map_err(|error| EngineError::Internal(format!("the input of a script: {error}")))
    }
}

/// Prefix of the name of a nested script that is named by its path.
const FILE: &str = "file:";
