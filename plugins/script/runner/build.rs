//! Compiles the prelude to bytecode of QuickJS: reading its text would take most of the time that
//! a small script needs.
//!
//! Bytecode is the same on every platform with the same byte order; QuickJS checks its version and
//! a checksum when it loads it.

use std::error::Error;
use std::path::PathBuf;
use std::{env, fs};

use rquickjs::module::{WriteOptions, WriteOptionsEndianness};
use rquickjs::{CatchResultExt, Context, Module, Runtime};

/// The parts of the prelude, in the order in which they are put together. They are the body of one
/// function: a part sees what the parts before it define.
const PARTS: &[&str] = &[
    "intrinsics",
    "state",
    "errors",
    "text",
    "stacks",
    "sandbox",
    "awaits",
    "schema",
    "agent",
    "fanout",
    "globals",
    "timers",
    "console",
    "collate",
    "encoding",
    "clone",
    "url",
    "validate",
    "baton-arguments",
    "baton-files",
    "baton-calls",
    "baton-tools",
    "baton-model",
    "baton-people",
    "baton-patterns",
    "baton",
    "main",
];

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=src/prelude");
    let mut text = String::from("export default function (host, rules) {\n");
    for part in PARTS {
        let path = PathBuf::from("src/prelude").join(format!("{part}.js"));
        text.push_str(&fs::read_to_string(path)?);
    }
    text.push_str("}\n");
    fs::write(out_dir.join("prelude.bin"), compiled("baton:prelude", text)?)?;
    Ok(())
}

fn compiled(name: &str, text: String) -> Result<Vec<u8>, Box<dyn Error>> {
    let runtime = Runtime::new()?;
    let context = Context::full(&runtime)?;
    context.with(|ctx| {
        let module = Module::declare(ctx.clone(), name, text).catch(&ctx);
        let module = module.map_err(|error| format!("{name}: {error}"))?;
        let options = WriteOptions {
            endianness: WriteOptionsEndianness::Little,
            strip_source: true,
            ..WriteOptions::default()
        };
        Ok(module.write(options)?)
    })
}
