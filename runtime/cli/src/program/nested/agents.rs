//! Who performs the agents of a program that is being gathered, and with which models.

use baton_core::record::BackendChoice;

use super::Gathering;
use crate::error::Result;
use crate::program::models::{Named, Reach, Wanted, reach};
use crate::project::script::Script;

impl Gathering<'_> {
    /// Takes in what settings choose, where the command line does not, and says what is left out.
    /// `surely`: the default is needed. A component may do without, so it starts although the key of
    /// its default is missing.
    ///
    /// # Errors
    /// When they name what is not there.
    pub fn choose(
        &mut self,
        backends: &mut BackendChoice,
        wanted: &Wanted<'_>,
        surely: bool,
    ) -> Result<Vec<String>> {
        let mut left_out = Vec::new();
        let chosen = wanted.by_settings(backends, self.program.agent_types.keys())?;
        for (agent_type, backend) in chosen {
            let backend = self.parts.backend(&backend, wanted)?;
            match agent_type {
                Some(name) => {
                    backends.by_type.insert(name, backend);
                }
                None if surely => backends.default = Some(backend),
                None => match wanted.problem(&backend) {
                    Some(problem) => {
                        left_out.push(format!("the default {backend} is left out: {problem}"));
                    }
                    None => backends.default = Some(backend),
                },
            }
        }
        Ok(left_out)
    }

    /// The models that agents of the program may use.
    ///
    /// # Errors
    /// When one that is named is not known, or a key that is needed is not there.
    pub fn reach(
        &mut self,
        wanted: &Wanted<'_>,
        backends: &BackendChoice,
        root: Option<&Script>,
    ) -> Result<Reach> {
        let mut named = Vec::new();
        let scripts: Vec<&Script> = root.into_iter().chain(self.scripts.values()).collect();
        for script in &scripts {
            for call in &script.inspection.agents {
                let one = call.tier.as_ref().or(call.model.as_ref());
                named.extend(one.into_iter().chain(&call.ladder).map(|model| Named {
                    model: model.clone(),
                    place: format!("{}:{}:{}", script.shown, call.line, call.column),
                    agent_type: None,
                    surely: true,
                }));
            }
        }
        let literal = |name: &str| {
            let mut uses = scripts.iter().flat_map(|script| &script.inspection.agent_types);
            root.is_none() || uses.any(|used| used.name == name)
        };
        let types = self.program.agent_types.iter();
        named.extend(types.filter_map(|(name, agent_type)| {
            Some(Named {
                model: agent_type.model.clone()?,
                place: format!("the agent type {name}"),
                agent_type: Some(name.clone()),
                surely: literal(name),
            })
        }));
        reach(wanted, backends, &self.program, &named)
    }
}
