//! Who performs agent tasks, and the components that come with a program.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use baton_core::backend::{COMPONENT, program_of};
use baton_core::digest::Digest;
use baton_core::manifest::World;
use baton_core::record::BackendChoice;
use baton_journal::store::Blob;

use super::component::{self, Component, WASM, accepted};
use super::models::Wanted;
use crate::codes::Code;
use crate::error::{CliError, Result};
use crate::text::nearest;
use crate::value::{self, AgentArg};

/// A program as the run names it, whatever the working directory is when it goes on. None, if it is
/// no program.
///
/// # Errors
/// When its words cannot be read as a shell would.
pub fn program(backend: &str) -> Result<Option<String>> {
    let Some((kind, argv)) = program_of(backend) else { return Ok(None) };
    let here =
        std::env::current_dir().map_err(|error| CliError::file("find", Path::new("."), &error))?;
    let argv =
        value::anchored(argv, &here).map_err(|message| CliError::new(Code::NoBackend, message))?;
    Ok(Some(format!("{kind}{argv}")))
}

/// Components and scripts as they are found.
pub struct Parts {
    /// Where the root workflow's file lies.
    pub folder: Option<PathBuf>,
    /// Their bytes.
    pub blobs: BTreeMap<Digest, Blob>,
    /// Agent components by name.
    pub agents: BTreeMap<String, Digest>,
    runner: Option<Digest>,
}

impl Parts {
    /// Nothing yet.
    #[must_use]
    pub fn new(folder: Option<PathBuf>) -> Self {
        Self { folder, blobs: BTreeMap::new(), agents: BTreeMap::new(), runner: None }
    }

    /// Takes bytes in, whose digest is known.
    pub fn keep(&mut self, digest: Digest, bytes: Arc<[u8]>) {
        self.blobs.insert(digest, Blob { digest, bytes });
    }

    /// Takes the component in that interprets scripts, and says its digest.
    pub fn keep_runner(&mut self) -> Digest {
        *self.runner.get_or_insert_with(|| {
            let bytes = baton_plugins::script_runner();
            let digest = Digest::of(bytes);
            self.blobs.insert(digest, Blob { digest, bytes: bytes.into() });
            digest
        })
    }

    /// The component that lies beside the root workflow's file, if there is one of that name.
    #[must_use]
    pub fn beside(&self, name: &str) -> Option<PathBuf> {
        let is_name = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-' || b == b'_');
        self.folder.as_ref().filter(|_| is_name).and_then(|folder| {
            [name.to_owned(), name.replace('-', "_")]
                .into_iter()
                .map(|stem| folder.join(stem).with_extension(WASM))
                .find(|path| path.is_file())
        })
    }

    /// A component by name: beside the workflow's file first, so that a workflow can bring its own.
    ///
    /// # Errors
    /// When there is none, or it cannot be read.
    pub fn find(&self, name: &str, what: &str) -> Result<Component> {
        if let Some(path) = self.beside(name) {
            return component::from_file(&path);
        }
        if let Some(plugin) = baton_plugins::find(name) {
            return component::of_bytes(plugin.bytes.into(), None, name);
        }
        Err(self.missing(name, what))
    }

    /// The error for a part that is not there.
    #[must_use]
    pub fn missing(&self, name: &str, what: &str) -> CliError {
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
        CliError::new(Code::Incomplete, message).hint(hint)
    }

    /// The operator's choices, agent components read and known by their own name.
    ///
    /// # Errors
    /// When one cannot be used, or two contradict each other.
    pub fn chosen(&mut self, wanted: &Wanted<'_>) -> Result<BackendChoice> {
        let mut choice = BackendChoice::default();
        for AgentArg { agent_type, backend } in wanted.agents {
            let backend = self.backend(backend, wanted)?;
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

    /// A backend as the run names it.
    ///
    /// # Errors
    /// When it cannot be used.
    pub fn backend(&mut self, text: &str, wanted: &Wanted<'_>) -> Result<String> {
        if let Some(text) = text.strip_prefix(COMPONENT) {
            return self.agent_component(text);
        }
        match program(text)? {
            Some(program) => Ok(program),
            None => wanted.backend(text),
        }
    }

    fn agent_component(&mut self, text: &str) -> Result<String> {
        let is_file = text.contains('/') || text.ends_with(".wasm");
        let found = if is_file {
            component::from_file(Path::new(text))?
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
        let manifest = accepted(&found, text, World::Agent)?;
        let digest = found.inspection.digest;
        // Two files may call themselves alike; a run must not mistake one for the other.
        if self.agents.insert(manifest.name.clone(), digest).is_some_and(|before| before != digest)
        {
            let message = format!("two agent components call themselves `{}`", manifest.name);
            return Err(CliError::new(Code::NoBackend, message));
        }
        self.keep(digest, found.bytes);
        Ok(format!("{COMPONENT}{}", manifest.name))
    }
}
