//! Writes a fork: a run that begins with the records of another.
//!
//! The records are decided by [`baton_core::fork::plan`]. Here they get what is the fork's own, another
//! program is tried on them, and all is made durable in one commit. Whoever resumes the fork drives it.

use std::sync::Arc;

use baton_core::budget::Caps;
use baton_core::fork::Plan;
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::{Fork, Record, Reuse, RunStarted, ScriptOptions};
use baton_core::run::Run;
use baton_host::Host;
use baton_journal::store::{Blob, Journal};

use crate::api::NewRun;
use crate::engine::new_run_id;
use crate::error::EngineError;
use crate::replay::{ReplayOptions, ReplayParts, replay};

/// What a fork is written with.
pub struct ForkParts {
    /// Where runs are kept.
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
    /// Its id; none: a new one.
    pub id: Option<RunId>,
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

/// A fork that is complete and not written.
struct Ready {
    id: RunId,
    records: Vec<Record>,
    blobs: Vec<Blob>,
}

/// Writes a fork. The journal has it when this returns, and nobody owns it.
///
/// # Errors
/// When another program does not repeat the shared records, parts of it are missing, or the store fails.
pub async fn fork(parts: &ForkParts, forking: Forking) -> Result<RunId, EngineError> {
    let ready = ready(parts, forking).await?;
    parts.journal.import(ready.records, ready.blobs).await?;
    Ok(ready.id)
}

/// Whether a fork could be written. Writes nothing.
///
/// # Errors
/// As [`fork`], as far as the store need not be written for it.
pub async fn check(parts: &ForkParts, forking: Forking) -> Result<(), EngineError> {
    ready(parts, forking).await.map(drop)
}

async fn ready(parts: &ForkParts, forking: Forking) -> Result<Ready, EngineError> {
    let Forking { run, mut plan, caps, continues, reuse, program, .. } = forking;
    let now = parts.journal.now();
    let id = forking.id.unwrap_or_else(new_run_id);
    let another = program.is_some();
    plan.rearm(now);
    plan.set_caps(&caps);
    let shared = plan.records.len() as u64;
    let fork = Fork {
        run: run.clone(),
        at: plan.at,
        records: shared,
        made: now,
        given: std::mem::take(&mut plan.given),
        asked: std::mem::take(&mut plan.asked),
        edit: plan.edit.take(),
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
        // What has ended is not repeated in the fork; what goes on has to come to the cut.
        let options =
            ReplayOptions { parts: blobs.clone(), open_only: true, ..ReplayOptions::default() };
        let Some(host) = parts.host.clone() else {
            return Err(EngineError::Internal("another program, and nothing to run it".into()));
        };
        let journal = Arc::clone(&parts.journal);
        let repeated = replay(&ReplayParts { host, journal }, folded, options).await?;
        if let Some(divergence) = repeated.divergence() {
            return Err(EngineError::Diverged(divergence));
        }
    }
    Ok(Ready { id, records: plan.records, blobs })
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
