//! The tools of one run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Instant;

use baton_agents::backend::{Answer, BackendError, JobContext, Notice};
use baton_agents::retry::{Miss, Next, Tries};
use baton_agents::schema::Schema;
use baton_agents::{Supervisor, cancelled};
use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::ids::TaskId;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::record::Effect;
use baton_core::scope::Authority;
use baton_core::spec::AgentOptions;
use baton_core::tool::{EXEC, Provider, SEPARATOR, SecretSource, ToolDefinition, Tools};
use baton_core::trace::traceparent;
use baton_host::files::Root;
use baton_host::{Guest, Host};

use crate::component::ComponentTools;
use crate::exec::ExecTool;
use crate::job::{ToolJob, idempotency_key};
use crate::mcp::McpServers;
use crate::secrets::Secrets;

/// A call that was made a task.
#[derive(Clone, Debug)]
pub struct ToolCall {
    /// The task.
    pub task: TaskId,
    /// The attempt, from 1.
    pub attempt: u32,
    /// Full name of the tool.
    pub tool: String,
    /// Its input.
    pub input: Json,
    /// What it may touch.
    pub authority: Arc<Authority>,
    /// What a repeat would do outside.
    pub effect: Effect,
    /// Wall time of one attempt in milliseconds, where the caller says so.
    pub timeout_ms: Option<u64>,
    /// The component, of a tool that is one.
    pub guest: Option<Arc<Guest>>,
    /// Where it works in place of the granted directory: the worktree of the agent that calls.
    pub root: Option<PathBuf>,
}

/// What a toolbox is made of.
pub struct ToolboxParts {
    /// What was pinned when the run started.
    pub tools: Tools,
    /// Where keys of model providers come from, by the name of the provider.
    pub keys: BTreeMap<String, SecretSource>,
    /// What runs components.
    pub host: Arc<Host>,
    /// How programs are started.
    pub supervisor: Supervisor,
    /// The granted directory, if there is one.
    pub root: Option<Arc<Root>>,
    /// Limits of the run.
    pub limits: Arc<Limits>,
    /// W3C trace context that the run was started in.
    pub traceparent: Option<String>,
}

/// The tools of one run, whoever performs them.
pub struct Toolbox {
    known: BTreeMap<String, ToolDefinition>,
    root: Option<PathBuf>,
    limits: Arc<Limits>,
    traceparent: Option<String>,
    components: ComponentTools,
    exec: ExecTool,
    servers: McpServers,
    secrets: Arc<Secrets>,
    schemas: Mutex<BTreeMap<(String, Side), Arc<Schema>>>,
}

/// Which schema of a tool.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Side {
    Input,
    Output,
}

impl Toolbox {
    /// The toolbox of a run. Starts nothing.
    #[must_use]
    pub fn new(parts: ToolboxParts) -> Self {
        let ToolboxParts { tools, keys, host, supervisor, root, limits, traceparent } = parts;
        let Tools { known, servers, secrets, certificates, warm } = tools;
        let secrets = Arc::new(Secrets::new(secrets).with_keys(keys));
        let path = root.as_ref().map(|root| root.path().to_owned());
        Self {
            known,
            root: path.clone(),
            limits: Arc::clone(&limits),
            traceparent,
            components: ComponentTools::new(host, root, Arc::clone(&secrets), certificates, warm),
            exec: ExecTool::new(supervisor.clone()),
            servers: McpServers::new(servers, Arc::clone(&secrets), supervisor, path, limits),
            secrets,
            schemas: Mutex::default(),
        }
    }

    /// Makes attempts until one brings something, or no further one is worth it, or allowed: what
    /// must not happen twice is tried once. Nothing that comes back holds a secret. An error of the
    /// answer is never `Retryable`.
    pub async fn call(&self, mut call: ToolCall, context: &JobContext) -> Answer {
        let mut usage = Usage::default();
        let result = self.attempts(&mut call, context, &mut usage).await;
        Answer { result, usage }
    }

    /// The secrets of the run, keys of model providers among them.
    #[must_use]
    pub fn secrets(&self) -> &Arc<Secrets> {
        &self.secrets
    }

    /// Ends what was started for the run.
    pub async fn close(&self) {
        self.servers.close().await;
    }

    async fn attempts(
        &self,
        call: &mut ToolCall,
        context: &JobContext,
        usage: &mut Usage,
    ) -> Result<Handoff, BackendError> {
        let definition = self.known.get(&call.tool).ok_or_else(|| {
            let message = format!("the run has no tool `{}`", call.tool);
            permanent(FailureKind::Failed, "unknown-tool", message)
        })?;
        let key = idempotency_key(&call.task);
        let input = self.input(call, definition, &key).await?;
        let mut tries = Tries::new(&AgentOptions::default());
        loop {
            if *context.cancelled.borrow() {
                return Err(BackendError::Cancelled);
            }
            let job = ToolJob {
                task: call.task.clone(),
                attempt: call.attempt,
                tool: own_name(&call.tool).to_owned(),
                input: input.clone(),
                authority: Arc::clone(&call.authority),
                root: call.root.clone().or_else(|| self.root.clone()),
                limits: Arc::clone(&self.limits),
                timeout_ms: call
                    .timeout_ms
                    .or(definition.timeout_ms)
                    .unwrap_or(self.limits.tools.timeout_ms),
                idempotency_key: key.clone(),
                traceparent: Some(traceparent(
                    &call.task.run,
                    self.traceparent.as_deref(),
                    &call.task.path,
                    call.attempt,
                )),
            };
            let started = Instant::now();
            let mut answer = self.once(call, definition, &job, context).await;
            answer.usage.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            usage.add(&answer.usage);
            let error = match answer.result {
                Ok(handoff) => return self.output(call, definition, handoff).await,
                Err(error) => self.redacted(error),
            };
            let error = if call.effect == Effect::Once { last(error) } else { error };
            let (failure, wait) = match tries.after(Miss::Error(error), random()) {
                Next::End(error) => return Err(error),
                Next::Again { failure, wait, .. } => (failure, wait),
            };
            // A closed channel means that nobody keeps a journal of this job.
            let _ = context.notices.send(Notice::AttemptFailed {
                attempt: call.attempt,
                failure,
                usage: answer.usage,
            });
            tokio::select! {
                () = cancelled(context) => return Err(BackendError::Cancelled),
                () = tokio::time::sleep(wait) => {}
            }
            call.attempt = call.attempt.saturating_add(1);
        }
    }

    async fn once(
        &self,
        call: &ToolCall,
        definition: &ToolDefinition,
        job: &ToolJob,
        context: &JobContext,
    ) -> Answer {
        match &definition.provider {
            Provider::Component(name) => match &call.guest {
                Some(guest) => self.components.call(name, guest, job, context).await,
                None => failed(permanent(
                    FailureKind::Internal,
                    "component",
                    format!("the component `{name}` is not there"),
                )),
            },
            Provider::Exec => self.exec.call(job, context).await,
            Provider::Mcp(server) => self.servers.call(server, &job.tool, job, context).await,
        }
    }

    /// The input as the tool gets it: checked, with an idempotency key where it takes one.
    async fn input(
        &self,
        call: &ToolCall,
        definition: &ToolDefinition,
        key: &str,
    ) -> Result<Json, BackendError> {
        let input = match &definition.idempotency_key {
            Some(field) => with_key(&call.input, field, key),
            None => call.input.clone(),
        };
        self.fits(&call.tool, Side::Input, definition.input.as_ref(), &input).await?;
        Ok(input)
    }

    /// The handoff as the caller gets it: checked, without secrets, no larger than a result may be.
    async fn output(
        &self,
        call: &ToolCall,
        definition: &ToolDefinition,
        mut handoff: Handoff,
    ) -> Result<Handoff, BackendError> {
        let redactor = self.secrets.redactor();
        handoff.output = redactor.json(&handoff.output);
        handoff.summary = redactor.text(&handoff.summary).into_owned();
        let (size, max) = (handoff.output.as_str().len() as u64, self.limits.run.result_bytes);
        if size > max {
            let message = format!("the output has {size} bytes; the limit is {max}");
            return Err(permanent(FailureKind::Limit, "run.result_bytes", message));
        }
        self.fits(&call.tool, Side::Output, definition.output.as_ref(), &handoff.output).await?;
        Ok(handoff)
    }

    async fn fits(
        &self,
        tool: &str,
        side: Side,
        schema: Option<&Json>,
        value: &Json,
    ) -> Result<(), BackendError> {
        let Some(schema) = schema else { return Ok(()) };
        let key = (tool.to_owned(), side);
        let known = self.schemas().get(&key).map(Arc::clone);
        let compiled = match known {
            Some(compiled) => compiled,
            None => {
                let compiled = Schema::compile(schema).await.map_err(BackendError::Permanent)?;
                let compiled = Arc::new(compiled);
                self.schemas().insert(key, Arc::clone(&compiled));
                compiled
            }
        };
        let errors = compiled.errors(value).await.map_err(BackendError::Permanent)?;
        if errors.is_empty() {
            return Ok(());
        }
        let (kind, code, what) = match side {
            Side::Input => (FailureKind::Failed, "tool-input", "input"),
            Side::Output => (FailureKind::InvalidOutput, "tool-output", "output"),
        };
        let message =
            format!("the {what} of `{tool}` does not fit its schema: {}", errors.join("; "));
        Err(self.redacted(permanent(kind, code, message)))
    }

    fn redacted(&self, error: BackendError) -> BackendError {
        let redactor = self.secrets.redactor();
        let clean = |mut failure: Failure| {
            failure.message = redactor.text(&failure.message).into_owned();
            failure.detail = redactor.json(&failure.detail);
            failure
        };
        match error {
            BackendError::Retryable { failure, after_ms } => {
                BackendError::Retryable { failure: clean(failure), after_ms }
            }
            BackendError::Permanent(failure) => BackendError::Permanent(clean(failure)),
            BackendError::Unavailable { outage, failure, after_ms } => {
                BackendError::Unavailable { outage, failure: clean(failure), after_ms }
            }
            BackendError::Cancelled => BackendError::Cancelled,
        }
    }

    fn schemas(&self) -> std::sync::MutexGuard<'_, BTreeMap<(String, Side), Arc<Schema>>> {
        self.schemas.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of a tool within its provider.
fn own_name(full: &str) -> &str {
    if full == EXEC { full } else { full.split_once(SEPARATOR).map_or(full, |(_, own)| own) }
}

/// The input with the key, where it is an object that does not name one itself.
fn with_key(input: &Json, field: &str, key: &str) -> Json {
    match input.value() {
        serde_json::Value::Object(mut object) => {
            object.entry(field).or_insert_with(|| key.into());
            serde_json::Value::Object(object).into()
        }
        _ => input.clone(),
    }
}

/// What a call ends with whose server went away in the middle of it.
const MCP_CLOSED: &str = "mcp-closed";

/// An error after which nothing may be tried again.
fn last(error: BackendError) -> BackendError {
    match error {
        // A server that went away in the middle may have done what it was asked.
        BackendError::Retryable { mut failure, .. } => {
            if failure.code == MCP_CLOSED {
                failure.kind = FailureKind::InDoubt;
            }
            BackendError::Permanent(failure)
        }
        other => other,
    }
}

pub(crate) fn permanent(kind: FailureKind, code: &str, message: impl Into<String>) -> BackendError {
    BackendError::Permanent(Failure::new(kind, code, message))
}

/// An answer that consumed nothing.
pub(crate) fn failed(error: BackendError) -> Answer {
    Answer { result: Err(error), usage: Usage::default() }
}

/// A number that differs between calls and processes, which is all that jitter needs.
fn random() -> u64 {
    use std::hash::{BuildHasher, Hasher, RandomState};
    RandomState::new().build_hasher().finish()
}
