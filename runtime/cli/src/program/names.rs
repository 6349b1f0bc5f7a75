//! What a call of `workflow()` means.

use std::path::{Path, PathBuf};

use crate::project::inspection::Nested;
use crate::project::places::{Folder, Places};
use crate::project::script::is_script;

/// Prefix of the name of a nested script that is named by its path.
pub const FILE: &str = "file:";

/// The name that a call of `workflow()` uses, as the program knows it; none if it is computed.
#[must_use]
pub fn program_name(call: &Nested) -> Option<String> {
    match (&call.name, &call.script_path) {
        (Some(name), _) => Some(name.clone()),
        (None, Some(path)) => Some(format!("{FILE}{path}")),
        (None, None) => None,
    }
}

/// The file that a `scriptPath` means: relative to the working directory, to the top of the
/// repository, or to the root script. What lies elsewhere is not read: its lines would appear in
/// errors that the script sees.
#[must_use]
pub fn nested_file(path: &str, places: &Places, folder: Option<&Path>) -> Option<PathBuf> {
    let bases = [Some(places.here()), Some(places.top()), folder];
    let bases: Vec<PathBuf> =
        bases.into_iter().flatten().filter_map(|base| base.canonicalize().ok()).collect();
    let homes = places.folders("workflows");
    let homes: Vec<PathBuf> = homes.iter().filter_map(Folder::real).collect();
    let inside = |path: &Path| bases.iter().chain(&homes).any(|base| path.starts_with(base));
    bases
        .iter()
        .filter_map(|base| base.join(path).canonicalize().ok())
        .find(|file| is_script(file) && file.is_file() && inside(file))
}
