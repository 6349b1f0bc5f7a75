//! `baton:runtime@0.1`.
//!
//! Only types and exports are used from here. Imports are linked by hand in [`crate::calls`],
//! because every call needs the store: it reports the exact fuel, and file calls charge it.

pub(crate) mod workflow {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "baton:runtime/workflow",
        imports: { default: trappable },
        exports: { default: async },
    });
}

pub(crate) mod agent {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "baton:runtime/agent",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "baton:runtime/types": super::workflow::baton::runtime::types,
            "baton:runtime/files": super::workflow::baton::runtime::files,
            "baton:runtime/report": super::workflow::baton::runtime::report,
            "baton:runtime/tools": super::workflow::baton::runtime::tools,
        },
    });
}

pub(crate) mod tool {
    wasmtime::component::bindgen!({
        path: "../../wit",
        world: "baton:runtime/tool",
        imports: { default: trappable },
        exports: { default: async },
        with: {
            "baton:runtime/types": super::workflow::baton::runtime::types,
        },
    });
}
