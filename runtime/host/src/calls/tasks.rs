//! Interface `tasks`: starting, waiting, cancelling.

use baton_core::command::{Command, Reply};
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::{enter, list_fits};
use crate::bindings::v0_1::workflow::baton::runtime::tasks::{
    AgentSpec, Delivery, WaitError, WorkflowSpec,
};
use crate::bindings::v0_1::workflow::baton::runtime::types::Refusal;
use crate::convert;
use crate::port::PortError;
use crate::state::{State, Workflow};

type Store<'a> = StoreContextMut<'a, State<Workflow>>;

/// Sizes of specifications are checked where their refusals are defined, in core: a refusal of an
/// oversize prompt is an answer like any other. Here the engine's limit on what one call may copy
/// holds.
pub(crate) fn link(linker: &mut Linker<State<Workflow>>) -> wasmtime::Result<()> {
    let mut tasks = linker.instance("baton:runtime/tasks@0.1.0")?;
    tasks.func_wrap("spawn-agent", |store: Store<'_>, (spec,): (AgentSpec,)| {
        spawn(store, Command::SpawnAgent(convert::agent_spec(spec)))
    })?;
    tasks.func_wrap("spawn-workflow", |store: Store<'_>, (spec,): (WorkflowSpec,)| {
        spawn(store, Command::SpawnWorkflow(convert::workflow_spec(spec)))
    })?;
    tasks.func_wrap("sleep", |store: Store<'_>, (ms,): (u64,)| {
        spawn(store, Command::Sleep { ms })
    })?;
    tasks.func_wrap("cancel", |mut store: Store<'_>, (task,): (u64,)| {
        let fuel = enter(&store)?;
        let reply = store.data_mut().port.command(Command::Cancel { task }, fuel)?;
        nothing(&reply)
    })?;
    tasks.func_wrap_async("wait-any", |store: Store<'_>, (tasks,): (Option<Vec<u64>>,)| {
        Box::new(wait(store, tasks))
    })
}

pub(super) fn spawn(
    mut store: Store<'_>,
    command: Command,
) -> wasmtime::Result<(Result<u64, Refusal>,)> {
    let fuel = enter(&store)?;
    match store.data_mut().port.command(command, fuel)? {
        Reply::Task(number) => Ok((Ok(number),)),
        Reply::Refused(refusal) => Ok((Err(convert::refusal(refusal)),)),
        Reply::Nothing => Err(unexpected(&Reply::Nothing)),
    }
}

/// The answer to a command that has none.
pub(super) fn nothing(reply: &Reply) -> wasmtime::Result<()> {
    match reply {
        Reply::Nothing => Ok(()),
        other => Err(unexpected(other)),
    }
}

async fn wait(
    mut store: Store<'_>,
    tasks: Option<Vec<u64>>,
) -> wasmtime::Result<(Result<Delivery, WaitError>,)> {
    let fuel = enter(&store)?;
    list_fits(&store, tasks.as_ref().map_or(0, Vec::len))?;
    let answer = store.data_mut().port.wait(tasks, fuel).await?;
    Ok((answer.map(convert::delivery).map_err(convert::wait_error),))
}

fn unexpected(reply: &Reply) -> wasmtime::Error {
    PortError::Internal(format!("the port answered a call with {reply:?}")).into()
}
