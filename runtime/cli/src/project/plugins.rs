//! Plugins: directories that bring workflows and agent definitions under a name of their own.

use std::path::{Path, PathBuf};

use serde::Deserialize;
use serde_json::Value;

use super::places::{Folder, Place};
use super::scan::{self, Skipped, Unread};

/// The file that makes a directory a plugin.
pub const MANIFEST: &str = ".claude-plugin/plugin.json";
/// Bytes of a manifest.
const MANIFEST_BYTES_MAX: u64 = 64 << 10;
/// Bytes of the name of a plugin.
const NAME_BYTES_MAX: usize = 64;
/// Further folders of one kind that a manifest may name.
const FOLDERS_MAX: usize = 16;
/// Names that mean something else before a colon.
const RESERVED: [&str; 5] = ["acp", "command", "component", "file", "recorded"];

/// A plugin.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    /// What names of its parts begin with.
    pub name: String,
    /// Its directory.
    root: PathBuf,
    agents: Vec<PathBuf>,
    skills: Vec<PathBuf>,
    workflows: Vec<PathBuf>,
}

/// What a manifest says, as far as it matters here.
#[derive(Debug, Deserialize)]
struct Manifest {
    name: String,
    #[serde(default)]
    agents: Value,
    #[serde(default)]
    skills: Value,
    #[serde(default)]
    workflows: Value,
}

impl Plugin {
    /// Its folders called `name`, and what its manifest names besides. Whether they lie inside of
    /// it is found out when they are looked into.
    pub fn folders(&self, name: &str) -> Vec<Folder> {
        let named: &[PathBuf] = match name {
            "agents" => &self.agents,
            "skills" => &self.skills,
            "workflows" => &self.workflows,
            _ => &[],
        };
        let mut folders: Vec<Folder> = Vec::new();
        for path in std::iter::once(Path::new(name)).chain(named.iter().map(PathBuf::as_path)) {
            let path = self.root.join(path);
            if !folders.iter().any(|folder| folder.path == path) {
                folders.push(Folder {
                    path,
                    place: Place::Plugin,
                    fence: Some(self.root.clone()),
                    plugin: Some(self.name.clone()),
                });
            }
        }
        folders
    }
}

/// The plugin that a directory is; none if it is not one.
pub fn read(root: &Path) -> Option<Result<Plugin, Skipped>> {
    let path = root.join(MANIFEST);
    path.symlink_metadata().ok()?;
    Some(load(root, &path).map_err(|reason| Skipped { path, reason }))
}

fn load(root: &Path, path: &Path) -> Result<Plugin, String> {
    let (Ok(real), Ok(fence)) = (path.canonicalize(), root.canonicalize()) else {
        return Err("a link that leads nowhere".into());
    };
    if !real.starts_with(fence) {
        return Err("a link that leads out of the plugin is not followed".into());
    }
    let bytes = scan::read(path, MANIFEST_BYTES_MAX).map_err(|unread| match unread {
        Unread::TooLarge { size, max } => {
            format!("{size} bytes, where the manifest of a plugin has at most {max}")
        }
        Unread::Io(error) => error.to_string(),
    })?;
    let manifest: Manifest = serde_json::from_slice(&bytes)
        .map_err(|error| format!("not the manifest of a plugin: {error}"))?;
    let name = manifest.name;
    let usable = name.len() <= NAME_BYTES_MAX
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'))
        && name.bytes().next().is_some_and(|b| b.is_ascii_alphanumeric())
        && !RESERVED.contains(&name.as_str());
    if !usable {
        return Err(format!("`{name}` cannot be the name of a plugin"));
    }
    let folders = |paths: &Value, what: &str| {
        let paths = match paths {
            Value::Array(paths) => paths.as_slice(),
            one => std::slice::from_ref(one),
        };
        if paths.len() > FOLDERS_MAX {
            return Err(format!("`{what}` names more than {FOLDERS_MAX} paths"));
        }
        Ok(paths.iter().filter_map(Value::as_str).map(PathBuf::from).collect())
    };
    Ok(Plugin {
        agents: folders(&manifest.agents, "agents")?,
        skills: folders(&manifest.skills, "skills")?,
        workflows: folders(&manifest.workflows, "workflows")?,
        name,
        root: root.to_owned(),
    })
}

#[cfg(test)]
mod tests;
