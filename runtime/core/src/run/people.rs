//! What people do to a run while it lives: messages, answers, and orders to begin anew.

use std::collections::BTreeMap;

use super::{Run, Task, TaskState};
use crate::action::Action;
use crate::gate::{GateAnswer, GateSpec};
use crate::handoff::{Failure, FailureKind, Outcome, Usage};
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Body, Effect, Work};
use crate::session::Session;

/// Longest message in bytes.
pub const MESSAGE_BYTES_MAX: usize = 64 << 10;

/// Who answers a gate at its deadline.
pub const BY_DEFAULT: &str = "default";

/// A message of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Its record.
    pub seq: u64,
    /// When it was recorded.
    pub at: Timestamp,
    /// Who sent it.
    pub sender: String,
    /// The text.
    pub text: String,
    /// Whether it interrupts what the agent is doing.
    pub urgent: bool,
}

/// Why something that a person asked of a task cannot be done.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    /// The run has ended.
    #[error("the run has ended")]
    Ended,
    /// There is no such task.
    #[error("there is no task /{0}")]
    NoTask(TaskPath),
    /// The task has ended.
    #[error("/{0} has ended")]
    TaskEnded(TaskPath),
    /// It is of another kind.
    #[error("/{task} is a {kind}, not {wanted}")]
    Kind {
        /// The task.
        task: TaskPath,
        /// What it is.
        kind: &'static str,
        /// What it would have to be.
        wanted: &'static str,
    },
    /// It is not at work.
    #[error("/{0} is not at work: it begins when there is room for it")]
    NotAtWork(TaskPath),
    /// It may have done what must not happen twice.
    #[error("/{0} may have done already what must not happen twice")]
    Once(TaskPath),
    /// No open agent belongs to the phase.
    #[error("no agent of phase `{0}` is open")]
    NoPhase(String),
    /// The text is too long.
    #[error("a message of {bytes} bytes; the limit is {MESSAGE_BYTES_MAX}")]
    TooLong {
        /// Its size.
        bytes: usize,
    },
    /// The answer does not fit the gate.
    #[error("{0}")]
    Answer(String),
}

impl Run {
    /// A person sent a message: to one agent, or to the root workflow.
    ///
    /// # Errors
    /// When the task is not an open agent, or the text is too long.
    pub fn message(
        &mut self,
        sender: &str,
        text: &str,
        task: Option<&TaskPath>,
        urgent: bool,
        at: Timestamp,
    ) -> Result<(), OrderError> {
        if self.finished.is_some() {
            return Err(OrderError::Ended);
        }
        if text.len() > MESSAGE_BYTES_MAX {
            return Err(OrderError::TooLong { bytes: text.len() });
        }
        if let Some(task) = task {
            let known = self.open(task)?;
            if !matches!(*known.work, Work::Agent { .. }) {
                let (task, kind) = (task.clone(), known.work.kind());
                return Err(OrderError::Kind { task, kind, wanted: "an agent" });
            }
        }
        let (sender, text, task) = (sender.to_owned(), text.to_owned(), task.cloned());
        let wakes = task.is_none();
        self.push(Body::Messaged { sender, text, task, urgent }, at);
        if wakes {
            self.act(Action::Wake { workflow: TaskPath::root() });
        }
        Ok(())
    }

    /// The open agents of a phase.
    #[must_use]
    pub fn open_in_phase(&self, phase: &str) -> Vec<TaskPath> {
        let of = |task: &Task| match &*task.work {
            Work::Agent { spec, .. } => spec.options.phase.as_deref() == Some(phase),
            _ => false,
        };
        let open = self.tasks.iter().filter(|(_, task)| !task.state.is_ended() && of(task));
        open.map(|(path, _)| path.clone()).collect()
    }

    /// What people told a task, in order.
    #[must_use]
    pub fn messages_of(&self, task: &TaskPath) -> &[Message] {
        self.tasks.get(task).map_or(&[], |known| &known.messages)
    }

    /// An agent was told its messages up to this record.
    pub fn heard(&mut self, task: &TaskPath, upto: u64, at: Timestamp) {
        let news = self.open_task(task).is_some_and(|known| {
            known.heard < upto && known.messages.iter().any(|message| message.seq == upto)
        });
        if news {
            self.push(Body::Heard { task: task.clone(), upto }, at);
        }
    }

    /// An agent has a session that a later attempt can go on with. Nothing is noted of one that is not
    /// at work: what it remembers is not wanted.
    pub fn session(&mut self, task: &TaskPath, rung: u32, session: Session, at: Timestamp) {
        let news = self.tasks.get(task).is_some_and(|known| {
            known.state == TaskState::Started
                && known.sessions.get(&rung).is_none_or(|(_, known)| *known != session)
        });
        if news && self.finished.is_none() && session.is_sound() {
            self.push(Body::Session { task: task.clone(), rung, session }, at);
        }
    }

    /// The sessions that an agent can go on with, by step of its ladder, as records above a number tell:
    /// those before may be somebody else's. A record that others made may name anything as a session.
    #[must_use]
    pub fn sessions_of(&self, task: &TaskPath, after: u64) -> BTreeMap<u32, Session> {
        let known = self.tasks.get(task).map(|known| known.sessions.iter());
        let sound = known
            .into_iter()
            .flatten()
            .filter(|(_, (seq, session))| *seq > after && session.is_sound());
        sound.map(|(rung, (_, session))| (*rung, session.clone())).collect()
    }

    /// What people told a task as far as it was told, in order.
    #[must_use]
    pub(crate) fn heard_by(&self, task: &TaskPath) -> &[Message] {
        let Some(known) = self.tasks.get(task) else { return &[] };
        let heard = known.messages.partition_point(|message| message.seq <= known.heard);
        known.messages.get(..heard).unwrap_or_default()
    }

    /// A person answered a gate. The schema of its data has been checked.
    ///
    /// # Errors
    /// When the task is no open gate, or the answer does not fit it.
    pub fn gate_answered(
        &mut self,
        task: &TaskPath,
        answer: &GateAnswer,
        by: &str,
        at: Timestamp,
    ) -> Result<(), OrderError> {
        let known = self.open(task)?;
        let Work::Gate { spec, .. } = &*known.work else {
            let (task, kind) = (task.clone(), known.work.kind());
            return Err(OrderError::Kind { task, kind, wanted: "a gate" });
        };
        spec.check(answer).map_err(|error| OrderError::Answer(error.to_string()))?;
        let outcome = Outcome::Done(answer.handoff(by, false));
        self.complete(task, outcome, Usage::default(), at);
        Ok(())
    }

    /// The open gates, in order of their paths.
    pub fn open_gates(&self) -> impl Iterator<Item = (&TaskPath, &GateSpec)> {
        self.tasks.iter().filter_map(|(path, task)| match &*task.work {
            Work::Gate { spec, .. } if !task.state.is_ended() => Some((path, spec)),
            _ => None,
        })
    }

    /// A person asked the run to pause.
    pub fn pause_ordered(&mut self, by: &str, now: bool, at: Timestamp) {
        if self.finished.is_none() {
            self.push(Body::PauseOrdered { by: by.to_owned(), now, lifted: false }, at);
        }
    }

    /// A person took back an order to pause that had not come about.
    pub fn pause_lifted(&mut self, by: &str, at: Timestamp) {
        if self.finished.is_none() {
            self.push(Body::PauseOrdered { by: by.to_owned(), now: false, lifted: true }, at);
        }
    }

    /// A person asked a task that is at work to begin anew. Whoever drives the run ends what it does, and
    /// then asks for room for it like for a new one.
    ///
    /// # Errors
    /// When the task is not at work, may have done what must not happen twice, or the note is longer than
    /// a message may be.
    pub fn restart_ordered(
        &mut self,
        task: &TaskPath,
        by: &str,
        note: Option<String>,
        at: Timestamp,
    ) -> Result<(), OrderError> {
        if let Some(bytes) = note.as_ref().map(String::len).filter(|len| *len > MESSAGE_BYTES_MAX) {
            return Err(OrderError::TooLong { bytes });
        }
        let known = self.open(task)?;
        if !known.work.is_performed() || self.is_agents(task) {
            let (task, kind) = (task.clone(), known.work.kind());
            return Err(OrderError::Kind { task, kind, wanted: "an agent or tool of a workflow" });
        }
        if known.state != TaskState::Started {
            return Err(OrderError::NotAtWork(task.clone()));
        }
        if known.did_once || known.work.effect() == Some(Effect::Once) {
            return Err(OrderError::Once(task.clone()));
        }
        self.cancel_below(task, "the restart of its agent", at);
        // A call under way is settled by whoever makes it, or at the latest when the task begins anew.
        self.push(Body::RestartOrdered { task: task.clone(), by: by.to_owned(), note }, at);
        Ok(())
    }

    fn open(&self, task: &TaskPath) -> Result<&Task, OrderError> {
        if self.finished.is_some() {
            return Err(OrderError::Ended);
        }
        let known = self.tasks.get(task).ok_or_else(|| OrderError::NoTask(task.clone()))?;
        match known.state.is_ended() {
            true => Err(OrderError::TaskEnded(task.clone())),
            false => Ok(known),
        }
    }
}

/// How a gate ends at its deadline.
pub(super) fn unanswered(spec: &GateSpec) -> Outcome {
    // A default that did not fit was refused when the question was asked.
    if let Ok(Some(answer)) = spec.default_answer() {
        return Outcome::Done(answer.handoff(BY_DEFAULT, true));
    }
    Outcome::Failed(Failure::new(
        FailureKind::TimedOut,
        "gate-deadline",
        "nobody answered before the deadline",
    ))
}
