//! A live tool, for one call or for several.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind};
use baton_core::limits::Limits;
use baton_core::limits::wasm::FUEL_YIELD_INTERVAL;
use baton_core::manifest::World;
use wasmtime::component::TypedFunc;
use wasmtime::{Engine, Store};

use super::fs::{Files, Scopes};
use super::grant::ToolGrant;
use super::result::{self, Returned};
use super::state::ToolState;
use super::{ToolCall, ToolEnd};
use crate::bindings::v0_1::tool::ToolPre;
use crate::end::GuestEnd;
use crate::instance::{self, burnt, sendable};
use crate::meter::{Meter, Metered};
use crate::output::Output;
use crate::pool::{Slot, Slots};
use crate::trap;

/// Calls of one instance, after which it is thrown away: what a guest leaks ends here.
const CALLS_MAX: u64 = 10_000;

type Call = TypedFunc<(String, String), (Returned,)>;

/// An instance of a tool, kept for further calls with the same grant. What the guest keeps in its
/// memory stays from call to call; fuel, time and everything else that is counted per call begins
/// anew with each.
pub struct WarmTool {
    engine: Engine,
    /// None: the component is of another world.
    pre: Option<ToolPre<ToolState>>,
    slots: Slots,
    scopes: Arc<Scopes>,
    limits: Limits,
    grant: ToolGrant,
    live: Option<Live>,
    calls: u64,
}

/// Fields are dropped in order: the store is torn down before its slot is free.
struct Live {
    store: Store<ToolState>,
    call: Option<Call>,
    output: Output,
    _slot: Slot,
}

impl WarmTool {
    /// Begins nothing yet.
    pub(crate) fn new(
        engine: Engine,
        pre: Option<ToolPre<ToolState>>,
        slots: Slots,
        scopes: Arc<Scopes>,
        limits: &Limits,
        grant: ToolGrant,
    ) -> Self {
        Self { engine, pre, slots, scopes, limits: *limits, grant, live: None, calls: 0 }
    }

    /// Whether a further call would meet the same instance. Not after a call that ended in any way
    /// but by returning, not after very many, and not while the host needs the room.
    #[must_use]
    pub fn is_fit(&self) -> bool {
        self.live.is_some() && self.calls < CALLS_MAX && !self.slots.crowded()
    }

    /// Performs one call. Dropping the future ends the instance. While it is kept, the instance
    /// holds the slot of its last call.
    pub fn call(
        &mut self,
        slot: Slot,
        call: ToolCall,
    ) -> Pin<Box<dyn Future<Output = ToolEnd> + Send + '_>> {
        Box::pin(self.perform(slot, call))
    }

    async fn perform(&mut self, slot: Slot, call: ToolCall) -> ToolEnd {
        let Some(pre) = self.pre.clone() else {
            return ToolEnd { end: instance::wrong_world(World::Tool), unavailable: false };
        };
        // Out of its place until it has returned: what is dropped in the middle is not used again.
        let mut live = match self.live.take() {
            Some(live) => Live { _slot: slot, ..live },
            None => match self.begin(slot) {
                Ok(live) => live,
                Err(failure) => {
                    return ToolEnd { end: instance::ended(failure), unavailable: false };
                }
            },
        };
        let granted = self.limits.tool.fuel;
        live.store.data_mut().renew(&self.limits, call.traceparent.as_deref());
        let meter = Arc::clone(&live.store.data().meter);
        let returned = Metered::new(returned(&mut live, pre, granted, call), meter).await;
        let left = live.store.get_fuel().unwrap_or_default();
        let fuel = burnt(granted, left, returned.as_ref().err());
        let output = live.output.take();
        match returned {
            Ok(returned) => {
                self.calls += 1;
                self.live = Some(live);
                let (outcome, unavailable) = result::outcome(returned, &self.limits.run);
                ToolEnd { end: GuestEnd { outcome: Ok(outcome), fuel, output }, unavailable }
            }
            Err(error) => {
                drop(live);
                let outcome = trap::outcome(&error, granted, &output, "tool");
                ToolEnd { end: GuestEnd { outcome, fuel, output }, unavailable: false }
            }
        }
    }

    /// A store without an instance.
    fn begin(&self, slot: Slot) -> Result<Live, Failure> {
        let own = &self.limits.tool;
        let meter = Meter::new(own);
        let output = Output::new(own.output_bytes, &meter);
        let files =
            Files::new(&self.grant, &self.scopes, &self.limits, &meter).map_err(|error| {
                let message = format!("the grant of the call cannot be applied: {error}");
                Failure::new(FailureKind::Refused, "scope", message)
            })?;
        let seed = instance::seed()?;
        let state = ToolState::new(&self.grant, files, &self.limits, seed, &meter, &output);
        let mut store = Store::new(&self.engine, state);
        store.limiter(|state| &mut state.limiter);
        instance::hold(&mut store, own);
        Ok(Live { store, call: None, output, _slot: slot })
    }
}

/// What the guest returns, in a new instance if there is none.
async fn returned(
    live: &mut Live,
    pre: ToolPre<ToolState>,
    fuel: u64,
    call: ToolCall,
) -> wasmtime::Result<Returned> {
    let store = &mut live.store;
    // Before the instance: start functions burn fuel too.
    store.set_fuel(fuel)?;
    store.fuel_async_yield_interval(Some(FUEL_YIELD_INTERVAL))?;
    let function = match live.call {
        Some(function) => function,
        None => {
            let instance = sendable(pre.instance_pre().instantiate_async(&mut *store)).await?;
            *live.call.insert(instance.get_typed_func(&mut *store, "call")?)
        }
    };
    let arguments = (call.name, call.input.to_string());
    let (returned,) = sendable(function.call_async(&mut *store, arguments)).await?;
    Ok(returned)
}

impl std::fmt::Debug for WarmTool {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("WarmTool").field("calls", &self.calls).finish_non_exhaustive()
    }
}
