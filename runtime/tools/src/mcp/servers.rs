//! The servers of a run.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use baton_agents::Supervisor;
use baton_agents::backend::{Answer, BackendError, JobContext, Notice};
use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::scope::Denials;
use baton_core::tool::Server;
use futures::future::join_all;
use tokio::sync::Mutex;
use tokio::time::timeout;

use super::call::{self, Miss};
use super::connection::Connection;
use super::error::{McpError, Problem};
use super::listing::{self, Listing};
use super::opener::{self, Opener};
use crate::job::ToolJob;
use crate::secrets::Secrets;

/// How long a server may take to start and tell its tools. Some are downloaded by their command.
const LIST_TIME_MAX: Duration = Duration::from_secs(120);

/// The servers of a run, each started when it is first needed.
pub struct McpServers {
    servers: BTreeMap<String, Slot>,
    secrets: Arc<Secrets>,
    supervisor: Supervisor,
    root: Option<PathBuf>,
    limits: Arc<Limits>,
}

struct Slot {
    server: Server,
    /// Locked while a connection is being opened, so that there is one.
    connection: Mutex<Option<Arc<Connection>>>,
}

impl McpServers {
    /// Starts nothing.
    #[must_use]
    pub fn new(
        servers: BTreeMap<String, Server>,
        secrets: Arc<Secrets>,
        supervisor: Supervisor,
        root: Option<PathBuf>,
        limits: Arc<Limits>,
    ) -> Self {
        let slot = |server| Slot { server, connection: Mutex::default() };
        let servers = servers.into_iter().map(|(name, server)| (name, slot(server))).collect();
        Self { servers, secrets, supervisor, root, limits }
    }

    /// The tools of a server, at most `tools.mcp_tools` and together no larger than a message may
    /// be. Starts the server.
    ///
    /// # Errors
    /// When it is not known, cannot be started, or does not answer as it should.
    pub async fn list(&self, server: &str) -> Result<Listing, McpError> {
        let listing = async {
            let connection = self.connection(server, |_, _| {}).await?;
            listing::list(&connection, server, &self.limits).await
        };
        let ms = u64::try_from(LIST_TIME_MAX.as_millis()).unwrap_or(u64::MAX);
        let listing = timeout(LIST_TIME_MAX, listing).await;
        let mut listing = listing
            .unwrap_or(Err(Problem::TimedOut { ms }))
            .map_err(|problem| self.error(server, problem))?;
        let redactor = self.secrets.redactor();
        for note in &mut listing.notes {
            *note = redactor.text(note).into_owned();
        }
        for tool in listing.tools.values_mut() {
            tool.description = redactor.text(&tool.description).into_owned();
            for schema in [&mut tool.input, &mut tool.output].into_iter().flatten() {
                *schema = redactor.json(schema);
            }
        }
        Ok(listing)
    }

    /// One attempt at a call. Starts the server if it is not there. A result that is not wanted any
    /// more, or does not come in time, is cancelled at the server.
    ///
    /// An error is `Retryable` where the server could not be started, and where it went away: then
    /// it is not known what it did.
    pub async fn call(
        &self,
        server: &str,
        tool: &str,
        job: &ToolJob,
        context: &JobContext,
    ) -> Answer {
        let output = self.attempt(server, tool, job, context).await;
        let result = match output {
            Ok(output) => Ok(Handoff { output, ..Handoff::default() }),
            Err(Miss::Stopped(error)) => Err(error),
            Err(Miss::Problem(problem)) => Err(self.error(server, problem).backend()),
        };
        Answer { result, usage: Usage::default() }
    }

    /// Whether a server is to be started with a secret that is denied.
    #[must_use]
    pub fn loses(&self, server: &str, denied: &Denials) -> bool {
        let slot = self.servers.get(server);
        slot.is_some_and(|slot| {
            opener::secrets_of(&slot.server).any(|name| denied.takes_secret(name))
        })
    }

    /// Ends every connection, and every server that was started.
    pub async fn close(&self) {
        end(self.servers.values().collect()).await;
    }

    /// The same for servers of these names only.
    pub async fn close_those(&self, names: &[String]) {
        end(names.iter().filter_map(|name| self.servers.get(name)).collect()).await;
    }

    /// The names of all.
    #[must_use]
    pub fn names(&self) -> Vec<String> {
        self.servers.keys().cloned().collect()
    }

    async fn attempt(
        &self,
        server: &str,
        tool: &str,
        job: &ToolJob,
        context: &JobContext,
    ) -> Result<Json, Miss> {
        let input = call::arguments(&job.input).ok_or_else(|| {
            let message = format!("the input of `{server}/{tool}` must be an object");
            let failure = Failure::new(FailureKind::Failed, "tool-input", message);
            Miss::Stopped(BackendError::Permanent(failure))
        })?;
        let mut stop = std::pin::pin!(call::stop(job, context));
        let started = |pid, ticks| {
            // A closed channel means that nobody keeps a journal of this job.
            let _ = context.notices.send(Notice::Process { pid, ticks });
        };
        let connection = tokio::select! {
            connection = self.connection(server, started) => connection?,
            error = &mut stop => return Err(Miss::Stopped(error)),
        };
        let traceparent = job.traceparent.as_deref();
        call::perform(&connection, tool, input, &job.limits, traceparent, stop).await
    }

    /// The connection to a server, opened if there is none that can be used.
    async fn connection(
        &self,
        name: &str,
        started: impl Fn(u32, u64),
    ) -> Result<Arc<Connection>, Problem> {
        let slot = self.servers.get(name).ok_or(Problem::Unknown)?;
        let mut held = slot.connection.lock().await;
        if let Some(connection) = held.as_ref()
            && connection.answers().await
        {
            return Ok(Arc::clone(connection));
        }
        if let Some(left) = held.take() {
            left.close().await;
        }
        let opener = Opener {
            server: &slot.server,
            secrets: &self.secrets,
            supervisor: &self.supervisor,
            root: self.root.as_deref(),
            limits: &self.limits.tools,
        };
        let connection = Arc::new(opener.open(started).await?);
        *held = Some(Arc::clone(&connection));
        Ok(connection)
    }

    /// The problem as an error, without secrets and no larger than texts may be.
    fn error(&self, server: &str, problem: Problem) -> McpError {
        let redactor = self.secrets.redactor();
        let problem = problem.told(
            |text| redactor.text(text).into_owned(),
            |json| redactor.json(&Json::from(json)).value(),
            self.limits.run.text_bytes,
        );
        McpError::new(server, problem)
    }
}

/// Ends the connections of servers, all together.
async fn end(slots: Vec<&Slot>) {
    join_all(slots.into_iter().map(|slot| async {
        let connection = slot.connection.lock().await.take();
        if let Some(connection) = connection {
            connection.close().await;
        }
    }))
    .await;
}
