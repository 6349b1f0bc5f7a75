//! One call of one guest in a fresh store.

use std::pin::Pin;
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::limits::wasm::FUEL_YIELD_INTERVAL;
use baton_core::limits::{GuestLimits, Limits};
use baton_core::manifest::World;
use wasmtime::{Engine, Store};

use crate::bindings::v0_1::agent::AgentPre;
use crate::bindings::v0_1::workflow::WorkflowPre;
use crate::bindings::v0_1::workflow::baton::runtime::types;
use crate::contract;
use crate::convert;
use crate::end::{AgentTask, Captured, GuestEnd};
use crate::meter::{Meter, Metered};
use crate::output::Output;
use crate::pool::Slot;
use crate::state::{Agent, Port, State, Workflow};
use crate::trap;

/// Bytes that one call may carry beside its largest argument: names, lengths, the list's own frame.
const HOST_CALL_OVERHEAD_BYTES: u64 = 64 << 10;

type GuestResult = Result<types::Handoff, types::Failure>;

/// Runs a workflow.
pub(crate) async fn run_workflow(
    engine: Engine,
    pre: WorkflowPre<State<Workflow>>,
    slot: Slot,
    limits: Limits,
    seed: Digest,
    input: String,
    port: Workflow,
) -> GuestEnd {
    let mut instance =
        Instance::new(&engine, slot, &limits, (&limits.workflow, "workflow"), *seed.bytes(), port);
    let start = instance.store.data().port.now();
    instance.store.data_mut().start = start;
    let Instance { store, meter, .. } = &mut instance;
    let call = async {
        fuel(store)?;
        let workflow = sendable(pre.instance_pre().instantiate_async(&mut *store)).await?;
        let run = workflow.get_typed_func::<(String,), (GuestResult,)>(&mut *store, "run")?;
        let (result,) = sendable(run.call_async(&mut *store, (input,))).await?;
        Ok(result)
    };
    let result = Metered::new(call, Arc::clone(meter)).await;
    instance.end(result)
}

/// Performs a task with an agent.
pub(crate) async fn perform(
    engine: Engine,
    pre: AgentPre<State<Agent>>,
    slot: Slot,
    limits: Limits,
    task: AgentTask,
    port: Agent,
) -> GuestEnd {
    let seed = match seed() {
        Ok(seed) => seed,
        Err(failure) => return ended(failure),
    };
    let mut instance = Instance::new(&engine, slot, &limits, (&limits.agent, "agent"), seed, port);
    let task = convert::agent_task(task);
    let Instance { store, meter, .. } = &mut instance;
    let call = async {
        fuel(store)?;
        let agent = sendable(pre.instance_pre().instantiate_async(&mut *store)).await?;
        let perform =
            agent.get_typed_func::<(types::AgentTask,), (GuestResult,)>(&mut *store, "perform")?;
        let (result,) = sendable(perform.call_async(&mut *store, (task,))).await?;
        Ok(result)
    };
    let result = Metered::new(call, Arc::clone(meter)).await;
    instance.end(result)
}

/// A seed from the system, for guests that are not replayed.
pub(crate) fn seed() -> Result<[u8; 32], Failure> {
    let mut seed = [0; 32];
    getrandom::fill(&mut seed).map_err(|error| {
        let message = format!("the system has no random numbers: {error}");
        Failure::new(FailureKind::Internal, "internal", message)
    })?;
    Ok(seed)
}

/// Erases the type of a future that is `Send`. The compiler shows that here, where lifetimes are
/// concrete; inside of a larger future it cannot. The arguments of guest calls are passed by value
/// for the same reason.
pub(crate) fn sendable<'a, T>(
    future: impl Future<Output = T> + Send + 'a,
) -> Pin<Box<dyn Future<Output = T> + Send + 'a>> {
    Box::pin(future)
}

/// Grants the fuel, before the instance: start functions burn it too.
fn fuel<P>(store: &mut Store<State<P>>) -> wasmtime::Result<()> {
    let granted = store.data().granted;
    store.set_fuel(granted)?;
    store.fuel_async_yield_interval(Some(FUEL_YIELD_INTERVAL))
}

/// Holds a store to what the engine itself counts.
pub(crate) fn hold<T>(store: &mut Store<T>, own: &GuestLimits) {
    let bytes = own.host_call_bytes.saturating_add(HOST_CALL_OVERHEAD_BYTES);
    store.set_hostcall_fuel(usize::try_from(bytes).unwrap_or(usize::MAX));
    store.set_max_component_handles(usize::try_from(own.handles).unwrap_or(usize::MAX));
}

/// The fuel of a call that ended with `error`, of which `left` was found in the store.
pub(crate) fn burnt(granted: u64, left: u64, error: Option<&wasmtime::Error>) -> u64 {
    let exact = error.is_none_or(trap::fuel_is_exact);
    let extra = if exact { 0 } else { FUEL_YIELD_INTERVAL };
    granted.saturating_sub(left).saturating_add(extra).min(granted)
}

/// The end of a call that was meant for a component of world `wanted`.
pub(crate) fn wrong_world(wanted: World) -> GuestEnd {
    let wanted = contract::world_name(wanted);
    let message = format!("the component is not of world `{wanted}`");
    ended(Failure::new(FailureKind::Refused, "wrong-world", message))
}

pub(crate) fn ended(failure: Failure) -> GuestEnd {
    GuestEnd { outcome: Ok(Outcome::Failed(failure)), fuel: 0, output: Captured::default() }
}

/// A store and what outlives the call in it. Fields are dropped in order: the store is torn down
/// before its slot is free.
struct Instance<P: Port> {
    store: Store<State<P>>,
    _slot: Slot,
    meter: Arc<Meter>,
    output: Output,
    /// The group of limits that the guest is held to.
    world: &'static str,
}

impl<P: Port> Instance<P> {
    fn new(
        engine: &Engine,
        slot: Slot,
        limits: &Limits,
        (own, world): (&GuestLimits, &'static str),
        seed: [u8; 32],
        port: P,
    ) -> Self {
        let meter = Meter::new(own);
        let output = Output::new(own.output_bytes, &meter);
        let state = State::new(port, limits, own, seed, &meter, &output);
        let mut store = Store::new(engine, state);
        store.limiter(|state| &mut state.limiter);
        hold(&mut store, own);
        Self { store, _slot: slot, meter, output, world }
    }

    fn end(self, result: wasmtime::Result<GuestResult>) -> GuestEnd {
        let State { granted, limits, .. } = self.store.data();
        let (granted, limits) = (*granted, *limits);
        let left = self.store.get_fuel().unwrap_or_default();
        drop(self.store);
        let output = self.output.take();
        let fuel = burnt(granted, left, result.as_ref().err());
        let outcome = match result {
            Ok(result) => Ok(convert::result(result, &limits.run)),
            Err(error) => trap::outcome(&error, granted, &output, self.world),
        };
        GuestEnd { outcome, fuel, output }
    }
}
