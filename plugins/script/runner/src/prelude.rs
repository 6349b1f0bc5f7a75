//! The functions of the dialect: JavaScript that is evaluated before the script.
//!
//! The build script compiles it to bytecode. It is one function that takes the functions of the
//! host and the rules of the run, puts the globals in place, and returns what the runner calls.
#![expect(unsafe_code, reason = "bytecode is trusted by QuickJS; this one is our own")]

use rquickjs::{Ctx, Function, Module};

static BYTECODE: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/prelude.bin"));

/// The function.
///
/// # Errors
/// When the bytecode does not load.
pub fn load<'js>(ctx: &Ctx<'js>) -> rquickjs::Result<Function<'js>> {
    // SAFETY: the bytecode was written by the same version of QuickJS.
    let module = unsafe { Module::load(ctx.clone(), BYTECODE) }?;
    let (module, done) = module.eval()?;
    done.finish::<()>()?;
    module.get("default")
}
