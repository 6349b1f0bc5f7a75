//! Takes on runs that nobody drives.

use std::path::Path;
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::ids::RunId;
use baton_core::record::{Pause, Record};
use baton_core::run::Run;
use baton_journal::store::Lease;
use tokio::sync::OwnedSemaphorePermit;

use super::Engine;
use crate::api::{ResumeOptions, RunHandle};
use crate::error::EngineError;
use crate::instances::Substitute;

impl Engine {
    /// Takes on a run that nobody drives. Replays what is recorded, and goes on.
    ///
    /// # Errors
    /// When another process drives it, it has ended, or the store fails.
    pub async fn resume(
        &self,
        run: &RunId,
        options: ResumeOptions,
    ) -> Result<RunHandle, EngineError> {
        let room = self.room().await?;
        let journal = Arc::clone(&self.0.config.journal);
        let (lease, records) = journal.claim(run).await?;
        match self.take_on(run, &lease, records, options, room).await {
            Ok(handle) => Ok(handle),
            Err(error) => {
                journal.release(&lease).await?;
                Err(error)
            }
        }
    }

    async fn take_on(
        &self,
        id: &RunId,
        lease: &Lease,
        records: Vec<Record>,
        options: ResumeOptions,
        room: OwnedSemaphorePermit,
    ) -> Result<RunHandle, EngineError> {
        if let Some(observer) = &options.observer {
            for record in &records {
                let _ = observer.send(Arc::new(record.clone()));
            }
        }
        let mut run = Run::from_records(records)
            .map_err(|source| EngineError::Records { run: id.clone(), source })?;
        if run.finished().is_some() {
            return Err(EngineError::Ended(id.clone()));
        }
        let root = match &run.started().root {
            Some(path) => Some(self.0.root(Path::new(path))?),
            None => None,
        };
        let substitute = match options.substitute.clone() {
            Some(source) if run.started().program.script.is_some() => {
                Some(Substitute::Script(source))
            }
            Some(bytes) => {
                let guest = self.loader().load_bytes(Digest::of(&bytes), bytes).await?;
                Some(Substitute::Component(guest))
            }
            None => None,
        };
        let leftovers = run.leftovers();
        if !leftovers.is_empty() {
            // Whatever an earlier owner left at work must not go on beside its repetition.
            tokio::task::spawn_blocking(move || {
                for process in leftovers {
                    baton_agents::supervise::reap(process.pid, process.ticks);
                }
            })
            .await
            .map_err(|error| EngineError::Internal(error.to_string()))?;
        }
        let now = self.0.config.journal.now();
        if let Some(Pause::Provider { provider, outage, message, .. }) = run.paused() {
            // Whoever resumes says that it is over: one tries, before all do.
            self.0.brakes.trip(provider, *outage, message, None, now);
            self.0.brakes.over(provider, now);
        }
        let engine = self.0.config.host.engine_id().to_owned();
        let ResumeOptions { by, caps, programs, .. } = &options;
        run.resume_with(by, lease.epoch, caps, &engine, programs, now);
        run.recover(now);
        Ok(self.drive(run, lease.clone(), root, substitute, options, room))
    }
}
