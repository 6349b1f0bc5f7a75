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

/// Preludes by name, with their parts in the order in which they are put together. The parts are
/// the body of one function: a part sees what the parts before it define.
const PRELUDES: &[(&str, &str, &[&str])] = &[(
    "prelude",
    "host, rules",
    &[
        "intrinsics",
        "state",
        "errors",
        "text",
        "sandbox",
        "awaits",
        "schema",
        "agent",
        "fanout",
        "globals",
        "timers",
        "console",
        "encoding",
        "clone",
        "url",
        "validate",
        "baton",
        "main",
    ],
)];

fn main() -> Result<(), Box<dyn Error>> {
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);
    println!("cargo::rerun-if-changed=src/prelude");
    for (name, parameters, parts) in PRELUDES {
        let mut text = format!("export default function ({parameters}) {{\n");
        for part in *parts {
            let path = PathBuf::from("src/prelude").join(format!("{part}.js"));
            text.push_str(&fs::read_to_string(path)?);
        }
        text.push_str("}\n");
        fs::write(out_dir.join(format!("{name}.bin")), compiled(&format!("baton:{name}"), text)?)?;
    }
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
