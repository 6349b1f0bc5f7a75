//! Interfaces `tasks` and `budget` of the host in memory.

use serde_json::Value;

use super::{AgentRequest, Event, Reply, Stage, State, WorkflowRequest};
use crate::budget::Amounts;
use crate::failure::{Failure, FailureKind, Refusal, RefusalKind};
use crate::handoff::{Handoff, Usage};
use crate::host::{BudgetHost, Delivery, Outcome, RawAgent, RawWorkflow, TaskHost, WaitError};

/// A task that has not been delivered.
pub(super) struct Open {
    /// When it ends, on the clock of the script.
    due: u64,
    outcome: Outcome,
    usage: Usage,
}

impl State {
    pub(super) fn open(&mut self, task: u64, reply: Reply, agents: u32) -> Result<u64, Refusal> {
        let (outcome, mut usage) = match reply {
            Reply::Refused(refusal) => return Err(refusal),
            Reply::Failed(failure) => (Err(failure), Usage::default()),
            Reply::Done(handoff) => {
                let usage = handoff.usage;
                (Ok(handoff.map(|output| output.to_string())), usage)
            }
        };
        usage.agents = usage.agents.max(agents);
        self.spawned = task;
        self.open.insert(task, Open { due: self.now, outcome, usage });
        Ok(task)
    }

    fn candidates(&self, list: Option<&[u64]>) -> Result<Vec<u64>, WaitError> {
        let mut candidates: Vec<u64> = match list {
            Some(list) if list.iter().any(|task| !self.open.contains_key(task)) => {
                return Err(WaitError::UnknownTask);
            }
            Some(list) => list.to_vec(),
            None => self.open.keys().copied().collect(),
        };
        if candidates.is_empty() {
            return Err(WaitError::NothingToWaitFor);
        }
        candidates.sort_by_key(|task| (self.open.get(task).map(|open| open.due), *task));
        Ok(candidates)
    }

    fn deliver(&mut self, task: u64) -> Result<Delivery, WaitError> {
        let open = self.open.remove(&task).ok_or(WaitError::UnknownTask)?;
        self.now = self.now.max(open.due);
        self.spent.agents += open.usage.agents;
        self.spent.input_tokens += open.usage.input_tokens;
        self.spent.output_tokens += open.usage.output_tokens;
        self.spent.cost_micro_usd += open.usage.cost_micro_usd;
        Ok(Delivery::Completion { task, outcome: open.outcome, usage: open.usage })
    }
}

pub(super) fn denied(what: &str) -> Reply {
    Reply::Refused(Refusal {
        kind: RefusalKind::Denied,
        code: "denied".into(),
        message: format!("the script has no answers for {what}"),
        hint: String::new(),
    })
}

pub(super) fn value(text: &str) -> Value {
    serde_json::from_str(text).unwrap_or_default()
}

impl TaskHost for Stage {
    fn spawn_agent(&self, spec: &RawAgent) -> Result<u64, Refusal> {
        let task = self.state.borrow().spawned + 1;
        let request = AgentRequest {
            task,
            prompt: spec.prompt.clone(),
            input: spec.input.as_deref().map(value),
            schema: spec.schema.as_deref().map(value),
            options: value(&spec.options),
        };
        let agents = self.agents.borrow();
        let reply = agents.as_ref().map_or_else(|| denied("agents"), |answer| answer(&request));
        self.note(Event::Agent(request));
        self.state.borrow_mut().open(task, reply, 1)
    }

    fn spawn_workflow(&self, spec: &RawWorkflow) -> Result<u64, Refusal> {
        let task = self.state.borrow().spawned + 1;
        let request = WorkflowRequest {
            task,
            name: spec.name.clone(),
            input: value(&spec.input),
            options: value(&spec.options),
        };
        let workflows = self.workflows.borrow();
        let reply =
            workflows.as_ref().map_or_else(|| denied("workflows"), |answer| answer(&request));
        self.note(Event::Workflow(request));
        self.state.borrow_mut().open(task, reply, 0)
    }

    fn sleep(&self, milliseconds: u64) -> Result<u64, Refusal> {
        let mut state = self.state.borrow_mut();
        let task = state.spawned + 1;
        state.events.push(Event::Sleep { task, milliseconds });
        state.spawned = task;
        let due = state.now.saturating_add(milliseconds);
        let outcome = Ok(Handoff::new("null".to_owned()));
        state.open.insert(task, Open { due, outcome, usage: Usage::default() });
        Ok(task)
    }

    fn wait_any(&self, list: Option<&[u64]>) -> Result<Delivery, WaitError> {
        self.note(Event::Wait(list.map(<[u64]>::to_vec)));
        let mut state = self.state.borrow_mut();
        if list.is_none()
            && let Some(message) = state.messages.pop_front()
        {
            return Ok(Delivery::Message(message));
        }
        let candidates = state.candidates(list)?;
        let first = candidates.first().copied().unwrap_or_default();
        let chosen = match self.order.borrow_mut().as_mut() {
            Some(order) => order(&candidates),
            None => first,
        };
        let task = if candidates.contains(&chosen) { chosen } else { first };
        state.deliver(task)
    }

    fn cancel(&self, task: u64) {
        let mut state = self.state.borrow_mut();
        state.events.push(Event::Cancel(task));
        let now = state.now;
        if let Some(open) = state.open.get_mut(&task) {
            open.due = now;
            open.outcome =
                Err(Failure::new(FailureKind::Cancelled, "cancelled", "cancelled by its parent"));
        }
    }
}

impl BudgetHost for Stage {
    fn granted(&self) -> Amounts {
        self.state.borrow().granted
    }

    fn spent(&self) -> Amounts {
        let spent = self.state.borrow().spent;
        Amounts {
            agents: Some(spent.agents.into()),
            tokens: Some(spent.input_tokens + spent.output_tokens),
            cost_micro_usd: Some(spent.cost_micro_usd),
        }
    }

    fn left(&self) -> Amounts {
        let (granted, spent) = (self.granted(), self.spent());
        let left = |granted: Option<u64>, spent: Option<u64>| {
            granted.map(|granted| granted.saturating_sub(spent.unwrap_or_default()))
        };
        Amounts {
            agents: left(granted.agents, spent.agents),
            tokens: left(granted.tokens, spent.tokens),
            cost_micro_usd: left(granted.cost_micro_usd, spent.cost_micro_usd),
        }
    }
}
