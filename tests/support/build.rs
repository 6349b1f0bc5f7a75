//! Compiles the guests that only tests use.

use std::error::Error;
use std::path::{Path, PathBuf};
use std::{env, fs};

use baton_build_support::{Guests, PREBUILT};

/// The packages of the guests.
const PACKAGES: &[&str] = &["hostile", "hostile-agent", "obedient-agent"];

/// What makes them different when it changes, relative to the workspace.
const SOURCES: &[&str] = &["Cargo.toml", "Cargo.lock", "wit", "tests/guests"];

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
    for (name, component) in PACKAGES.iter().zip(components) {
        copy_if_changed(&component, &out_dir.join(format!("{name}.wasm")))?;
    }
    Ok(())
}

/// A component that did not change keeps its time, so that nothing above it is compiled again.
fn copy_if_changed(from: &Path, to: &Path) -> std::io::Result<()> {
    let bytes = fs::read(from)?;
    if fs::read(to).is_ok_and(|old| old == bytes) {
        return Ok(());
    }
    fs::write(to, bytes)
}
