//! What the engine takes and gives.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use baton_agents::Supervisor;
use baton_agents::backend::Answer;
use baton_core::budget::{Amounts, Caps};
use baton_core::digest::Digest;
use baton_core::forecast::Forecast;
use baton_core::gate::{GateAnswer, GateSpec};
use baton_core::handoff::{Failure, FailureKind, Outcome, Usage};
use baton_core::ids::{RunId, TaskPath};
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::model::Models;
use baton_core::record::{
    BackendChoice, BatchLine, Pause, Program, Record, Reuse, ScriptOptions, Work,
};
use baton_core::run::Run;
use baton_core::scope::{Authority, Denials, Scope};
use baton_core::tool::Tools;
use baton_host::Host;
use baton_journal::rows::State;
use baton_journal::store::{Blob, Journal};
use baton_models::recorded::Recorder;
use tokio::sync::{mpsc, oneshot, watch};

use crate::error::EngineError;
use crate::live::Said;

/// What an engine works with.
pub struct EngineConfig {
    /// Where runs are kept.
    pub journal: Arc<dyn Journal>,
    /// What runs guests.
    pub host: Arc<Host>,
    /// How to start the supervisor of external programs.
    pub supervisor: Supervisor,
    /// Agents at work at once in this process.
    pub concurrency: u32,
    /// Agents of one backend at work at once, by the name of the backend. Others share
    /// `concurrency`.
    pub backend_concurrency: Vec<(String, u32)>,
    /// Runs that are driven at once; further ones wait for their start.
    pub runs: u32,
    /// Where worktrees of isolated agents are made.
    pub worktrees: PathBuf,
    /// Where what agents say is written while they say it, see [`crate::live`]; none: it is not.
    pub live: Option<PathBuf>,
    /// Where exchanges with providers are recorded; none: they are not.
    pub recorder: Option<Arc<Recorder>>,
    /// Who performs every agent and tool and answers every gate in place of backends, tools and
    /// people; none: those do.
    pub stand_in: Option<Arc<dyn StandIn>>,
    /// What policy denies at every moment; none: what it denied when a run began.
    pub policy: Option<Policy>,
}

/// What policy denies, and where it says so: told anew whenever it changes. Runs only ever lose by it.
pub type Policy = watch::Receiver<Arc<[(String, Denials)]>>;

/// Performs tasks without any effect, so that what a workflow would do can be seen before it does.
/// Timers fall due as soon as nothing else is open. No backend, key, worktree or snapshot is touched.
/// The one thing that may be called are components that can do nothing but read, in the sandbox.
pub trait StandIn: Send + Sync {
    /// Whether such a component is called with this input, in place of [`StandIn::perform`].
    fn lets_read(&self, _tool: &str, _input: &Json) -> bool {
        false
    }

    /// What an agent or a tool comes to.
    fn perform(&self, task: &TaskPath, work: &Work) -> Answer;

    /// What a person answers.
    fn decide(&self, task: &TaskPath, spec: &GateSpec) -> GateAnswer;
}

/// Where durable records of a run are sent as they are made.
pub type Observer = mpsc::UnboundedSender<Arc<Record>>;

/// Where signs of life of agents are sent as they come. Nothing of it is kept.
pub type Watcher = mpsc::UnboundedSender<Said>;

/// A run to be started.
#[derive(Clone)]
pub struct NewRun {
    /// Its id; none: a new one.
    pub id: Option<RunId>,
    /// What runs.
    pub program: Program,
    /// The bytes of every component and script of the program, in any order.
    pub parts: Vec<Blob>,
    /// The input.
    pub input: Json,
    /// What the root workflow may touch.
    pub scope: Scope,
    /// The tools it may call, where they come from, and the secrets they use.
    pub tools: Tools,
    /// The models it may use.
    pub models: Models,
    /// What agents that work by themselves may touch at the most, see [`RunStarted::workers`].
    ///
    /// [`RunStarted::workers`]: baton_core::record::RunStarted::workers
    pub workers: Authority,
    /// Whether it goes on by itself when a provider serves again.
    pub continues: bool,
    /// W3C trace context that it is started in.
    pub traceparent: Option<String>,
    /// The granted directory.
    pub root: Option<PathBuf>,
    /// The commit that is checked out there, see [`baton_agents::isolation::head`].
    pub base: Option<String>,
    /// Who performs agent tasks.
    pub backends: BackendChoice,
    /// The script's budget.
    pub budget: Amounts,
    /// The operator's caps.
    pub caps: Caps,
    /// Agents of this run at work at once.
    pub concurrency: Option<u32>,
    /// Limits.
    pub limits: Limits,
    /// How its scripts are interpreted; none: the root workflow is no script.
    pub script: Option<Box<ScriptOptions>>,
    /// Who starts it.
    pub by: String,
    /// Paths inside the granted directory that no snapshot counts, see [`RunStarted::own_files`].
    ///
    /// [`RunStarted::own_files`]: baton_core::record::RunStarted::own_files
    pub own_files: Vec<String>,
    /// The run whose results it may use.
    pub reuse: Option<Reuse>,
    /// The finished run that it follows up.
    pub follows: Option<RunId>,
    /// What it was said to consume before it began.
    pub forecast: Option<Box<Forecast>>,
    /// Whether this process stays with it while it waits for nothing but people.
    pub waits: bool,
    /// Its place in a batch.
    pub batch: Option<BatchLine>,
    /// Seed of its random numbers; none: a random one.
    pub seed: Option<Digest>,
    /// Who wants to see its records.
    pub observer: Option<Observer>,
    /// Who wants to see what its agents are doing.
    pub watcher: Option<Watcher>,
}

impl NewRun {
    /// A run of a program with this input, which may touch nothing, spawn nothing, and has no caps.
    #[must_use]
    pub fn new(program: Program, parts: Vec<Blob>, input: Json) -> Self {
        Self {
            id: None,
            program,
            parts,
            input,
            scope: Scope::default(),
            tools: Tools::default(),
            models: Models::default(),
            workers: Authority::default(),
            continues: true,
            traceparent: None,
            root: None,
            base: None,
            backends: BackendChoice::default(),
            budget: Amounts::default(),
            caps: Caps::default(),
            concurrency: None,
            limits: Limits::default(),
            script: None,
            by: String::new(),
            own_files: Vec::new(),
            reuse: None,
            follows: None,
            forecast: None,
            waits: false,
            batch: None,
            seed: None,
            observer: None,
            watcher: None,
        }
    }
}

/// How a run is taken on.
#[derive(Default)]
pub struct ResumeOptions {
    /// Caps that replace those of the run, where given.
    pub caps: Caps,
    /// Programs that perform agents in place of the backends that these are on record with: only such as
    /// [can replace](baton_core::run::can_replace) them.
    pub programs: BTreeMap<String, String>,
    /// Who resumes it.
    pub by: String,
    /// A component, or of a script another source, to replay the root workflow with in place of
    /// what was pinned. It must repeat every recorded call, or the resume fails with the divergence.
    pub substitute: Option<Arc<[u8]>>,
    /// Who wants to see its records, those from before included.
    pub observer: Option<Observer>,
    /// Who wants to see what its agents are doing.
    pub watcher: Option<Watcher>,
    /// Whether it goes on by itself when a provider serves again; none: as it was started.
    pub continues: Option<bool>,
    /// Whether this process stays with it while it waits for nothing but people. If not, it is let go,
    /// and goes on with the next resume.
    pub waits: bool,
    /// Whether it goes on although people asked it to pause while nobody drove it. If not, it pauses
    /// first, and goes on with the next resume.
    pub anyway: bool,
    /// Whether what is recorded so far may be somebody else's. Then agents do not go on with the sessions
    /// that it names: another's record could name one of this person's.
    pub strange: bool,
}

/// A run that is being driven.
#[derive(Debug)]
pub struct RunHandle {
    pub(crate) run: RunId,
    pub(crate) report: oneshot::Receiver<RunReport>,
}

impl RunHandle {
    /// The run.
    #[must_use]
    pub fn run(&self) -> &RunId {
        &self.run
    }

    /// Waits until the run ended, paused, or could not be driven on.
    pub async fn wait(self) -> RunReport {
        let run = self.run;
        self.report.await.unwrap_or_else(|_| RunReport {
            run,
            state: State::Failed,
            outcome: None,
            pause: None,
            usage: Usage::default(),
            failed_tasks: 0,
            reused: 0,
            error: Some(EngineError::Internal("the task that drove the run panicked".into())),
        })
    }
}

/// Where a run stands when the engine lets go of it.
#[derive(Debug)]
pub struct RunReport {
    /// The run.
    pub run: RunId,
    /// Its state.
    pub state: State,
    /// How it ended, if it did.
    pub outcome: Option<Outcome>,
    /// Why it is paused, if it is.
    pub pause: Option<Pause>,
    /// What it consumed.
    pub usage: Usage,
    /// Tasks that ended without a result.
    pub failed_tasks: u64,
    /// Agents whose results came from another run.
    pub reused: u64,
    /// Why it could not be driven on.
    pub error: Option<EngineError>,
}

impl RunReport {
    /// Where a run stands.
    #[must_use]
    pub fn of(run: &Run, error: Option<EngineError>) -> Self {
        let (outcome, usage) = match run.finished() {
            Some((outcome, usage)) => (Some(outcome.clone()), *usage),
            None => (None, Usage { wall_ms: run.age_ms(), ..run.consumed() }),
        };
        let state = match &outcome {
            Some(Outcome::Done(_)) => State::Done,
            Some(Outcome::Failed(Failure { kind: FailureKind::Cancelled, .. })) => State::Cancelled,
            Some(Outcome::Failed(_)) => State::Failed,
            None => match run.paused() {
                Some(Pause::Gate { .. } | Pause::Message) => State::Waiting,
                _ => State::Paused,
            },
        };
        Self {
            run: run.started().run.clone(),
            state,
            outcome,
            pause: run.paused().cloned(),
            usage,
            failed_tasks: run.failed_tasks(),
            reused: run.claimed().len() as u64,
            error,
        }
    }
}
