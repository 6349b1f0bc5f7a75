//! From the name of a backend to what performs its tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::backend::Backend;
use baton_agents::{CommandBackend, ComponentBackend, Supervisor};
use baton_core::handoff::{Failure, FailureKind};
use baton_core::record::Program;
use baton_host::files::Root;

use crate::instances::Loader;

/// Prefix of a backend that is a component.
const COMPONENT: &str = "component:";
/// Prefix of a backend that is a program.
const COMMAND: &str = "command:";

/// The backends of one run, made when they are first needed.
pub(crate) struct RunBackends {
    pub program: Program,
    pub root: Option<Arc<Root>>,
    pub loader: Loader,
    pub supervisor: Supervisor,
    made: BTreeMap<String, Result<Arc<dyn Backend>, Failure>>,
}

impl RunBackends {
    pub(crate) fn new(
        program: Program,
        root: Option<Arc<Root>>,
        loader: Loader,
        supervisor: Supervisor,
    ) -> Self {
        Self { program, root, loader, supervisor, made: BTreeMap::new() }
    }

    /// The backend of this name, or why its tasks fail.
    pub(crate) async fn get(&mut self, name: &str) -> Result<Arc<dyn Backend>, Failure> {
        if let Some(made) = self.made.get(name) {
            return made.clone();
        }
        let made = self.make(name).await;
        self.made.insert(name.to_owned(), made.clone());
        made
    }

    async fn make(&self, name: &str) -> Result<Arc<dyn Backend>, Failure> {
        let fail = |code: &str, message: String| Failure::new(FailureKind::Failed, code, message);
        if let Some(component) = name.strip_prefix(COMPONENT) {
            let digest = self.program.agents.get(component).ok_or_else(|| {
                fail("unknown-component", format!("no component `{component}` is part of the run"))
            })?;
            let guest = self.loader.load(digest).await.map_err(|error| {
                fail("component", format!("the component `{component}` does not load: {error}"))
            })?;
            let (host, root) = (Arc::clone(&self.loader.host), self.root.clone());
            return Ok(Arc::new(ComponentBackend::new(name.to_owned(), host, guest, root)));
        }
        if let Some(argv) = name.strip_prefix(COMMAND) {
            let backend = CommandBackend::new(argv, self.supervisor.clone())
                .map_err(|error| fail("bad-command", error.to_string()))?;
            return Ok(Arc::new(backend));
        }
        Err(fail(
            "unknown-backend",
            format!("`{name}` is no backend; there are `component:NAME` and `command:ARGV`"),
        ))
    }
}
