//! The tools of one run.

mod checks;
mod denied;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use baton_agents::backend::{Answer, BackendError, JobContext, Notice};
use baton_agents::retry::{Miss, Next, Tries};
use baton_agents::schema::Schema;
use baton_agents::{Leash, Supervisor, cancelled, narrowed};
use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::ids::TaskId;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::record::Effect;
use baton_core::scope::{Authority, Denials};
use baton_core::spec::AgentOptions;
use baton_core::tool::{EXEC, Provider, SEPARATOR, SecretSource, ToolDefinition, Tools};
use baton_core::trace::traceparent;
use baton_host::files::Root;
use baton_host::{Guest, Host};

use self::checks::Side;
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
    /// must not happen twice is tried once. An attempt that would keep something which policy denies
    /// meanwhile is ended, and another begins at once with less, if it may. Nothing that comes back
    /// holds a secret. An error of the answer is never `Retryable`.
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
            let denied = context.denied.now();
            if self.is_denied(&call.tool, &denied) {
                let message = format!("policy denies the tool `{}` now", call.tool);
                return Err(permanent(FailureKind::Refused, "tool-not-granted", message));
            }
            let job = self.job(call, definition, (&input, &key), &denied);
            let started = Instant::now();
            let (leash, inner) = Leash::new(context);
            let work = self.once(call, definition, &job, &inner);
            let taken = context.denied.more(&denied, |now| self.takes(call, definition, &job, now));
            let (mut answer, taken) = leash.hold(context, work, taken).await;
            answer.usage.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
            usage.add(&answer.usage);
            let error = match answer.result {
                Ok(handoff) => return self.output(call, definition, handoff).await,
                Err(error) => self.redacted(error),
            };
            let (failure, wait) = match (error, taken) {
                (BackendError::Cancelled, Some(now)) => {
                    let failure = narrowed(&denied, &now);
                    if call.effect == Effect::Once {
                        // It may have done what it was asked.
                        let failure = Failure { kind: FailureKind::InDoubt, ..failure };
                        return Err(BackendError::Permanent(failure));
                    }
                    (failure, Duration::ZERO)
                }
                (error, _) => {
                    let error = if call.effect == Effect::Once { last(error) } else { error };
                    match tries.after(Miss::Error(error), random()) {
                        Next::End(error) => return Err(error),
                        Next::Again { failure, wait, .. } => (failure, wait),
                    }
                }
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

    /// One attempt at a call, with less than it was granted where that is denied now.
    fn job(
        &self,
        call: &ToolCall,
        definition: &ToolDefinition,
        (input, key): (&Json, &str),
        denied: &Denials,
    ) -> ToolJob {
        let asked = call.timeout_ms.or(definition.timeout_ms);
        let ToolCall { task, attempt, .. } = call;
        let above = self.traceparent.as_deref();
        ToolJob {
            task: task.clone(),
            attempt: *attempt,
            tool: own_name(&call.tool).to_owned(),
            input: input.clone(),
            authority: Arc::new((*call.authority).clone().denied(denied)),
            root: call.root.clone().or_else(|| self.root.clone()),
            limits: Arc::clone(&self.limits),
            timeout_ms: asked.unwrap_or(self.limits.tools.timeout_ms),
            idempotency_key: key.to_owned(),
            traceparent: Some(traceparent(&task.run, above, &task.path, *attempt)),
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
}

/// The name of a tool within its provider.
fn own_name(full: &str) -> &str {
    if full == EXEC { full } else { full.split_once(SEPARATOR).map_or(full, |(_, own)| own) }
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
