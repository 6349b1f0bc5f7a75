//! Sockets that are not there.
//!
//! Toolchains of some languages import `wasi:sockets` into every component, used or not. Such a
//! component is linked with functions that end the guest; nothing of the system's network stands
//! behind them.

use baton_core::scope::Capability;
use baton_core::tool::Denial;
use wasmtime::Engine;
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker, ResourceType};

use super::state::ToolState;
use crate::contract::SOCKETS;
use crate::limiter::Stop;

/// Stands for every resource of the interfaces. There is never one.
struct Absent;

/// The linker for one component: with everything that it imports of `wasi:sockets`.
pub(crate) fn without_sockets(
    linker: &Linker<ToolState>,
    engine: &Engine,
    component: &Component,
) -> wasmtime::Result<Linker<ToolState>> {
    let mut linker = linker.clone();
    let component = component.component_type();
    // A resource is defined by the interface that names it first; later ones only mention it.
    let mut defined: Vec<ResourceType> = Vec::new();
    for (interface, import) in component.imports(engine) {
        let ComponentItem::ComponentInstance(instance) = import.ty else { continue };
        let absent = interface.split_once('/').is_some_and(|(package, _)| package == SOCKETS);
        for (name, export) in instance.exports(engine) {
            match export.ty {
                ComponentItem::Resource(resource) if !defined.contains(&resource) => {
                    defined.push(resource);
                    if absent {
                        linker.instance(interface)?.resource(
                            name,
                            ResourceType::host::<Absent>(),
                            |_, _| Ok(()),
                        )?;
                    }
                }
                ComponentItem::ComponentFunc(_) if absent => {
                    let tried = format!("{interface} {name}");
                    linker.instance(interface)?.func_new(name, move |store, _, _, _| {
                        (store.data().grant.denied)(denial(&tried));
                        Err(Stop::Sockets.into())
                    })?;
                }
                _ => {}
            }
        }
    }
    Ok(linker)
}

fn denial(tried: &str) -> Denial {
    Denial {
        capability: Capability::Http,
        code: "sockets".into(),
        tried: tried.into(),
        hint: "tools reach the network by `wasi:http` only".into(),
    }
}
