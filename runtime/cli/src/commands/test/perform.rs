//! Performs cases of tools and agents in the sandbox, in a directory of their own.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use baton_agents::backend::{Answer, BackendError, Job, JobContext, Notice};
use baton_agents::{Backend, ComponentBackend};
use baton_core::handoff::{Failure, FailureKind, Handoff};
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::manifest::{Manifest, Requests};
use baton_core::scope::Capability;
use baton_core::spec::{AgentOptions, AgentSpec};
use baton_core::tool::{self, SEPARATOR};
use baton_host::Host;
use baton_host::files::Root;
use baton_scratch::Scratch;
use baton_tools::{ToolCall, Toolbox, ToolboxParts};
use serde_json::Value;
use tokio::sync::{mpsc, watch};

use super::cases::Case;
use super::place::Place;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::program::component::Component;
use crate::program::tools::{Provider, Providers};
use crate::program::toolset::effective;
use crate::project::places::Places;
use crate::project::policy::{Flag, Policy};
use crate::session::{self, supervisor};

/// Wall time of a case in milliseconds.
pub(super) const TIME_MS: u64 = 120_000;
/// Attempts of an agent at a schema: a case records one answer.
pub(super) const ATTEMPTS: u32 = 1;

/// What a case came to.
pub struct End {
    /// The output, or why there is none.
    pub result: std::result::Result<Value, Failure>,
    /// What was tried and is not granted, a line each.
    pub denied: Vec<String>,
}

impl End {
    /// A failure of the case itself.
    pub(super) fn failed(code: &str, message: impl Into<String>) -> Self {
        let failure = Failure::new(FailureKind::Failed, code, message);
        Self { result: Err(failure), denied: Vec::new() }
    }
}

/// What is tested, and what runs it.
pub struct Bench {
    /// What runs guests.
    pub host: Arc<Host>,
    /// What is granted: every file of the case's own directory, tools, and nothing else.
    pub(super) policy: Policy,
    /// Holds the directory that has no settings in it.
    _nowhere: Scratch,
}

impl Bench {
    /// A bench over a sandbox.
    ///
    /// # Errors
    /// When no directory can be made.
    pub fn new(host: Arc<Host>) -> Result<Self> {
        let nowhere = Scratch::new().map_err(|error| {
            CliError::file("make a directory in", &std::env::temp_dir(), &error)
        })?;
        let all = |capability| Flag { capability, text: "**".into() };
        let grants = [all(Capability::Read), all(Capability::Write)];
        // Settings of the project or the person would make another result elsewhere.
        let policy = Policy::load(&Places::around(nowhere.path(), |_| None), &grants, &[])?;
        Ok(Self { host, policy, _nowhere: nowhere })
    }

    /// Calls a tool.
    ///
    /// # Errors
    /// When the case or the component cannot be used.
    pub fn tool(
        &self,
        component: &Component,
        manifest: &Manifest,
        case: &Case,
        place: &Place,
    ) -> Result<End> {
        let own = match (&case.tool, manifest.tools.len()) {
            (Some(tool), _) => tool.clone(),
            (None, 1) => manifest.tools.keys().next().cloned().unwrap_or_default(),
            (None, _) => {
                let names: Vec<&str> = manifest.tools.keys().map(String::as_str).collect();
                let message = format!("the case `{}` names no `tool`", case.name);
                return Err(CliError::new(Code::File, message).hint(format!(
                    "`{}` has {}",
                    manifest.name,
                    names.join(", ")
                )));
            }
        };
        let full = format!("{}{SEPARATOR}{own}", manifest.name);
        let provider = Provider {
            manifest: manifest.clone(),
            digest: component.inspection.digest,
            path: component.path.clone(),
            persons: true,
        };
        let mut providers = Providers::default();
        providers.components.insert(manifest.name.clone(), provider);
        let requests = Requests { tools: vec![full.clone()], ..Requests::default() };
        let tools = effective(&requests, &providers, &self.policy, true)?.tools;
        let Some(definition) = tools.known.get(&full) else {
            return Ok(End::failed("unknown-tool", format!("there is no tool `{full}`")));
        };
        let call = ToolCall {
            task: task(),
            attempt: 1,
            tool: full.clone(),
            input: Json::from(
                case.input.clone().unwrap_or_else(|| Value::Object(Default::default())),
            ),
            authority: Arc::new(definition.authority.clone()),
            effect: tool::effect(definition, &definition.authority),
            timeout_ms: Some(TIME_MS),
            guest: Some(self.load(component)?),
            root: None,
        };
        let toolbox = Toolbox::new(ToolboxParts {
            tools,
            keys: BTreeMap::new(),
            host: Arc::clone(&self.host),
            supervisor: supervisor()?,
            root: Some(root(place)?),
            limits: Arc::new(Limits::default()),
            traceparent: None,
        });
        session::block_on(async {
            let end = watched(async |context| toolbox.call(call, &context).await).await;
            toolbox.close().await;
            Ok(end)
        })
    }

    /// Has an agent perform a task.
    ///
    /// # Errors
    /// When the component cannot be used.
    pub fn agent(
        &self,
        component: &Component,
        manifest: &Manifest,
        case: &Case,
        place: &Place,
    ) -> Result<End> {
        let bad = |error: baton_core::scope::PatternError| {
            CliError::new(Code::Component, "the requests of the agent cannot be read")
                .because(&error)
        };
        let scope = manifest.requests.scope().map_err(bad)?.intersect(&self.policy.scope(true));
        let spec = AgentSpec {
            prompt: case.prompt.clone().unwrap_or_default(),
            input: case.input.clone().map(Json::from),
            schema: case.schema.clone().map(Json::from),
            options: AgentOptions { schema_attempts: Some(ATTEMPTS), ..AgentOptions::default() },
        };
        let root = root(place)?;
        let job = Job {
            task: task(),
            attempt: 1,
            spec: Arc::new(spec),
            corrections: Vec::new(),
            earlier: Vec::new(),
            scope: Arc::new(scope),
            root: Some(root.path().to_owned()),
            limits: Arc::new(Limits::default()),
            timeout_ms: TIME_MS,
            definition: None,
            authority: Arc::default(),
            rung: 0,
            guidance: Arc::default(),
            traceparent: None,
        };
        let guest = self.load(component)?;
        let name = format!("component:{}", manifest.name);
        let backend = ComponentBackend::new(name, Arc::clone(&self.host), guest, Some(root));
        let backend: &dyn Backend = &backend;
        session::block_on(async {
            Ok(watched(async |context| baton_agents::work(backend, job, &context).await).await)
        })
    }

    fn load(&self, component: &Component) -> Result<Arc<baton_host::Guest>> {
        self.host.load(&component.bytes).map_err(|error| {
            CliError::new(Code::Component, "the component does not load").because(&error)
        })
    }
}

/// The one task of a case: the same for every run of it.
fn task() -> TaskId {
    TaskId { run: RunId::from_ulid(ulid::Ulid::nil()), path: TaskPath::root().child(1) }
}

fn root(place: &Place) -> Result<Arc<Root>> {
    Root::open(place.path()).map(Arc::new).map_err(|error| {
        CliError::new(Code::File, "the directory of the case cannot be opened").because(&error)
    })
}

/// The output of a handoff.
pub(super) fn output(handoff: &Handoff) -> Value {
    handoff.output.value()
}

/// Lets something work until it ends or its time is over, and notes what it was denied.
async fn watched(work: impl AsyncFnOnce(JobContext) -> Answer) -> End {
    let (cancel, cancelled) = watch::channel(false);
    let (notices, mut told) = mpsc::unbounded_channel();
    let context = JobContext::alone(cancelled, notices);
    let work = tokio::time::timeout(Duration::from_millis(TIME_MS), work(context));
    let answer = work.await;
    drop(cancel);
    let mut denied = Vec::new();
    while let Ok(notice) = told.try_recv() {
        if let Notice::Denied(denial) = notice {
            denied.push(format!("{} ({})", denial.tried, denial.code));
        }
    }
    let result = match answer.map(|answer| answer.result) {
        Ok(Ok(handoff)) => Ok(output(&handoff)),
        Ok(Err(error)) => Err(failure(error)),
        Err(_) => Err(Failure::new(FailureKind::TimedOut, "timeout", "it took too long")),
    };
    End { result, denied }
}

fn failure(error: BackendError) -> Failure {
    match error {
        BackendError::Retryable { failure, .. }
        | BackendError::Permanent(failure)
        | BackendError::Unavailable { failure, .. } => failure,
        BackendError::Cancelled => Failure::new(FailureKind::Cancelled, "cancelled", "cancelled"),
    }
}
