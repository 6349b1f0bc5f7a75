//! Agent definitions: Markdown files whose body is a system prompt, and the types that every
//! script may rely on.

mod definition;
mod fields;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use baton_core::manifest::AgentType;

use self::definition::read;
use super::places::{Folder, Place, Places};
use super::plugins::MANIFEST;
use super::scan;

pub use self::definition::{Definition, read_text};

/// Types that scripts rely on wherever they run: name, description, tools they may not use.
const BUILT_IN: &[(&str, &str, &[&str])] = &[
    ("claude", "General work on any task.", &[]),
    ("Explore", "Searches and reads files to answer a question; changes nothing.", READ_ONLY),
    ("general-purpose", "General work: research, searching code, tasks of several steps.", &[]),
    ("Plan", "Reads files and makes a plan for a change; changes nothing.", READ_ONLY),
    ("workflow-subagent", "One bounded task of a workflow.", &[]),
];
/// What an agent that changes nothing may not use.
const READ_ONLY: &[&str] = &["Edit", "MultiEdit", "NotebookEdit", "Write"];

/// A file that defines nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unloaded {
    /// The file.
    pub path: PathBuf,
    /// Whose it is.
    pub place: Place,
    /// The name, if it has one.
    pub name: Option<String>,
    /// What a script that means it would call it: its name, or else that of its file.
    pub called: Option<String>,
    /// Why it was not loaded.
    pub reason: String,
    /// Whether another definition of the same name, nearer by, is the only reason.
    pub shadowed: bool,
}

/// Every agent type around a working directory.
#[derive(Clone, Debug, Default)]
pub struct AgentTypes {
    /// The types by name.
    pub known: BTreeMap<String, Definition>,
    /// Files that were not loaded, in the order they were looked at.
    pub unloaded: Vec<Unloaded>,
}

impl AgentTypes {
    /// Reads all definitions. The nearest of a name wins, in one folder the first by path.
    #[must_use]
    pub fn load(places: &Places) -> Self {
        let mut types = Self::default();
        for folder in places.folders("agents") {
            types.add(&folder);
        }
        for skipped in places.unread() {
            types.unloaded.push(Unloaded {
                path: skipped.path.clone(),
                place: Place::Plugin,
                name: None,
                called: None,
                reason: skipped.reason.clone(),
                shadowed: false,
            });
        }
        for (name, description, disallowed) in BUILT_IN {
            types.known.entry((*name).into()).or_insert_with(|| Definition {
                name: (*name).into(),
                agent_type: AgentType {
                    description: (*description).into(),
                    disallowed_tools: disallowed.iter().map(ToString::to_string).collect(),
                    ..AgentType::default()
                },
                path: None,
                place: Place::BuiltIn,
                notes: Vec::new(),
            });
        }
        types
    }

    /// Why there is no type of that name although a file seems to define it, in words.
    #[must_use]
    pub fn why_not(&self, name: &str, places: &Places) -> Option<String> {
        let meant = |file: &&Unloaded| file.called.as_deref() == Some(name);
        let manifest = |file: &&Unloaded| name.contains(':') && file.path.ends_with(MANIFEST);
        let mut files = self.unloaded.iter();
        let file = files.clone().find(meant).or_else(|| files.find(manifest))?;
        let (path, reason) = (places.shown(&file.path), places.shown(file.reason.as_ref()));
        Some(format!("{path} was not loaded: {reason}"))
    }

    fn add(&mut self, folder: &Folder) {
        let found = scan::scan(folder, true);
        for skipped in found.skipped {
            self.unload(folder, skipped.path, None, skipped.reason);
        }
        for path in found.files {
            if path.extension().is_none_or(|ending| ending != "md") {
                continue;
            }
            let mut definition = match read(&path, folder.place) {
                Ok(definition) => definition,
                Err((name, reason)) => {
                    self.unload(folder, path, name, reason);
                    continue;
                }
            };
            definition.name = match qualified(folder, &path, &definition.name) {
                Ok(name) => name,
                Err(reason) => {
                    self.unload(folder, path, Some(definition.name), reason);
                    continue;
                }
            };
            match self.known.get(&definition.name).and_then(|other| other.path.clone()) {
                // The manifest of a plugin may name a file that is found without it.
                Some(other) if other == path => {}
                Some(other) => {
                    let same_folder = other.starts_with(&folder.path);
                    let reason = if same_folder {
                        format!("{} has the same name and comes first", other.display())
                    } else {
                        format!("{} is nearer", other.display())
                    };
                    let name = Some(definition.name);
                    self.unloaded.push(Unloaded {
                        path,
                        place: folder.place,
                        called: name.clone(),
                        name,
                        reason,
                        shadowed: !same_folder,
                    });
                }
                None => {
                    self.known.insert(definition.name.clone(), definition);
                }
            }
        }
    }

    fn unload(&mut self, folder: &Folder, path: PathBuf, name: Option<String>, reason: String) {
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let called = name.as_deref().or(stem);
        let called = called.and_then(|name| qualified(folder, &path, name).ok());
        let place = folder.place;
        let unloaded = Unloaded { path, place, name, called, reason, shadowed: false };
        if !self.unloaded.contains(&unloaded) {
            self.unloaded.push(unloaded);
        }
    }
}

/// The name of a definition in a folder: in that of a plugin, `PLUGIN:NAME`, with the folders
/// between them as further parts.
fn qualified(folder: &Folder, path: &Path, name: &str) -> Result<String, String> {
    let Some(plugin) = &folder.plugin else { return Ok(name.to_owned()) };
    let between = path.strip_prefix(&folder.path).ok().and_then(Path::parent);
    let mut parts = vec![plugin.as_str()];
    for part in between.unwrap_or(Path::new("")) {
        let usable = |part: &&str| !part.contains(|c: char| c == ':' || c.is_control());
        let part = part.to_str().filter(usable).ok_or_else(|| {
            format!("its folder `{}` cannot be part of a name", Path::new(part).display())
        })?;
        parts.push(part);
    }
    parts.push(name);
    Ok(parts.join(":"))
}

#[cfg(test)]
mod tests;
