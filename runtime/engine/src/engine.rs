//! Starting and resuming runs.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, HashMap, VecDeque};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use baton_agents::isolation::Worktrees;
use baton_core::digest::Digest;
use baton_core::ids::RunId;
use baton_core::model::ProviderDefinition;
use baton_core::record::{Body, FORMAT, Pause, Reuse, RunStarted};
use baton_core::run::Run;
use baton_host::files::Root;
use baton_journal::store::Lease;
use baton_tools::{Toolbox, ToolboxParts};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc, oneshot};

use crate::api::{EngineConfig, NewRun, ResumeOptions, RunHandle, RunReport};
use crate::backends::{BackendParts, RunBackends};
use crate::calls::Calls;
use crate::error::EngineError;
use crate::inboxes::Inboxes;
use crate::instances::{Instances, Loader, Substitute};
use crate::jobs::{JobParts, Jobs};
use crate::meter::Metering;
use crate::outage::Brakes;
use crate::providers::Providers;
use crate::reuse::{Lookup, World};
use crate::run_loop::RunLoop;
use crate::scheduler::Scheduler;
use crate::shared::{Event, Shared};

/// Drives runs. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: EngineConfig,
    scheduler: Arc<Scheduler>,
    worktrees: Arc<Worktrees>,
    runs: Mutex<BTreeMap<RunId, mpsc::UnboundedSender<Event>>>,
    roots: Mutex<HashMap<PathBuf, Weak<Root>>>,
    brakes: Arc<Brakes>,
    providers: Arc<Providers>,
    room: Arc<Semaphore>,
    stopping: AtomicBool,
}

impl Inner {
    pub(crate) fn is_idle(&self) -> bool {
        self.runs().is_empty()
    }

    /// Whether the run is driven here and took it.
    pub(crate) fn tell(&self, run: &RunId, event: Event) -> bool {
        self.runs().get(run).is_some_and(|events| events.send(event).is_ok())
    }

    fn runs(&self) -> MutexGuard<'_, BTreeMap<RunId, mpsc::UnboundedSender<Event>>> {
        self.runs.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The directory, opened once for all runs that share it.
    fn root(&self, path: &Path) -> Result<Arc<Root>, EngineError> {
        let mut roots = self.roots.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(root) = roots.get(path).and_then(Weak::upgrade) {
            return Ok(root);
        }
        let root = Root::open(path)
            .map_err(|source| EngineError::Root { path: path.to_owned(), source })?;
        let root = Arc::new(root);
        roots.retain(|_, known| known.strong_count() > 0);
        roots.insert(path.to_owned(), Arc::downgrade(&root));
        Ok(root)
    }
}

impl Engine {
    /// An engine. Must be called within a tokio runtime: it begins to watch the inbox.
    #[must_use]
    pub fn new(config: EngineConfig) -> Self {
        let scheduler = Scheduler::new(config.concurrency, &config.backend_concurrency);
        let room = Arc::new(Semaphore::new(config.runs.max(1) as usize));
        let worktrees = Arc::new(Worktrees::new(config.worktrees.clone()));
        let providers = Arc::new(Providers::new(config.recorder.clone()));
        let inner = Arc::new(Inner {
            config,
            brakes: Arc::default(),
            providers,
            worktrees,
            scheduler,
            runs: Mutex::default(),
            roots: Mutex::default(),
            room,
            stopping: AtomicBool::new(false),
        });
        tokio::spawn(crate::control::watch(Arc::downgrade(&inner)));
        Self(inner)
    }

    /// Starts a run, when there is room for one more. Its start is durable when this returns.
    ///
    /// # Errors
    /// When the program is incomplete, the directory cannot be opened, or the store fails.
    pub async fn start(&self, new: NewRun) -> Result<RunHandle, EngineError> {
        let room = self.room().await?;
        let options = ResumeOptions {
            observer: new.observer.clone(),
            watcher: new.watcher.clone(),
            waits: new.waits,
            ..ResumeOptions::default()
        };
        let (mut run, lease, root) = self.create(new).await?;
        // The root workflow is started by the same path that recovers one.
        run.recover(self.0.config.journal.now());
        Ok(self.drive(run, lease, root, None, options, room))
    }

    /// Makes a run durable and lets go of it: whoever resumes it drives it.
    ///
    /// # Errors
    /// As [`Engine::start`].
    pub async fn prepare(&self, new: NewRun) -> Result<RunId, EngineError> {
        let (run, lease, _) = self.create(new).await?;
        self.0.config.journal.release(&lease).await?;
        Ok(run.started().run.clone())
    }

    /// Makes a run durable. This process owns it.
    async fn create(&self, new: NewRun) -> Result<(Run, Lease, Option<Arc<Root>>), EngineError> {
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
        records: Vec<baton_core::record::Record>,
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
        run.resume(&options.by, lease.epoch, &options.caps, &engine, now);
        run.recover(now);
        Ok(self.drive(run, lease.clone(), root, substitute, options, room))
    }

    fn drive(
        &self,
        run: Run,
        lease: Lease,
        root: Option<Arc<Root>>,
        substitute: Option<Substitute>,
        options: ResumeOptions,
        room: OwnedSemaphorePermit,
    ) -> RunHandle {
        let config = &self.0.config;
        let id = run.started().run.clone();
        let started = run.started();
        let (program, limits) = (started.program.clone(), Arc::new(started.limits));
        let (concurrency, reuse) = (started.concurrency, started.reuse.clone());
        let deadline = run.caps().run.wall_ms.map(|ms| config.journal.now().plus_ms(ms));
        let (base, tools) = (started.base.clone(), started.tools.clone());
        let models = started.models.clone();
        let traceparent = started.traceparent.clone();
        let continues = options.continues.unwrap_or(started.continues);
        let (events, received) = mpsc::unbounded_channel();
        let shared = Shared::new(run, events.clone());
        self.0.scheduler.enter(&id, &shared, concurrency);
        self.0.brakes.enter(&shared);
        self.0.runs().insert(id.clone(), events);
        let world = World::new(Arc::clone(&shared), root.as_deref());
        let lookup = reuse.map(|reuse| {
            let root = root.as_deref().cloned();
            Lookup::new(Arc::clone(&shared), Arc::clone(&config.journal), root, reuse)
        });
        let loader = self.loader();
        let supervisor = config.supervisor.clone();
        let key = |(name, definition): (&String, &ProviderDefinition)| {
            Some((name.clone(), definition.key.clone()?))
        };
        let certificates = tools.certificates.clone();
        let toolbox = Toolbox::new(ToolboxParts {
            tools,
            keys: models.providers.iter().filter_map(key).collect(),
            host: Arc::clone(&config.host),
            supervisor: supervisor.clone(),
            root: root.clone(),
            limits: Arc::clone(&limits),
            traceparent,
        });
        let calls = Calls::new(toolbox, loader.clone(), program.tools.clone());
        let secrets = Arc::clone(calls.toolbox().secrets());
        let jobs = Jobs::new(JobParts {
            worktrees: Arc::clone(&self.0.worktrees),
            base,
            journal: Arc::clone(&config.journal),
            secrets: Arc::clone(&secrets),
        });
        let backends = RunBackends::new(BackendParts {
            program,
            models,
            root: root.clone(),
            loader: loader.clone(),
            supervisor,
            providers: Arc::clone(&self.0.providers),
            secrets,
            limits: Arc::clone(&limits),
            certificates,
        });
        let run_loop = RunLoop {
            run: id.clone(),
            lease,
            journal: Arc::clone(&config.journal),
            shared: Arc::clone(&shared),
            events: received,
            scheduler: Arc::clone(&self.0.scheduler),
            instances: Instances::new(shared, loader.clone(), root.clone(), substitute),
            backends,
            world,
            lookup,
            root,
            limits,
            observer: options.observer,
            watcher: options.watcher,
            calls,
            jobs,
            metering: Metering::default(),
            brakes: Arc::clone(&self.0.brakes),
            stopped: Vec::new(),
            probes: BTreeMap::new(),
            resting: None,
            continues,
            waits: options.waits,
            stand_in: config.stand_in.clone(),
            inboxes: Inboxes::default(),
            restarting: BTreeSet::new(),
            timers: BinaryHeap::new(),
            granted: Vec::new(),
            undecided: Vec::new(),
            held: VecDeque::new(),
            letters: Vec::new(),
            taken: BTreeSet::new(),
            deadline,
            parking: None,
            leaving: false,
        };
        let (reported, report) = oneshot::channel();
        let (inner, run) = (Arc::clone(&self.0), id.clone());
        tokio::spawn(async move {
            let report: RunReport = run_loop.drive().await;
            inner.runs().remove(&run);
            drop(room);
            // Nobody has to wait for a report.
            let _ = reported.send(report);
        });
        if self.0.stopping.load(Ordering::SeqCst) {
            self.0.tell(&id, Event::Park);
        }
        RunHandle { run: id, report }
    }

    /// Starts nothing more, lets running agents finish, and leaves the runs to be resumed.
    pub fn park(&self) {
        self.stop_with(|| Event::Park);
    }

    /// Ends running agents now, and leaves the runs to be resumed.
    pub fn stop(&self) {
        self.stop_with(|| Event::Stop);
    }

    fn stop_with(&self, event: impl Fn() -> Event) {
        self.0.stopping.store(true, Ordering::SeqCst);
        self.0.room.close();
        for events in self.0.runs().values() {
            let _ = events.send(event());
        }
    }

    async fn room(&self) -> Result<OwnedSemaphorePermit, EngineError> {
        Arc::clone(&self.0.room).acquire_owned().await.map_err(|_| EngineError::Stopping)
    }

    fn loader(&self) -> Loader {
        Loader {
            host: Arc::clone(&self.0.config.host),
            journal: Arc::clone(&self.0.config.journal),
        }
    }
}

/// A new id, later than those before it in this process.
pub(crate) fn new_run_id() -> RunId {
    RunId::from_ulid(ulid::Ulid::generate())
}

fn random_seed() -> Result<Digest, EngineError> {
    let mut seed = [0_u8; 32];
    getrandom::fill(&mut seed)
        .map_err(|error| EngineError::Internal(format!("no random numbers: {error}")))?;
    Ok(Digest::from_bytes(seed))
}
