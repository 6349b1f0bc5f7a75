//! Makes a run durable: its first record.

use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::record::{Body, FORMAT, Reuse, RunStarted};
use baton_core::run::Run;
use baton_host::files::Root;
use baton_journal::store::Lease;

use super::{Engine, new_run_id};
use crate::api::NewRun;
use crate::error::EngineError;

impl Engine {
    /// Makes a run durable. This process owns it.
    pub(super) async fn create(
        &self,
        new: NewRun,
    ) -> Result<(Run, Lease, Option<Arc<Root>>), EngineError> {
        let root = new.root.as_deref().map(|path| self.0.root(path)).transpose()?;
        let blobs = new.parts;
        for digest in new.program.parts() {
            if !blobs.iter().any(|blob| blob.digest == *digest) {
                return Err(EngineError::MissingPart(*digest));
            }
        }
        let loader = self.loader();
        if let Some(main) = blobs.iter().find(|blob| blob.digest == new.program.component) {
            loader.load_bytes(main.digest, Arc::clone(&main.bytes)).await?;
        }
        let id = new.id.unwrap_or_else(new_run_id);
        let started = RunStarted {
            format: FORMAT,
            run: id.clone(),
            program: new.program,
            input: new.input,
            seed: new.seed.map_or_else(random_seed, Ok)?,
            scope: new.scope,
            tools: new.tools,
            models: new.models,
            workers: new.workers,
            continues: new.continues,
            traceparent: new.traceparent,
            root: root.as_ref().map(|root| root.path().display().to_string()),
            base: new.base,
            backends: new.backends,
            budget: new.budget,
            caps: new.caps,
            concurrency: new.concurrency,
            limits: new.limits,
            script: new.script,
            own_files: self.own_files(new.own_files, new.reuse.as_ref()).await,
            reuse: new.reuse,
            fork: None,
            follows: new.follows,
            forecast: new.forecast,
            by: new.by,
            engine: self.0.config.host.engine_id().to_owned(),
            batch: new.batch,
        };
        let mut run = Run::start(started, self.0.config.journal.now());
        let outbox = run.take_outbox();
        let Some(first) = outbox.records.into_iter().next() else {
            return Err(EngineError::Internal("a run without a first record".into()));
        };
        if let Some(observer) = &new.observer {
            let _ = observer.send(Arc::new(first.clone()));
        }
        let lease = self.0.config.journal.create(first, blobs).await?;
        run.mark_durable(1);
        Ok((run, lease, root))
    }

    /// Paths that no snapshot of a run counts: its own, and those of the run it may reuse, so that the
    /// states of both are states of the same files.
    async fn own_files(&self, mut own: Vec<String>, reuse: Option<&Reuse>) -> Vec<String> {
        if let Some(reuse) = reuse
            && let Ok(records) = self.0.config.journal.records(&reuse.run, 0, 1).await
            && let Some(Body::RunStarted(started)) = records.into_iter().next().map(|r| r.body)
        {
            own.extend(started.own_files);
        }
        own.sort_unstable();
        own.dedup();
        own
    }
}

fn random_seed() -> Result<Digest, EngineError> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| EngineError::Internal(format!("no random numbers: {error}")))?;
    Ok(Digest::from_bytes(seed))
}
