//! `component:NAME`: an agent as a component, in an instance of its own per attempt.

use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileErrorKind, FileRequest};
use baton_core::handoff::{Artifact, Failure, FailureKind, Handoff, Outcome, Usage};
use baton_core::json::Json;
use baton_core::record::Effect;
use baton_core::refusal::Refusal;
use baton_core::report::{Level, Report};
use baton_core::reuse::{ReadSet, Seen};
use baton_core::scope::Capability;
use baton_core::tool::RawToolSpec;
use baton_host::files::{Root, ScopedFiles};
use baton_host::port::{AgentPort, CallError, PortError, PortFuture, ToolOffer};
use baton_host::{AgentTask, Guest, GuestEnd, Host};
use tokio::sync::mpsc::UnboundedSender;

use crate::backend::{
    Answer, Backend, BackendError, BackendFuture, Job, JobContext, Notice, Toolbox,
};
use crate::denied::Denied;
use crate::people;
use crate::stop::{cancelled, stop};

/// Bytes that a report counts for beside its text, so that empty ones run out too.
const REPORT_BYTES_LEAST: u64 = 16;

/// Runs a component of world `agent`.
///
/// Every attempt gets a fresh instance with its own fuel, and reads only what the scope of its task
/// lets pass: without a read scope or without a root, every call of `files` is denied. Reports and
/// artifacts are forwarded as notices. A cancelled attempt ends by dropping its instance.
pub struct ComponentBackend {
    name: String,
    host: Arc<Host>,
    guest: Arc<Guest>,
    root: Option<Arc<Root>>,
}

impl ComponentBackend {
    /// A backend for a loaded guest. `name` is the whole name, such as `component:docs-auditor`.
    #[must_use]
    pub fn new(name: String, host: Arc<Host>, guest: Arc<Guest>, root: Option<Arc<Root>>) -> Self {
        Self { name, host, guest, root }
    }

    async fn attempt(&self, job: &Job, context: &JobContext) -> Answer {
        match self.run(job, context).await {
            Ok(end) => {
                let usage = Usage { fuel: end.fuel, ..Usage::default() };
                Answer { result: judge(end), usage }
            }
            Err(error) => Answer { result: Err(error), usage: Usage::default() },
        }
    }

    async fn run(&self, job: &Job, context: &JobContext) -> Result<GuestEnd, BackendError> {
        let port = self.port(job, context).map_err(BackendError::Permanent)?;
        // The wait for room is the host's doing and does not count as time of the attempt.
        let slot = tokio::select! {
            () = cancelled(context) => return Err(BackendError::Cancelled),
            slot = self.host.slot() => slot,
        };
        let task = task(job, context);
        let perform: BackendFuture<'_, GuestEnd> =
            Box::pin(self.host.perform(&self.guest, slot, &job.limits, task, Box::new(port)));
        tokio::select! {
            end = perform => Ok(end),
            why = stop(job, context) => Err(why.error(job)),
        }
    }

    fn port(&self, job: &Job, context: &JobContext) -> Result<Port, Failure> {
        let files = match (&job.scope.read, &self.root) {
            (Some(scope), Some(root)) => Some(root.scoped(scope, &job.limits.files)),
            _ => None,
        };
        let files = files.transpose().map_err(|error| {
            Failure::new(FailureKind::Failed, "bad-scope", format!("the read scope: {error}"))
        })?;
        Ok(Port {
            files,
            reads: ReadSet::default(),
            may_read: job.scope.read.is_some(),
            notices: context.notices.clone(),
            tools: context.tools.clone(),
            denied: context.denied.clone(),
            report_bytes_left: job.limits.run.log_bytes,
            reports_dropped: 0,
            artifact_bytes_left: job.limits.run.artifact_bytes,
        })
    }
}

impl Backend for ComponentBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn can_write(&self) -> bool {
        false
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        Box::pin(self.attempt(job, context))
    }
}

fn task(job: &Job, context: &JobContext) -> AgentTask {
    let given = &job.spec.options;
    let mut options = serde_json::Map::new();
    for (key, value) in [
        ("label", &given.label),
        ("phase", &given.phase),
        ("model", &given.model),
        ("effort", &given.effort),
        ("agent_type", &given.agent_type),
        ("system", &given.system),
    ] {
        if let Some(value) = value {
            options.insert(key.into(), value.as_str().into());
        }
    }
    if !job.earlier.is_empty() {
        options.insert("earlier".into(), job.earlier.clone().into());
    }
    let messages = people::list(&context.inbox.all(), &context.redact);
    if !messages.is_empty() {
        options.insert("messages".into(), messages.into());
    }
    AgentTask {
        id: job.task.to_string(),
        attempt: job.attempt,
        prompt: job.spec.prompt.clone(),
        input: job.spec.input.clone().unwrap_or_default(),
        schema: job.spec.schema.clone(),
        corrections: job.corrections.clone(),
        options: serde_json::Value::Object(options).into(),
    }
}

fn judge(end: GuestEnd) -> Result<Handoff, BackendError> {
    match end.outcome {
        Ok(Outcome::Done(handoff)) => Ok(handoff),
        // The host's fault, or so the guest says: the next attempt may do better, within bounds.
        Ok(Outcome::Failed(failure)) if failure.kind == FailureKind::Internal => {
            Err(BackendError::Retryable { failure, after_ms: None })
        }
        Ok(Outcome::Failed(failure)) => Err(BackendError::Permanent(failure)),
        Err(error) => Err(error.into()),
    }
}

impl From<PortError> for BackendError {
    fn from(error: PortError) -> Self {
        let internal = |message: String| Failure::new(FailureKind::Internal, "host", message);
        match error {
            PortError::Gone => Self::Cancelled,
            PortError::Capacity(message) => {
                Self::Retryable { failure: internal(message.into()), after_ms: None }
            }
            PortError::Limit { name, message } => {
                Self::Permanent(Failure::new(FailureKind::Limit, name, message))
            }
            error @ (PortError::Diverged(_) | PortError::Internal(_)) => {
                Self::Permanent(internal(error.to_string()))
            }
        }
    }
}

/// The calls of one instance.
struct Port {
    files: Option<ScopedFiles>,
    reads: ReadSet,
    /// Whether the task has a read scope: that nothing was read is told then too.
    may_read: bool,
    notices: UnboundedSender<Notice>,
    tools: Option<Arc<dyn Toolbox>>,
    denied: Denied,
    /// Bytes of reports that are still passed on. Nobody else slows a guest that floods.
    report_bytes_left: u64,
    reports_dropped: u64,
    artifact_bytes_left: u64,
}

impl Port {
    fn notice(&self, notice: Notice) {
        // A closed channel means that nobody keeps a journal of this job.
        let _ = self.notices.send(notice);
    }
}

impl AgentPort for Port {
    fn report(&mut self, report: Report) {
        let text = match &report {
            Report::Phase { title } => title.len(),
            Report::Log { text, .. } => text.len(),
            Report::Progress { .. } | Report::Artifact(_) => 0,
        };
        match self.report_bytes_left.checked_sub(text as u64 + REPORT_BYTES_LEAST) {
            Some(left) => {
                self.report_bytes_left = left;
                self.notice(Notice::Report(report));
            }
            None => self.reports_dropped += 1,
        }
    }

    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
    ) -> Result<Digest, String> {
        let size = bytes.len() as u64;
        // An empty artifact costs a record all the same.
        let Some(left) = self.artifact_bytes_left.checked_sub(size.max(REPORT_BYTES_LEAST)) else {
            return Err(format!("artifacts of {size} bytes more exceed `run.artifact_bytes`"));
        };
        self.artifact_bytes_left = left;
        let digest = Digest::of(&bytes);
        self.notice(Notice::Artifact(bytes));
        self.notice(Notice::Report(Report::Artifact(Artifact { name, media_type, digest, size })));
        Ok(digest)
    }

    fn observe(&mut self, request: FileRequest) -> PortFuture<'_, Result<FileAnswer, FileError>> {
        let files = self.files.as_ref().map(|files| self.denied.reading(files));
        Box::pin(async move {
            let asked = request.clone();
            let observed = tokio::task::spawn_blocking(move || {
                let answer = match files {
                    Some(files) => files.and_then(|files| files.observe(&request)),
                    None => Err(not_granted()),
                };
                (Seen::new(request, &answer), answer)
            });
            let (seen, answer) = observed.await.unwrap_or_else(|_| {
                let message = "the request did not end";
                let answer = Err(FileError::new(FileErrorKind::Io, "io-failed", message));
                (Seen::new(asked, &answer), answer)
            });
            self.reads.note(seen);
            answer
        })
    }

    fn tools(&self) -> Vec<ToolOffer> {
        self.tools.as_ref().map(|tools| tools.offers()).unwrap_or_default()
    }

    fn call(&mut self, spec: RawToolSpec) -> PortFuture<'_, Result<Json, CallError>> {
        match &self.tools {
            Some(tools) => tools.call(spec),
            None => Box::pin(async { Err(CallError::Refused(no_tools())) }),
        }
    }
}

fn no_tools() -> Refusal {
    Refusal::denied(
        Capability::Tools,
        "tools-not-granted",
        "this agent was given no tools",
        "name them under `tools` where the agent is spawned",
    )
}

/// What a task without files gets.
#[must_use]
pub fn not_granted() -> FileError {
    let message = "this task was not granted any files";
    FileError::new(FileErrorKind::Denied, "not-granted", message)
}

impl Drop for Port {
    fn drop(&mut self) {
        let reads = std::mem::take(&mut self.reads);
        if self.may_read || !reads.is_empty() {
            let (reads, complete) = reads.finish();
            self.notice(Notice::Read { reads, complete });
        }
        if self.reports_dropped > 0 {
            let text = format!("{} reports beyond the limit were dropped", self.reports_dropped);
            self.notice(Notice::Report(Report::Log { level: Level::Warn, text }));
        }
    }
}

#[cfg(test)]
mod tests;
