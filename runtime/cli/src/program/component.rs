//! Component files and built-in components: found, read, and held against their world.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::limits::wasm::COMPONENT_BYTES_MAX;
use baton_core::manifest::{Manifest, World};
use baton_host::{Inspection, inspect};

use crate::codes::Code;
use crate::error::{CliError, Result};

/// Ending of component files.
pub const WASM: &str = "wasm";

/// A component and where it comes from.
#[derive(Clone, Debug)]
pub struct Component {
    /// The bytes.
    pub bytes: Arc<[u8]>,
    /// What it is.
    pub inspection: Inspection,
    /// The file; none: built in.
    pub path: Option<PathBuf>,
}

/// A component in a file.
///
/// # Errors
/// When the file cannot be read, is too large, or is no component at all.
pub fn from_file(path: &Path) -> Result<Component> {
    let size = std::fs::metadata(path).map_err(|error| CliError::file("read", path, &error))?;
    if !size.is_file() {
        let message = format!("{} is not a file", path.display());
        return Err(CliError::new(Code::File, message));
    }
    if size.len() > COMPONENT_BYTES_MAX {
        let message = format!(
            "{} has {} bytes; a component has at most {COMPONENT_BYTES_MAX}",
            path.display(),
            size.len()
        );
        return Err(CliError::new(Code::Component, message));
    }
    let bytes = std::fs::read(path).map_err(|error| CliError::file("read", path, &error))?;
    of_bytes(bytes.into(), Some(path.to_owned()), &path.display().to_string())
}

/// A component by its bytes. `shown` is what people call it.
///
/// # Errors
/// When it is none.
pub fn of_bytes(bytes: Arc<[u8]>, path: Option<PathBuf>, shown: &str) -> Result<Component> {
    let inspection = inspect(&bytes).map_err(|error| {
        CliError::new(Code::Component, format!("{shown} is not a component that baton runs"))
            .because(&error)
            .hint("build it for wasm32-wasip2 with the guest SDK")
    })?;
    Ok(Component { bytes, inspection, path })
}

/// The manifest of a component that may run in `world`.
///
/// # Errors
/// When it is refused, or written for another world.
pub fn accepted(component: &Component, shown: &str, world: World) -> Result<Manifest> {
    let inspection = &component.inspection;
    if !inspection.refusals.is_empty() {
        let mut error = CliError::new(Code::Component, format!("{shown} is refused"))
            .hint(format!("`baton check {shown}` shows all of it"));
        if let CliError::Coded(coded) = &mut error {
            coded.causes.clone_from(&inspection.refusals);
        }
        return Err(error);
    }
    match &inspection.manifest {
        Some(manifest) if inspection.world == Some(world) => Ok(manifest.clone()),
        _ => {
            let wanted = world_name(world);
            let found = inspection.world.map_or("none", world_name);
            let message = format!("{shown} is written for world `{found}`, not `{wanted}`");
            Err(CliError::new(Code::Component, message))
        }
    }
}

/// The world as it is written.
#[must_use]
pub fn world_name(world: World) -> &'static str {
    match world {
        World::Workflow => "workflow",
        World::Agent => "agent",
        World::Tool => "tool",
    }
}
