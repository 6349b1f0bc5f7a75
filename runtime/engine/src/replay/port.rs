//! The calls of a workflow that only repeats.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_core::command::{BudgetView, Command, Delivery, Reply, WaitError};
use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileRequest, Observation};
use baton_core::handoff::{Artifact, Outcome};
use baton_core::ids::Timestamp;
use baton_core::replay::{Cursor, Divergence};
use baton_core::report::Report;
use baton_core::run::{CommandError, Repeated, Requests, Run, Wait};
use baton_host::port::{PortError, PortFuture, ToolOffer, WorkflowPort};
use baton_journal::store::Journal;

/// What an instance has repeated so far; outlives it.
#[derive(Clone)]
pub(super) struct Seen(Arc<Mutex<Past>>);

struct Past {
    cursor: Cursor,
    /// Commands that it repeated.
    repeated: u64,
    /// What it asked for.
    requests: Requests,
}

impl Seen {
    pub(super) fn new(cursor: Cursor, engine: &str) -> Self {
        let requests = Requests::on(engine);
        Self(Arc::new(Mutex::new(Past { cursor, repeated: 0, requests })))
    }

    /// Commands that it repeated.
    pub(super) fn repeated(&self) -> u64 {
        self.lock().repeated
    }

    pub(super) fn cursor(&self) -> Cursor {
        self.lock().cursor.clone()
    }

    /// Takes what it asked for.
    pub(super) fn take_requests(&self) -> Requests {
        std::mem::take(&mut self.lock().requests)
    }

    fn lock(&self) -> MutexGuard<'_, Past> {
        // A cursor is changed by calls of core alone, which do not panic half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The port of one instance.
pub(super) struct RepeatPort {
    pub run: Arc<Run>,
    pub journal: Arc<dyn Journal>,
    pub seen: Seen,
    /// How the workflow has to end; none: it may come to the end of its record and stay there.
    pub recorded: Option<Outcome>,
}

/// Code of the failure of a workflow that wanted one record too many.
const RECORDS: &str = "run.records";

impl RepeatPort {
    /// The first command after the record of the workflow.
    fn beyond(&self, divergence: Box<Divergence>) -> PortError {
        let failure = self.recorded.as_ref().map(Outcome::failure);
        match failure {
            None => PortError::Gone,
            Some(Some(failure)) if failure.code == RECORDS => {
                PortError::Limit { name: RECORDS, message: failure.message.clone() }
            }
            Some(_) => PortError::Diverged(divergence),
        }
    }

    fn answered<T>(
        &self,
        result: Result<Repeated<T>, CommandError>,
        seen: &mut u64,
    ) -> Result<T, PortError> {
        match result {
            Ok(Repeated::Answer(answer)) => {
                *seen += 1;
                Ok(answer)
            }
            Ok(Repeated::Beyond(divergence)) => Err(self.beyond(divergence)),
            Err(CommandError::Diverged(divergence)) => Err(PortError::Diverged(divergence)),
            Err(CommandError::Ended(_) | CommandError::Records(_)) => Err(PortError::Gone),
        }
    }

    fn bring(
        &self,
        tasks: Option<&[u64]>,
        fuel: u64,
    ) -> Result<Result<Delivery, WaitError>, PortError> {
        let mut seen = self.seen.lock();
        let cursor = &mut seen.cursor;
        match self.run.wait(cursor, tasks) {
            Ok(Wait::Ready(delivery)) => Ok(Ok(delivery)),
            Err(error) => Ok(Err(error)),
            Ok(Wait::Pending) => match self.run.waits_in_vain(cursor, fuel) {
                Some(divergence) => Err(PortError::Diverged(divergence)),
                // What is recorded of it has an end, and this one would wait for ever.
                None if self.recorded.is_some() => {
                    Err(PortError::Diverged(self.run.waits_beyond(cursor, fuel)))
                }
                None => Err(PortError::Gone),
            },
        }
    }

    async fn look(
        &self,
        request: FileRequest,
        fuel: u64,
    ) -> Result<Result<FileAnswer, FileError>, PortError> {
        let observation = {
            let mut seen = self.seen.lock();
            let Past { cursor, repeated, .. } = &mut *seen;
            let result = self.run.repeat_observation(cursor, &request, fuel);
            self.answered(result, repeated)?
        };
        let mut bytes = None;
        if let Observation::Content { digest, .. } = &*observation {
            let blob = self.journal.blob(digest).await;
            bytes = Some(blob.map_err(|error| PortError::Internal(error.to_string()))?.to_vec());
        }
        observation.answer(|digest| {
            bytes.ok_or_else(|| PortError::Internal(format!("blob {digest} is missing")))
        })
    }
}

impl WorkflowPort for RepeatPort {
    fn command(&mut self, command: Command, fuel: u64) -> Result<Reply, PortError> {
        let mut seen = self.seen.lock();
        let Past { cursor, repeated, requests } = &mut *seen;
        let request = self.run.request(cursor, &command);
        let result = self.run.repeat_command(cursor, command, fuel);
        let answer = self.answered(result, repeated)?;
        if let Some((seq, request)) = request {
            requests.add(seq, request);
        }
        Ok(answer)
    }

    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        fuel: u64,
    ) -> Result<Result<Digest, String>, PortError> {
        let digest = Digest::of(&bytes);
        let artifact = Artifact { name, media_type, digest, size: bytes.len() as u64 };
        if !self.run.artifact_fits(&mut self.seen.lock().cursor, &artifact) {
            let max = self.run.started().limits.run.artifact_bytes;
            return Ok(Err(crate::port::too_many_artifacts(max)));
        }
        self.command(Command::Report(Report::Artifact(artifact)), fuel)?;
        Ok(Ok(digest))
    }

    fn wait(
        &mut self,
        tasks: Option<Vec<u64>>,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<Delivery, WaitError>, PortError>> {
        let brought = self.bring(tasks.as_deref(), fuel);
        Box::pin(std::future::ready(brought))
    }

    fn observe(
        &mut self,
        request: FileRequest,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>> {
        Box::pin(self.look(request, fuel))
    }

    fn gate_problem(&self, _: &str) -> PortFuture<'static, Option<String>> {
        // Whether it was asked or refused is recorded; the request is the same either way.
        Box::pin(std::future::ready(None))
    }

    fn now(&self) -> Timestamp {
        self.seen.lock().cursor.now()
    }

    fn budget(&self) -> BudgetView {
        self.run.budget(&self.seen.lock().cursor)
    }

    fn tools(&self) -> Vec<ToolOffer> {
        let scope = {
            let seen = self.seen.lock();
            self.run.workflow(seen.cursor.workflow()).and_then(|own| own.scope.tools.clone())
        };
        scope.map(|scope| crate::calls::offers(&self.run, &scope)).unwrap_or_default()
    }
}
