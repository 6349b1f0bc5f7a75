//! From an action to a job: room, caps, the record of the start, and the start.

use std::sync::Arc;

use baton_agents::Sessions;
use baton_agents::backend::Job;
use baton_core::action::Action;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{TaskId, TaskPath, Timestamp};
use baton_core::manifest::AgentType;
use baton_core::record::{Effect, Work};
use baton_core::reuse::needs_snapshot;
use baton_core::run::Burst;
use baton_core::spec::AgentSpec;
use baton_core::tool::Provider;
use baton_core::trace::traceparent;
use baton_tools::ToolCall;

use crate::api::StandIn;
use crate::calls::{Facts, tools_of};
use crate::jobs::AgentJob;
use crate::reuse::scope_of;
use crate::run_loop::RunLoop;
use crate::scheduler::Permit;
use crate::shared::Event;

/// How the names of backends begin that are programs.
const PROGRAM: &str = "command:";

/// A job that may start once the record of its start is durable.
pub(crate) struct Launch {
    task: TaskPath,
    attempt: u32,
    permit: Option<Permit>,
}

impl RunLoop {
    /// Asks the scheduler for room; keeps the actions that come after the commit.
    pub(crate) fn request_room(&mut self, actions: Vec<Action>) -> Vec<Action> {
        let mut later = Vec::new();
        for action in actions {
            match action {
                Action::Perform { task } => self.request(task),
                other => later.push(other),
            }
        }
        later
    }

    /// Brings a task on its way: to its snapshot, its look-up or its place in the queue.
    pub(crate) fn request(&mut self, task: TaskPath) {
        let facts = {
            let cell = self.shared.lock();
            let agents = cell.run.is_agents(&task);
            cell.run.task(&task).and_then(|known| match &*known.work {
                Work::Agent { backend, .. } => {
                    Some((Arc::from(backend.as_str()), needs_snapshot(&known.work), false))
                }
                Work::Tool { tool, .. } => Some((Arc::from(tool.as_str()), false, agents)),
                _ => None,
            })
        };
        let Some((backend, needs_snapshot, agents)) = facts else { return };
        if agents {
            self.granted.push((task, None));
            return;
        }
        if self.parking.is_some() {
            return;
        }
        if self.stand_in.is_none()
            && ((needs_snapshot && self.world.holds(&task)) || self.look_up(&task))
        {
            return;
        }
        if let Some(permit) = self.scheduler.request(&self.run, &task, &backend) {
            self.granted.push((task, Some(permit)));
        }
    }

    /// Whether more agents may be asked for in this very moment, so that nobody knows yet how many would
    /// start together.
    fn more_may_come(&self) -> bool {
        let cell = self.shared.lock();
        cell.instances.is_empty() || !cell.all_stand_still() || self.decides()
    }

    /// Takes up the starts that waited until every workflow waits.
    pub(crate) fn decide_fan_out(&mut self) {
        if !self.undecided.is_empty() && !self.more_may_come() {
            self.granted.append(&mut self.undecided);
        }
    }

    /// Turns grants into starts, as far as providers and the operator's caps let them.
    pub(crate) fn admit(&mut self) -> Vec<Launch> {
        let now = self.journal.now();
        if self.leaving {
            // Whoever leaves starts nothing more.
            self.granted.clear();
            self.undecided.clear();
            return Vec::new();
        }
        self.metering.admit(&mut self.shared.lock().run, now);
        if self.granted.is_empty() {
            return Vec::new();
        }
        let mut chosen: Vec<(TaskPath, Option<Permit>)> = Vec::new();
        let mut new: Vec<TaskPath> = Vec::new();
        // Where a cap counts agents, those that are asked for together start together or not at all.
        let burst = self.shared.lock().run.burst();
        let undecided = burst.is_some() && self.more_may_come();
        for (task, permit) in std::mem::take(&mut self.granted) {
            let (ended, first) = {
                let run = &self.shared.lock().run;
                let first = run.task(&task).is_some_and(|known| {
                    known.attempts == 0 && matches!(*known.work, Work::Agent { .. })
                });
                (run.outcome(&task).is_some(), first)
            };
            // Ended while it was queued: it takes nothing from what the caps leave to others.
            if ended {
                continue;
            }
            if first && undecided {
                self.undecided.push((task, permit));
                continue;
            }
            if first && self.lacks(&task, burst.as_ref(), &new, now) {
                self.held.push_back(task);
                continue;
            }
            if !self.may_start(&task, now) {
                continue;
            }
            if first {
                new.push(task.clone());
            }
            chosen.push((task, permit));
        }
        let mut cell = self.shared.lock();
        let tasks: Vec<TaskPath> = chosen.iter().map(|(task, _)| task.clone()).collect();
        let starts = cell.run.start_tasks(&tasks, now);
        let mut starts = starts.into_iter().peekable();
        let mut launches = Vec::new();
        for (task, permit) in chosen {
            // A task that ended while it was queued has no start; its permit is dropped.
            if let Some(start) = starts.next_if(|start| start.task == task) {
                launches.push(Launch { task, attempt: start.attempt, permit });
            }
        }
        launches
    }

    /// Whether a cap leaves no room for a start beside `others`.
    fn lacks(
        &self,
        task: &TaskPath,
        burst: Option<&Burst>,
        others: &[TaskPath],
        now: Timestamp,
    ) -> bool {
        let run = &self.shared.lock().run;
        burst.is_some_and(|burst| run.lacks_for_burst(task, burst).is_some())
            || run.lacks_for_start(task, others, now).is_some()
    }

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
            timeout_ms: spec.options.timeout_ms.unwrap_or(match backend.starts_with(PROGRAM) {
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
