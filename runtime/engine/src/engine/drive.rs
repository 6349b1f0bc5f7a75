//! Puts together what drives one run, and lets it run.

use std::collections::{BTreeMap, BTreeSet, BinaryHeap, VecDeque};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use baton_agents::Denied;
use baton_core::limits::Limits;
use baton_core::model::ProviderDefinition;
use baton_core::run::Run;
use baton_host::files::Root;
use baton_journal::store::Lease;
use baton_tools::{Toolbox, ToolboxParts};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot, watch};

use super::Engine;
use crate::api::{ResumeOptions, RunHandle, RunReport};
use crate::backends::{BackendParts, RunBackends};
use crate::calls::Calls;
use crate::inboxes::Inboxes;
use crate::instances::{Instances, Substitute};
use crate::jobs::{JobParts, Jobs};
use crate::live::Voice;
use crate::meter::Metering;
use crate::reuse::{Lookup, World};
use crate::run_loop::RunLoop;
use crate::shared::{Event, Shared};

impl Engine {
    /// Drives a run that this process owns.
    pub(super) fn drive(
        &self,
        mut run: Run,
        lease: Lease,
        root: Option<Arc<Root>>,
        substitute: Option<Substitute>,
        options: ResumeOptions,
        room: OwnedSemaphorePermit,
    ) -> RunHandle {
        let config = &self.0.config;
        if let Some(policy) = &config.policy {
            // It may have changed since whoever began the run looked at it.
            run.deny(&policy.borrow(), config.journal.now());
        }
        let id = run.started().run.clone();
        let started = run.started();
        let (program, limits) = (started.program.clone(), Arc::new(started.limits));
        let (concurrency, reuse) = (started.concurrency, started.reuse.clone());
        let deadline = run.caps().run.wall_ms.map(|ms| config.journal.now().plus_ms(ms));
        let (base, certificates) = (started.base.clone(), started.tools.certificates.clone());
        let toolbox = self.toolbox(&run, root.clone(), Arc::clone(&limits));
        let (models, programs) = (started.models.clone(), run.programs().clone());
        let continues = options.continues.unwrap_or(started.continues);
        let (events, received) = mpsc::unbounded_channel();
        let (denials, denied) = watch::channel(Arc::new(run.denials().clone()));
        let strange = if options.strange { run.seq() } else { 0 };
        let shared = Shared::new(run, events.clone());
        self.0.scheduler.enter(&id, &shared, concurrency);
        self.0.brakes.enter(&shared);
        self.0.runs().insert(id.clone(), events);
        if let Some(policy) = &config.policy {
            // Once more: from here on the run is told of every change.
            let said = Arc::clone(&policy.borrow());
            self.0.tell(&id, Event::Denials(said));
        }
        let world = World::new(Arc::clone(&shared), root.as_deref());
        let lookup = reuse.map(|reuse| {
            let root = root.as_deref().cloned();
            Lookup::new(Arc::clone(&shared), Arc::clone(&config.journal), root, reuse)
        });
        let loader = self.loader();
        let calls = Calls::new(toolbox, loader.clone(), program.tools.clone());
        let secrets = Arc::clone(calls.toolbox().secrets());
        let jobs = Jobs::new(JobParts {
            worktrees: Arc::clone(&self.0.worktrees),
            base,
            journal: Arc::clone(&config.journal),
            secrets: Arc::clone(&secrets),
            denied: Denied::new(denied),
        });
        let backends = RunBackends::new(BackendParts {
            program,
            models,
            programs,
            root: root.clone(),
            loader: loader.clone(),
            supervisor: config.supervisor.clone(),
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
            voice: Voice::new(id.clone(), options.watcher, self.0.live.clone()),
            calls,
            jobs,
            metering: Metering::default(),
            brakes: Arc::clone(&self.0.brakes),
            stopped: Vec::new(),
            probes: BTreeMap::new(),
            resting: None,
            continues,
            waits: options.waits,
            strange,
            anyway: options.anyway.then_some(options.by),
            stand_in: config.stand_in.clone(),
            inboxes: Inboxes::default(),
            restarting: BTreeSet::new(),
            denials,
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
        let report = self.spawn(run_loop, room);
        if self.0.stopping.load(Ordering::SeqCst) {
            self.0.tell(&id, Event::Park);
        }
        RunHandle { run: id, report }
    }

    /// The tools of a run. Starts nothing.
    fn toolbox(&self, run: &Run, root: Option<Arc<Root>>, limits: Arc<Limits>) -> Toolbox {
        let started = run.started();
        let mut tools = started.tools.clone();
        // Servers get theirs when they are started, whoever calls them.
        tools.secrets.retain(|name, _| !run.denials().takes_secret(name));
        let key = |(name, definition): (&String, &ProviderDefinition)| {
            Some((name.clone(), definition.key.clone()?))
        };
        Toolbox::new(ToolboxParts {
            tools,
            keys: started.models.providers.iter().filter_map(key).collect(),
            host: Arc::clone(&self.0.config.host),
            supervisor: self.0.config.supervisor.clone(),
            root,
            limits,
            traceparent: started.traceparent.clone(),
        })
    }

    /// Lets a run go on by itself. What comes of it is sent when it is let go.
    fn spawn(&self, run_loop: RunLoop, room: OwnedSemaphorePermit) -> oneshot::Receiver<RunReport> {
        let (reported, report) = oneshot::channel();
        let (inner, run) = (Arc::clone(&self.0), run_loop.run.clone());
        tokio::spawn(async move {
            let report: RunReport = run_loop.drive().await;
            inner.runs().remove(&run);
            drop(room);
            // Nobody has to wait for a report.
            let _ = reported.send(report);
        });
        report
    }
}
