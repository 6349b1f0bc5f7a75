//! Cargo's target folder, and the Rust target of guests.

use std::ffi::{OsStr, OsString};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{BuildError, TARGET, start_error};

/// The target folder from a build script's `OUT_DIR`, which is
/// `<target>[/<triple>]/<profile>/build/<package>/out`.
pub(crate) fn root(out_dir: &Path, triple: Option<&OsStr>) -> Option<PathBuf> {
    let build = out_dir.ancestors().find(|folder| folder.file_name() == Some("build".as_ref()))?;
    let root = build.parent()?.parent()?;
    let within_triple = triple.is_some() && root.file_name() == triple;
    Some(if within_triple { root.parent()? } else { root }.to_owned())
}

/// Sees to it that guests can be compiled.
pub(crate) fn ensure() -> Result<(), BuildError> {
    if installed()? {
        return Ok(());
    }
    let output = Command::new("rustup")
        .args(["target", "add", TARGET])
        .stdin(Stdio::null())
        .output()
        .map_err(|error| BuildError::Target(error.to_string()))?;
    if output.status.success() && installed()? {
        return Ok(());
    }
    let words = String::from_utf8_lossy(&output.stderr);
    let last = words.lines().rfind(|line| !line.trim().is_empty()).unwrap_or("no reason given");
    Err(BuildError::Target(last.trim().to_owned()))
}

/// Whether the standard library of the target is there.
fn installed() -> Result<bool, BuildError> {
    let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| OsString::from("rustc"));
    let output = Command::new(&rustc)
        .args(["--print", "target-libdir", "--target", TARGET])
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .output()
        .map_err(|error| start_error(&rustc, error))?;
    let folder = String::from_utf8_lossy(&output.stdout);
    Ok(output.status.success() && Path::new(folder.trim()).is_dir())
}
