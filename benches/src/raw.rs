//! The neighbour: the same components on wasmtime alone, with the least that answers their calls.
//!
//! No fuel, no limits, no fibers, no metering, no journal. A pool that keeps its memory, because
//! that is what wasmtime can do.

use std::time::Duration;

use wasmtime::component::{Component, HasSelf, Instance, InstancePre, Linker};
use wasmtime::{Config, Engine, InstanceAllocationStrategy, PoolingAllocationConfig, Store};

mod workflow {
    wasmtime::component::bindgen!({ path: "../wit", world: "baton:runtime/workflow" });
}
mod agent {
    wasmtime::component::bindgen!({ path: "../wit", world: "baton:runtime/agent" });
}

mod tool {
    wasmtime::component::bindgen!({ path: "../wit", world: "baton:runtime/tool" });
}

use workflow::baton::runtime::{report, tasks, types};

/// Bytes of a slot's memory that are cleared instead of unmapped, as in the host.
const RESIDENT_BYTES: usize = 64 << 10;

/// Answers a guest's calls at once.
#[derive(Default)]
pub struct Answers {
    spawned: u64,
}

/// A component, compiled and linked.
pub struct Raw {
    engine: Engine,
    pre: InstancePre<Answers>,
}

/// `datetime` of `wasi:clocks/wall-clock`.
#[derive(wasmtime::component::ComponentType, wasmtime::component::Lower)]
#[component(record)]
struct Datetime {
    seconds: u64,
    nanoseconds: u32,
}

impl Raw {
    /// Compiles a component. `live` instances fit into the pool.
    ///
    /// # Panics
    /// When it is not a component of Baton.
    #[must_use]
    pub fn new(bytes: &[u8], live: u32) -> Self {
        let mut pool = PoolingAllocationConfig::new();
        pool.total_component_instances(live)
            .total_core_instances(live * 8)
            .total_memories(live)
            .total_tables(live * 4)
            .max_memory_size(64 << 20)
            .linear_memory_keep_resident(RESIDENT_BYTES)
            .table_keep_resident(RESIDENT_BYTES);
        let mut config = Config::new();
        config.allocation_strategy(InstanceAllocationStrategy::Pooling(pool));
        let engine = Engine::new(&config).unwrap();
        let component = Component::from_binary(&engine, bytes).unwrap();
        let mut linker = Linker::new(&engine);
        tasks::add_to_linker::<_, HasSelf<Answers>>(&mut linker, |state| state).unwrap();
        report::add_to_linker::<_, HasSelf<Answers>>(&mut linker, |state| state).unwrap();
        let kind = component.component_type();
        let clock = |name: &str| name.starts_with("wasi:clocks/wall-clock");
        if let Some((name, _)) = kind.imports(&engine).find(|(name, _)| clock(name)) {
            let now = |_: wasmtime::StoreContextMut<'_, Answers>, ()| {
                Ok((Datetime { seconds: 1, nanoseconds: 0 },))
            };
            linker.instance(name).unwrap().func_wrap("now", now).unwrap();
        }
        linker.define_unknown_imports_as_traps(&component).unwrap();
        let pre = linker.instantiate_pre(&component).unwrap();
        Self { engine, pre }
    }

    /// A fresh store with a fresh instance in it.
    ///
    /// # Panics
    /// When the pool is full.
    #[must_use]
    pub fn instance(&self) -> (Store<Answers>, Instance) {
        let mut store = Store::new(&self.engine, Answers::default());
        let instance = self.pre.instantiate(&mut store).unwrap();
        (store, instance)
    }

    /// Runs a workflow in a fresh instance.
    ///
    /// # Panics
    /// When it fails.
    pub fn run(&self, input: &str) {
        type Ran = (Result<types::Handoff, types::Failure>,);
        let (mut store, instance) = self.instance();
        let run = instance.get_typed_func::<(&str,), Ran>(&mut store, "run").unwrap();
        let (result,) = run.call(&mut store, (input,)).unwrap();
        result.unwrap();
    }

    /// Performs a task with an agent in a fresh instance.
    ///
    /// # Panics
    /// When it fails.
    pub fn perform(&self, prompt: &str) {
        use agent::baton::runtime::types::{AgentTask, Failure, Handoff};
        let (mut store, instance) = self.instance();
        let perform = instance
            .get_typed_func::<(AgentTask,), (Result<Handoff, Failure>,)>(&mut store, "perform")
            .unwrap();
        let task = AgentTask {
            id: "run_x/1".into(),
            attempt: 1,
            prompt: prompt.into(),
            input: "null".into(),
            schema: None,
            corrections: Vec::new(),
            options: "{}".into(),
        };
        let (result,) = perform.call(&mut store, (task,)).unwrap();
        result.unwrap();
    }

    /// Calls a tool in this instance.
    ///
    /// # Panics
    /// When it fails.
    pub fn call(&self, store: &mut Store<Answers>, instance: Instance, name: &str, input: &str) {
        use tool::baton::runtime::types::ToolError;
        type Called = (Result<String, ToolError>,);
        let call = instance.get_typed_func::<(&str, &str), Called>(&mut *store, "call").unwrap();
        let (result,) = call.call(&mut *store, (name, input)).unwrap();
        result.unwrap();
    }

    /// How long so many runs of a workflow take, one after the other.
    pub fn time(&self, iterations: u64, input: &str) -> Duration {
        crate::measure::time(iterations, || self.run(input))
    }
}

impl Answers {
    fn task(&mut self) -> Result<u64, types::Refusal> {
        self.spawned += 1;
        Ok(self.spawned)
    }
}

impl tasks::Host for Answers {
    fn spawn_agent(&mut self, _spec: tasks::AgentSpec) -> Result<u64, types::Refusal> {
        self.task()
    }

    fn spawn_workflow(&mut self, _spec: tasks::WorkflowSpec) -> Result<u64, types::Refusal> {
        self.task()
    }

    fn sleep(&mut self, _milliseconds: u64) -> Result<u64, types::Refusal> {
        self.task()
    }

    fn wait_any(&mut self, tasks: Option<Vec<u64>>) -> Result<tasks::Delivery, tasks::WaitError> {
        let first = tasks.and_then(|tasks| tasks.first().copied());
        let task = first.ok_or(tasks::WaitError::NothingToWaitFor)?;
        let handoff = types::Handoff {
            summary: String::new(),
            output: "\"done\"".into(),
            evidence: Vec::new(),
            artifacts: Vec::new(),
            follow_ups: Vec::new(),
        };
        let usage = tasks::Usage {
            agents: 0,
            input_tokens: 0,
            output_tokens: 0,
            cached_tokens: 0,
            cost_micro_usd: 0,
        };
        let completion = tasks::Completion { task, outcome: Ok(handoff), usage };
        Ok(tasks::Delivery::Completion(completion))
    }

    fn cancel(&mut self, _task: u64) {}
}

impl report::Host for Answers {
    fn phase(&mut self, _title: String) {}

    fn log(&mut self, _level: report::Level, _text: String) {}

    fn progress(&mut self, _done: u64, _total: Option<u64>) {}

    fn artifact(&mut self, _: String, _: String, _: Vec<u8>) -> Result<String, String> {
        Ok(String::new())
    }
}

impl types::Host for Answers {}
