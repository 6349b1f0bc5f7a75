//! Proves that the record of a run reproduces, without any effect.
//!
//! Every workflow of the run is instantiated from its pinned bytes and repeats its recorded commands
//! over the record. Nobody owns the run for that, nothing is written, and no agent, tool, file, timer or
//! person is asked. What they asked for is held against what is on record of it, and every sum,
//! deadline and cancellation is made once more ([`Proof`]).

mod port;

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{RunId, TaskPath};
use baton_core::record::Work;
use baton_core::replay::{Cursor, Divergence};
use baton_core::run::{Proof, Requests, Run, Wrong};
use baton_host::port::PortError;
use baton_host::{Guest, GuestEnd, Host};
use baton_journal::store::{Blob, Journal};
use tokio::task::JoinSet;

use crate::error::EngineError;
use crate::instances::seed_of;
use crate::run_loop::own_end;
use crate::script::ScriptFacts;

use port::{RepeatPort, Seen};

/// Workflows that are repeated at once.
const AT_ONCE: usize = 4;

/// What a replay works with.
#[derive(Clone)]
pub struct ReplayParts {
    /// What runs guests.
    pub host: Arc<Host>,
    /// Where components, scripts and files that were read are kept. Only read.
    pub journal: Arc<dyn Journal>,
}

/// How a run is repeated.
#[derive(Clone, Default)]
pub struct ReplayOptions {
    /// A component, or of a script another source, to repeat the root workflow with in place of what
    /// was pinned.
    pub substitute: Option<Arc<[u8]>>,
    /// Bytes of the program that the journal does not have yet.
    pub parts: Vec<Blob>,
    /// Repeat only workflows that have not ended.
    pub open_only: bool,
    /// Hold every record of this run, as the journal has it, against those before it.
    pub proves: Option<RunId>,
}

/// What a replay found.
#[derive(Debug)]
pub struct Replay {
    /// Each workflow, in order of their paths.
    pub workflows: Vec<Repeated>,
    /// Records of the run.
    pub records: u64,
    /// What is on record and does not follow from the records before it; at most so many as
    /// [`baton_core::run::WRONGS_MAX`].
    pub wrong: Vec<Wrong>,
}

/// One workflow that was repeated.
#[derive(Debug)]
pub struct Repeated {
    /// Where it is in the run.
    pub task: TaskPath,
    /// What people call it.
    pub name: String,
    /// Commands that it repeated.
    pub commands: u64,
    /// What came of it.
    pub end: End,
}

/// What came of the repetition of a workflow.
#[derive(Debug)]
pub enum End {
    /// It ended as it is recorded.
    Same,
    /// It came to the end of its record, which goes on or was cut off there.
    Open,
    /// A person wrote how it ended: there is nothing to repeat.
    Given,
    /// It did something else than is recorded.
    Diverged(Box<Divergence>),
    /// It repeated every command and ended in another way.
    Other {
        /// As it is recorded.
        recorded: Box<Outcome>,
        /// As it ended now.
        now: Box<Outcome>,
    },
}

impl Replay {
    /// Whether everything reproduces.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.wrong.is_empty() && self.workflows.iter().all(Repeated::is_same)
    }

    /// Commands that were repeated.
    #[must_use]
    pub fn commands(&self) -> u64 {
        self.workflows.iter().map(|workflow| workflow.commands).sum()
    }

    /// The first divergence, if there is one.
    #[must_use]
    pub fn divergence(self) -> Option<Box<Divergence>> {
        self.workflows.into_iter().find_map(|workflow| match workflow.end {
            End::Diverged(divergence) => Some(divergence),
            _ => None,
        })
    }
}

impl Repeated {
    /// Whether it reproduces.
    #[must_use]
    pub fn is_same(&self) -> bool {
        matches!(self.end, End::Same | End::Open | End::Given)
    }
}

/// Repeats the workflows of a run.
///
/// # Errors
/// When a component or a file that was read is missing or damaged. What does not reproduce is no error.
pub async fn replay(
    parts: &ReplayParts,
    run: Run,
    options: ReplayOptions,
) -> Result<Replay, EngineError> {
    let records = run.seq();
    let bytes = Bytes {
        journal: Arc::clone(&parts.journal),
        given: options.parts.into_iter().map(|blob| (blob.digest, blob.bytes)).collect(),
    };
    let stage = Arc::new(Stage {
        host: Arc::clone(&parts.host),
        bytes,
        substitute: options.substitute,
        compare_fuel: run.engine() == parts.host.engine_id(),
        run: Arc::new(run),
    });
    let mut waiting = stage.workflows(options.open_only).into_iter();
    let mut done: BTreeMap<TaskPath, Repeated> = BTreeMap::new();
    let mut requests = Requests::on(parts.host.engine_id());
    let mut at_work = JoinSet::new();
    loop {
        while at_work.len() < AT_ONCE
            && let Some(path) = waiting.next()
        {
            let stage = Arc::clone(&stage);
            at_work.spawn(async move { stage.repeat(path).await });
        }
        let Some(ended) = at_work.join_next().await else { break };
        let ended = ended.map_err(|error| EngineError::Internal(error.to_string()))?;
        let (repeated, asked) = ended?;
        requests.extend(asked);
        done.insert(repeated.task.clone(), repeated);
    }
    let wrong = match options.proves {
        Some(run) => prove(&*parts.journal, run, requests, records).await?,
        None => Vec::new(),
    };
    Ok(Replay { workflows: done.into_values().collect(), records, wrong })
}

/// Records that are in memory at once beside the run.
const PAGE: u64 = 1_000;

/// Holds the first records of a run against each other.
async fn prove(
    journal: &dyn Journal,
    run: RunId,
    requests: Requests,
    records: u64,
) -> Result<Vec<Wrong>, EngineError> {
    let mut proof = Proof::new(run.clone(), requests);
    let mut last = 0;
    while last < records {
        let page = journal.records(&run, last, PAGE.min(records - last)).await?;
        let Some(end) = page.last().map(|record| record.seq) else { break };
        last = end;
        for record in &page {
            proof
                .take(record)
                .map_err(|source| EngineError::Records { run: run.clone(), source })?;
        }
    }
    Ok(proof.wrong())
}

/// What all instances of a replay share.
struct Stage {
    run: Arc<Run>,
    host: Arc<Host>,
    bytes: Bytes,
    substitute: Option<Arc<[u8]>>,
    compare_fuel: bool,
}

/// Blobs: those that were given, and those of the journal.
struct Bytes {
    journal: Arc<dyn Journal>,
    given: HashMap<Digest, Arc<[u8]>>,
}

impl Bytes {
    async fn get(&self, digest: &Digest) -> Result<Arc<[u8]>, EngineError> {
        match self.given.get(digest) {
            Some(bytes) => Ok(Arc::clone(bytes)),
            None => Ok(self.journal.blob(digest).await?),
        }
    }
}

impl Stage {
    /// The workflows to repeat: the root, and those below it that were begun.
    fn workflows(&self, open_only: bool) -> Vec<TaskPath> {
        let nested =
            self.run.tasks().filter(|(_, task)| matches!(*task.work, Work::Workflow { .. }));
        std::iter::once(TaskPath::root())
            .chain(nested.map(|(path, _)| path.clone()))
            .filter(|path| !open_only || self.recorded_end(path).is_none())
            .collect()
    }

    /// How a workflow ended by the record.
    fn recorded_end(&self, path: &TaskPath) -> Option<Outcome> {
        if path.is_root() {
            return self.run.finished().map(|(outcome, _)| outcome.clone());
        }
        self.run.outcome(path).map(|outcome| outcome.as_ref().clone())
    }

    async fn repeat(&self, task: TaskPath) -> Result<(Repeated, Requests), EngineError> {
        let name = self.name(&task);
        let fork = self.run.started().fork.as_ref();
        if fork.is_some_and(|fork| fork.given.contains(&task)) {
            let given = Repeated { task, name, commands: 0, end: End::Given };
            return Ok((given, Requests::default()));
        }
        let recorded = self.recorded_end(&task);
        // Who was cancelled was stopped anywhere.
        let binding = recorded.clone().filter(|outcome| {
            outcome.failure().is_none_or(|failure| failure.kind != FailureKind::Cancelled)
        });
        let substitute = self.substitute.clone().filter(|_| task.is_root());
        let facts = ScriptFacts::of(&self.run, &task);
        let workflow = self.run.workflow(&task).ok_or_else(|| lost(&task))?;
        let (guest, input) = match (&facts, substitute.clone()) {
            (Some(facts), source) => {
                let source = match source {
                    Some(source) => source,
                    None => self.bytes.get(facts.source()).await?,
                };
                let guest = self.guest(&workflow.component).await?;
                (guest, facts.envelope_of(&source)?)
            }
            (None, Some(component)) => {
                let digest = Digest::of(&component);
                (self.load(digest, component).await?, workflow.input.clone())
            }
            (None, None) => (self.guest(&workflow.component).await?, workflow.input.clone()),
        };
        let compare_fuel = self.compare_fuel && substitute.is_none();
        let cursor = Cursor::new(task.clone(), workflow.began, compare_fuel);
        let seen = Seen::new(cursor, self.host.engine_id());
        let port = RepeatPort {
            run: Arc::clone(&self.run),
            journal: Arc::clone(&self.bytes.journal),
            seen: seen.clone(),
            recorded: binding.clone(),
        };
        let started = self.run.started();
        let seed = seed_of(&started.seed, &task);
        let slot = self.host.slot().await;
        let end = self
            .host
            .run_workflow(&guest, slot, &started.limits, &seed, &input, Box::new(port))
            .await;
        let commands = seen.repeated();
        let mut requests = seen.take_requests();
        if end.outcome.is_ok() {
            requests.ended(task.clone(), end.fuel);
        }
        let end = self.judge(&seen, end, binding)?;
        Ok((Repeated { task, name, commands, end }, requests))
    }

    fn judge(
        &self,
        seen: &Seen,
        end: GuestEnd,
        recorded: Option<Outcome>,
    ) -> Result<End, EngineError> {
        let now = match end.outcome {
            Ok(outcome) => own_end(outcome),
            Err(PortError::Diverged(divergence)) => return Ok(End::Diverged(divergence)),
            Err(PortError::Gone) => return Ok(End::Open),
            Err(PortError::Limit { name, message }) => {
                Outcome::Failed(Failure::new(FailureKind::Limit, name, message))
            }
            Err(PortError::Capacity(message)) => return Err(EngineError::Internal(message.into())),
            Err(PortError::Internal(message)) => return Err(EngineError::Internal(message)),
        };
        if let Some(divergence) = self.run.ended_early(&seen.cursor(), end.fuel) {
            return Ok(End::Diverged(divergence));
        }
        Ok(match recorded {
            None => End::Open,
            Some(recorded) if same(&recorded, &now) => End::Same,
            Some(recorded) => End::Other { recorded: Box::new(recorded), now: Box::new(now) },
        })
    }

    fn name(&self, path: &TaskPath) -> String {
        let label = self.run.task(path).and_then(|task| task.work.label());
        label.unwrap_or_else(|| self.run.started().name()).to_owned()
    }

    async fn guest(&self, component: &Digest) -> Result<Arc<Guest>, EngineError> {
        match self.host.loaded(component) {
            Some(guest) => Ok(guest),
            None => self.load(*component, self.bytes.get(component).await?).await,
        }
    }

    async fn load(&self, digest: Digest, bytes: Arc<[u8]>) -> Result<Arc<Guest>, EngineError> {
        let loader = crate::instances::Loader {
            host: Arc::clone(&self.host),
            journal: Arc::clone(&self.bytes.journal),
        };
        loader.load_bytes(digest, bytes).await
    }
}

/// Whether two ends are the same. What a trap says of itself may change with the wasm engine.
fn same(recorded: &Outcome, now: &Outcome) -> bool {
    match (recorded, now) {
        (Outcome::Failed(recorded), Outcome::Failed(now)) => {
            recorded.kind == now.kind && recorded.code == now.code
        }
        (recorded, now) => recorded == now,
    }
}

fn lost(task: &TaskPath) -> EngineError {
    EngineError::Internal(format!("there is no workflow /{task}"))
}
