//! Backends by the names people write.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_host::files::Root;
use baton_host::{Guest, Host};

use crate::acp::{AcpBackend, AcpError};
use crate::backend::{Backend, Steering};
use crate::coding::{CodingBackend, CodingKind};
use crate::command::{CommandBackend, CommandError};
use crate::component::ComponentBackend;
use crate::process::Supervisor;

/// Kinds of backends, as they stand before the colon.
const KINDS: &[&str] = &["acp", "command", "component"];

/// A name that leads to no backend.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BackendNameError {
    /// What stands before the colon is no kind, or there is no colon.
    #[error(
        "`{name}` is not a backend; write KIND:REST, where KIND is {}, or {}",
        list(KINDS),
        list(&CodingKind::ALL.map(CodingKind::name))
    )]
    Kind {
        /// The name.
        name: String,
    },
    /// No component of that name is part of the program.
    #[error("there is no component agent `{name}`; there is {}", list(known))]
    Component {
        /// What stands after the colon.
        name: String,
        /// Those that are.
        known: Vec<String>,
    },
    /// The command cannot be one.
    #[error(transparent)]
    Command(#[from] CommandError),
    /// The program of an ACP agent cannot be one.
    #[error(transparent)]
    Acp(#[from] AcpError),
}

/// When an agent can be told what people say, by the name of its backend. Models are named
/// `PROVIDER:MODEL`, and so is whatever else is not known here.
#[must_use]
pub fn takes_messages(backend: &str) -> Steering {
    match backend.split_once(':') {
        Some(("component", _)) => Steering::Attempt,
        Some(("command", _)) => Steering::Turn,
        None if backend == CodingKind::Codex.name() => Steering::Turn,
        _ => Steering::Step,
    }
}

fn list<T: AsRef<str>>(names: &[T]) -> String {
    let names: Vec<_> = names.iter().map(|name| format!("`{}`", name.as_ref())).collect();
    if names.is_empty() { "none".into() } else { names.join(", ") }
}

/// Finds backends by name: `component:NAME` among the agents of a program, programs and coding agents
/// freely. Models are found by whoever knows their providers.
pub struct Backends {
    host: Arc<Host>,
    supervisor: Supervisor,
    root: Option<Arc<Root>>,
    components: BTreeMap<String, Arc<Guest>>,
}

impl Backends {
    /// A registry without components. `root` is what component agents may be given files of.
    #[must_use]
    pub fn new(host: Arc<Host>, supervisor: Supervisor, root: Option<Arc<Root>>) -> Self {
        Self { host, supervisor, root, components: BTreeMap::new() }
    }

    /// Adds a component agent under its name, without `component:`. A later one of the same name
    /// takes its place.
    pub fn add_component(&mut self, name: impl Into<String>, guest: Arc<Guest>) {
        self.components.insert(name.into(), guest);
    }

    /// Finds a backend. Whether a command's program exists is seen only when it is started.
    ///
    /// # Errors
    /// Says which names there are.
    pub fn resolve(&self, name: &str) -> Result<Arc<dyn Backend>, BackendNameError> {
        match name.split_once(':') {
            Some(("command", argv)) => {
                Ok(Arc::new(CommandBackend::new(argv, self.supervisor.clone())?))
            }
            Some(("acp", argv)) => Ok(Arc::new(AcpBackend::new(argv, self.supervisor.clone())?)),
            Some(("component", component)) => {
                let guest = self.components.get(component).ok_or_else(|| {
                    let known = self.components.keys().cloned().collect();
                    BackendNameError::Component { name: component.into(), known }
                })?;
                Ok(Arc::new(ComponentBackend::new(
                    name.into(),
                    Arc::clone(&self.host),
                    Arc::clone(guest),
                    self.root.clone(),
                )))
            }
            _ => match CodingKind::by_name(name) {
                Some(kind) => Ok(Arc::new(CodingBackend::new(kind, self.supervisor.clone()))),
                None => Err(BackendNameError::Kind { name: name.into() }),
            },
        }
    }
}

#[cfg(test)]
mod tests;
