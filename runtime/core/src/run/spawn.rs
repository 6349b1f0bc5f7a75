//! Spawning: scope, budget, limits and the choice of who performs a task.

use super::apply::scope_of_child;
use super::{Run, Workflow};
use crate::action::Action;
use crate::budget::Amounts;
use crate::command::{Command, Reply};
use crate::digest::Digest;
use crate::gate::{GateSpec, RawGateSpec};
use crate::ids::Timestamp;
use crate::record::{Body, Effect, Work};
use crate::refusal::{Refusal, RefusalKind};
use crate::replay::Cursor;
use crate::scope::Capability;
use crate::spec::{AgentSpec, RawAgentSpec, RawWorkflowSpec, WorkflowSpec};
use crate::tool::RawToolSpec;

impl Run {
    /// What a request for a task comes to. Follows from the state of the run and of the instance.
    pub(super) fn work_for(&self, cursor: &Cursor, command: Command) -> Result<Work, Refusal> {
        let work = match command {
            Command::SpawnAgent(raw) => self.agent_work(cursor, raw),
            Command::SpawnWorkflow(raw) => self.workflow_work(cursor, raw),
            Command::SpawnTool(raw) => self.own_tool_work(cursor, raw),
            Command::Sleep { ms } => self.timer_work(cursor, ms),
            Command::AskGate(raw) => self.gate_work(cursor, raw),
            Command::Listen | Command::Cancel { .. } | Command::Report(_) => {
                Err(Refusal::invalid("no-task", "this asks for no task"))
            }
        };
        self.room_for_a_task().and(work)
    }

    fn own_tool_work(&self, cursor: &Cursor, raw: RawToolSpec) -> Result<Work, Refusal> {
        let workflow = self.owner(cursor)?;
        self.tool_work(workflow.scope.tools.as_ref(), workflow.phase.as_ref(), raw)
    }

    /// The workflow whose instance asks.
    fn owner(&self, cursor: &Cursor) -> Result<&Workflow, Refusal> {
        let missing = || Refusal::new(RefusalKind::NotFound, "no-workflow", "no such workflow", "");
        self.workflows.get(&cursor.workflow).ok_or_else(missing)
    }

    fn timer_work(&self, cursor: &Cursor, ms: u64) -> Result<Work, Refusal> {
        let max = self.started.limits.run.sleep_ms;
        if ms > max {
            let message = format!("a sleep of {ms} ms; the limit is {max}");
            return Err(Refusal::limit("run.sleep_ms", message, ""));
        }
        Ok(Work::Sleep { due: cursor.now.plus_ms(ms) })
    }

    fn gate_work(&self, cursor: &Cursor, raw: RawGateSpec) -> Result<Work, Refusal> {
        let mut spec = GateSpec::parse(raw, &self.started.limits.run)?;
        let phase = self.workflows.get(&cursor.workflow).and_then(|own| own.phase.clone());
        spec.options.phase = spec.options.phase.or(phase);
        let due = spec.options.deadline_ms.map(|ms| cursor.now.plus_ms(ms));
        Ok(Work::Gate { spec, due })
    }

    /// Carries out a request for a task.
    pub(super) fn spawn(
        &mut self,
        cursor: &Cursor,
        command: Command,
        digest: Digest,
        fuel: u64,
        at: Timestamp,
    ) -> Reply {
        let workflow = cursor.workflow.clone();
        let work = match self.work_for(cursor, command) {
            Ok(work) => work,
            Err(refusal) => {
                let body = Body::Refused { workflow, digest, fuel, refusal: refusal.clone() };
                self.push(body, at);
                return Reply::Refused(refusal);
            }
        };
        let number = self.workflows.get(&workflow).map_or(0, |owner| owner.children) + 1;
        let task = workflow.child(number);
        let action = Action::of(&task, &work);
        self.push(Body::Spawned { task, digest, fuel, work: Box::new(work) }, at);
        self.outbox.actions.extend(action);
        Reply::Task(number)
    }

    pub(super) fn room_for_a_task(&self) -> Result<(), Refusal> {
        let max = self.started.limits.run.tasks;
        if (self.tasks.len() as u64) < max {
            return Ok(());
        }
        let message = format!("the run has {max} tasks, its limit");
        Err(Refusal::limit("run.tasks", message, "split the work into several runs"))
    }

    fn agent_work(&self, cursor: &Cursor, raw: RawAgentSpec) -> Result<Work, Refusal> {
        let limits = &self.started.limits.run;
        let workflow = self.owner(cursor)?;
        if !workflow.scope.agents {
            return Err(Refusal::denied(
                Capability::Agents,
                "agents-not-granted",
                "this workflow may not spawn agents",
                "its manifest must request `agents`, and the operator must grant it",
            ));
        }
        let mut spec = AgentSpec::parse(raw, limits)?;
        let agents = self.spawned_agents;
        if agents >= limits.agents {
            let message = format!("the run has {agents} agents, its limit");
            return Err(Refusal::limit(
                "run.agents",
                message,
                "raise it with --limit run.agents=N",
            ));
        }
        if let Some(amount) = left(workflow, cursor).exhausted() {
            return Err(Refusal::new(
                RefusalKind::Budget,
                "budget",
                format!("the workflow's budget of {amount} is used up"),
                "open child workflows hold what they were given: give them less, or wait for them",
            ));
        }
        spec.options.phase = spec.options.phase.or_else(|| workflow.phase.clone());
        let backend = self.backend_of(&mut spec)?;
        if let Some(asked) = &spec.options.isolation {
            self.can_isolate(asked)?;
        }
        // Component agents have no write or network grant, and a command is repeatable unless
        // policy says otherwise. What its tools do is told apart by their calls.
        Ok(Work::Agent { spec, backend, effect: Effect::Repeatable })
    }

    /// An agent that asked for a copy of its own never works in place.
    fn can_isolate(&self, asked: &str) -> Result<(), Refusal> {
        if asked != WORKTREE {
            let message = format!("there is no isolation `{asked}`; the only one is `{WORKTREE}`");
            return Err(Refusal::invalid(ISOLATION, message));
        }
        if self.started.base.is_some() {
            return Ok(());
        }
        let message =
            "an agent asked for a worktree, and the run has no git repository to make it of";
        let hint = "grant a directory of a repository with at least one commit: --root DIR";
        Err(Refusal::new(RefusalKind::Denied, ISOLATION, message, hint))
    }

    fn workflow_work(&self, cursor: &Cursor, raw: RawWorkflowSpec) -> Result<Work, Refusal> {
        let limits = &self.started.limits.run;
        let parent = self.owner(cursor)?;
        if !parent.scope.workflows {
            return Err(Refusal::denied(
                Capability::Workflows,
                "workflows-not-granted",
                "this workflow may not spawn workflows",
                "its manifest must request them by name",
            ));
        }
        let mut spec = WorkflowSpec::parse(raw, limits)?;
        spec.options.phase = spec.options.phase.or_else(|| parent.phase.clone());
        let depth = cursor.workflow.depth() as u64 + 1;
        if depth >= limits.depth {
            let message = format!("workflows are {depth} levels deep, the limit");
            return Err(Refusal::limit("run.depth", message, "does a workflow spawn itself?"));
        }
        let program = &self.started.program;
        let Some(component) = program.workflows.get(&spec.name).copied() else {
            let known: Vec<&str> = program.workflows.keys().map(String::as_str).collect();
            return Err(Refusal::new(
                RefusalKind::NotFound,
                "unknown-workflow",
                format!(
                    "`{}` is not part of the program; there are: {}",
                    spec.name,
                    known.join(", ")
                ),
                "request it in the manifest",
            ));
        };
        scope_of_child(&parent.scope, &spec, program.requests.get(&spec.name))
            .map_err(|error| Refusal::invalid("bad-pattern", error.to_string()))?;
        let asked = spec.options.budget.map(Amounts::from).unwrap_or_default();
        Ok(Work::Workflow { spec, component, budget: asked.min(&left(parent, cursor)) })
    }
}

/// The isolation there is.
const WORKTREE: &str = "worktree";

/// Code of refusals about isolation.
const ISOLATION: &str = "isolation";

/// What a workflow can still give to an agent or a child: its grant less what was delivered to it,
/// the agents it spawned, and what open children hold.
fn left(workflow: &Workflow, cursor: &Cursor) -> Amounts {
    let mut spent = cursor.spent;
    spent.agents = workflow.spawned_agents.saturating_add(cursor.child_agents);
    cursor.held.left_of(&workflow.budget, &spent)
}
