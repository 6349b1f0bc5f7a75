//! States of the granted directory, for agents whose reads nobody sees.

use std::sync::{Arc, Mutex, PoisonError};

use baton_core::ids::TaskPath;
use baton_core::record::{Effect, Snapshot, Work};
use baton_core::reuse::needs_snapshot;
use baton_core::run::Run;
use baton_core::scope::{GlobLayer, PathScope};
use baton_host::files::{Root, Snapshots};

use crate::shared::{Event, Shared};

/// The granted directory of one run, as far as its state has to be on record.
pub(crate) struct World {
    shared: Arc<Shared>,
    /// None: nothing is granted, so nothing needs to be known.
    taker: Option<Taker>,
    /// A state is on record.
    known: bool,
    /// The first state is being taken.
    asked: bool,
    /// An agent may have changed something since.
    used: bool,
    /// Tasks that may start once the first state is on record, in the order of their calls.
    waiting: Vec<TaskPath>,
}

/// What changes with every run and every look at the repository, and is nobody's work.
const OWN_FOLDERS: [&str; 3] = ["**/.git", "**/.git/**", "**/.baton/**"];

#[derive(Clone)]
enum Taker {
    Ready(Arc<Mutex<Snapshots>>),
    Broken(String),
}

impl Taker {
    fn new(root: &Root, run: &Run) -> Self {
        let started = run.started();
        // Whatever the workflow asked for: a program reads the whole directory, secrets included.
        let exclude = OWN_FOLDERS.iter().map(ToString::to_string).collect();
        let scope = PathScope { layers: vec![GlobLayer { exclude, ..GlobLayer::default() }] };
        match root.scoped(&scope, &started.limits.files) {
            Ok(files) => {
                let snapshots = Snapshots::new(files, started.own_files.iter().cloned());
                Self::Ready(Arc::new(Mutex::new(snapshots)))
            }
            Err(error) => Self::Broken(format!("the read scope: {error}")),
        }
    }

    async fn take(self) -> Snapshot {
        let snapshots = match self {
            Self::Ready(snapshots) => snapshots,
            Self::Broken(problem) => return Snapshot::failed(problem),
        };
        let taken = tokio::task::spawn_blocking(move || {
            // What a panic leaves behind is at worst read again.
            snapshots.lock().unwrap_or_else(PoisonError::into_inner).take()
        });
        taken.await.unwrap_or_else(|_| Snapshot::failed("the host failed while it was taken"))
    }
}

impl World {
    pub(crate) fn new(shared: Arc<Shared>, root: Option<&Root>) -> Self {
        let (taker, known) = {
            let cell = shared.lock();
            (root.map(|root| Taker::new(root, &cell.run)), cell.run.snapshots().0.is_some())
        };
        // What an earlier owner of the run started may have changed something.
        Self { shared, taker, known, asked: false, used: known, waiting: Vec::new() }
    }

    /// Whether a task that rests on the directory has to wait until its first state is on record.
    /// It is kept, and the state is taken.
    pub(crate) fn holds(&mut self, task: &TaskPath) -> bool {
        let Some(taker) = self.taker.as_ref().filter(|_| !self.known) else {
            return false;
        };
        self.waiting.push(task.clone());
        if !self.asked {
            self.asked = true;
            let (taker, shared) = (taker.clone(), Arc::clone(&self.shared));
            tokio::spawn(async move { shared.send(Event::Snapshot(taker.take().await)) });
        }
        true
    }

    /// Takes note that the first state is on record. Returns the tasks that waited for it.
    pub(crate) fn is_known(&mut self) -> Vec<TaskPath> {
        self.known = true;
        std::mem::take(&mut self.waiting)
    }

    /// Whether the first state is being taken.
    pub(crate) fn is_busy(&self) -> bool {
        self.asked && !self.known
    }

    /// Takes note that an agent or a tool which may change files begins to work.
    pub(crate) fn is_used(&mut self, task: &TaskPath) {
        let work = self.shared.lock();
        self.used |= work.run.task(task).is_some_and(|known| match &*known.work {
            Work::Tool { effect, .. } => *effect != Effect::Read,
            work => needs_snapshot(work),
        });
    }

    /// The state now, if agents may have changed something since the last one.
    pub(crate) async fn now(&mut self) -> Option<Snapshot> {
        let taker = self.taker.clone().filter(|_| self.known && self.used)?;
        self.used = false;
        Some(taker.take().await)
    }
}
