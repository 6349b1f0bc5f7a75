//! Writes a fork: a run that begins with the records of another.
//!
//! The records are decided by [`baton_core::fork::plan`]. Here they get what is the fork's own, and
//! another program is tried on them ([`ready`]); then all is made durable in one commit
//! ([`Ready::write`]). Whoever resumes the fork drives it.

use std::sync::Arc;

use baton_core::budget::Caps;
use baton_core::fork::Plan;
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::{Fork, Reuse, RunStarted, ScriptOptions};
use baton_core::run::Run;
use baton_host::Host;
use baton_journal::store::{Blob, Journal};

use crate::api::NewRun;
use crate::engine::new_run_id;
use crate::error::EngineError;
use crate::replay::{ReplayOptions, ReplayParts, replay};

/// What a fork is made with.
pub struct ForkParts {
    /// Where runs are kept. Only read.
    pub journal: Arc<dyn Journal>,
    /// What runs guests: another program is tried out. None: there is none.
    pub host: Option<Arc<Host>>,
}

/// A fork to be written.
pub struct Forking {
    /// The run that is forked.
    pub run: RunId,
    /// With what the fork begins.
    pub plan: Plan,
    /// Who forks.
    pub by: String,
    /// What it may consume beside what is shared.
    pub caps: Caps,
    /// Whether it goes on by itself when a provider serves again; none: as the run.
    pub continues: Option<bool>,
    /// Whether it takes results of the run where a call is the same, and of which tasks it does not.
    pub reuse: Option<Vec<TaskPath>>,
    /// Another program, with what it may touch and who performs its agents. Of the rest nothing is used.
    pub program: Option<Box<NewRun>>,
    /// W3C trace context that it is started in.
    pub traceparent: Option<String>,
}

/// A fork that is complete and not written: another program has repeated what is shared.
pub struct Ready {
    id: RunId,
    plan: Plan,
    blobs: Vec<Blob>,
}

impl Ready {
    /// Its id.
    #[must_use]
    pub fn id(&self) -> &RunId {
        &self.id
    }

    /// With what the fork begins.
    #[must_use]
    pub fn plan(&self) -> &Plan {
        &self.plan
    }

    /// Writes the fork. The journal has it when this returns, and nobody owns it. Timers and deadlines
    /// run on from here.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn write(mut self, journal: &dyn Journal) -> Result<RunId, EngineError> {
        let now = journal.now();
        self.plan.rearm(now);
        if let Some(fork) = self.plan.started_mut().and_then(|started| started.fork.as_mut()) {
            fork.made = now;
        }
        journal.import(self.plan.records, self.blobs).await?;
        Ok(self.id)
    }
}

/// Makes a fork that can be written, and tries another program on what is shared. Writes nothing.
///
/// # Errors
/// When another program does not repeat the shared records, or parts of it are missing.
pub async fn ready(parts: &ForkParts, forking: Forking) -> Result<Ready, EngineError> {
    let Forking { run, mut plan, caps, continues, reuse, program, .. } = forking;
    let id = new_run_id();
    let another = program.is_some();
    plan.set_caps(&caps);
    let fork = Fork {
        run: run.clone(),
        at: plan.at,
        records: plan.records.len() as u64,
        made: parts.journal.now(),
        given: plan.given.clone(),
        asked: plan.asked.clone(),
        same_program: plan.same_program && !another,
        edit: plan.edit.clone(),
    };
    let Some(started) = plan.started_mut() else {
        return Err(EngineError::Internal("a plan without a first record".into()));
    };
    started.run = id.clone();
    started.fork = Some(Box::new(fork));
    started.reuse = reuse.map(|except| Reuse { run, stale: true, steered: true, except });
    started.by = forking.by;
    started.traceparent = forking.traceparent;
    started.continues = continues.unwrap_or(started.continues);
    let mut blobs = Vec::new();
    if let Some(program) = program {
        blobs = replace(started, *program)?;
    }
    let folded = Run::from_records(plan.records.iter().cloned())
        .map_err(|source| EngineError::Records { run: id.clone(), source })?;
    if another {
        repeat(parts, folded, blobs.clone()).await?;
    }
    Ok(Ready { id, plan, blobs })
}

/// Lets another program repeat what is shared. What has ended is not repeated in the fork; what goes on
/// has to come to the cut.
async fn repeat(parts: &ForkParts, fork: Run, blobs: Vec<Blob>) -> Result<(), EngineError> {
    let Some(host) = parts.host.clone() else {
        return Err(EngineError::Internal("another program, and nothing to run it".into()));
    };
    let parts = ReplayParts { host, journal: Arc::clone(&parts.journal) };
    let options = ReplayOptions { parts: blobs, open_only: true, ..ReplayOptions::default() };
    match replay(&parts, fork, options).await?.divergence() {
        Some(divergence) => Err(EngineError::Diverged(divergence)),
        None => Ok(()),
    }
}

/// Puts another program into the first record. Input, seed, budget and limits stay: the shared records
/// follow from them.
fn replace(started: &mut RunStarted, new: NewRun) -> Result<Vec<Blob>, EngineError> {
    for digest in new.program.parts() {
        if !new.parts.iter().any(|blob| blob.digest == *digest) {
            return Err(EngineError::MissingPart(*digest));
        }
    }
    let absent = started.script.as_ref().is_some_and(|script| script.absent);
    started.program = new.program;
    started.scope = new.scope;
    started.tools = new.tools;
    started.models = new.models;
    started.workers = new.workers;
    started.backends = new.backends;
    started.own_files.extend(new.own_files);
    started.own_files.sort_unstable();
    started.own_files.dedup();
    started.script = new.script.map(|script| Box::new(ScriptOptions { absent, ..*script }));
    Ok(new.parts)
}
