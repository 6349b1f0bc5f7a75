//! Compiles the guests and writes the table that embeds them.

use std::error::Error;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::{env, fs};

use baton_build_support::{Guests, PREBUILT};

/// The plugins by name, and the packages they are compiled from.
const PLUGINS: &[(&str, &str)] = &[
    ("code", "tool-code"),
    ("data", "tool-data"),
    ("docs-audit", "docs-audit"),
    ("docs-auditor", "docs-auditor"),
    ("echo-agent", "echo-agent"),
    ("echo-tool", "echo-tool"),
    ("follow-up", "follow-up"),
    ("git", "tool-git"),
    ("git-write", "tool-git-write"),
    ("github", "tool-github"),
    ("hello", "hello"),
    ("http", "tool-http"),
    ("links", "tool-links"),
    ("migrate", "migrate"),
    ("nap", "nap"),
    ("nest", "nest"),
    ("research", "research"),
    ("review", "review"),
];

/// Names another component than the committed one for scripts, so that a rebuilt one can be tested.
const RUNNER: &str = "BATON_SCRIPT_RUNNER";

/// What makes guests different when it changes, relative to the workspace.
const SOURCES: &[&str] = &[
    "Cargo.toml",
    "Cargo.lock",
    "wit",
    "guest-sdk/Cargo.toml",
    "guest-sdk/src",
    "guest-sdk/macros/Cargo.toml",
    "guest-sdk/macros/src",
    "plugins/docs-audit",
    "plugins/examples",
    "plugins/follow-up",
    "plugins/migrate",
    "plugins/quotes",
    "plugins/research",
    "plugins/review",
    "plugins/tools",
];

fn main() -> Result<(), Box<dyn Error>> {
    let package = PathBuf::from(env::var("CARGO_MANIFEST_DIR")?);
    let workspace = package.parent().ok_or("this package is in a folder of the workspace")?;
    let out_dir = PathBuf::from(env::var("OUT_DIR")?);

    println!("cargo::rerun-if-env-changed={PREBUILT}");
    for source in SOURCES {
        println!("cargo::rerun-if-changed={}", workspace.join(source).display());
    }

    let packages: Vec<&str> = PLUGINS.iter().map(|(_, package)| *package).collect();
    let components = Guests::for_build_script(workspace, &out_dir)?.build(&packages)?;
    let mut table = String::from("&[\n");
    for ((name, _), component) in PLUGINS.iter().zip(components) {
        let copy = out_dir.join(format!("{name}.wasm"));
        copy_if_changed(&component, &copy)?;
        let path = copy.to_str().ok_or("OUT_DIR is not UTF-8")?;
        writeln!(table, "    Plugin {{ name: {name:?}, bytes: include_bytes!({path:?}) }},")?;
    }
    table.push(']');
    fs::write(out_dir.join("table.rs"), table)?;

    println!("cargo::rerun-if-env-changed={RUNNER}");
    let runner =
        env::var_os(RUNNER).map_or_else(|| package.join("script/runner.wasm"), PathBuf::from);
    println!("cargo::rerun-if-changed={}", runner.display());
    copy_if_changed(&runner, &out_dir.join("script.wasm"))?;
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
