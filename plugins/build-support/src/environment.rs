//! The environment of the inner cargo.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Command;

/// Variables by which the outer build would leak into the inner one: compiler wrappers (clippy
/// among them), flags and targets meant for the outer build, and what cargo tells build scripts.
const DROPPED: &[&str] = &[
    "CARGO_INCREMENTAL",
    "CARGO_PRIMARY_PACKAGE",
    "RUSTC_WRAPPER",
    "RUSTC_WORKSPACE_WRAPPER",
    "RUSTC_LINKER",
    "RUSTFLAGS",
    "RUSTDOCFLAGS",
    "CLIPPY_ARGS",
    "CLIPPY_CONF_DIR",
    "TARGET",
    "HOST",
    "OUT_DIR",
    "PROFILE",
    "OPT_LEVEL",
    "DEBUG",
    "NUM_JOBS",
    "LD_LIBRARY_PATH",
    "DYLD_FALLBACK_LIBRARY_PATH",
];

/// The same by their beginnings.
const DROPPED_PREFIXES: &[&str] = &[
    "CARGO_BUILD_",
    "CARGO_CFG_",
    "CARGO_FEATURE_",
    "CARGO_MANIFEST_",
    "CARGO_PKG_",
    "CARGO_PROFILE_",
    "CARGO_TARGET_",
    "CARGO_ENCODED_",
    "CARGO_BIN_",
    "CARGO_CRATE_",
    "DEP_",
];

pub(crate) fn is_dropped(name: &str) -> bool {
    DROPPED.contains(&name) || DROPPED_PREFIXES.iter().any(|prefix| name.starts_with(prefix))
}

/// Takes the outer build out of the environment of `command`. What concerns the machine stays:
/// `PATH`, proxies, `CARGO_HOME`, `CARGO_NET_OFFLINE`, the toolchain, and the job server.
pub(crate) fn clean(command: &mut Command, variables: impl Iterator<Item = (OsString, OsString)>) {
    for (name, _) in variables {
        if name.to_str().is_some_and(is_dropped) {
            command.env_remove(name);
        }
    }
    // Paths of this machine and the names of its registries must not be part of a component: they
    // would change its digest.
    if let Some(home) = std::env::var_os("CARGO_HOME").or_else(default_cargo_home) {
        command.env("CARGO_ENCODED_RUSTFLAGS", remapped(Path::new(&home)));
    }
}

/// Flags that replace the folders of dependencies by `/cargo`, each flag behind the unit separator
/// that cargo splits them at. The compiler takes the last prefix that fits, so the widest is first.
fn remapped(home: &Path) -> OsString {
    let sources = home.join("registry").join("src");
    // A registry that cannot be listed has no sources to be compiled.
    let registries = std::fs::read_dir(&sources).into_iter().flatten().flatten();
    let mut folders: Vec<PathBuf> = registries.map(|registry| registry.path()).collect();
    folders.sort();
    folders.insert(0, home.to_owned());
    let mut flags = OsString::new();
    for folder in folders {
        if !flags.is_empty() {
            flags.push("\u{1f}");
        }
        flags.push("--remap-path-prefix=");
        flags.push(folder);
        flags.push("=/cargo");
    }
    flags
}

fn default_cargo_home() -> Option<OsString> {
    Some(std::env::home_dir()?.join(".cargo").into_os_string())
}
