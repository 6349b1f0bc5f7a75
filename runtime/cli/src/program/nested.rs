//! The workflows that a workflow may run, the agent types of its scripts, and their parts.

mod agents;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use baton_core::manifest::{AgentType, Requests, World};
use baton_core::record::{BackendChoice, Program};
use baton_core::scope::name_matches;
use baton_journal::store::Blob;

use super::component::{self, Component, accepted};
use super::names::{FILE, nested_file, program_name};
use super::parts::Parts;
use super::tools::{self, Providers};
use super::{Target, needed};
use crate::error::Result;
use crate::project::Project;
use crate::project::catalog::Source;
use crate::project::places::Place;
use crate::project::policy::Policy;
use crate::project::script::Script;

/// The option of `agent()` that names an agent type.
const AGENT_TYPE: &str = "agentType";

/// A program that is being gathered.
pub struct Gathering<'a> {
    project: &'a mut Project,
    parts: Parts,
    program: Program,
    /// How deep scripts may nest.
    nesting: u32,
    /// Nested scripts by name, those that are refused included.
    scripts: BTreeMap<String, Script>,
}

impl<'a> Gathering<'a> {
    /// A program of its root alone.
    pub fn new(project: &'a mut Project, parts: Parts, program: Program, nesting: u32) -> Self {
        Self { project, parts, program, nesting, scripts: BTreeMap::new() }
    }

    /// Adds the workflows that a component says it runs.
    ///
    /// # Errors
    /// When one is missing or refused.
    pub fn add_required(&mut self, names: &[String]) -> Result<()> {
        for name in names {
            if self.program.workflows.contains_key(name) {
                continue;
            }
            match self.find(name)? {
                Some(Target::Component(found)) => self.add_component(name, &found)?,
                Some(Target::Script(script)) => self.add_nested(name, *script, 1)?,
                None => return Err(self.parts.missing(name, "workflow")),
            }
        }
        Ok(())
    }

    /// Adds the workflows that the root script may run. What is missing is left out: running it is
    /// an error that the script can catch.
    ///
    /// # Errors
    /// When a file cannot be read, or a part of a nested component is missing.
    pub fn add_script(&mut self, root: &Script) -> Result<()> {
        self.add_calls(root, 0)
    }

    fn add_calls(&mut self, script: &Script, depth: u32) -> Result<()> {
        if depth >= self.nesting {
            return Ok(());
        }
        for name in self.wanted(script)? {
            if self.program.workflows.contains_key(&name) {
                continue;
            }
            let found = match name.strip_prefix(FILE) {
                Some(path) => self.find_file(path)?,
                None => self.find(&name)?,
            };
            match found {
                Some(Target::Script(nested)) => self.add_nested(&name, *nested, depth + 1)?,
                Some(Target::Component(nested))
                    if accepted(&nested, &name, World::Workflow).is_ok() =>
                {
                    self.add_component(&name, &nested)?;
                }
                Some(Target::Component(_)) | None => {}
            }
        }
        Ok(())
    }

    fn add_nested(&mut self, name: &str, script: Script, depth: u32) -> Result<()> {
        // Without a text there is nothing to pin: too large, or not UTF-8.
        let (Some(digest), Some(text)) = (script.digest(), script.text.clone()) else {
            return Ok(());
        };
        let runner = self.parts.keep_runner();
        self.parts.keep(digest, text.as_bytes().into());
        self.program.workflows.insert(name.into(), runner);
        self.program.scripts.insert(name.into(), digest);
        self.add_calls(&script, depth)?;
        // Which ones it may run is for the program to say; that it runs some, for itself.
        let names = script.inspection.workflows.iter();
        let names = names.map(|named| program_name(named).unwrap_or_default()).collect();
        self.program.requests.insert(name.into(), script.requests(names));
        self.scripts.insert(name.into(), script);
        Ok(())
    }

    fn add_component(&mut self, name: &str, found: &Component) -> Result<()> {
        let manifest = accepted(found, name, World::Workflow)?;
        let digest = found.inspection.digest;
        self.parts.keep(digest, found.bytes.clone());
        self.program.workflows.insert(name.into(), digest);
        self.add_required(&manifest.requests.workflows)?;
        self.program.requests.insert(name.into(), manifest.requests);
        for (name, agent_type) in manifest.agents {
            self.program.agent_types.entry(name).or_insert(agent_type);
        }
        Ok(())
    }

    /// Names that a script may run, as the program knows them. One that is computed may be any of
    /// the project's and the person's, unless the script says which.
    fn wanted(&mut self, script: &Script) -> Result<BTreeSet<String>> {
        let mut names: BTreeSet<String> = script.asked.workflows.iter().cloned().collect();
        let calls = &script.inspection.workflows;
        names.extend(calls.iter().filter_map(program_name));
        let computed = calls.iter().any(|call| program_name(call).is_none());
        if computed && script.asked.workflows.is_empty() {
            let Project { catalog, inspector, .. } = &mut *self.project;
            let entries = catalog.all(inspector)?;
            let ours = entries.iter().filter(|entry| {
                entry.place != Place::BuiltIn && !matches!(entry.source, Source::Nothing)
            });
            names.extend(ours.filter_map(|entry| entry.name.clone()));
        }
        Ok(names)
    }

    /// A workflow by name: beside the root workflow, of the project, of the person, built in.
    fn find(&mut self, name: &str) -> Result<Option<Target>> {
        if let Some(path) = self.parts.beside(name) {
            return of_file(&path).map(Some);
        }
        let Project { catalog, inspector, .. } = &mut *self.project;
        let source = catalog.find(name, inspector)?.map(|entry| entry.source.clone());
        Ok(match source {
            Some(Source::Script(script)) => Some(Target::Script(script)),
            Some(Source::Component(path)) => Some(of_file(&path)?),
            Some(Source::BuiltIn) => {
                Some(Target::Component(Box::new(self.parts.find(name, "workflow")?)))
            }
            Some(Source::Nothing) | None => None,
        })
    }

    fn find_file(&mut self, path: &str) -> Result<Option<Target>> {
        let folder = self.parts.folder.as_deref();
        let Some(path) = nested_file(path, &self.project.places, folder) else { return Ok(None) };
        let shown = self.project.places.shown(&path);
        let script = Script::open(&path, &shown, &mut self.project.inspector)?;
        Ok(Some(Target::Script(Box::new(script))))
    }

    /// Tools and commands that nested workflows ask for and will not get, because the root does not
    /// ask for them: a line each.
    #[must_use]
    pub fn unreachable(&self, root: &Requests) -> Vec<String> {
        let mut lines = Vec::new();
        for (name, nested) in &self.program.requests {
            let missing = |own: &[String], theirs: &[String]| {
                let has = |pattern: &&String| !own.iter().any(|own| name_matches(own, pattern));
                theirs.iter().filter(has).cloned().collect::<Vec<_>>()
            };
            let mut wanted = missing(&root.tools, &nested.tools);
            wanted.extend(missing(&root.exec, &nested.exec));
            if !wanted.is_empty() {
                lines.push(format!(
                    "the workflow {name} asks for {}, which this one does not ask for: it will not \
                     get that",
                    wanted.join(", ")
                ));
            }
        }
        lines
    }

    /// Adds the components of the tools that the program may call.
    ///
    /// # Errors
    /// When one that policy names cannot be used.
    pub fn add_tools(&mut self, requests: &Requests, policy: &Policy) -> Result<Providers> {
        let folder = self.parts.folder.as_deref();
        let mut found = tools::find(&requests.tools, folder, &self.project.places, policy)?;
        for blob in std::mem::take(&mut found.parts) {
            self.parts.blobs.insert(blob.digest, blob);
        }
        for (name, provider) in &found.components {
            self.program.tools.insert(name.clone(), provider.digest);
        }
        Ok(found)
    }

    /// Every workflow that the script asks to run: those of the program, and those it names in vain.
    #[must_use]
    pub fn names(&self, root: &Script) -> Vec<String> {
        let named = root.inspection.workflows.iter().filter_map(program_name);
        let names: BTreeSet<String> = named.chain(self.program.workflows.keys().cloned()).collect();
        names.into_iter().collect()
    }

    /// Adds the agent types that the scripts of the program may use: those they name, and all there
    /// are where a name may be computed.
    pub fn add_agent_types(&mut self, root: &Script) {
        let scripts = || std::iter::once(root).chain(self.scripts.values());
        let literal: BTreeSet<&str> = scripts()
            .flat_map(|script| &script.inspection.agent_types)
            .map(|named| named.name.as_str())
            .collect();
        let computed = scripts().any(computes_agent_types);
        let types = self.project.agent_types();
        let wanted: BTreeMap<String, AgentType> = types
            .known
            .iter()
            .filter(|(name, found)| {
                computed || found.place == Place::BuiltIn || literal.contains(name.as_str())
            })
            .map(|(name, found)| (name.clone(), found.agent_type.clone()))
            .collect();
        for (name, agent_type) in wanted {
            // A nested component means its own type, unless a script uses that very name.
            if literal.contains(name.as_str()) || !self.program.agent_types.contains_key(&name) {
                self.program.agent_types.insert(name, agent_type);
            }
        }
    }

    /// Files that the program is made of, as far as they are files: the root workflow, nested
    /// scripts, and every agent definition around.
    #[must_use]
    pub fn files(&mut self, root: Option<&Path>) -> Vec<PathBuf> {
        let types = self.project.agent_types();
        let definitions = types.known.values().filter_map(|found| found.path.clone());
        let scripts = self.scripts.values().map(|script| script.path.clone());
        root.map(Path::to_owned).into_iter().chain(scripts).chain(definitions).collect()
    }

    /// What the root script probably does not mean so, each on one line with its place.
    #[must_use]
    pub fn warnings(&mut self, root: &Script) -> Vec<String> {
        let places = self.project.places.clone();
        let types = self.project.agent_types();
        let found = &root.inspection;
        let at = |line: u32, column: u32, what: String| {
            format!("{}:{line}:{column}: {what}", root.shown)
        };
        let mut warnings: Vec<String> = found
            .warnings
            .iter()
            .map(|finding| at(finding.line, finding.column, finding.message.clone()))
            .collect();
        for call in &found.workflows {
            if let Some(name) = program_name(call)
                && !self.program.workflows.contains_key(&name)
                && self.nesting > 0
            {
                let what = format!("the workflow `{name}` is not there: the call will reject");
                warnings.push(at(call.line, call.column, what));
            }
        }
        for named in &found.agent_types {
            if !self.program.agent_types.contains_key(&named.name) {
                let mut what =
                    format!("there is no agent type `{}`: the call will reject", named.name);
                if let Some(why) = types.why_not(&named.name, &places) {
                    what.push_str(&format!("; {why}"));
                }
                warnings.push(at(named.line, named.column, what));
            }
        }
        warnings
    }

    /// Where scripts first use the global `baton`, which a run without extensions does not have. Whoever
    /// asks whether it is there knows that.
    #[must_use]
    pub fn without_extensions(&self, root: &Script) -> Vec<String> {
        const ASKED: [&str; 3] = ["typeof baton", "typeof globalThis.baton", "globalThis.baton?."];
        let uses = |script: &Script| {
            let text = script.text.as_deref().unwrap_or_default();
            let asks = ASKED.iter().any(|asked| text.contains(asked));
            let global = |name: &str| name == "baton" || name.starts_with("baton.");
            let mut used = script.inspection.extensions.iter().filter(|used| global(&used.name));
            let first = used.next().filter(|_| !asks)?;
            Some(format!(
                "{}:{}:{}: `{}` is there with --extensions only: without them the script fails here",
                script.shown, first.line, first.column, first.name
            ))
        };
        std::iter::once(root).chain(self.scripts.values()).filter_map(uses).collect()
    }

    /// Whether a script of the program spawns agents.
    #[must_use]
    pub fn spawns_agents(&self, root: &Script) -> bool {
        let spawns = |script: &Script| !script.inspection.agents.is_empty();
        spawns(root) || self.scripts.values().any(spawns)
    }

    /// The program with the agent components it needs, and all its bytes.
    ///
    /// # Errors
    /// When an agent component is missing or refused.
    pub fn close(mut self, backends: &BackendChoice) -> Result<(Program, Vec<Blob>)> {
        for name in needed(&self.program, backends) {
            if !self.parts.agents.contains_key(&name) {
                let agent = self.parts.find(&name, "agent")?;
                accepted(&agent, &name, World::Agent)?;
                self.parts.agents.insert(name, agent.inspection.digest);
                self.parts.keep(agent.inspection.digest, agent.bytes);
            }
        }
        self.program.agents = self.parts.agents;
        Ok((self.program, self.parts.blobs.into_values().collect()))
    }
}

fn of_file(path: &Path) -> Result<Target> {
    Ok(Target::Component(Box::new(component::from_file(path)?)))
}

/// Whether a script mentions agent types other than literally. A mention in a comment counts as
/// well: to have too many types does no harm, to lack one fails a call.
fn computes_agent_types(script: &Script) -> bool {
    let text = script.text.as_deref().unwrap_or_default();
    text.matches(AGENT_TYPE).count() > script.inspection.agent_types.len()
}
