//! Interface `budget`: what the workflow may spend, as of the last delivery.

use baton_core::command::BudgetView;
use wasmtime::StoreContextMut;
use wasmtime::component::Linker;

use super::enter;
use crate::bindings::v0_1::workflow::baton::runtime::budget::Amounts;
use crate::convert;
use crate::state::{State, Workflow};

pub(crate) fn link(linker: &mut Linker<State<Workflow>>) -> wasmtime::Result<()> {
    let mut budget = linker.instance("baton:runtime/budget@0.1.0")?;
    budget.func_wrap("granted", |store, (): ()| {
        view(&store, |view| convert::amounts(view.granted))
    })?;
    budget.func_wrap("spent", |store, (): ()| view(&store, |view| convert::spent(&view.spent)))?;
    budget.func_wrap("left", |store, (): ()| {
        view(&store, |view| convert::amounts(view.granted.left(&view.spent)))
    })
}

fn view(
    store: &StoreContextMut<'_, State<Workflow>>,
    part: fn(BudgetView) -> Amounts,
) -> wasmtime::Result<(Amounts,)> {
    enter(store)?;
    Ok((part(store.data().port.budget()),))
}
