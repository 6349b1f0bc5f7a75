//! The one place where the state of a run changes.

use std::sync::Arc;

use super::{Answer, Message, Process, Recorded, Run, Task, TaskState, Workflow};
use crate::command::Reply;
use crate::digest::Digest;
use crate::files::Observation;
use crate::handoff::{FailureKind, Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::manifest::Requests;
use crate::record::{Body, Effect, Record, Work};
use crate::replay::{
    CANCEL, FILES, LISTEN, REFUSED, REPORT, kind_of_work, shorten, summary_of_request,
    summary_of_work,
};
use crate::report::Report;
use crate::run::events::BY_WORKFLOW;
use crate::scope::{PatternError, Scope};
use crate::spec::WorkflowSpec;

/// Records that cannot be those of one run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RecordError {
    /// There are none.
    #[error("the run has no records")]
    Empty,
    /// The first is not the start of a run.
    #[error("record 1 is not the start of a run")]
    NotAStart,
    /// A later release wrote them.
    #[error(
        "the records have format {got}; this release reads formats up to {}",
        crate::record::FORMAT
    )]
    Format {
        /// Their format.
        got: u32,
    },
    /// A record is missing or doubled.
    #[error("record {got} stands where {expected} is due")]
    Gap {
        /// The number that was due.
        expected: u64,
        /// The number that came.
        got: u64,
    },
    /// A record contradicts those before it.
    #[error("record {seq}: {what}")]
    Contradiction {
        /// Its number.
        seq: u64,
        /// What is wrong.
        what: String,
    },
}

impl Run {
    /// Applies one record.
    pub(super) fn apply(&mut self, record: &Record) -> Result<(), RecordError> {
        let Record { seq, at, body } = record;
        let (seq, at) = (*seq, *at);
        if seq != self.seq + 1 {
            return Err(RecordError::Gap { expected: self.seq + 1, got: seq });
        }
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        if self.finished.is_some() {
            return Err(wrong("it follows the end of the run".into()));
        }
        if at < self.at {
            return Err(wrong("it is earlier than the record before it".into()));
        }
        match body {
            Body::RunStarted(_) => return Err(wrong("a second start".into())),
            Body::Spawned { task, digest, fuel, work } => {
                self.apply_spawned(seq, at, task, *digest, *fuel, work)?;
            }
            Body::Refused { workflow, digest, fuel, refusal } => {
                let recorded = self.recorded(
                    seq,
                    REFUSED,
                    format!("refused with `{}`", shorten(&refusal.code)),
                    *digest,
                    *fuel,
                );
                let reply = Answer::Reply(Reply::Refused(refusal.clone()));
                self.workflow_mut(seq, workflow)?
                    .commands
                    .push(Recorded { answer: reply, ..recorded });
            }
            Body::CancelRequested { workflow, task, fuel } => {
                let summary = format!("task {task}");
                let recorded = self.recorded(seq, CANCEL, summary, Digest::of_json(task), *fuel);
                self.workflow_mut(seq, workflow)?.commands.push(recorded);
                if let Some(task) = self.tasks.get_mut(&workflow.child(*task)) {
                    task.cancelled_by = Some(BY_WORKFLOW.into());
                }
            }
            Body::Observed { workflow, digest, fuel, request, observation } => {
                if let Observation::Content { size, .. } = observation {
                    self.observed_bytes = self.observed_bytes.saturating_add(*size);
                }
                let recorded =
                    self.recorded(seq, FILES, summary_of_request(request), *digest, *fuel);
                let answer = Answer::Observation(Arc::new(observation.clone()));
                self.workflow_mut(seq, workflow)?.commands.push(Recorded { answer, ..recorded });
            }
            Body::Reported { workflow, digest, fuel, report } => {
                let recorded = self.recorded(seq, REPORT, String::new(), *digest, *fuel);
                let workflow = self.workflow_mut(seq, workflow)?;
                if let Report::Phase { title } = report {
                    workflow.phase = Some(title.clone());
                }
                workflow.commands.push(recorded);
            }
            Body::AgentReported { task, report } => {
                let task = self.open_task_mut(seq, task)?;
                task.told_bytes = task.told_bytes.saturating_add(report.line_bytes());
            }
            Body::Started { tasks } => {
                for start in tasks {
                    let task = self.open_task_mut(seq, &start.task)?;
                    if !task.work.is_performed() || start.attempt != task.attempts.saturating_add(1)
                    {
                        return Err(wrong(format!(
                            "attempt {} of /{} cannot start",
                            start.attempt, start.task
                        )));
                    }
                    let first = task.attempts == 0;
                    task.began.get_or_insert(at);
                    let attempted = std::mem::take(&mut task.attempted);
                    task.carried.add(&attempted);
                    task.state = TaskState::Started;
                    task.attempts = start.attempt;
                    task.did_once = false;
                    let agent = matches!(*task.work, Work::Agent { .. });
                    let once = task.work.effect() == Some(Effect::Once);
                    if first && agent {
                        self.agents += 1;
                    }
                    self.hold_opaque(&start.task);
                    // An agent in whose name this happens must not be repeated blindly either.
                    if once
                        && let Some(parent) = start.task.parent()
                        && let Some(caller) = self.tasks.get_mut(&parent)
                    {
                        caller.did_once = true;
                    }
                }
            }
            Body::Process { task, attempt, pid, ticks } => {
                self.open_task_mut(seq, task)?.process =
                    Some(Process { attempt: *attempt, pid: *pid, ticks: *ticks });
            }
            Body::AttemptFailed { task: path, attempt, usage, .. } => {
                let task = self.open_task_mut(seq, path)?;
                task.attempts = attempt.saturating_add(1);
                task.attempted.add(usage);
                self.unsettled.add(usage);
            }
            Body::Asked { task, call, provider, reserve, .. } => {
                self.note_asked(seq, task, *call, provider, reserve)?;
            }
            Body::Turned { task, call, content, usage, estimated } => {
                self.note_turned(seq, task, *call, content.as_ref(), usage, *estimated)?;
            }
            Body::Deferred { task: path, attempt, usage, .. } => {
                self.let_go(path);
                let task = self.open_task_mut(seq, path)?;
                task.attempts = (*attempt).max(task.attempts);
                task.state = TaskState::Open;
                task.attempted.add(usage);
                self.unsettled.add(usage);
            }
            Body::Passed { task, rung, saved_micro_usd, .. } => {
                self.open_task_mut(seq, task)?;
                self.ladders.note(*rung, *saved_micro_usd);
            }
            Body::Called { task, work } => self.apply_called(seq, at, task, work)?,
            Body::Denied { task, .. } => self.open_task_mut(seq, task)?.denials += 1,
            Body::AgentRead { task, .. } => {
                let task = self.open_task_mut(seq, task)?;
                if !matches!(*task.work, Work::Agent { .. }) {
                    return Err(wrong("what is no agent has read".into()));
                }
            }
            Body::Snapshot(snapshot) => self.note_snapshot(snapshot),
            Body::NotReused { task, .. } => self.note_not_reused(seq, task)?,
            Body::Completed { task, outcome, usage, reused_from } => {
                if let Some(from) = reused_from {
                    self.note_reused(seq, task, from)?;
                }
                self.apply_completed(seq, at, task, outcome, usage)?;
            }
            Body::CancelOrdered { task, by } if task.is_root() => {
                self.cancelled_by = Some(by.clone());
            }
            Body::CancelOrdered { task, by } => {
                self.open_task_mut(seq, task)?.cancelled_by = Some(by.clone());
            }
            Body::Messaged { sender, text, task, urgent } => {
                let (sender, text) = (sender.clone(), text.clone());
                let message = Message { seq, at, sender, text, urgent: *urgent };
                match task {
                    Some(task) => self.open_task_mut(seq, task)?.messages.push(message),
                    None => self.messages.push(message),
                }
            }
            Body::Heard { task, upto } => {
                let task = self.open_task_mut(seq, task)?;
                task.heard = task.heard.max(*upto);
            }
            Body::Listening { workflow, fuel } => {
                let digest = Digest::of_json(LISTEN);
                let recorded = self.recorded(seq, LISTEN, String::new(), digest, *fuel);
                self.workflow_mut(seq, workflow)?.commands.push(recorded);
            }
            Body::PauseOrdered { .. } => {}
            Body::RestartOrdered { task: path, .. } => {
                self.let_go(path);
                let task = self.open_task_mut(seq, path)?;
                if !task.work.is_performed() {
                    return Err(wrong(format!("/{path} is performed by nobody")));
                }
                let attempted = std::mem::take(&mut task.attempted);
                task.carried.add(&attempted);
                task.state = TaskState::Open;
                task.turns.clear();
                task.heard = 0;
            }
            Body::Paused { reason } => self.paused = Some(reason.clone()),
            Body::Resumed { epoch, caps, engine, .. } => {
                self.paused = None;
                self.epoch = *epoch;
                self.caps = caps.clone();
                self.engine = engine.as_str().into();
                for task in self.tasks.values_mut().filter(|task| !task.state.is_ended()) {
                    let attempted = std::mem::take(&mut task.attempted);
                    task.carried.add(&attempted);
                }
            }
            Body::Finished { outcome, usage } => {
                let root = self.workflow_mut(seq, &TaskPath::root())?;
                if root.has_open() {
                    return Err(wrong("the run ends before its tasks".into()));
                }
                root.ended = true;
                self.finished = Some((outcome.clone(), *usage));
            }
        }
        self.seq = seq;
        self.at = self.at.max(at);
        if let Some(fork) = &self.started.fork {
            match seq.checked_sub(fork.records) {
                Some(0) => self.forget_shared(),
                Some(1) => self.own_since = Some(at),
                _ => {}
            }
        }
        Ok(())
    }

    fn apply_spawned(
        &mut self,
        seq: u64,
        at: Timestamp,
        path: &TaskPath,
        digest: Digest,
        fuel: u64,
        work: &Work,
    ) -> Result<(), RecordError> {
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        let (Some(parent), Some(number)) = (path.parent(), path.number()) else {
            return Err(wrong("the root cannot be spawned".into()));
        };
        let (kind, summary) = (kind_of_work(work), summary_of_work(work));
        let mut recorded = self.recorded(seq, kind, summary, digest, fuel);
        recorded.answer = Answer::Reply(Reply::Task(number));
        let owner = self.workflow_mut(seq, &parent)?;
        if owner.children + 1 != number {
            return Err(wrong(format!("task {path} where child {} is due", owner.children + 1)));
        }
        owner.children = number;
        owner.ended_at.push(0);
        owner.commands.push(recorded);
        let scope = owner.scope.clone();
        let asked = match work {
            Work::Workflow { spec, .. } => self.started.program.requests.get(&spec.name).cloned(),
            _ => None,
        };
        let owner = self.workflow_mut(seq, &parent)?;
        match work {
            Work::Tool { .. } | Work::Sleep { .. } | Work::Gate { .. } => {}
            Work::Agent { .. } => {
                owner.spawned_agents += 1;
                self.spawned_agents += 1;
            }
            Work::Workflow { spec, component, budget } => {
                let child = Workflow {
                    component: *component,
                    input: spec.input.clone(),
                    // Its patterns were read when the child was asked for.
                    scope: scope_of_child(&scope, spec, asked.as_ref())
                        .map_err(|error| wrong(error.to_string()))?,
                    budget: *budget,
                    began: at,
                    commands: Vec::new(),
                    children: 0,
                    spawned_agents: 0,
                    completed: std::collections::BTreeMap::new(),
                    ended_at: Vec::new(),
                    phase: None,
                    ended: false,
                };
                self.workflows.insert(path.clone(), child);
            }
        }
        self.tasks.insert(path.clone(), Task::new(work, at));
        Ok(())
    }

    fn apply_called(
        &mut self,
        seq: u64,
        at: Timestamp,
        path: &TaskPath,
        work: &Work,
    ) -> Result<(), RecordError> {
        let wrong = |what: String| RecordError::Contradiction { seq, what };
        let (Some(parent), Some(number)) = (path.parent(), path.number()) else {
            return Err(wrong("the root cannot be called".into()));
        };
        let agent = self.open_task_mut(seq, &parent)?;
        if !matches!(*agent.work, Work::Agent { .. }) || !matches!(work, Work::Tool { .. }) {
            return Err(wrong("only agents call, and only tools".into()));
        }
        if agent.calls + 1 != number {
            return Err(wrong(format!("call {path} where {} is due", agent.calls + 1)));
        }
        agent.calls = number;
        self.tasks.insert(path.clone(), Task::new(work, at));
        Ok(())
    }

    fn apply_completed(
        &mut self,
        seq: u64,
        at: Timestamp,
        path: &TaskPath,
        outcome: &Outcome,
        usage: &Usage,
    ) -> Result<(), RecordError> {
        if self.workflows.get(path).is_some_and(Workflow::has_open) {
            return Err(RecordError::Contradiction {
                seq,
                what: format!("workflow /{path} ends before its tasks"),
            });
        }
        let outcome = Arc::new(outcome.clone());
        // Whoever cancels a task does not want its result, and misses nothing.
        let failed = outcome.failure().is_some_and(|why| why.kind != FailureKind::Cancelled);
        let task = self.open_task_mut(seq, path)?;
        task.state = TaskState::Ended { seq, at, outcome, usage: *usage };
        let performed = task.work.is_performed();
        let mut unsettled = task.carried;
        unsettled.add(&task.attempted);
        unsettled.add(&task.metered);
        if let Some(workflow) = self.workflows.get_mut(path) {
            workflow.ended = true;
        }
        if performed {
            self.settled.add(usage);
            self.unsettled.remove(&unsettled);
            self.release(path);
        }
        if failed {
            self.failed_tasks += 1;
        }
        // What an agent called is delivered to no workflow.
        if !self.is_agents(path)
            && let (Some(parent), Some(number)) = (path.parent(), path.number())
        {
            let owner = self.workflow_mut(seq, &parent)?;
            owner.completed.insert(seq, number);
            let index = usize::try_from(number.saturating_sub(1)).unwrap_or(usize::MAX);
            if let Some(ended_at) = owner.ended_at.get_mut(index) {
                *ended_at = seq;
            }
        }
        Ok(())
    }

    fn recorded(
        &self,
        seq: u64,
        kind: &'static str,
        summary: String,
        digest: Digest,
        fuel: u64,
    ) -> Recorded {
        let engine = Arc::clone(&self.engine);
        Recorded { seq, kind, summary, digest, fuel, engine, answer: Answer::Reply(Reply::Nothing) }
    }

    fn workflow_mut(&mut self, seq: u64, path: &TaskPath) -> Result<&mut Workflow, RecordError> {
        self.workflows.get_mut(path).filter(|workflow| !workflow.ended).ok_or_else(|| {
            RecordError::Contradiction { seq, what: format!("there is no open workflow /{path}") }
        })
    }

    pub(super) fn open_task_mut(
        &mut self,
        seq: u64,
        path: &TaskPath,
    ) -> Result<&mut Task, RecordError> {
        self.tasks.get_mut(path).filter(|task| !task.state.is_ended()).ok_or_else(|| {
            RecordError::Contradiction { seq, what: format!("there is no open task /{path}") }
        })
    }
}

/// What a child workflow may touch: what its parent may, narrowed by what the parent says, and no more
/// than it asks for itself.
pub(super) fn scope_of_child(
    parent: &Scope,
    spec: &WorkflowSpec,
    asked: Option<&Requests>,
) -> Result<Scope, PatternError> {
    let options = &spec.options;
    let scope = parent.for_child(options.read.as_deref(), options.within.as_ref())?;
    Ok(match asked {
        Some(asked) => scope.intersect(&asked.scope()?),
        None => scope,
    })
}

impl Task {
    fn new(work: &Work, spawned: Timestamp) -> Self {
        Self {
            work: Box::new(work.clone()),
            spawned,
            state: TaskState::Open,
            attempts: 0,
            began: None,
            metered: Usage::default(),
            asked: 0,
            provider: None,
            reserve: None,
            turns: Vec::new(),
            process: None,
            carried: Usage::default(),
            attempted: Usage::default(),
            cancelled_by: None,
            told_bytes: 0,
            not_reused: false,
            calls: 0,
            did_once: false,
            denials: 0,
            messages: Vec::new(),
            heard: 0,
            shared: false,
        }
    }
}
