//! Interface `gates`: asking people, and hearing from them.

use baton_core::command::Command;
use baton_core::gate::RawGateSpec;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{enter, tasks};
use crate::bindings::v0_1::workflow::baton::runtime::types::Refusal;
use crate::state::{State, Workflow};

/// Sizes are checked in core, as those of every other task; the schema, and what it says of the
/// default, by the port.
pub(crate) fn link(linker: &mut Linker<State<Workflow>>) -> wasmtime::Result<()> {
    let mut gates = linker.instance("baton:runtime/gates@0.1.2")?;
    gates.func_wrap_async(
        "ask",
        |store: StoreContextMut<'_, State<Workflow>>, (question, options): (String, String)| {
            Box::new(ask(store, question, options))
        },
    )?;
    gates.func_wrap("listen", |mut store: StoreContextMut<'_, State<Workflow>>, (): ()| {
        let fuel = enter(&store)?;
        let reply = store.data_mut().port.command(Command::Listen, fuel)?;
        tasks::nothing(&reply)
    })
}

async fn ask(
    store: StoreContextMut<'_, State<Workflow>>,
    question: String,
    options: String,
) -> wasmtime::Result<(Result<u64, Refusal>,)> {
    enter(&store)?;
    let problem = store.data().port.gate_problem(&options).await;
    tasks::spawn(store, Command::AskGate(RawGateSpec { question, options, problem }))
}
