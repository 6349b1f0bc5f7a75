//! The host of a process: one engine, its linkers, its cache and its slots.

use std::collections::HashMap;
use std::path::PathBuf;
use std::pin::Pin;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_core::digest::Digest;
use baton_core::json::Json;
use baton_core::limits::Limits;
use baton_core::manifest::World;
use wasmtime::Engine;
use wasmtime::component::{Component, Linker};

use crate::bindings::v0_1::{agent::AgentPre, tool::ToolPre, workflow::WorkflowPre};
use crate::cache::Cache;
use crate::end::{AgentTask, GuestEnd};
use crate::engine_config;
use crate::error::{HostError, LoadError};
use crate::guest::{Guest, Prepared};
use crate::inspect::{Inspection, inspect};
use crate::instance;
use crate::linker;
use crate::pool::{Slot, Slots};
use crate::port::{AgentPort, WorkflowPort};
use crate::signature;
use crate::state::{Agent, State, Workflow};
use crate::tool::{self, ToolCall, ToolEnd, ToolGrant, ToolState, WarmTool};
use crate::trusted;

/// What a host is started with.
#[derive(Clone, Debug)]
pub struct HostConfig {
    /// Where compiled components are kept; none: they are compiled in every process.
    pub cache_dir: Option<PathBuf>,
    /// Instances that can be live at once. Each costs about 38 KB and six memory maps while it
    /// waits, and a process has 65,530 maps unless the system was told otherwise: 4,000 is a good
    /// value, 10,000 the wall.
    pub live_max: u32,
}

/// A guest at work.
pub type GuestFuture = Pin<Box<dyn Future<Output = GuestEnd> + Send>>;

/// A tool at work.
pub type ToolFuture = Pin<Box<dyn Future<Output = ToolEnd> + Send>>;

/// A component of this host: empty until it is prepared, locked while it is.
type Entry = Mutex<Option<Arc<Guest>>>;

/// Runs guests. One per process; share it in an `Arc`.
pub struct Host {
    engine: Engine,
    engine_id: String,
    workflow: Linker<State<Workflow>>,
    agent: Linker<State<Agent>>,
    tool: Linker<ToolState>,
    cache: Option<Cache>,
    cache_problem: Option<String>,
    slots: Slots,
    scopes: Arc<tool::fs::Scopes>,
    guests: Mutex<HashMap<Digest, Arc<Entry>>>,
    compilations: AtomicU64,
    on_compile: Option<fn(usize)>,
}

impl Host {
    /// Starts the engine and opens the cache. A cache that cannot be used is no error: see
    /// [`Host::cache_problem`].
    ///
    /// # Errors
    /// When the engine does not start, or not with the settings that containment rests on.
    pub fn new(config: HostConfig) -> Result<Self, HostError> {
        let live_max = config.live_max.max(1);
        let engine = engine_config::engine(live_max)?;
        let linked = |error: wasmtime::Error| HostError::Engine(format!("{error:#}"));
        let (cache, cache_problem) = match config.cache_dir {
            None => (None, None),
            Some(path) => match Cache::open(&path, engine_config::code_id(&engine)) {
                Ok(cache) => (Some(cache), None),
                Err(error) => (None, Some(format!("{}: {error}", path.display()))),
            },
        };
        Ok(Self {
            workflow: linker::workflow(&engine).map_err(linked)?,
            agent: linker::agent(&engine).map_err(linked)?,
            tool: linker::tool(&engine).map_err(linked)?,
            engine,
            engine_id: engine_config::engine_id(),
            cache,
            cache_problem,
            slots: Slots::new(live_max),
            scopes: Arc::default(),
            guests: Mutex::default(),
            compilations: AtomicU64::new(0),
            on_compile: None,
        })
    }

    /// Calls `tell` with the size in bytes whenever a component is about to be compiled, so that
    /// whoever waits knows why.
    #[must_use]
    pub fn telling(mut self, tell: fn(usize)) -> Self {
        self.on_compile = Some(tell);
        self
    }

    /// Name of everything about the engine that a guest can observe. Fuel is comparable only
    /// between executions under the same name.
    #[must_use]
    pub fn engine_id(&self) -> &str {
        &self.engine_id
    }

    /// Why compiled components are not kept, if they were to be.
    #[must_use]
    pub fn cache_problem(&self) -> Option<&str> {
        self.cache_problem.as_deref()
    }

    /// Components that were compiled by this host, not found compiled.
    #[must_use]
    pub fn compilations(&self) -> u64 {
        self.compilations.load(Ordering::Relaxed)
    }

    /// Makes a component ready to run. Blocks: compiling takes from a tenth of a second to many
    /// seconds, loading from the cache less than a millisecond. The same component is prepared
    /// once.
    ///
    /// # Errors
    /// Says in plain words why the component is not accepted.
    pub fn load(&self, bytes: &[u8]) -> Result<Arc<Guest>, LoadError> {
        let entry = {
            let mut guests = lock(&self.guests);
            Arc::clone(guests.entry(Digest::of(bytes)).or_default())
        };
        // Held while compiling: whoever wants the same component waits for it.
        let mut entry = lock(&entry);
        if let Some(guest) = entry.as_ref() {
            return Ok(Arc::clone(guest));
        }
        let guest = Arc::new(self.prepare(bytes)?);
        *entry = Some(Arc::clone(&guest));
        Ok(guest)
    }

    /// The component of this digest, if this host has made it ready before.
    #[must_use]
    pub fn loaded(&self, digest: &Digest) -> Option<Arc<Guest>> {
        let entry = lock(&self.guests).get(digest).map(Arc::clone)?;
        // One that is being compiled now counts as not there: asking must not block.
        let guest = entry.try_lock().ok()?;
        guest.as_ref().map(Arc::clone)
    }

    fn prepare(&self, bytes: &[u8]) -> Result<Guest, LoadError> {
        let inspection = inspect(bytes)?;
        let Inspection { world: Some(world), .. } = inspection else {
            return Err(LoadError::Refused(inspection.refusals));
        };
        if !inspection.refusals.is_empty() {
            return Err(LoadError::Refused(inspection.refusals));
        }
        let component = self.component(bytes, &inspection.digest)?;
        if let Some(refusal) = signature::refusal(&self.engine, &component, world) {
            return Err(LoadError::Refused(vec![refusal]));
        }
        let refused = |error: wasmtime::Error| LoadError::Refused(vec![format!("{error:#}")]);
        let prepared = match world {
            World::Workflow => self
                .workflow
                .instantiate_pre(&component)
                .and_then(WorkflowPre::new)
                .map(Prepared::Workflow),
            World::Tool => tool::without_sockets(&self.tool, &self.engine, &component)
                .and_then(|linker| linker.instantiate_pre(&component))
                .and_then(ToolPre::new)
                .map(Prepared::Tool),
            World::Agent => {
                self.agent.instantiate_pre(&component).and_then(AgentPre::new).map(Prepared::Agent)
            }
        }
        .map_err(refused)?;
        Ok(Guest { inspection, prepared })
    }

    fn component(&self, bytes: &[u8], digest: &Digest) -> Result<Component, LoadError> {
        let failed = |error: wasmtime::Error| LoadError::Compile(format!("{error:#}"));
        let cached = self.cache.as_ref().and_then(|cache| cache.get(digest));
        if let Some(component) =
            cached.and_then(|artifact| trusted::deserialize(&self.engine, &artifact))
        {
            return Ok(component);
        }
        self.compilations.fetch_add(1, Ordering::Relaxed);
        if let Some(tell) = self.on_compile {
            tell(bytes.len());
        }
        let component = Component::from_binary(&self.engine, bytes).map_err(failed)?;
        if let Some(cache) = &self.cache
            && let Ok(artifact) = component.serialize()
        {
            // A full disk costs time at the next start, not this run.
            let _ = cache.put(digest, &artifact);
        }
        Ok(component)
    }

    /// The right to one live instance, if there is one now.
    #[must_use]
    pub fn try_slot(&self) -> Option<Slot> {
        self.slots.try_slot()
    }

    /// The right to one live instance, as soon as there is one. First come, first served.
    pub async fn slot(&self) -> Slot {
        self.slots.slot().await
    }

    /// Whether three quarters of the slots are taken: time to evict what only waits.
    #[must_use]
    pub fn crowded(&self) -> bool {
        self.slots.crowded()
    }

    /// Runs a workflow in a fresh instance until it ends. Dropping the future ends the instance at
    /// once. `seed` is that of the run; with the same seed and the same answers of the port the
    /// guest does the same.
    ///
    /// The future owns what it needs: it borrows neither the host nor its arguments.
    pub fn run_workflow(
        &self,
        guest: &Guest,
        slot: Slot,
        limits: &Limits,
        seed: &Digest,
        input: &Json,
        port: Box<dyn WorkflowPort>,
    ) -> GuestFuture {
        match &guest.prepared {
            Prepared::Workflow(pre) => {
                let (engine, pre, limits) = (self.engine.clone(), pre.clone(), *limits);
                let (seed, input) = (*seed, input.to_string());
                Box::pin(async move {
                    instance::run_workflow(engine, pre, slot, limits, seed, input, port).await
                })
            }
            Prepared::Agent(_) | Prepared::Tool(_) => {
                Box::pin(async { instance::wrong_world(World::Workflow) })
            }
        }
    }

    /// Performs one task with an agent, in a fresh instance. Dropping the future ends the instance
    /// at once. The future owns what it needs.
    pub fn perform(
        &self,
        guest: &Guest,
        slot: Slot,
        limits: &Limits,
        task: AgentTask,
        port: Box<dyn AgentPort>,
    ) -> GuestFuture {
        match &guest.prepared {
            Prepared::Agent(pre) => {
                let (engine, pre, limits) = (self.engine.clone(), pre.clone(), *limits);
                Box::pin(
                    async move { instance::perform(engine, pre, slot, limits, task, port).await },
                )
            }
            Prepared::Workflow(_) | Prepared::Tool(_) => {
                Box::pin(async { instance::wrong_world(World::Agent) })
            }
        }
    }

    /// Performs one call of a tool in a fresh instance. Dropping the future ends the instance at
    /// once, and whatever it was waiting for. The future owns what it needs.
    pub fn call_tool(
        &self,
        guest: &Guest,
        slot: Slot,
        limits: &Limits,
        call: ToolCall,
        grant: ToolGrant,
    ) -> ToolFuture {
        let mut once = self.warm_tool(guest, limits, grant);
        Box::pin(async move { once.call(slot, call).await })
    }

    /// An instance of a tool that is kept for further calls with the same grant. It begins at its
    /// first call.
    #[must_use]
    pub fn warm_tool(&self, guest: &Guest, limits: &Limits, grant: ToolGrant) -> WarmTool {
        let pre = match &guest.prepared {
            Prepared::Tool(pre) => Some(pre.clone()),
            Prepared::Workflow(_) | Prepared::Agent(_) => None,
        };
        let (slots, scopes) = (self.slots.clone(), Arc::clone(&self.scopes));
        WarmTool::new(self.engine.clone(), pre, slots, scopes, limits, grant)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
