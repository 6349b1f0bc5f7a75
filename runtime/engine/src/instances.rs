//! Instances of workflows: made, evicted by ending themselves, and made again.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::TaskPath;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::replay::Cursor;
use baton_core::run::Wait;
use baton_core::scope::Scope;
use baton_host::files::Root;
use baton_host::port::PortError;
use baton_host::{Captured, Guest, GuestEnd, Host};
use baton_journal::store::Journal;
use tokio::sync::Notify;
use tokio::task::AbortHandle;

use crate::error::EngineError;
use crate::port::GuestPort;
use crate::script::ScriptFacts;
use crate::shared::{Event, Instance, Shared};

/// Loads components by digest, from what was given or from the store.
#[derive(Clone)]
pub(crate) struct Loader {
    pub host: Arc<Host>,
    pub journal: Arc<dyn Journal>,
}

impl Loader {
    /// The component of this digest, ready to be instantiated.
    pub(crate) async fn load(&self, digest: &Digest) -> Result<Arc<Guest>, EngineError> {
        if let Some(guest) = self.host.loaded(digest) {
            return Ok(guest);
        }
        let bytes = self.journal.blob(digest).await?;
        self.load_bytes(*digest, bytes).await
    }

    /// The component with these bytes.
    pub(crate) async fn load_bytes(
        &self,
        digest: Digest,
        bytes: Arc<[u8]>,
    ) -> Result<Arc<Guest>, EngineError> {
        if let Some(guest) = self.host.loaded(&digest) {
            return Ok(guest);
        }
        let host = Arc::clone(&self.host);
        tokio::task::spawn_blocking(move || host.load(&bytes))
            .await
            .map_err(|error| EngineError::Internal(format!("loading a component: {error}")))?
            .map_err(|source| EngineError::Component { digest, source })
    }
}

/// What replays a workflow in place of what its program names.
#[derive(Clone)]
pub(crate) enum Substitute {
    /// Another component.
    Component(Arc<Guest>),
    /// Another source for the same runner.
    Script(Arc<[u8]>),
}

/// The live instances of one run.
pub(crate) struct Instances {
    pub shared: Arc<Shared>,
    pub loader: Loader,
    pub root: Option<Arc<Root>>,
    /// What the root workflow is replayed with in place of what was pinned.
    pub substitute: Option<Substitute>,
    live: BTreeMap<TaskPath, AbortHandle>,
}

impl Instances {
    pub(crate) fn new(
        shared: Arc<Shared>,
        loader: Loader,
        root: Option<Arc<Root>>,
        substitute: Option<Substitute>,
    ) -> Self {
        Self { shared, loader, root, substitute, live: BTreeMap::new() }
    }

    /// Makes an instance of a workflow, which replays what is recorded and goes on.
    pub(crate) fn start(&mut self, workflow: &TaskPath) {
        let substitute = self.substitute.clone().filter(|_| workflow.is_root());
        let facts = {
            let mut cell = self.shared.lock();
            let Some(known) = cell.run.workflow(workflow) else {
                return;
            };
            let began = known.began;
            let started = cell.run.started();
            let facts = Facts {
                component: known.component,
                input: known.input.clone(),
                scope: known.scope.clone(),
                limits: started.limits,
                seed: seed_of(&started.seed, workflow),
                script: ScriptFacts::of(&cell.run, workflow),
            };
            let instance = Instance {
                cursor: Cursor::new(workflow.clone(), began, substitute.is_none()),
                waits_for: None,
                wake: Arc::new(Notify::new()),
                evicted: false,
            };
            cell.instances.insert(workflow.clone(), instance);
            facts
        };
        let (shared, loader) = (Arc::clone(&self.shared), self.loader.clone());
        let (root, path) = (self.root.clone(), workflow.clone());
        let task = tokio::spawn(async move {
            let ending =
                Ending { shared: Arc::clone(&shared), workflow: path.clone(), told: false };
            let execution = Execution { shared, workflow: path, loader, root, substitute };
            ending.tell(execution.run(facts).await);
        });
        self.live.insert(workflow.clone(), task.abort_handle());
    }

    /// Something a workflow may wait for is there: wakes its instance, or makes a new one.
    pub(crate) fn wake(&mut self, workflow: &TaskPath) {
        let rebuild = {
            let cell = self.shared.lock();
            let Some(instance) = cell.instances.get(workflow) else {
                return;
            };
            if instance.evicted {
                let tasks = instance.waits_for.clone().flatten();
                let mut probe = instance.cursor.clone();
                !matches!(cell.run.wait(&mut probe, tasks.as_deref()), Ok(Wait::Pending))
            } else {
                instance.wake.notify_one();
                false
            }
        };
        // An evicted instance that has not reported its end yet is woken when it does.
        if rebuild && !self.live.contains_key(workflow) {
            self.start(workflow);
        }
    }

    /// Takes note that an instance ended.
    pub(crate) fn ended(&mut self, workflow: &TaskPath) {
        self.live.remove(workflow);
    }

    /// Ends the instances of a workflow and of all below it.
    pub(crate) fn abort(&mut self, workflow: &TaskPath) {
        self.live.retain(|path, task| {
            let below = path.is_within(workflow);
            if below {
                task.abort();
            }
            !below
        });
        self.shared.lock().instances.retain(|path, _| !path.is_within(workflow));
    }

    /// Whether every instance waits or is evicted, so that only what arrives can move the run.
    pub(crate) fn all_wait(&self) -> bool {
        self.shared.lock().instances.values().all(|instance| instance.waits_for.is_some())
    }
}

/// What of a run decides what an instance does.
struct Facts {
    component: Digest,
    input: Json,
    scope: Scope,
    limits: Limits,
    seed: Digest,
    script: Option<ScriptFacts>,
}

/// An instance that is executed.
struct Execution {
    shared: Arc<Shared>,
    workflow: TaskPath,
    loader: Loader,
    root: Option<Arc<Root>>,
    substitute: Option<Substitute>,
}

impl Execution {
    /// Loads the component and executes it to its end, or until it is evicted.
    async fn run(self, facts: Facts) -> GuestEnd {
        let Self { shared, workflow, loader, root, substitute } = self;
        let Facts { component, input, scope, limits, seed, script } = facts;
        let files = match (&root, &scope.read) {
            (Some(root), Some(read)) => match root.scoped(read, &limits.files) {
                Ok(files) => Some(files),
                Err(error) => return failed("bad-scope", &error.to_string()),
            },
            _ => None,
        };
        let (guest, source) = match substitute {
            Some(Substitute::Component(guest)) => (Ok(guest), None),
            Some(Substitute::Script(source)) => (loader.load(&component).await, Some(source)),
            None => (loader.load(&component).await, None),
        };
        let guest = match guest {
            Ok(guest) => guest,
            Err(error) => return unloadable(error, &shared),
        };
        let input = match &script {
            None => input,
            Some(script) => match script.envelope(&loader.journal, source).await {
                Ok(envelope) => envelope,
                Err(error) => return unloadable(error, &shared),
            },
        };
        let slot = loader.host.slot().await;
        let port = GuestPort {
            shared,
            workflow,
            journal: Arc::clone(&loader.journal),
            host: Arc::clone(&loader.host),
            files,
        };
        loader.host.run_workflow(&guest, slot, &limits, &seed, &input, Box::new(port)).await
    }
}

/// Random numbers of a workflow follow from the run's seed and its place, so that children do not
/// repeat their parent's.
pub(crate) fn seed_of(seed: &Digest, workflow: &TaskPath) -> Digest {
    if workflow.is_root() { *seed } else { Digest::of_json(&(seed, workflow)) }
}

fn failed(code: &str, message: &str) -> GuestEnd {
    let failure = Failure::new(FailureKind::Internal, code, message);
    GuestEnd { outcome: Ok(Outcome::Failed(failure)), fuel: 0, output: Captured::default() }
}

/// A component that cannot be had now says nothing about the workflow: the run stays as it is.
fn unloadable(error: EngineError, shared: &Shared) -> GuestEnd {
    let mut message = error.to_string();
    let mut source = std::error::Error::source(&error);
    while let Some(cause) = source {
        message = format!("{message}: {cause}");
        source = cause.source();
    }
    if let EngineError::Journal(error) = error {
        shared.unserve(error);
    }
    GuestEnd { outcome: Err(PortError::Internal(message)), fuel: 0, output: Captured::default() }
}

/// Tells the loop how an instance ended, also when its task panics.
struct Ending {
    shared: Arc<Shared>,
    workflow: TaskPath,
    told: bool,
}

impl Ending {
    fn tell(mut self, end: GuestEnd) {
        self.told = true;
        self.shared.send(Event::GuestEnded { workflow: self.workflow.clone(), end });
    }
}

impl Drop for Ending {
    fn drop(&mut self) {
        if !self.told && std::thread::panicking() {
            let end = failed("host-panic", "the host failed while it ran this workflow");
            self.shared.send(Event::GuestEnded { workflow: self.workflow.clone(), end });
        }
    }
}
