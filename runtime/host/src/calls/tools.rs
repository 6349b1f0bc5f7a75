//! Interfaces `tools` of workflows and `toolbox` of agents.

use baton_core::command::Command;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{enter, tasks};
use crate::bindings::v0_1::agent::baton::runtime::toolbox;
use crate::bindings::v0_1::workflow::baton::runtime::tools::{ToolInfo, ToolSpec};
use crate::convert;
use crate::port::ToolOffer;
use crate::state::{Agent, State, Workflow};

/// Calling tools as tasks. Sizes are checked in core, as those of every other task.
pub(crate) fn link(linker: &mut Linker<State<Workflow>>) -> wasmtime::Result<()> {
    let mut tools = linker.instance("baton:runtime/tools@0.1.1")?;
    tools.func_wrap(
        "spawn-tool",
        |store: StoreContextMut<'_, State<Workflow>>, (spec,): (ToolSpec,)| {
            tasks::spawn(store, Command::SpawnTool(convert::tool_spec(spec)))
        },
    )?;
    tools.func_wrap("available", |store: StoreContextMut<'_, State<Workflow>>, (): ()| {
        enter(&store)?;
        Ok((infos(store.data().port.tools()),))
    })
}

/// Calling tools and waiting for them.
pub(crate) fn link_toolbox(linker: &mut Linker<State<Agent>>) -> wasmtime::Result<()> {
    // Its types are those of `tools`, which has no functions for agents.
    linker.instance("baton:runtime/tools@0.1.1")?;
    let mut toolbox = linker.instance("baton:runtime/toolbox@0.1.1")?;
    toolbox.func_wrap("available", |store: StoreContextMut<'_, State<Agent>>, (): ()| {
        enter(&store)?;
        Ok((infos(store.data().port.tools()),))
    })?;
    toolbox.func_wrap_async(
        "call",
        |store: StoreContextMut<'_, State<Agent>>, (spec,): (ToolSpec,)| {
            Box::new(call(store, spec))
        },
    )
}

async fn call(
    mut store: StoreContextMut<'_, State<Agent>>,
    spec: ToolSpec,
) -> wasmtime::Result<(Result<String, toolbox::CallError>,)> {
    enter(&store)?;
    let answer = store.data_mut().port.call(convert::tool_spec(spec)).await;
    Ok((answer.map(|output| output.to_string()).map_err(convert::call_error),))
}

fn infos(offers: Vec<ToolOffer>) -> Vec<ToolInfo> {
    offers.into_iter().map(convert::tool_info).collect()
}
