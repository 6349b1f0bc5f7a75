//! Everything a guest can reach, interface by interface.
//!
//! Reading this file is reading the whole authority of a guest. The names are those of
//! [`crate::contract`]; a test holds the two together.

use baton_core::ids::Timestamp;
use wasmtime::Engine;
use wasmtime::component::{HasData, Linker, ResourceTable};
use wasmtime_wasi::cli::WasiCli;
use wasmtime_wasi::clocks::WasiClocks;
use wasmtime_wasi::filesystem::WasiFilesystem;
use wasmtime_wasi::p2::bindings::{cli, clocks, filesystem, io, random};

use crate::calls;
use crate::state::{Agent, Port, State, Workflow};
use crate::virtual_wasi::{HasRandom, VirtualClock};

/// What a workflow reaches.
pub(crate) fn workflow(engine: &Engine) -> wasmtime::Result<Linker<State<Workflow>>> {
    let mut linker = Linker::new(engine);
    shared(&mut linker)?;
    clocks::wall_clock::add_to_linker::<_, VirtualClock>(&mut linker, virtual_clock)?;
    clocks::monotonic_clock::add_to_linker::<_, VirtualClock>(&mut linker, virtual_clock)?;
    calls::tasks::link(&mut linker)?;
    calls::budget::link(&mut linker)?;
    Ok(linker)
}

/// What an agent reaches. Nothing of it is replayed, so its clocks are real.
pub(crate) fn agent(engine: &Engine) -> wasmtime::Result<Linker<State<Agent>>> {
    let mut linker = Linker::new(engine);
    shared(&mut linker)?;
    clocks::wall_clock::add_to_linker::<_, WasiClocks>(&mut linker, State::clocks)?;
    clocks::monotonic_clock::add_to_linker::<_, WasiClocks>(&mut linker, State::clocks)?;
    Ok(linker)
}

fn virtual_clock(state: &mut State<Workflow>) -> VirtualClock {
    let now: Timestamp = state.port.now();
    VirtualClock { now, start: state.start }
}

struct Io;

impl HasData for Io {
    type Data<'a> = &'a mut ResourceTable;
}

fn shared<P: Port>(linker: &mut Linker<State<P>>) -> wasmtime::Result<()> {
    io::error::add_to_linker::<_, Io>(linker, State::table)?;
    io::poll::add_to_linker::<_, Io>(linker, State::table)?;
    io::streams::add_to_linker::<_, Io>(linker, State::table)?;
    cli::environment::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::exit::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::stdin::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::stdout::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::stderr::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_input::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_output::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdin::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stdout::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    cli::terminal_stderr::add_to_linker::<_, WasiCli>(linker, State::cli)?;
    random::random::add_to_linker::<_, HasRandom>(linker, State::random)?;
    random::insecure::add_to_linker::<_, HasRandom>(linker, State::random)?;
    random::insecure_seed::add_to_linker::<_, HasRandom>(linker, State::random)?;
    // Toolchains import these. There is no directory in them, and without a descriptor none of
    // their functions can be called.
    filesystem::types::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
    filesystem::preopens::add_to_linker::<_, WasiFilesystem>(linker, State::filesystem)?;
    linker.instance("baton:runtime/types@0.1.0")?;
    calls::files::link(linker)?;
    calls::report::link(linker)?;
    Ok(())
}
