//! From the name of a workflow to everything a run of it may execute.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::digest::Digest;
use baton_core::limits::wasm::COMPONENT_BYTES_MAX;
use baton_core::manifest::{Manifest, World};
use baton_core::record::{BackendChoice, Program};
use baton_host::{Inspection, inspect};
use baton_journal::store::Blob;

use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::text::nearest;
use crate::value::{self, AgentArg};

/// Prefix of agents that are components.
const COMPONENT: &str = "component:";
/// Prefix of agents that are programs.
const COMMAND: &str = "command:";
/// Ending of component files.
const WASM: &str = "wasm";

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

/// What a run is made of, before anybody granted anything.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Digests and names, as the journal keeps them.
    pub program: Program,
    /// Its components, each once.
    pub components: Vec<Blob>,
    /// The manifest of the root workflow.
    pub manifest: Manifest,
    /// Where the root workflow comes from; none: built in.
    pub path: Option<PathBuf>,
    /// Who performs agent tasks, component files replaced by the names of their components.
    pub backends: BackendChoice,
}

/// A component by the path of a file or the name of a built-in one.
///
/// # Errors
/// When there is no such thing, the file cannot be read, or it is no component at all.
pub fn locate(text: &str) -> Result<Component> {
    let path = Path::new(text);
    let looks_like_file =
        text.contains('/') || path.extension().is_some_and(|ending| ending == WASM);
    if let Some(plugin) = baton_plugins::find(text)
        && !looks_like_file
    {
        return component(plugin.bytes.into(), None, text);
    }
    if looks_like_file || path.is_file() {
        return from_file(path);
    }
    let names: Vec<&str> = baton_plugins::all().iter().map(|plugin| plugin.name).collect();
    let hint = match nearest(text, names.iter().copied()) {
        Some(meant) => format!("did you mean `{meant}`?"),
        None => format!("built in are: {}; a file is named by its path", names.join(", ")),
    };
    Err(CliError::new(Code::NoWorkflow, format!("there is no workflow `{text}`")).hint(hint))
}

fn from_file(path: &Path) -> Result<Component> {
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
    component(bytes.into(), Some(path.to_owned()), &path.display().to_string())
}

fn component(bytes: Arc<[u8]>, path: Option<PathBuf>, shown: &str) -> Result<Component> {
    let inspection = inspect(&bytes).map_err(|error| {
        CliError::new(Code::Component, format!("{shown} is not a component that baton runs"))
            .because(&error)
            .hint("build it for wasm32-wasip2 with the guest SDK")
    })?;
    Ok(Component { bytes, inspection, path })
}

/// The manifest of a component that may run in `world`.
fn accepted(component: &Component, shown: &str, world: World) -> Result<Manifest> {
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
    }
}

/// Gathers everything a workflow may execute.
///
/// # Errors
/// When a part is missing or refused.
pub fn gather(workflow: &str, agents: &[AgentArg]) -> Result<Bundle> {
    let root = locate(workflow)?;
    let manifest = accepted(&root, workflow, World::Workflow)?;
    let folder = root.path.as_deref().and_then(Path::parent).map(Path::to_owned);
    let mut parts = Parts { folder, components: BTreeMap::new(), agents: BTreeMap::new() };
    parts.keep(&root);
    let backends = parts.chosen(agents)?;

    let mut program = Program {
        name: manifest.name.clone(),
        component: root.inspection.digest,
        workflows: BTreeMap::new(),
        agents: BTreeMap::new(),
        agent_types: manifest.agents.clone(),
    };
    let mut wanted: Vec<String> = manifest.requests.workflows.clone();
    while let Some(name) = wanted.pop() {
        if program.workflows.contains_key(&name) {
            continue;
        }
        let nested = parts.find(&name, "workflow")?;
        let nested_manifest = accepted(&nested, &name, World::Workflow)?;
        parts.keep(&nested);
        program.workflows.insert(name, nested.inspection.digest);
        wanted.extend(nested_manifest.requests.workflows);
        for (name, agent_type) in nested_manifest.agents {
            program.agent_types.entry(name).or_insert(agent_type);
        }
    }
    for name in needed(&program, &backends) {
        if !parts.agents.contains_key(&name) {
            let agent = parts.find(&name, "agent")?;
            accepted(&agent, &name, World::Agent)?;
            parts.agents.insert(name, agent.inspection.digest);
            parts.keep(&agent);
        }
    }
    program.agents = parts.agents;
    let components = parts.components.into_values().collect();
    Ok(Bundle { program, components, manifest, path: root.path, backends })
}

/// Names of the agent components that agent types lead to, those left out that the operator
/// performs otherwise.
fn needed(program: &Program, backends: &BackendChoice) -> BTreeSet<String> {
    if backends.all.is_some() {
        return BTreeSet::new();
    }
    program
        .agent_types
        .iter()
        .filter(|(name, _)| !backends.by_type.contains_key(*name))
        .filter_map(|(_, agent_type)| agent_type.backend.as_deref()?.strip_prefix(COMPONENT))
        .map(ToOwned::to_owned)
        .collect()
}

/// A program as the run names it, whatever the working directory is when it goes on.
fn command(argv: &str) -> Result<String> {
    let here =
        std::env::current_dir().map_err(|error| CliError::file("find", Path::new("."), &error))?;
    let argv =
        value::anchored(argv, &here).map_err(|message| CliError::new(Code::NoBackend, message))?;
    Ok(format!("{COMMAND}{argv}"))
}

/// Components as they are found.
struct Parts {
    /// Where the workflow's file lies.
    folder: Option<PathBuf>,
    components: BTreeMap<Digest, Blob>,
    agents: BTreeMap<String, Digest>,
}

impl Parts {
    fn keep(&mut self, component: &Component) {
        let digest = component.inspection.digest;
        self.components.insert(digest, Blob { digest, bytes: component.bytes.clone() });
    }

    /// A component by name: beside the workflow's file first, so that a workflow can bring its own.
    fn find(&self, name: &str, what: &str) -> Result<Component> {
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        let beside = self.folder.as_ref().filter(|_| is_name).and_then(|folder| {
            [name.to_owned(), name.replace('-', "_")]
                .into_iter()
                .map(|stem| folder.join(stem).with_extension(WASM))
                .find(|path| path.is_file())
        });
        if let Some(path) = beside {
            return from_file(&path);
        }
        if let Some(plugin) = baton_plugins::find(name) {
            return component(plugin.bytes.into(), None, name);
        }
        let message = format!("the program needs the {what} `{name}`, which is not there");
        let places = match &self.folder {
            Some(folder) => format!("put {name}.wasm into {}", folder.display()),
            None => "nothing built in has that name".into(),
        };
        let hint = if what == "agent" {
            format!("{places}, or choose another backend with --agent")
        } else {
            places
        };
        Err(CliError::new(Code::Incomplete, message).hint(hint))
    }

    /// The operator's choices, agent components read and known by their own name.
    fn chosen(&mut self, agents: &[AgentArg]) -> Result<BackendChoice> {
        let mut choice = BackendChoice::default();
        for AgentArg { agent_type, backend } in agents {
            let backend = match (backend.strip_prefix(COMPONENT), backend.strip_prefix(COMMAND)) {
                (Some(text), _) => self.agent_component(text)?,
                (None, Some(argv)) => command(argv)?,
                (None, None) => backend.clone(),
            };
            let before = match agent_type {
                Some(name) => choice.by_type.insert(name.clone(), backend),
                None => choice.all.replace(backend),
            };
            if before.is_some() {
                let whom = agent_type.as_deref().unwrap_or("every agent");
                let message = format!("--agent names two backends for {whom}");
                return Err(CliError::new(Code::Argument, message));
            }
        }
        Ok(choice)
    }

    fn agent_component(&mut self, text: &str) -> Result<String> {
        let is_file = text.contains('/') || text.ends_with(".wasm");
        let component = if is_file {
            from_file(Path::new(text))?
        } else {
            self.find(text, "agent").map_err(|_| {
                let names = baton_plugins::all().iter().map(|plugin| plugin.name);
                let error =
                    CliError::new(Code::NoBackend, format!("there is no agent component `{text}`"));
                match nearest(text, names) {
                    Some(meant) => error.hint(format!("did you mean `{COMPONENT}{meant}`?")),
                    None => error.hint("name a file: component:./agent.wasm"),
                }
            })?
        };
        let manifest = accepted(&component, text, World::Agent)?;
        let digest = component.inspection.digest;
        // Two files may call themselves alike; a run must not mistake one for the other.
        if self.agents.insert(manifest.name.clone(), digest).is_some_and(|before| before != digest)
        {
            let message = format!("two agent components call themselves `{}`", manifest.name);
            return Err(CliError::new(Code::NoBackend, message));
        }
        self.keep(&component);
        Ok(format!("{COMPONENT}{}", manifest.name))
    }
}
