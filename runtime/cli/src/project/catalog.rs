//! The workflows that a name may mean, nearest first.

use std::collections::{BTreeMap, VecDeque};
use std::path::{Path, PathBuf};

use baton_core::manifest::{Manifest, World};

use super::inspection::Phase;
use super::inspector::Inspector;
use super::places::{Folder, Place, Places};
use super::scan;
use super::script::{Script, is_script};
use crate::error::Result;
use crate::program::component;

/// What a workflow is made of.
#[derive(Clone, Debug)]
pub enum Source {
    /// A script.
    Script(Box<Script>),
    /// A component in a file.
    Component(PathBuf),
    /// A component of the binary.
    BuiltIn,
    /// Something that does not run.
    Nothing,
}

/// Whether a workflow runs when its name is called.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// It does.
    Ready,
    /// One of the same name is nearer, there.
    Shadowed(String),
    /// One of the same name in the same folder comes first, there.
    Clash(String),
    /// It would be refused; why.
    Invalid(String),
    /// It is no workflow; why.
    Skipped(String),
}

/// One entry of the list of workflows.
#[derive(Clone, Debug)]
pub struct Entry {
    /// What it is called by; none if that cannot be read.
    pub name: Option<String>,
    /// What it is made of.
    pub source: Source,
    /// What it does.
    pub description: String,
    /// When to use it.
    pub when_to_use: Option<String>,
    /// Phases it declares.
    pub phases: Vec<Phase>,
    /// Its file; none: built in.
    pub path: Option<PathBuf>,
    /// Whose it is.
    pub place: Place,
    /// Whether it runs.
    pub state: State,
}

/// Workflows by name. Folders are looked into as far as a question needs it.
pub struct Catalog {
    pending: VecDeque<Folder>,
    /// Names of the plugins, the nearest first.
    plugins: Vec<String>,
    entries: Vec<Entry>,
    /// Places in `entries` of those that won their name.
    winners: BTreeMap<String, usize>,
    built_in: bool,
}

impl Catalog {
    /// The catalog of these places. Reads nothing yet.
    #[must_use]
    pub fn new(places: &Places) -> Self {
        let unread = places.unread().iter().map(|skipped| Entry {
            state: State::Invalid(skipped.reason.clone()),
            ..passed_over(skipped.path.clone(), Place::Plugin, String::new())
        });
        Self {
            pending: places.folders("workflows").into(),
            plugins: places.plugins().map(ToOwned::to_owned).collect(),
            entries: unread.collect(),
            winners: BTreeMap::new(),
            built_in: false,
        }
    }

    /// The workflow of that name. A name that nothing else has may be one of a plugin, whose
    /// workflows call each other so.
    ///
    /// # Errors
    /// When the sandbox that reads scripts fails.
    pub fn find(&mut self, name: &str, inspector: &mut Inspector) -> Result<Option<&Entry>> {
        while !self.winners.contains_key(name) && self.next(inspector)? {}
        let mut of_plugins = self.plugins.iter().map(|plugin| format!("{plugin}:{name}"));
        let at = self.winners.get(name).copied();
        let at = at.or_else(|| of_plugins.find_map(|name| self.winners.get(&name).copied()));
        Ok(at.and_then(|at| self.entries.get(at)))
    }

    /// Every entry, those that do not run included.
    ///
    /// # Errors
    /// When the sandbox that reads scripts fails.
    pub fn all(&mut self, inspector: &mut Inspector) -> Result<&[Entry]> {
        while self.next(inspector)? {}
        Ok(&self.entries)
    }

    /// Names of the workflows that run.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.winners.keys().map(String::as_str)
    }

    /// Looks into the next folder. False if there is none left.
    fn next(&mut self, inspector: &mut Inspector) -> Result<bool> {
        if let Some(folder) = self.pending.pop_front() {
            self.look_into(&folder, inspector)?;
            return Ok(true);
        }
        if self.built_in {
            return Ok(false);
        }
        self.built_in = true;
        for plugin in baton_plugins::all() {
            let Ok(inspection) = baton_host::inspect(plugin.bytes) else { continue };
            if let Some(manifest) = inspection.manifest
                && manifest.world == World::Workflow
            {
                let entry = of_manifest(manifest, Source::BuiltIn, None, Place::BuiltIn);
                self.add(entry, None);
            }
        }
        Ok(true)
    }

    fn look_into(&mut self, folder: &Folder, inspector: &mut Inspector) -> Result<()> {
        let found = scan::scan(folder, false);
        for skipped in found.skipped {
            self.entries.push(passed_over(skipped.path, folder.place, skipped.reason));
        }
        for path in found.files {
            // The manifest of a plugin may name a file that is found without it.
            let twice = |entry: &Entry| entry.path.as_ref() == Some(&path);
            if folder.plugin.is_some() && self.entries.iter().any(twice) {
                continue;
            }
            let mut entry = if is_script(&path) {
                script(path, folder.place, inspector)?
            } else if path.extension().is_some_and(|ending| ending == "wasm") {
                of_component(path, folder.place)
            } else if is_silent(&path) {
                continue;
            } else {
                let reason = "workflows end in .js, .mjs or .wasm";
                passed_over(path, folder.place, reason.into())
            };
            entry.name = entry.name.map(|name| qualified(folder, &name));
            self.add(entry, Some(folder));
        }
        self.claim(folder);
        Ok(())
    }

    /// Gives scripts whose own name cannot be read the name of their file, where no other of the
    /// folder has it: a slip in a nearer script must not silently run a farther one.
    fn claim(&mut self, folder: &Folder) {
        for (at, entry) in self.entries.iter().enumerate() {
            let (Source::Script(_), None, Some(path)) = (&entry.source, &entry.name, &entry.path)
            else {
                continue;
            };
            let file = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            if let Some(stem) = file.split('.').next()
                && path.parent() == Some(&folder.path)
            {
                self.winners.entry(qualified(folder, stem)).or_insert(at);
            }
        }
    }

    /// Adds an entry. The first of a name has it; an invalid one too, so that a mistake in a nearer
    /// file does not silently run a farther one.
    fn add(&mut self, mut entry: Entry, folder: Option<&Folder>) {
        if let Some(name) = &entry.name {
            match self.winners.get(name).and_then(|at| self.entries.get(*at)) {
                None => {
                    self.winners.insert(name.clone(), self.entries.len());
                }
                Some(winner) => {
                    let place = match &winner.path {
                        Some(path) => path.display().to_string(),
                        None => "built in".into(),
                    };
                    let parent = winner.path.as_deref().and_then(Path::parent);
                    let clash = folder.is_some_and(|folder| parent == Some(&folder.path));
                    entry.state = if clash { State::Clash(place) } else { State::Shadowed(place) };
                }
            }
        }
        self.entries.push(entry);
    }
}

/// The name of a workflow in a folder.
fn qualified(folder: &Folder, name: &str) -> String {
    match &folder.plugin {
        Some(plugin) => format!("{plugin}:{name}"),
        None => name.to_owned(),
    }
}

/// Files that lie beside workflows and need no mention: hidden ones, and types for editors.
fn is_silent(path: &Path) -> bool {
    let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
    name.starts_with('.') || name.ends_with(".d.ts")
}

fn script(path: PathBuf, place: Place, inspector: &mut Inspector) -> Result<Entry> {
    let shown = path.display().to_string();
    let script = match Script::open(&path, &shown, inspector) {
        Ok(script) => script,
        // What cannot be read is an entry too; only a failing sandbox ends the list.
        Err(error) if error.code() == Some(crate::codes::Code::File) => {
            return Ok(passed_over(path, place, error.sentence()));
        }
        Err(error) => return Err(error),
    };
    let meta = script.inspection.meta.clone().unwrap_or_default();
    Ok(Entry {
        name: script.name().map(ToOwned::to_owned),
        description: meta.description,
        when_to_use: meta.when_to_use,
        phases: meta.phases,
        state: script.reason().map_or(State::Ready, State::Invalid),
        source: Source::Script(Box::new(script)),
        path: Some(path),
        place,
    })
}

fn of_component(path: PathBuf, place: Place) -> Entry {
    let found = match component::from_file(&path) {
        Ok(found) => found.inspection,
        Err(error) => {
            let mut entry = passed_over(path, place, String::new());
            entry.state = State::Invalid(error.sentence());
            return entry;
        }
    };
    let Some(manifest) = found.manifest else {
        let mut entry = passed_over(path, place, String::new());
        entry.state = State::Invalid(found.refusals.join("; "));
        return entry;
    };
    if manifest.world == World::Agent {
        let reason = "an agent component: workflows beside it use it";
        return passed_over(path, place, reason.into());
    }
    let mut entry = of_manifest(manifest, Source::Component(path.clone()), Some(path), place);
    if !found.refusals.is_empty() {
        entry.state = State::Invalid(found.refusals.join("; "));
    }
    entry
}

fn of_manifest(manifest: Manifest, source: Source, path: Option<PathBuf>, place: Place) -> Entry {
    let phase = |title| Phase { title, detail: None, model: None };
    Entry {
        name: Some(manifest.name),
        description: manifest.description,
        when_to_use: None,
        phases: manifest.phases.into_iter().map(phase).collect(),
        state: State::Ready,
        source,
        path,
        place,
    }
}

fn passed_over(path: PathBuf, place: Place, reason: String) -> Entry {
    Entry {
        name: None,
        source: Source::Nothing,
        description: String::new(),
        when_to_use: None,
        phases: Vec::new(),
        path: Some(path),
        place,
        state: State::Skipped(reason),
    }
}
