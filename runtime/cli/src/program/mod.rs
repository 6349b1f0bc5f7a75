//! From the name of a workflow to everything a run of it may execute.

pub mod component;
mod guide;
pub mod models;
mod names;
mod nested;
pub mod parts;
pub mod tools;
pub mod toolset;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use baton_core::backend::COMPONENT;
use baton_core::budget::Amounts;
use baton_core::digest::Digest;
use baton_core::manifest::{Manifest, World};
use baton_core::record::{BackendChoice, Program, ScriptOptions};
use baton_journal::store::Blob;

use self::component::{Component, WASM, accepted};
use self::models::{Reach, Wanted};
pub use self::names::{nested_file, program_name};
use self::nested::Gathering;
use self::parts::Parts;
use self::tools::Providers;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::project::Project;
use crate::project::catalog::Source;
use crate::project::config::Config;
use crate::project::guidance::Guidance;
use crate::project::policy::Policy;
use crate::project::script::{Script, is_script};
use crate::text::nearest;

/// What a run is made of, before anybody granted anything.
#[derive(Clone, Debug)]
pub struct Bundle {
    /// Digests and names, as the journal keeps them.
    pub program: Program,
    /// The bytes of its components and scripts, each once.
    pub parts: Vec<Blob>,
    /// The manifest of the root workflow; of a script, what it stands for.
    pub manifest: Manifest,
    /// Budget where the operator names none.
    pub budget: Amounts,
    /// Where the root workflow comes from; none: built in.
    pub path: Option<PathBuf>,
    /// Files that it is made of: the root workflow, scripts it may run, agent definitions.
    pub own: Vec<PathBuf>,
    /// Who performs agent tasks, component files replaced by the names of their components.
    pub backends: BackendChoice,
    /// How its scripts are interpreted; none: the workflow is no script.
    pub script: Option<Box<ScriptOptions>>,
    /// Whether the root workflow says itself what it wants to read.
    pub says_read: bool,
    /// How many agents a script asks for at the most, as far as its text says.
    pub agents_max: Option<u64>,
    /// What it probably does not mean so, each on one line with its place; untrusted.
    pub warnings: Vec<String>,
    /// The components of the tools that it may call. Their bytes are among the parts.
    pub providers: Providers,
    /// Whether its scripts spawn agents, and nobody is there to perform any.
    pub unperformed: bool,
    /// The models that its agents may use; nothing, where none can be a model.
    pub reach: Reach,
    /// What these models are offered.
    pub guidance: Guidance,
}

/// A workflow that was found.
#[derive(Clone, Debug)]
pub enum Target {
    /// A component.
    Component(Box<Component>),
    /// A script.
    Script(Box<Script>),
}

/// How scripts are to be interpreted, as far as the operator said so.
#[derive(Clone, Copy, Debug)]
pub struct ScriptWishes {
    /// A virtual clock and random source.
    pub lenient: bool,
    /// The global `baton`.
    pub extensions: bool,
    /// Attempts at the schema of an agent.
    pub schema_attempts: u32,
}

/// A workflow by the path of a file, or by a name: of the project, the person, or built in.
///
/// # Errors
/// When there is no such thing, or it cannot be read. One that is refused is no error here.
pub fn locate(text: &str, project: &mut Project) -> Result<Target> {
    let path = Path::new(text);
    let looks_like_file = text.contains('/')
        || is_script(path)
        || path.extension().is_some_and(|ending| ending == WASM);
    if looks_like_file {
        return from_file(path, text, project);
    }
    if let Some(entry) = project.catalog.find(text, &mut project.inspector)? {
        return match &entry.source {
            Source::Script(script) => {
                let mut script = script.clone();
                script.shown = project.places.shown(&script.path);
                Ok(Target::Script(script))
            }
            Source::Component(path) => {
                component::from_file(path).map(Box::new).map(Target::Component)
            }
            Source::BuiltIn | Source::Nothing => built_in(text),
        };
    }
    if baton_plugins::find(text).is_some() {
        return built_in(text);
    }
    if path.is_file() {
        return from_file(path, text, project);
    }
    let error = CliError::new(Code::NoWorkflow, format!("there is no workflow `{text}`"));
    Err(match nearest(text, project.catalog.names()) {
        Some(meant) => error.hint(format!("did you mean `{meant}`?")),
        None => error.hint("`baton list` shows all of them; a file is named by its path"),
    })
}

fn from_file(path: &Path, shown: &str, project: &mut Project) -> Result<Target> {
    let ending = path.extension().and_then(|ending| ending.to_str()).unwrap_or_default();
    if is_script(path) {
        project.around_script(path);
        let script = Script::open(path, shown, &mut project.inspector)?;
        return Ok(Target::Script(Box::new(script)));
    }
    if matches!(ending, "ts" | "mts" | "cts" | "cjs" | "jsx" | "tsx") {
        let message = format!("{shown} is no script that baton runs: scripts end in .js or .mjs");
        return Err(CliError::new(Code::ScriptRefused, message)
            .hint("scripts are plain JavaScript: no types, no modules"));
    }
    component::from_file(path).map(Box::new).map(Target::Component)
}

fn built_in(name: &str) -> Result<Target> {
    let plugin = baton_plugins::find(name)
        .ok_or_else(|| CliError::new(Code::NoWorkflow, format!("there is no workflow `{name}`")))?;
    component::of_bytes(plugin.bytes.into(), None, name).map(Box::new).map(Target::Component)
}

/// Gathers everything a workflow may execute.
///
/// # Errors
/// When a part is missing or refused.
pub fn gather(
    workflow: &str,
    wanted: &Wanted<'_>,
    wishes: ScriptWishes,
    policy: &Policy,
    project: &mut Project,
) -> Result<Bundle> {
    match locate(workflow, project)? {
        Target::Component(root) => gather_component(&root, workflow, wanted, policy, project),
        Target::Script(root) => gather_script(*root, wanted, wishes, policy, project),
    }
}

fn gather_component(
    root: &Component,
    shown: &str,
    wanted: &Wanted<'_>,
    policy: &Policy,
    project: &mut Project,
) -> Result<Bundle> {
    let manifest = accepted(root, shown, World::Workflow)?;
    let folder = root.path.as_deref().and_then(Path::parent).map(Path::to_owned);
    let mut parts = Parts::new(folder);
    parts.keep(root.inspection.digest, root.bytes.clone());
    let mut backends = parts.chosen(wanted)?;
    let mut program = program(manifest.name.clone(), root.inspection.digest);
    program.agent_types.clone_from(&manifest.agents);
    let mut gathering = Gathering::new(project, parts, program, Config::default().nesting);
    gathering.add_required(&manifest.requests.workflows)?;
    let warnings = gathering.unreachable(&manifest.requests);
    let providers = gathering.add_tools(&manifest.requests, policy)?;
    let left_out = gathering.choose(&mut backends, wanted, false)?;
    let mut reach = gathering.reach(wanted, &backends, None)?;
    reach.notes.extend(left_out);
    let own = gathering.files(root.path.as_deref());
    let (program, parts) = gathering.close(&backends)?;
    Ok(Bundle {
        program,
        parts,
        own,
        budget: manifest.default_budget(),
        says_read: manifest.requests.read.is_some(),
        manifest,
        path: root.path.clone(),
        backends,
        script: None,
        agents_max: None,
        warnings,
        providers,
        unperformed: false,
        reach,
        guidance: Guidance::default(),
    })
}

fn gather_script(
    root: Script,
    wanted: &Wanted<'_>,
    wishes: ScriptWishes,
    policy: &Policy,
    project: &mut Project,
) -> Result<Bundle> {
    if let Some(refusal) = root.refusal() {
        return Err(refusal);
    }
    let (Some(digest), Some(text), Some(name)) = (root.digest(), &root.text, root.name()) else {
        let message = format!("{} was read without a result", root.shown);
        return Err(CliError::new(Code::Internal, message));
    };
    let config = Config::load(&project.places)?;
    let folder = root.path.parent().map(Path::to_owned);
    let mut parts = Parts::new(folder);
    let runner = parts.keep_runner();
    parts.keep(digest, text.as_bytes().into());
    let mut backends = parts.chosen(wanted)?;
    let mut program = program(name.to_owned(), runner);
    program.script = Some(digest);
    let mut gathering = Gathering::new(project, parts, program, config.nesting);
    gathering.add_script(&root)?;
    let workflows = gathering.names(&root);
    gathering.add_agent_types(&root);
    let spawns = gathering.spawns_agents(&root);
    let extensions = wishes.extensions || config.extensions;
    let mut warnings = gathering.warnings(&root);
    if !extensions {
        warnings.extend(gathering.without_extensions(&root));
    }
    let requests = root.requests(workflows);
    warnings.extend(gathering.unreachable(&requests));
    let providers = gathering.add_tools(&requests, policy)?;
    gathering.choose(&mut backends, wanted, spawns)?;
    let reach = gathering.reach(wanted, &backends, Some(&root))?;
    let own = gathering.files(Some(&root.path));
    let (program, parts) = gathering.close(&backends)?;
    let unperformed = spawns && !is_performed(&program, &backends);
    let meta = root.inspection.meta.clone().unwrap_or_default();
    let phases = root.inspection.phases();
    let manifest = Manifest {
        name: meta.name,
        world: World::Workflow,
        description: meta.description,
        phases: phases.clone(),
        input: None,
        output: None,
        requests,
        agents: program.agent_types.clone(),
        budget: None,
        tools: Default::default(),
    };
    let script = ScriptOptions {
        path: root.shown.clone(),
        phases,
        absent: false,
        lenient: wishes.lenient || config.lenient,
        extensions,
        nesting: config.nesting,
        schema_attempts: wishes.schema_attempts,
    };
    Ok(Bundle {
        program,
        parts,
        manifest,
        own,
        budget: root.asked.budget,
        path: Some(root.path),
        backends,
        script: Some(Box::new(script)),
        says_read: root.asked.says_read,
        agents_max: root.inspection.agents_max(),
        warnings,
        providers,
        unperformed,
        reach,
        guidance: Guidance::default(),
    })
}

fn program(name: String, component: Digest) -> Program {
    Program {
        name,
        component,
        script: None,
        workflows: Default::default(),
        scripts: Default::default(),
        agents: Default::default(),
        requests: Default::default(),
        tools: Default::default(),
        agent_types: Default::default(),
        instructions: Default::default(),
        skills: Default::default(),
    }
}

/// Whether there is anybody who could perform an agent task of a script.
fn is_performed(program: &Program, backends: &BackendChoice) -> bool {
    backends.all.is_some()
        || backends.default.is_some()
        || !backends.by_type.is_empty()
        || program.agent_types.values().any(|agent_type| agent_type.backend.is_some())
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
