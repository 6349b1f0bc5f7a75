//! Starting and resuming runs.

mod create;
mod drive;
mod resume;

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use baton_agents::isolation::Worktrees;
use baton_core::ids::RunId;
use baton_host::files::Root;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};

use crate::api::{EngineConfig, NewRun, ResumeOptions, RunHandle};
use crate::error::EngineError;
use crate::instances::Loader;
use crate::live::Writer;
use crate::outage::Brakes;
use crate::providers::Providers;
use crate::scheduler::Scheduler;
use crate::shared::Event;

/// Drives runs. Cheap to clone; all clones are one engine.
#[derive(Clone)]
pub struct Engine(Arc<Inner>);

pub(crate) struct Inner {
    pub(crate) config: EngineConfig,
    scheduler: Arc<Scheduler>,
    worktrees: Arc<Worktrees>,
    live: Option<Arc<Writer>>,
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

    /// Tells every run that is driven here.
    pub(crate) fn tell_all(&self, event: impl Fn() -> Event) {
        for events in self.runs().values() {
            // A run that has just ended needs nothing any more.
            let _ = events.send(event());
        }
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
        let live = config.live.clone().map(|dir| Arc::new(Writer::new(dir)));
        let inner = Arc::new(Inner {
            config,
            brakes: Arc::default(),
            providers,
            worktrees,
            live,
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
        self.0.tell_all(event);
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
