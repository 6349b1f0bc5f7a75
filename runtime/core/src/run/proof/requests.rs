//! What requests came to: tasks, refusals, calls of agents.

use super::Look;
use crate::command::Command;
use crate::ids::TaskPath;
use crate::record::Work;
use crate::refusal::{Refusal, RefusalKind};
use crate::replay::Cursor;

/// Codes of refusals for how many tasks there are.
const COUNTS: [&str; 2] = ["run.tasks", "run.agents"];

impl Look<'_> {
    /// A workflow asked for a task and got it.
    pub(super) fn spawned(&mut self, task: &TaskPath, work: &Work) {
        let Some((due, _)) = task.parent().and_then(|owner| self.answer(&owner)) else { return };
        match due {
            Ok(mut due) => {
                if self.run.is_asked_by_person(task) {
                    put_input(work, &mut due);
                }
                if self.is_shared() {
                    put_timer(work, &mut due);
                }
                if self.is_anothers() {
                    put_program(work, &mut due);
                }
                self.hold("work", work, &due);
            }
            // Another program may have been given more.
            Err(_) if self.is_anothers() => {}
            Err(refusal) => self.say("work", work.kind(), &refused(&refusal)),
        }
    }

    /// A workflow asked for a task and was refused. What a refusal says to people may change with a
    /// release; what it is may not.
    pub(super) fn refused(&mut self, workflow: &TaskPath, refusal: &Refusal) {
        let Some((due, is_gate)) = self.answer(workflow) else { return };
        // What a fork left out was counted when this was refused, and is not any more.
        if self.is_anothers() || (self.is_shared() && is_count(refusal)) {
            return;
        }
        match due {
            Err(due) => {
                self.hold("refusal.kind", &refusal.kind, &due.kind);
                self.hold("refusal.code", &refusal.code, &due.code);
                self.hold("refusal.capability", &refusal.capability, &due.capability);
            }
            // Whether a schema can be read is asked outside of the rules.
            Ok(_) if is_gate && refusal.code == "bad-schema" => {}
            Ok(work) => {
                self.say("refusal", &refused(refusal), &format!("a task ({})", work.kind()))
            }
        }
    }

    /// What the request comes to that the record answers, and whether it is for a gate. None: nobody
    /// repeated it.
    fn answer(&mut self, workflow: &TaskPath) -> Option<(Result<Work, Refusal>, bool)> {
        let request = self.proof.requests.asked.remove(&self.record.seq)?;
        let is_gate = matches!(request.command, Command::AskGate(_));
        let cursor = Cursor::at(workflow.clone(), &request.moment);
        Some((self.run.work_for(&cursor, request.command), is_gate))
    }

    /// An agent called a tool.
    pub(super) fn called(&mut self, task: &TaskPath, work: &Work) {
        let (Some(agent), Work::Tool { spec, .. }) = (task.parent(), work) else { return };
        if self.is_anothers() {
            return;
        }
        let Some(scope) = self.run.tools_of_agent(&agent) else {
            return self.say("work", "a call of a tool", "nothing: its agent has no tools");
        };
        match self.run.tool_work_of(&scope, spec.clone()) {
            Ok(mut due) => {
                self.run.soften(&agent, &mut due);
                self.hold("work", work, &due);
            }
            Err(refusal) => self.say("work", "a call of a tool", &refused(&refusal)),
        }
    }
}

fn refused(refusal: &Refusal) -> String {
    format!("a refusal ({})", refusal.code)
}

/// Whether it was refused for how many tasks there were.
fn is_count(refusal: &Refusal) -> bool {
    refusal.kind == RefusalKind::Limit && COUNTS.contains(&refusal.code.as_str())
}

/// A person wrote the input of a task in a fork.
fn put_input(from: &Work, into: &mut Work) {
    match (from, into) {
        (Work::Agent { spec: from, .. }, Work::Agent { spec: into, .. }) => {
            into.prompt.clone_from(&from.prompt);
            into.input.clone_from(&from.input);
        }
        (Work::Tool { spec: from, .. }, Work::Tool { spec: into, .. }) => {
            into.input.clone_from(&from.input);
        }
        (Work::Workflow { spec: from, .. }, Work::Workflow { spec: into, .. }) => {
            into.input.clone_from(&from.input);
        }
        _ => {}
    }
}

/// What was open when a run was forked runs on from there.
fn put_timer(from: &Work, into: &mut Work) {
    match (from, into) {
        (Work::Sleep { due }, Work::Sleep { due: into }) => *into = *due,
        (Work::Gate { due, .. }, Work::Gate { due: into, .. }) => *into = *due,
        _ => {}
    }
}

/// What follows from the program and from who performs: where another one made what a fork shares, all of
/// that may be another's.
fn put_program(from: &Work, into: &mut Work) {
    match (from, into) {
        (
            Work::Agent { spec: from, backend, effect },
            Work::Agent { spec: into, backend: into_backend, effect: into_effect },
        ) => {
            into_backend.clone_from(backend);
            *into_effect = *effect;
            let (from, into) = (&from.options, &mut into.options);
            into.model.clone_from(&from.model);
            into.provider.clone_from(&from.provider);
            into.ladder.clone_from(&from.ladder);
            into.system.clone_from(&from.system);
            into.effort.clone_from(&from.effort);
            into.isolation.clone_from(&from.isolation);
            into.read.clone_from(&from.read);
            into.max_turns = from.max_turns;
        }
        (
            Work::Tool { tool, authority, effect, .. },
            Work::Tool { tool: into_tool, authority: into_authority, effect: into_effect, .. },
        ) => {
            into_tool.clone_from(tool);
            into_authority.clone_from(authority);
            *into_effect = *effect;
        }
        (
            Work::Workflow { component, budget, .. },
            Work::Workflow { component: into_component, budget: into_budget, .. },
        ) => {
            *into_component = *component;
            *into_budget = *budget;
        }
        _ => {}
    }
}
