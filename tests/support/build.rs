//! Compiles the guests that only tests use.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use baton_build_support::{Guests, PREBUILT};

/// The packages of the guests.
const PACKAGES: &[&str] = &[
    "asker",
    "caller",
    "hostile",
    "hostile-agent",
    "http-tool",
    "obedient-agent",
    "path-tool",
    "probe-tool",
    "prober",
    "prober-bare",
    "release",
    "tool-agent",
];

/// What makes them different when it changes, relative to the workspace.
const SOURCES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "wit",
    "guest-sdk/src",
    "guest-sdk/macros/src",
    "tests/guests",
    "plugins/examples/release",
];

fn main() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace =
        package.ancestors().nth(2).ok_or("this package is in a folder of the workspace")?;
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);

    println!("cargo::rerun-if-env-changed={PREBUILT}");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }
    let components = Guests::for_build_script(workspace, &out_dir)?.build(PACKAGES)?;
    let mut table = String::from("&[\n");
    for (name, component) in PACKAGES.iter().zip(components) {
        let copy = out_dir.join(format!("{name}.wasm"));
        copy_if_changed(&component, &copy)?;
        let path = copy.to_str().ok_or("OUT_DIR is not UTF-8")?;
        writeln!(table, "    ({name:?}, include_bytes!({path:?})),")?;
    }
    table.push(']');
    Ok(fs::write(out_dir.join("table.rs"), table)?)
}

/// A component that did not change keeps its time, so that nothing above it is compiled again.
fn copy_if_changed(from: &Path, to: &Path) -> std::io::Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(to, bytes)
}
