//! What the directories around the working directory hold for workflows: scripts, components,
//! agent definitions and settings.

pub mod agents;
pub mod catalog;
pub mod config;
mod front_matter;
pub mod guidance;
mod inert;
pub mod inspection;
pub mod inspector;
pub mod models;
pub mod places;
mod plugins;
pub mod policy;
pub mod retention;
pub mod scan;
pub mod script;

use std::path::Path;
use std::sync::Arc;

use baton_host::Host;

use self::agents::AgentTypes;
use self::catalog::Catalog;
use self::inspector::Inspector;
use self::places::Places;
use crate::error::Result;
use crate::home::Home;

/// The project around the working directory. What is in it is looked up when it is needed.
pub struct Project {
    /// Its directories.
    pub places: Places,
    /// Reads scripts.
    pub inspector: Inspector,
    /// Workflows by name.
    pub catalog: Catalog,
    agent_types: Option<AgentTypes>,
}

impl Project {
    /// The project around the working directory.
    ///
    /// # Errors
    /// When it cannot be determined.
    pub fn open(home: Home) -> Result<Self> {
        let places = Places::find()?;
        let catalog = Catalog::new(&places);
        Ok(Self { places, inspector: Inspector::new(home), catalog, agent_types: None })
    }

    /// Takes in what the plugins around a script bring.
    pub fn around_script(&mut self, script: &Path) {
        if self.places.around_script(script) {
            self.catalog = Catalog::new(&self.places);
            self.agent_types = None;
        }
    }

    /// Every agent type around the working directory.
    pub fn agent_types(&mut self) -> &AgentTypes {
        self.agent_types.get_or_insert_with(|| AgentTypes::load(&self.places))
    }

    /// The sandbox in which scripts were read, if there were any: it may serve the run as well.
    #[must_use]
    pub fn into_host(self) -> Option<Arc<Host>> {
        self.inspector.into_host()
    }
}
