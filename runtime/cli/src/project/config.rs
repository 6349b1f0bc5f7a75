//! Settings: `baton.toml` of the project and `config.toml` of the person.

mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use baton_core::record::SCRIPT_NESTING_DEFAULT;
use baton_journal::retention::Retention;

use self::file::{File, Read, Scripts, files, read};
use super::models::file as models_file;
use super::places::Places;
use super::policy::file::Sections;
use super::policy::{Set, Source};
use crate::error::Result;
use crate::notify::Placed;

pub use self::file::Text;

/// Levels of `workflow()` at the most: the root and its children fit `run.depth`.
pub const NESTING_MAX: u32 = 7;

/// Every setting, with defaults where nobody set it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Config {
    /// Scripts get a virtual clock and random source instead of an error.
    pub lenient: bool,
    /// Scripts get the global `baton`.
    pub extensions: bool,
    /// How deep `workflow()` may go.
    pub nesting: u32,
}

impl Default for Config {
    fn default() -> Self {
        Self { lenient: false, extensions: false, nesting: SCRIPT_NESTING_DEFAULT }
    }
}

impl Config {
    /// Reads the nearest file of the project and that of the person. What the project says wins.
    ///
    /// # Errors
    /// When a file cannot be read, or says something unknown.
    pub fn load(places: &Places) -> Result<Self> {
        let (project, person) = places.settings();
        let project = project.iter().find(|path| path.exists());
        let mut set = Scripts::default();
        for path in [project, person.as_ref()].into_iter().flatten() {
            let found = read(path)?.0.scripts;
            set.lenient = set.lenient.or(found.lenient);
            set.extensions = set.extensions.or(found.extensions);
            set.nesting = set.nesting.or(found.nesting);
        }
        let default = Self::default();
        Ok(Self {
            lenient: set.lenient.unwrap_or(default.lenient),
            extensions: set.extensions.unwrap_or(default.extensions),
            nesting: set.nesting.unwrap_or(default.nesting),
        })
    }
}

/// What the person's file and the nearest one of the project say of authority, the person first.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn policies(places: &Places) -> Result<Vec<Set>> {
    let mut sets = Vec::new();
    for Read { source, at, file } in files(places)? {
        let File { grant, deny, plugins, tools, secrets, mcp, http, .. } = file;
        let sections = Sections { grant, deny, plugins, tools, secrets, mcp, http };
        let set = sections.read(&at.origin(source, places)).map_err(|wrong| at.wrong(&wrong))?;
        sets.push(set);
    }
    Ok(sets)
}

/// What the same files say of models, with their texts.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn models(places: &Places) -> Result<Vec<(Source, models_file::Set, Text)>> {
    let mut sets = Vec::new();
    for Read { source, at, file } in files(places)? {
        let File { agents, tiers, providers, prices, caps, quota, .. } = file;
        let sections = models_file::Sections { agents, tiers, providers, prices, caps, quota };
        let set = sections.read(&at.origin(source, places)).map_err(|wrong| at.wrong(&wrong))?;
        sets.push((source, set, at));
    }
    Ok(sets)
}

/// How long runs are kept. It is the person's disk: what their file says wins.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn retention(places: &Places) -> Result<Retention> {
    let mut kept = Retention::default();
    for Read { at, file, .. } in files(places)? {
        let found = file.retention.read().map_err(|wrong| at.wrong(&wrong))?;
        kept.max_age_ms = kept.max_age_ms.or(found.max_age_ms);
        kept.max_runs = kept.max_runs.or(found.max_runs);
        kept.max_bytes = kept.max_bytes.or(found.max_bytes);
    }
    Ok(kept)
}

/// How many agents of a backend one process has at work at once, by the name of the backend. It is the
/// person's machine: what their file says wins.
///
/// # Errors
/// When a file cannot be read, or says something unknown.
pub fn concurrency(places: &Places) -> Result<Vec<(String, u32)>> {
    let mut most = BTreeMap::new();
    for Read { file, .. } in files(places)? {
        for (backend, number) in file.concurrency {
            most.entry(backend).or_insert(number.get());
        }
    }
    Ok(most.into_iter().collect())
}

/// The hooks of the same files.
///
/// # Errors
/// When a file cannot be read, or says something that cannot be understood.
pub fn hooks(places: &Places) -> Result<Vec<Placed>> {
    let mut hooks = Vec::new();
    for Read { source, at, file } in files(places)? {
        let place = at.origin(source, places).place(file.notify.at());
        if let Some(hook) = file.notify.read().map_err(|wrong| at.wrong(&wrong))? {
            let file = at.path.display().to_string();
            hooks.push(Placed { hook, source, file, text: place.text });
        }
    }
    Ok(hooks)
}
