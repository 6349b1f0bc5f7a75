//! The files that a program needs to be found by its name.

use std::collections::BTreeMap;
use std::path::PathBuf;

use baton_core::digest::Digest;
use baton_core::manifest::AgentType;
use baton_core::record::Program;
use baton_journal::store::Journal;

use super::{bytes, definition};
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::program::component::{self, WASM};
use crate::project::Project;
use crate::project::catalog::Source;
use crate::project::places::{Folder, Place};

/// Beginning of the names that a text can have: `name: 'x'` and the like.
const NAME_KEY: &str = "name:";
/// Folder of agent definitions, beside that of workflows.
const AGENTS: &str = "agents";

/// A program, and where it is kept.
pub struct Parts<'a> {
    /// Where its bytes are.
    pub journal: &'a dyn Journal,
    /// What is here already.
    pub project: &'a mut Project,
    /// The program.
    pub program: &'a Program,
    /// Where it is kept.
    pub folder: &'a Folder,
}

/// Files with their contents.
pub type Files = Vec<(PathBuf, Vec<u8>)>;

impl Parts<'_> {
    /// The files, and what no file can hold, in words.
    ///
    /// # Errors
    /// When the root workflow cannot have that name, or the journal lacks a part.
    pub fn files(&mut self, name: &str) -> Result<(Files, Vec<String>)> {
        let mut files = vec![self.root(name)?];
        let mut not_kept = Vec::new();
        for (nested, component) in &self.program.workflows {
            let script = self.program.scripts.get(nested);
            if self.is_here(nested, script.unwrap_or(component), script.is_some())? {
                continue;
            }
            let ending = if script.is_some() { "js" } else { WASM };
            if is_file_name(nested) {
                let bytes = bytes(self.journal, script.unwrap_or(component))?;
                files.push((self.folder.path.join(format!("{nested}.{ending}")), bytes));
            }
        }
        let components = self.program.agents.iter().chain(&self.program.tools);
        for (component, digest) in components.filter(|(name, digest)| !is_built_in(name, digest)) {
            if is_file_name(component) {
                let path = self.folder.path.join(format!("{component}.{WASM}"));
                files.push((path, bytes(self.journal, digest)?));
            } else {
                not_kept.push(format!("the component {component}: no file can have that name"));
            }
        }
        if self.program.script.is_some() {
            self.definitions(&mut files, &mut not_kept)?;
        }
        files.sort();
        files.dedup();
        Ok((files, not_kept))
    }

    fn root(&mut self, name: &str) -> Result<(PathBuf, Vec<u8>)> {
        let own = &self.program.name;
        let Some(script) = &self.program.script else {
            if own != name {
                let message = format!("{own} is a component, which has its name in it");
                return Err(CliError::new(Code::NotSaved, message)
                    .hint(format!("save it as what it is called: --as {own}")));
            }
            let bytes = bytes(self.journal, &self.program.component)?;
            return Ok((self.folder.path.join(format!("{name}.{WASM}")), bytes));
        };
        let mut bytes = bytes(self.journal, script)?;
        if own != name {
            let text = String::from_utf8_lossy(&bytes).into_owned();
            let text = renamed(&text, own, name);
            // Only what reads as the same script under the other name.
            let read = match &text {
                Some(text) => Some(self.project.inspector.inspect(name, text)?),
                None => None,
            };
            let named = read.as_ref().and_then(|read| Some(read.meta.as_ref()?.name == name));
            let (Some(text), Some(true)) = (text, named) else {
                let message = format!("the name `{own}` cannot be replaced in the script's `meta`");
                return Err(CliError::new(Code::NotSaved, message)
                    .hint(format!("save it as what it is called: --as {own}")));
            };
            bytes = text.into_bytes();
        }
        Ok((self.folder.path.join(format!("{name}.js")), bytes))
    }

    /// Whether a nested workflow is found already, wherever this one will be found.
    fn is_here(&mut self, name: &str, digest: &Digest, script: bool) -> Result<bool> {
        let Project { catalog, inspector, .. } = &mut *self.project;
        let Some(entry) = catalog.find(name, inspector)? else {
            return Ok(!script && is_built_in(name, digest));
        };
        let (place, source) = (entry.place, entry.source.clone());
        let found = match source {
            Source::Script(found) => found.digest(),
            Source::Component(path) => Some(component::from_file(&path)?.inspection.digest),
            Source::BuiltIn => return Ok(is_built_in(name, digest)),
            Source::Nothing => None,
        };
        Ok(found.as_ref() == Some(digest) && place == self.folder.place)
    }

    /// Definitions of agent types that are not there, or not the same.
    fn definitions(&mut self, files: &mut Files, not_kept: &mut Vec<String>) -> Result<()> {
        let of_components = self.of_components()?;
        let place = self.folder.place;
        let known = &self.project.agent_types().known;
        for (name, agent_type) in &self.program.agent_types {
            let here = known.get(name).is_some_and(|found| {
                found.agent_type == *agent_type
                    && (found.place == place || found.place == Place::BuiltIn)
            });
            if here || of_components.get(name) == Some(agent_type) {
                continue;
            }
            let text = definition::text(name, agent_type).filter(|_| is_file_name(name));
            let folder = self.folder.path.parent().map(|dir| dir.join(AGENTS));
            match (text, folder) {
                (Some(text), Some(folder)) => {
                    files.push((folder.join(format!("{name}.md")), text.into_bytes()));
                }
                _ => not_kept.push(format!("the agent type {name}: no file can hold it as it is")),
            }
        }
        Ok(())
    }

    /// Agent types that nested components bring.
    fn of_components(&self) -> Result<BTreeMap<String, AgentType>> {
        let mut types = BTreeMap::new();
        for (name, digest) in &self.program.workflows {
            if self.program.scripts.contains_key(name) {
                continue;
            }
            let bytes = bytes(self.journal, digest)?;
            let found = component::of_bytes(bytes.into(), None, name)?;
            types.extend(found.inspection.manifest.map(|found| found.agents).unwrap_or_default());
        }
        Ok(types)
    }
}

fn is_built_in(name: &str, digest: &Digest) -> bool {
    baton_plugins::find(name).is_some_and(|plugin| Digest::of(plugin.bytes) == *digest)
}

fn is_file_name(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_')
}

/// The text with the first literal name replaced.
pub(super) fn renamed(text: &str, old: &str, new: &str) -> Option<String> {
    for (at, _) in text.match_indices(NAME_KEY) {
        let rest = text.get(at + NAME_KEY.len()..)?;
        let value = rest.trim_start();
        let quote = value.chars().next()?;
        let literal = matches!(quote, '\'' | '"' | '`');
        let inner = value.get(1..).unwrap_or_default();
        if literal && inner.strip_prefix(old).is_some_and(|end| end.starts_with(quote)) {
            let begin = text.len() - inner.len();
            let (before, after) = (text.get(..begin)?, text.get(begin + old.len()..)?);
            return Some(format!("{before}{new}{after}"));
        }
    }
    None
}
