//! The calls of a workflow, answered from its run.

use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use baton_agents::schema::Schema;
use baton_core::command::{BudgetView, Command, Delivery, Reply, WaitError};
use baton_core::digest::Digest;
use baton_core::files::{FileAnswer, FileError, FileErrorKind, FileRequest, Observation};
use baton_core::gate::{GateOptions, GateSpec};
use baton_core::handoff::Artifact;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::report::Report;
use baton_core::run::{CommandError, Wait};
use baton_host::Host;
use baton_host::files::ScopedFiles;
use baton_host::port::{PortError, PortFuture, ToolOffer, WorkflowPort};
use baton_journal::store::{Blob, Journal};

use crate::shared::{Cell, Event, Instance, Shared};

/// How long an instance waits in memory before it is evicted.
const PARK: Duration = Duration::from_secs(5);

/// The same while instances are scarce: long enough for an answer that is on its way.
const PARK_CROWDED: Duration = Duration::from_millis(20);

/// The port of one instance.
pub(crate) struct GuestPort {
    pub shared: Arc<Shared>,
    pub workflow: TaskPath,
    pub journal: Arc<dyn Journal>,
    pub host: Arc<Host>,
    pub files: Option<ScopedFiles>,
}

impl GuestPort {
    /// Works on the run and this instance together.
    fn with<T>(
        &self,
        act: impl FnOnce(&mut Cell, &mut Instance) -> Result<T, PortError>,
    ) -> Result<T, PortError> {
        let mut cell = self.shared.lock();
        // Taken out for the call, so that both can be changed.
        let mut instance = cell.instances.remove(&self.workflow).ok_or(PortError::Gone)?;
        let result = act(&mut cell, &mut instance);
        cell.instances.insert(self.workflow.clone(), instance);
        result
    }

    /// What a wait comes to now; if nothing is there, what to wait on.
    fn try_wait(
        &self,
        tasks: Option<&Vec<u64>>,
        fuel: u64,
    ) -> Result<Result<Option<Delivery>, WaitError>, PortError> {
        let (result, kick) = self.with(|cell, instance| {
            let result = cell.run.wait(&mut instance.cursor, tasks.map(Vec::as_slice));
            if matches!(result, Ok(Wait::Pending))
                && let Some(divergence) = cell.run.waits_in_vain(&instance.cursor, fuel)
            {
                return Err(PortError::Diverged(divergence));
            }
            instance.waits_for = match result {
                Ok(Wait::Pending) => Some(tasks.cloned()),
                _ => None,
            };
            // Told once a wait: the loop looks for a pause when every instance waits.
            Ok((result, cell.run.has_outbox() || instance.waits_for.is_some()))
        })?;
        if kick {
            self.shared.send(Event::Kick);
        }
        Ok(match result {
            Ok(Wait::Ready(delivery)) => Ok(Some(delivery)),
            Ok(Wait::Pending) => Ok(None),
            Err(error) => Err(error),
        })
    }

    /// Marks the instance as evicted, unless something arrived at the last moment.
    fn evict(&self, tasks: Option<&Vec<u64>>) -> Result<bool, PortError> {
        self.with(|cell, instance| {
            let mut probe = instance.cursor.clone();
            let pending =
                matches!(cell.run.wait(&mut probe, tasks.map(Vec::as_slice)), Ok(Wait::Pending));
            instance.evicted = pending;
            Ok(pending)
        })
    }

    async fn wait_for(
        &self,
        tasks: Option<Vec<u64>>,
        fuel: u64,
    ) -> Result<Result<Delivery, WaitError>, PortError> {
        let wake = self.with(|_, instance| Ok(Arc::clone(&instance.wake)))?;
        let began = tokio::time::Instant::now();
        loop {
            let notified = wake.notified();
            match self.try_wait(tasks.as_ref(), fuel)? {
                Ok(Some(delivery)) => return Ok(Ok(delivery)),
                Ok(None) => {}
                Err(error) => return Ok(Err(error)),
            }
            let mut notified = pin!(notified);
            loop {
                let park = if self.host.crowded() { PARK_CROWDED } else { PARK };
                let patience = (began + park).max(tokio::time::Instant::now() + PARK_CROWDED);
                let mut sleep = pin!(tokio::time::sleep_until(patience));
                let woken = poll_fn(|cx| {
                    if notified.as_mut().poll(cx).is_ready() {
                        return std::task::Poll::Ready(true);
                    }
                    sleep.as_mut().poll(cx).map(|()| false)
                })
                .await;
                if woken {
                    break;
                }
                let over = began.elapsed() >= PARK || self.host.crowded();
                if over && self.evict(tasks.as_ref())? {
                    return Err(PortError::Gone);
                }
            }
        }
    }

    async fn look(
        &self,
        request: FileRequest,
        fuel: u64,
    ) -> Result<Result<FileAnswer, FileError>, PortError> {
        let recorded = self.with(|cell, instance| {
            cell.run.observation(&mut instance.cursor, &request, fuel).map_err(ended)
        })?;
        if let Some(recorded) = recorded {
            return self.recall(&recorded).await;
        }
        let mut answer = match &self.files {
            Some(files) => {
                let left = files.without(&self.shared.lock().run.denials().read);
                let request = request.clone();
                let observe = move || {
                    left.map_err(|_| not_granted()).and_then(|files| files.observe(&request))
                };
                tokio::task::spawn_blocking(observe)
                    .await
                    .map_err(|error| PortError::Internal(format!("reading files: {error}")))?
            }
            None => Err(not_granted()),
        };
        let at = self.journal.now();
        self.with(|cell, instance| {
            if let Ok(FileAnswer::Content { bytes, digest }) = &answer {
                let left = cell.run.observable_bytes();
                if bytes.len() as u64 > left {
                    answer = Err(FileError::new(
                        FileErrorKind::TooLarge,
                        "run.observed_bytes",
                        format!("the run may record {left} more bytes of files"),
                    ));
                } else {
                    let bytes = bytes.as_slice().into();
                    cell.blobs.push(Blob { digest: *digest, bytes });
                }
            }
            let observation = Observation::of(&answer);
            cell.run.observed(&mut instance.cursor, request, observation, fuel, at).map_err(ended)
        })?;
        Ok(answer)
    }

    /// What was seen when the request was recorded.
    async fn recall(
        &self,
        recorded: &Observation,
    ) -> Result<Result<FileAnswer, FileError>, PortError> {
        let mut bytes = None;
        if let Observation::Content { digest, .. } = recorded {
            // A blob that is not durable yet is still in the cell.
            let pending =
                self.shared.lock().blobs.iter().find(|blob| blob.digest == *digest).cloned();
            bytes = match pending {
                Some(blob) => Some(blob.bytes.to_vec()),
                None => {
                    let blob = self.journal.blob(digest).await.map_err(|error| {
                        let message = error.to_string();
                        self.shared.unserve(error);
                        PortError::Internal(message)
                    });
                    Some(blob?.to_vec())
                }
            };
        }
        recorded.answer(|digest| {
            bytes.ok_or_else(|| PortError::Internal(format!("blob {digest} is missing")))
        })
    }
}

/// The answer to every file request of a workflow without a read grant.
fn not_granted() -> FileError {
    FileError::new(FileErrorKind::Denied, "read-not-granted", "no files were granted to read")
}

/// Why an artifact is turned down. The guest sees it, in a replay too.
pub(crate) fn too_many_artifacts(max: u64) -> String {
    format!("the artifacts of a workflow may have {max} bytes together")
}

fn ended(error: CommandError) -> PortError {
    match error {
        CommandError::Diverged(divergence) => PortError::Diverged(divergence),
        CommandError::Ended(_) => PortError::Gone,
        CommandError::Records(max) => {
            PortError::Limit { name: "run.records", message: format!("the run has {max} records") }
        }
    }
}

impl WorkflowPort for GuestPort {
    fn command(&mut self, command: Command, fuel: u64) -> Result<Reply, PortError> {
        let at = self.journal.now();
        let (reply, kick) = self.with(|cell, instance| {
            let reply = cell.run.command(&mut instance.cursor, command, fuel, at).map_err(ended)?;
            // A spawn starts its way to the disk while the guest goes on. Once is enough: the loop
            // takes everything there is.
            let kick = matches!(reply, Reply::Task(_)) && !cell.kicked;
            cell.kicked |= kick;
            Ok((reply, kick))
        })?;
        if kick {
            self.shared.send(Event::Kick);
        }
        Ok(reply)
    }

    fn artifact(
        &mut self,
        name: String,
        media_type: String,
        bytes: Vec<u8>,
        fuel: u64,
    ) -> Result<Result<Digest, String>, PortError> {
        let at = self.journal.now();
        self.with(|cell, instance| {
            let blob = Blob::new(bytes);
            let (digest, size) = (blob.digest, blob.bytes.len() as u64);
            let artifact = Artifact { name, media_type, digest, size };
            if !cell.run.artifact_fits(&mut instance.cursor, &artifact) {
                let max = cell.run.started().limits.run.artifact_bytes;
                return Ok(Err(too_many_artifacts(max)));
            }
            cell.blobs.push(blob);
            let command = Command::Report(Report::Artifact(artifact));
            cell.run.command(&mut instance.cursor, command, fuel, at).map_err(ended)?;
            Ok(Ok(digest))
        })
    }

    fn wait(
        &mut self,
        tasks: Option<Vec<u64>>,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<Delivery, WaitError>, PortError>> {
        Box::pin(self.wait_for(tasks, fuel))
    }

    fn observe(
        &mut self,
        request: FileRequest,
        fuel: u64,
    ) -> PortFuture<'_, Result<Result<FileAnswer, FileError>, PortError>> {
        Box::pin(self.look(request, fuel))
    }

    fn gate_problem(&self, options: &str) -> PortFuture<'static, Option<String>> {
        // What cannot be read is refused by core, with better words.
        let parsed = serde_json::from_str::<GateOptions>(options).ok();
        Box::pin(async move {
            let options = parsed?;
            let schema = match Schema::compile(options.schema.as_ref()?).await {
                Ok(schema) => schema,
                Err(failure) => return Some(failure.message),
            };
            let gate = GateSpec { question: String::new(), options };
            let data = gate.default_answer().ok()??.data?;
            match schema.errors(&data).await {
                Ok(problems) if problems.is_empty() => None,
                Ok(problems) => Some(format!("`default`: {}", problems.join("; "))),
                Err(failure) => Some(failure.message),
            }
        })
    }

    fn now(&self) -> Timestamp {
        let cell = self.shared.lock();
        cell.instances.get(&self.workflow).map_or(cell.run.at(), |instance| instance.cursor.now())
    }

    fn tools(&self) -> Vec<ToolOffer> {
        let cell = self.shared.lock();
        let scope = cell.run.workflow(&self.workflow).and_then(|own| own.scope.tools.clone());
        scope.map(|scope| crate::calls::offers(&cell.run, &scope)).unwrap_or_default()
    }

    fn budget(&self) -> BudgetView {
        let cell = self.shared.lock();
        match cell.instances.get(&self.workflow) {
            Some(instance) => cell.run.budget(&instance.cursor),
            None => BudgetView { granted: Default::default(), spent: Default::default() },
        }
    }
}
