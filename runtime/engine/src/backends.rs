//! From the name of a backend to what performs its tasks.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::backend::Backend;
use baton_agents::{Backends, Supervisor};
use baton_core::handoff::{Failure, FailureKind};
use baton_core::record::Program;
use baton_core::run::COMPONENT;
use baton_host::files::Root;

use crate::instances::Loader;

/// The backends of one run, made when they are first needed.
pub(crate) struct RunBackends {
    program: Program,
    loader: Loader,
    known: Backends,
    made: BTreeMap<String, Result<Arc<dyn Backend>, Failure>>,
}

impl RunBackends {
    pub(crate) fn new(
        program: Program,
        root: Option<Arc<Root>>,
        loader: Loader,
        supervisor: Supervisor,
    ) -> Self {
        let known = Backends::new(Arc::clone(&loader.host), supervisor, root);
        Self { program, loader, known, made: BTreeMap::new() }
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

    async fn make(&mut self, name: &str) -> Result<Arc<dyn Backend>, Failure> {
        let fail = |code: &str, message: String| Failure::new(FailureKind::Failed, code, message);
        // Components are loaded when they are first named: a run may never need some of its own.
        if let Some(component) = name.strip_prefix(COMPONENT)
            && let Some(digest) = self.program.agents.get(component)
        {
            let guest = self.loader.load(digest).await.map_err(|error| {
                fail("component", format!("the component `{component}` does not load: {error}"))
            })?;
            self.known.add_component(component, guest);
        }
        self.known.resolve(name).map_err(|error| fail("unknown-backend", error.to_string()))
    }
}
