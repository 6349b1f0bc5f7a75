//! Starts what is on record as started: agents, calls of tools, or whoever stands in for both.

use std::sync::Arc;

use baton_agents::Sessions;
use baton_agents::backend::Job;
use baton_core::backend::COMMAND;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{TaskId, TaskPath};
use baton_core::manifest::AgentType;
use baton_core::record::{Effect, Work};
use baton_core::spec::AgentSpec;
use baton_core::tool::Provider;
use baton_core::trace::traceparent;
use baton_tools::ToolCall;

use crate::admission::Launch;
use crate::api::StandIn;
use crate::calls::{Facts, tools_of};
use crate::jobs::AgentJob;
use crate::reuse::scope_of;
use crate::run_loop::RunLoop;
use crate::scheduler::Permit;
use crate::shared::Event;

impl RunLoop {
    /// Lets each be performed, and ends those that nobody can perform.
    pub(crate) async fn launch(&mut self, launches: Vec<Launch>) {
        for Launch { task, attempt, permit } in launches {
            if let Some(stand_in) = self.stand_in.clone() {
                match self.look(&*stand_in, &task) {
                    Some(call) => self.launch_call(task, attempt, call, permit),
                    None => self.stand_in_for(&*stand_in, task),
                }
                continue;
            }
            let (call, tool) = {
                let run = &self.shared.lock().run;
                let tool =
                    run.task(&task).is_some_and(|known| matches!(*known.work, Work::Tool { .. }));
                (Facts::of(run, &task), tool)
            };
            match call {
                Some(call) => self.launch_call(task, attempt, call, permit),
                // Only a record made by others names one.
                None if tool => {
                    let message = "the record names a tool that the run does not define";
                    self.nobody_performs(&task, "unknown-tool", message);
                }
                None => self.launch_agent(task, attempt, permit).await,
            }
        }
    }

    /// A call that is made although somebody stands in for all others: of a component that can do
    /// nothing but read, in the sandbox.
    fn look(&self, stand_in: &dyn StandIn, task: &TaskPath) -> Option<Facts> {
        let call = Facts::of(&self.shared.lock().run, task)?;
        let sandboxed = matches!(call.definition.provider, Provider::Component(_));
        let reads = sandboxed && call.effect == Effect::Read && call.authority.is_harmless();
        (reads && stand_in.lets_read(&call.tool, &call.spec.input)).then_some(call)
    }

    /// Performs a task without any effect. Its end is an event like that of any other.
    fn stand_in_for(&self, stand_in: &dyn StandIn, task: TaskPath) {
        let work = self.shared.lock().run.task(&task).map(|known| known.work.clone());
        if let Some(work) = work {
            let answer = stand_in.perform(&task, &work);
            self.shared.send(Event::JobEnded { task, answer });
        }
    }

    /// Ends a call that is not made.
    fn nobody_performs(&mut self, task: &TaskPath, code: &str, message: impl Into<String>) {
        let now = self.journal.now();
        let failure = Failure::new(FailureKind::Refused, code, message);
        let outcome = Outcome::Failed(failure);
        self.calls.end(task, &outcome);
        self.shared.lock().run.task_ended(task, outcome, Default::default(), now);
    }

    async fn launch_agent(&mut self, task: TaskPath, attempt: u32, permit: Option<Permit>) {
        let facts = {
            let run = &self.shared.lock().run;
            let open = run.task(&task).filter(|_| run.outcome(&task).is_none());
            open.and_then(|known| match &*known.work {
                Work::Agent { spec, backend, .. } => Some((
                    spec.clone(),
                    backend.clone(),
                    scope_of(run, &task).unwrap_or_default(),
                    run.authority_of_agent(&task).unwrap_or_default(),
                    traceparent(&self.run, run.started().traceparent.as_deref(), &task, attempt),
                )),
                _ => None,
            })
        };
        let Some((spec, backend, scope, authority, traceparent)) = facts else { return };
        self.world.is_used(&task);
        let workers = match self.backends.workers(&backend, &spec).await {
            Ok(workers) => self.backends.guidance().await.map(|guidance| (workers, guidance)),
            Err(failure) => Err(failure),
        };
        let (workers, guidance) = match workers {
            Ok(found) => found,
            Err(failure) => {
                let now = self.journal.now();
                let outcome = Outcome::Failed(failure);
                self.shared.lock().run.task_ended(&task, outcome, Default::default(), now);
                return;
            }
        };
        let tools = tools_of(&self.shared, &task);
        let turns = self.shared.lock().run.turns(&task).iter().map(|(_, text)| *text).collect();
        let job = Job {
            task: TaskId { run: self.run.clone(), path: task },
            attempt,
            timeout_ms: spec.options.timeout_ms.unwrap_or(match backend.starts_with(COMMAND) {
                true => self.limits.attempt.program_ms,
                false => self.limits.attempt.agent_ms,
            }),
            scope: Arc::new(scope),
            definition: self.definition(&spec),
            guidance,
            spec: Arc::new(spec),
            corrections: Vec::new(),
            earlier: Vec::new(),
            root: self.root.as_ref().map(|root| root.path().to_owned()),
            limits: Arc::clone(&self.limits),
            authority: Arc::new(authority),
            rung: 0,
            traceparent: Some(traceparent),
        };
        let inbox = self.inboxes.open(&self.shared.lock().run, &job.task.path);
        let sessions =
            Sessions::new(self.shared.lock().run.sessions_of(&job.task.path, self.strange));
        let agent = AgentJob { workers, job, tools, turns, inbox, sessions };
        self.jobs.start(&self.shared, agent, permit);
    }

    fn launch_call(&mut self, task: TaskPath, attempt: u32, facts: Facts, permit: Option<Permit>) {
        let Facts { spec, tool, authority, effect, definition } = facts;
        let denials = self.shared.lock().run.denials().clone();
        if denials.takes_tool(&tool) {
            let message = format!("the tool `{tool}` was denied before the call began");
            return self.nobody_performs(&task, "tool-not-granted", message);
        }
        self.world.is_used(&task);
        let component = self.calls.component(&definition);
        let parent = task.parent().map(|path| TaskId { run: self.run.clone(), path });
        let call = ToolCall {
            // What an agent in a worktree of its own calls works there too.
            root: parent.and_then(|agent| self.jobs.worktree_of(&agent)),
            task: TaskId { run: self.run.clone(), path: task },
            attempt,
            tool,
            input: spec.input,
            authority: Arc::new(authority.denied(&denials)),
            effect,
            timeout_ms: spec.options.timeout_ms,
            guest: None,
        };
        self.jobs.start_call(&self.shared, self.calls.toolbox(), call, component, permit);
    }

    fn definition(&self, spec: &AgentSpec) -> Option<Arc<AgentType>> {
        let name = spec.options.agent_type.as_ref()?;
        let cell = self.shared.lock();
        cell.run.started().program.agent_types.get(name).cloned().map(Arc::new)
    }
}
