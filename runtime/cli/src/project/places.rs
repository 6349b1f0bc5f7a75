//! The directories in which a project and a person keep workflows, agent definitions and settings.

use std::ffi::OsString;
use std::path::{Path, PathBuf};

use serde::Serialize;

use super::plugins::{self, Plugin};
use super::scan::Skipped;
use crate::error::{CliError, Result};

/// Baton's own directory inside a project.
const BATON: &str = ".baton";
/// The directory of Claude Code inside a project, and inside a person's home.
const CLAUDE: &str = ".claude";
/// What marks the top of a repository.
const GIT: &str = ".git";

/// Whose a folder is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Place {
    /// A directory of the project.
    Project,
    /// The person's own.
    User,
    /// A plugin around the script or the working directory.
    Plugin,
    /// Part of the binary.
    BuiltIn,
}

impl Place {
    /// The word for it.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Project => "project",
            Self::User => "user",
            Self::Plugin => "plugin",
            Self::BuiltIn => "built in",
        }
    }
}

/// A folder that may hold files of one kind. It need not exist.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Folder {
    /// Where it is.
    pub path: PathBuf,
    /// Whose it is.
    pub place: Place,
    /// The directory it must lie in, links followed: what comes with a project must not reach
    /// outside of it. None for what the person arranged.
    pub fence: Option<PathBuf>,
    /// The plugin it belongs to: names in it begin with the plugin's and `:`.
    pub plugin: Option<String>,
}

impl Folder {
    /// Where it really is; none if it is not there, or outside of its fence.
    #[must_use]
    pub fn real(&self) -> Option<PathBuf> {
        let real = self.path.canonicalize().ok()?;
        let fence = self.fence.as_ref().map(|fence| fence.canonicalize().unwrap_or_default());
        // The empty path would hold every other one.
        let inside = fence.is_none_or(|fence| fence.is_absolute() && real.starts_with(fence));
        inside.then_some(real)
    }
}

/// The directories around a working directory.
#[derive(Clone, Debug)]
pub struct Places {
    /// The working directory, then each directory above it up to the top of its repository. Without
    /// a repository, the working directory alone.
    levels: Vec<PathBuf>,
    /// The person's directory of Baton's settings.
    config: Option<PathBuf>,
    /// The person's directory of Claude Code.
    claude: Option<PathBuf>,
    /// The person's home directory.
    home: Option<PathBuf>,
    /// Plugins, the nearest first.
    plugins: Vec<Plugin>,
    /// Manifests of plugins that cannot be used, and why.
    unread: Vec<Skipped>,
}

impl Places {
    /// Those around the working directory of this process.
    ///
    /// # Errors
    /// When it cannot be determined.
    pub fn find() -> Result<Self> {
        let here = std::env::current_dir()
            .map_err(|error| CliError::file("find", Path::new("."), &error))?;
        Ok(Self::around(&here, |name| std::env::var_os(name)))
    }

    /// Those around `here`, in an environment.
    #[must_use]
    pub fn around(here: &Path, variable: impl Fn(&str) -> Option<OsString>) -> Self {
        let levels = up_to_top(here);
        // A relative path would mean another directory for every working directory.
        let absolute =
            |name| variable(name).map(PathBuf::from).filter(|path: &PathBuf| path.is_absolute());
        let home = absolute("HOME");
        let in_home = |name: &str| home.as_ref().map(|home| home.join(name));
        let mut places = Self {
            levels: levels.clone(),
            config: absolute("XDG_CONFIG_HOME")
                .or_else(|| in_home(".config"))
                .map(|dir| dir.join("baton")),
            claude: absolute("CLAUDE_CONFIG_DIR").or_else(|| in_home(CLAUDE)),
            home: home.clone(),
            plugins: Vec::new(),
            unread: Vec::new(),
        };
        places.add_plugins(&levels);
        places
    }

    /// Takes in the plugins that a script lies in: up to the top of its repository, or without one
    /// up to the directory above its own. True if there are any that were not known.
    pub fn around_script(&mut self, script: &Path) -> bool {
        let Ok(script) = script.canonicalize() else { return false };
        let Some(folder) = script.parent() else { return false };
        let levels = up_to(folder, top(folder).or(folder.parent()).unwrap_or(folder));
        self.add_plugins(&levels)
    }

    /// Takes in the plugins of these directories, before those that are known.
    fn add_plugins(&mut self, levels: &[PathBuf]) -> bool {
        let mut found = Vec::new();
        let before = self.unread.len();
        for level in levels {
            match plugins::read(level) {
                Some(Ok(plugin)) if !self.plugins.contains(&plugin) => found.push(plugin),
                Some(Err(skipped)) if !self.unread.contains(&skipped) => self.unread.push(skipped),
                _ => {}
            }
        }
        let any = !found.is_empty() || self.unread.len() > before;
        self.plugins.splice(0..0, found);
        any
    }

    /// Names of the plugins, the nearest first.
    pub fn plugins(&self) -> impl Iterator<Item = &str> {
        self.plugins.iter().map(|plugin| plugin.name.as_str())
    }

    /// Manifests of plugins that cannot be used, and why.
    #[must_use]
    pub fn unread(&self) -> &[Skipped] {
        &self.unread
    }

    /// The person's home directory.
    #[must_use]
    pub fn home(&self) -> Option<&Path> {
        self.home.as_deref()
    }

    /// The person's directory of Baton's settings. Nothing that comes with a project lies there.
    #[must_use]
    pub fn person(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The working directory.
    #[must_use]
    pub fn here(&self) -> &Path {
        self.levels.first().map_or(Path::new("."), PathBuf::as_path)
    }

    /// The top of the repository, or the working directory.
    #[must_use]
    pub fn top(&self) -> &Path {
        self.levels.last().map_or(Path::new("."), PathBuf::as_path)
    }

    /// The folders called `name` (`workflows`, `agents`), the one that wins first: nearest
    /// directory first, `.baton` before `.claude`, project before person, plugins last.
    #[must_use]
    pub fn folders(&self, name: &str) -> Vec<Folder> {
        let mut folders: Vec<Folder> = Vec::new();
        for level in &self.levels {
            for dir in [BATON, CLAUDE] {
                folders.push(Folder {
                    path: level.join(dir).join(name),
                    place: Place::Project,
                    fence: Some(level.clone()),
                    plugin: None,
                });
            }
        }
        for dir in [&self.config, &self.claude].into_iter().flatten() {
            let path = dir.join(name);
            // A person may work in their home directory: a folder is not looked into twice.
            if !folders.iter().any(|folder| folder.path == path) {
                folders.push(Folder { path, place: Place::User, fence: None, plugin: None });
            }
        }
        folders.extend(self.plugins.iter().flat_map(|plugin| plugin.folders(name)));
        folders
    }

    /// Where a workflow of this project is saved: the nearest folder of its kind, or one to be made
    /// at the top.
    #[must_use]
    pub fn save(&self) -> Folder {
        let folders: Vec<Folder> = self
            .folders("workflows")
            .into_iter()
            .filter(|folder| folder.place == Place::Project && is_batons(&folder.path))
            .collect();
        let nearest = folders.iter().find(|folder| folder.path.symlink_metadata().is_ok());
        nearest.or(folders.last()).cloned().unwrap_or_else(|| Folder {
            path: self.here().join(BATON).join("workflows"),
            place: Place::Project,
            fence: Some(self.here().to_owned()),
            plugin: None,
        })
    }

    /// Files of settings that may exist, the one that wins first: the project's, nearest directory
    /// first, then the person's.
    #[must_use]
    pub fn settings(&self) -> (Vec<PathBuf>, Option<PathBuf>) {
        let project = self.levels.iter().map(|level| level.join("baton.toml")).collect();
        (project, self.config.as_ref().map(|dir| dir.join("config.toml")))
    }

    /// A path as a person reads it: relative to the working directory where it lies below it.
    #[must_use]
    pub fn shown(&self, path: &Path) -> String {
        path.strip_prefix(self.here()).unwrap_or(path).display().to_string()
    }
}

/// The top of the repository that a directory lies in.
fn top(dir: &Path) -> Option<&Path> {
    dir.ancestors().find(|dir| dir.join(GIT).exists())
}

/// A directory and those above it, up to `top`.
fn up_to(dir: &Path, top: &Path) -> Vec<PathBuf> {
    dir.ancestors().take_while(|dir| dir.starts_with(top)).map(Path::to_owned).collect()
}

/// A directory, then each directory above it up to the top of its repository. Without a repository,
/// the directory alone.
#[must_use]
pub fn up_to_top(dir: &Path) -> Vec<PathBuf> {
    up_to(dir, top(dir).unwrap_or(dir))
}

fn is_batons(path: &Path) -> bool {
    path.parent().and_then(Path::file_name).is_some_and(|name| name == BATON)
}

#[cfg(test)]
mod tests;
