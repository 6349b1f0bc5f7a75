//! Everything a guest can reach, interface by interface.
//!
//! Reading this file is reading the whole authority of a guest. The names are those of
//! [`crate::contract`]; a test holds the two together.

use baton_core::ids::Timestamp;
use wasmtime::Engine;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::{WasiCli, WasiCliView};
use wasmtime_wasi::clocks::{WasiClocks, WasiClocksView};
use wasmtime_wasi::filesystem::{WasiFilesystem, WasiFilesystemView};
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};

use crate::calls;
use crate::state::{Agent, Port, Reach, State, Workflow};
use crate::tool::{self, ToolState};
use crate::virtual_wasi::{HasRandom, VirtualClock};

/// What a workflow reaches.
pub(crate) fn workflow(engine: &Engine) -> wasmtime::Result<Linker<State<Workflow>>> {
    let mut linker = Linker::new(engine);
    shared(&mut linker)?;
    clocks::wall_clock::add_to_linker::<_, VirtualClock>(&mut linker, virtual_clock)?;
    clocks::monotonic_clock::add_to_linker::<_, VirtualClock>(&mut linker, virtual_clock)?;
    calls::tasks::link(&mut linker)?;
    calls::budget::link(&mut linker)?;
    calls::tools::link(&mut linker)?;
    calls::gates::link(&mut linker)?;
    Ok(linker)
}

/// What an agent reaches. Nothing of it is replayed, so its clocks are real.
pub(crate) fn agent(engine: &Engine) -> wasmtime::Result<Linker<State<Agent>>> {
    let mut linker = Linker::new(engine);
    shared(&mut linker)?;
    real_clocks(&mut linker)?;
    calls::tools::link_toolbox(&mut linker)?;
    Ok(linker)
}

/// What a tool reaches: WASI, as far as the grant of its call goes. Of our own interfaces only types.
pub(crate) fn tool(engine: &Engine) -> wasmtime::Result<Linker<ToolState>> {
    let mut linker = Linker::new(engine);
    wasi(&mut linker)?;
    real_clocks(&mut linker)?;
    tool::fs::link(&mut linker)?;
    tool::http::add_to_linker(&mut linker)?;
    linker.instance("baton:runtime/types@0.1.1")?;
    Ok(linker)
}

fn real_clocks<T: Reach>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(linker, T::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(linker, T::clocks)
}

fn virtual_clock(state: &mut State<Workflow>) -> VirtualClock {
    let now: Timestamp = state.port.now();
    VirtualClock { now, start: state.start }
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

/// What workflows and agents have in common.
fn shared<P: Port>(linker: &mut Linker<State<P>>) -> wasmtime::Result<()> {
    wasi(linker)?;
    // Toolchains import these. There is no directory in them, and without a descriptor none of
    // their functions can be called.
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
    linker.instance("baton:runtime/types@0.1.0")?;
    calls::files::link(linker)?;
    calls::report::link(linker)?;
    Ok(())
}

/// What all worlds have in common.
fn wasi<T: Reach>(linker: &mut Linker<T>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<_, Io>(linker, T::table)?;
    io::poll::add_to_linker::<_, Io>(linker, T::table)?;
    io::streams::add_to_linker::<_, Io>(linker, T::table)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, T::cli)?;
    random::random::add_to_linker::<_, HasRandom>(linker, T::random)?;
    random::insecure::add_to_linker::<_, HasRandom>(linker, T::random)?;
    random::insecure_seed::add_to_linker::<_, HasRandom>(linker, T::random)?;
    Ok(())
}
