//! The component that interprets workflow scripts: QuickJS inside of the world `workflow`.
//!
//! It gets an [`envelope`] as its input: the script, its `args` and the rules of the run. The text
//! is read by `baton-script-source`; what is executed is the instrumented text that crate makes.
//! The functions of the dialect are JavaScript of our own (`prelude/`), over a handful of functions
//! of the [`host`]. One [`drive`] loop runs QuickJS until nothing moves, waits for the next task,
//! and settles the promise that stands for it.
//!
//! Nothing here has a clock, a random source or an order of its own: the same envelope and the same
//! deliveries make the same calls with the same fuel.

pub mod bindings;
pub mod drive;
pub mod envelope;
pub mod failure;
pub mod heap;
pub mod host;
mod machine;
mod prelude;
mod reading;
mod result;

#[cfg(target_arch = "wasm32")]
mod component;

use bindings::baton::runtime::types::{Failure, Handoff};
use envelope::Envelope;

/// Does what the envelope says.
///
/// # Errors
/// What the script failed with.
pub fn run(input: &str, host: &host::Shared) -> Result<Handoff, Failure> {
    match Envelope::parse(input)? {
        Envelope::Inspect(script) => Ok(drive::inspect(&script)),
        Envelope::Run(run) => drive::run(&run, host),
    }
}
