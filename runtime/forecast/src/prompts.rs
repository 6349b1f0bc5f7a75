//! What a model would be told at the beginning of a task.

use std::collections::BTreeMap;
use std::sync::Arc;

use baton_agents::Job;
use baton_agents::backend::{Guidance, Skill};
use baton_agents::model::opening;
use baton_core::digest::Digest;
use baton_core::ids::{RunId, TaskId, TaskPath};
use baton_core::limits::Limits;
use baton_core::manifest::AgentType;
use baton_core::scope::{NameScope, Scope};
use baton_core::spec::AgentSpec;
use baton_core::tool::Tools;
use baton_engine::NewRun;
use baton_host::port::ToolOffer;
use baton_models::ModelRequest;

/// What of a run decides its prompts, beside the tasks.
pub(crate) struct Prompts {
    types: BTreeMap<String, AgentType>,
    guidance: Arc<Guidance>,
    limits: Arc<Limits>,
    scope: Arc<Scope>,
    tools: Tools,
    reads: bool,
    writes: bool,
}

impl Prompts {
    pub(crate) fn of(new: &NewRun) -> Self {
        let text = |digest: &Digest| -> Option<Arc<str>> {
            let part = new.parts.iter().find(|part| part.digest == *digest)?;
            std::str::from_utf8(&part.bytes).ok().map(Into::into)
        };
        let program = &new.program;
        let instructions = program.instructions.iter();
        let skill = |(name, part): (&String, &baton_core::record::SkillPart)| {
            let skill = Skill { description: part.description.clone(), text: text(&part.text)? };
            Some((name.clone(), skill))
        };
        let guidance = Guidance {
            instructions: instructions.filter_map(|(at, d)| Some((at.clone(), text(d)?))).collect(),
            skills: program.skills.iter().filter_map(skill).collect(),
        };
        Self {
            types: program.agent_types.clone(),
            guidance: Arc::new(guidance),
            limits: Arc::new(new.limits),
            reads: new.root.is_some() && new.scope.read.is_some(),
            writes: new.root.is_some() && new.workers.write.is_some(),
            scope: Arc::new(new.scope.clone()),
            tools: new.tools.clone(),
        }
    }

    /// The first request of a task, and whether there is anything to look at before an answer.
    pub(crate) fn opening(
        &self,
        run: &RunId,
        task: &TaskPath,
        spec: &AgentSpec,
    ) -> (ModelRequest, bool) {
        let definition = spec.options.agent_type.as_ref().and_then(|name| self.types.get(name));
        let mut spec = spec.clone();
        if spec.options.system.is_none() {
            spec.options.system = definition.and_then(|definition| definition.system.clone());
        }
        let given = self.given(&spec, definition);
        let looks = self.reads || !given.is_empty();
        let id = TaskId { run: run.clone(), path: task.clone() };
        let job = Job {
            definition: definition.cloned().map(Arc::new),
            guidance: Arc::clone(&self.guidance),
            limits: Arc::clone(&self.limits),
            scope: Arc::clone(&self.scope),
            ..Job::new(id, spec)
        };
        (opening(&job, self.reads, self.writes, given), looks)
    }

    /// The tools of the run that the task names, or its type.
    fn given(&self, spec: &AgentSpec, definition: Option<&AgentType>) -> Vec<ToolOffer> {
        let of_type = definition.and_then(|definition| definition.tools.as_ref());
        let Some(patterns) = spec.options.tools.as_ref().or(of_type) else { return Vec::new() };
        let named = NameScope::of(patterns);
        let allowed = self.scope.tools.as_ref();
        let may = |name: &str| allowed.is_some_and(|tools| tools.names.allows(name));
        let given = self.tools.known.iter().filter(|(name, _)| named.allows(name) && may(name));
        given
            .map(|(name, known)| ToolOffer {
                name: name.clone(),
                description: known.description.clone(),
                input: known.input.clone(),
                output: known.output.clone(),
            })
            .collect()
    }
}
