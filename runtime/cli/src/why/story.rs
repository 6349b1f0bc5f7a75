//! What the records of a run tell, as far as somebody may ask why: taken in one by one, so that a
//! run of any length is explained from what its tasks take in memory.

use std::collections::BTreeMap;

use baton_core::gate::GateSpec;
use baton_core::handoff::{Failure, Outcome};
use baton_core::ids::{RunId, TaskId, TaskPath, Timestamp};
use baton_core::record::{Body, Fork, Outage, Pause, Record, Reuse, RunStarted, Work};
use baton_core::refusal::Refusal;
use baton_core::reuse::Miss;
use baton_core::tool::Denial;

/// Things of one kind that are kept of one task; further ones are counted.
const KEPT_MAX: usize = 64;

/// Something with the number of the record that tells it, and when that was made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Noted<T> {
    /// Number of the record.
    pub seq: u64,
    /// When it was made.
    pub at: Timestamp,
    /// What it tells.
    pub it: T,
}

/// The first few of many things, and how many more there were.
#[derive(Clone, Debug)]
pub struct Few<T> {
    /// Those that are kept.
    pub kept: Vec<Noted<T>>,
    /// How many are not.
    pub more: u64,
}

impl<T> Default for Few<T> {
    fn default() -> Self {
        Self { kept: Vec::new(), more: 0 }
    }
}

impl<T> Few<T> {
    fn add(&mut self, noted: Noted<T>) {
        if self.kept.len() < KEPT_MAX {
            self.kept.push(noted);
        } else {
            self.more += 1;
        }
    }
}

/// What became of an agent task of a run that reuses another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It has the result of this task.
    Reused(TaskId),
    /// It was performed.
    Performed(Miss),
}

/// What a task is, without what it was told to do.
#[derive(Clone, Debug, Default)]
pub enum Kind {
    /// The root workflow, or another one.
    #[default]
    Workflow,
    /// An agent.
    Agent,
    /// A tool.
    Tool,
    /// A timer.
    Timer(Timestamp),
    /// A question to a person.
    Gate(Box<GateSpec>, Option<Timestamp>),
}

/// A message of a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub sender: String,
    /// The text.
    pub text: String,
    /// It interrupts.
    pub urgent: bool,
}

/// An attempt that its provider put off.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PutOff {
    /// The provider.
    pub provider: String,
    /// What is wrong with it.
    pub outage: Outage,
    /// When it may serve again.
    pub until: Option<Timestamp>,
}

/// What is known of a task.
#[derive(Clone, Debug, Default)]
pub struct Told {
    /// What it is.
    pub kind: Kind,
    /// What people call it.
    pub label: Option<String>,
    /// Who performs it.
    pub backend: Option<String>,
    /// The record that asked for it.
    pub spawned: u64,
    /// Its last start and the number of the attempt; none: it did not start, or waits to start anew.
    pub started: Option<Noted<u32>>,
    /// The last sign of it.
    pub sign: (u64, Timestamp),
    /// The call of a model under way: provider and model.
    pub calling: Option<Noted<String>>,
    /// Attempts that failed and were followed by another.
    pub failed: Few<(u32, Failure)>,
    /// Attempts that providers put off.
    pub put_off: Few<PutOff>,
    /// What it tried and may not do.
    pub denied: Few<Denial>,
    /// Who cancelled it.
    pub cancelled: Few<String>,
    /// Who let it begin anew, and why.
    pub restarted: Few<(String, Option<String>)>,
    /// Messages to it.
    pub messages: Few<Message>,
    /// The last message it heard, and the record that says so.
    pub heard: Option<Noted<u64>>,
    /// What became of it in a run that reuses another.
    pub decision: Option<Noted<Decision>>,
    /// How it ended.
    pub end: Option<Noted<Outcome>>,
}

impl Told {
    /// Whether it was asked for and has not ended.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.end.is_none()
    }

    /// Whether somebody performs it.
    #[must_use]
    pub fn is_performed(&self) -> bool {
        matches!(self.kind, Kind::Agent | Kind::Tool)
    }

    /// Whether it is at work now, as far as records tell.
    #[must_use]
    pub fn is_at_work(&self) -> bool {
        self.is_open() && self.is_performed() && self.started.is_some()
    }
}

/// What is known of a run.
#[derive(Clone, Debug, Default)]
pub struct Story {
    /// Agents of the run at work at once, if the operator said so.
    pub concurrency: Option<u32>,
    /// Where it was forked.
    pub fork: Option<Box<Fork>>,
    /// The finished run that it follows up.
    pub follows: Option<RunId>,
    /// The run whose results it may use.
    pub reuse: Option<Reuse>,
    /// Its tasks; the root workflow is there, too.
    pub tasks: BTreeMap<TaskPath, Told>,
    /// Requests of workflows that were turned down.
    pub refused: BTreeMap<TaskPath, Few<Refusal>>,
    /// Why it is paused, if it is.
    pub paused: Option<Noted<Pause>>,
    /// Pauses that are over: why, and the record that went on.
    pub pauses: Few<(Pause, u64, String)>,
    /// Orders to pause that were not followed by going on: who, and whether at once.
    pub ordered: Option<Noted<(String, bool)>>,
    /// Times that an owner took it over without a pause in front: who.
    pub taken_over: Few<String>,
    /// The root workflow takes messages.
    pub listening: Option<u64>,
    /// The last record.
    pub last: (u64, Timestamp),
}

impl Story {
    /// The story of records, from the first on.
    #[cfg(test)]
    #[must_use]
    pub fn of<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut story = Self::default();
        for record in records {
            story.take(record);
        }
        story
    }

    /// Takes one more record in.
    pub fn take(&mut self, record: &Record) {
        let (seq, at) = (record.seq, record.at);
        self.last = (seq, at);
        match &record.body {
            Body::RunStarted(started) => self.began(started, seq, at),
            Body::Spawned { task, work, .. } | Body::Called { task, work } => {
                self.tasks.insert(task.clone(), told(work, seq, at));
            }
            Body::Refused { workflow, refusal, .. } => {
                let refused = self.refused.entry(workflow.clone()).or_default();
                refused.add(Noted { seq, at, it: refusal.clone() });
            }
            Body::Listening { .. } => self.listening = Some(seq),
            Body::Started { tasks } => {
                for start in tasks {
                    if let Some(told) = self.sign(&start.task, seq, at) {
                        told.started = Some(Noted { seq, at, it: start.attempt });
                        told.calling = None;
                    }
                }
            }
            Body::PauseOrdered { lifted: true, .. } => self.ordered = None,
            Body::PauseOrdered { by, now, .. } => {
                self.ordered = Some(Noted { seq, at, it: (by.clone(), *now) });
            }
            Body::Paused { reason } => {
                self.paused = Some(Noted { seq, at, it: reason.clone() });
            }
            Body::Resumed { by, .. } => self.resumed(by, seq, at),
            Body::Finished { outcome, .. } => {
                if let Some(root) = self.tasks.get_mut(&TaskPath::root()) {
                    root.end = Some(Noted { seq, at, it: outcome.clone() });
                }
                (self.paused, self.ordered) = (None, None);
            }
            body => self.of_task(body, seq, at),
        }
    }

    /// Number of the last record that is no deed of the run: its first, or the last that a fork shares.
    #[must_use]
    pub fn shared(&self) -> u64 {
        self.fork.as_ref().map_or(1, |fork| fork.records)
    }

    fn began(&mut self, started: &RunStarted, seq: u64, at: Timestamp) {
        self.concurrency = started.concurrency;
        self.fork.clone_from(&started.fork);
        self.follows.clone_from(&started.follows);
        self.reuse.clone_from(&started.reuse);
        let root = Told {
            label: Some(started.name().to_owned()),
            spawned: seq,
            sign: (seq, at),
            ..Told::default()
        };
        self.tasks.insert(TaskPath::root(), root);
    }

    fn resumed(&mut self, by: &str, seq: u64, at: Timestamp) {
        match self.paused.take() {
            Some(Noted { seq: paused, at, it }) => {
                self.pauses.add(Noted { seq: paused, at, it: (it, seq, by.to_owned()) });
            }
            // Who is the first to drive a run takes it from nobody.
            None if seq <= self.shared() + 1 => {}
            None => self.taken_over.add(Noted { seq, at, it: by.to_owned() }),
        }
        self.ordered = None;
        // What was at work is handed out anew.
        for told in self.tasks.values_mut().filter(|told| told.is_open()) {
            (told.started, told.calling) = (None, None);
        }
    }

    /// A record that is about one task.
    fn of_task(&mut self, body: &Body, seq: u64, at: Timestamp) {
        match body {
            Body::CancelRequested { workflow, task, .. } => {
                let by = if workflow.is_root() {
                    "the workflow".into()
                } else {
                    format!("the workflow /{workflow}")
                };
                if let Some(told) = self.tasks.get_mut(&workflow.child(*task)) {
                    told.cancelled.add(Noted { seq, at, it: by });
                }
            }
            Body::CancelOrdered { task, by } => {
                if let Some(told) = self.tasks.get_mut(task) {
                    told.cancelled.add(Noted { seq, at, it: by.clone() });
                }
            }
            Body::RestartOrdered { task, by, note } => {
                if let Some(told) = self.sign(task, seq, at) {
                    told.restarted.add(Noted { seq, at, it: (by.clone(), note.clone()) });
                    (told.started, told.calling) = (None, None);
                }
            }
            Body::Messaged { sender, text, task, urgent } => {
                let task = task.clone().unwrap_or_default();
                let (sender, text) = (sender.clone(), text.clone());
                if let Some(told) = self.tasks.get_mut(&task) {
                    told.messages.add(Noted {
                        seq,
                        at,
                        it: Message { sender, text, urgent: *urgent },
                    });
                }
            }
            Body::Heard { task, upto } => {
                if let Some(told) = self.sign(task, seq, at) {
                    told.heard = Some(Noted { seq, at, it: *upto });
                }
            }
            Body::Denied { task, denial } => {
                if let Some(told) = self.sign(task, seq, at) {
                    told.denied.add(Noted { seq, at, it: denial.clone() });
                }
            }
            Body::AttemptFailed { task, attempt, failure, .. } => {
                if let Some(told) = self.sign(task, seq, at) {
                    told.failed.add(Noted { seq, at, it: (*attempt, failure.clone()) });
                    told.calling = None;
                }
            }
            Body::Deferred { task, provider, outage, until, .. } => {
                if let Some(told) = self.sign(task, seq, at) {
                    let (provider, outage, until) = (provider.clone(), *outage, *until);
                    told.put_off.add(Noted { seq, at, it: PutOff { provider, outage, until } });
                    (told.started, told.calling) = (None, None);
                }
            }
            Body::Asked { task, provider, model, .. } => {
                if let Some(told) = self.sign(task, seq, at) {
                    told.calling = Some(Noted { seq, at, it: format!("{provider}:{model}") });
                }
            }
            Body::Turned { task, .. } => {
                if let Some(told) = self.sign(task, seq, at) {
                    told.calling = None;
                }
            }
            Body::AgentReported { task, .. } | Body::AgentRead { task, .. } => {
                let _ = self.sign(task, seq, at);
            }
            Body::NotReused { task, reason } => {
                if let Some(told) = self.tasks.get_mut(task) {
                    let it = Decision::Performed(reason.clone());
                    told.decision = Some(Noted { seq, at, it });
                }
            }
            Body::Completed { task, outcome, reused_from, .. } => {
                if let Some(told) = self.sign(task, seq, at) {
                    if let Some(from) = reused_from {
                        told.decision = Some(Noted { seq, at, it: Decision::Reused(from.clone()) });
                    }
                    told.end = Some(Noted { seq, at, it: brief(outcome) });
                    told.calling = None;
                }
                // A call that came back is a sign of whoever called.
                if let Some(parent) = task.parent() {
                    let _ = self.sign(&parent, seq, at);
                }
            }
            _ => {}
        }
    }

    /// The task of which a record is a sign.
    fn sign(&mut self, task: &TaskPath, seq: u64, at: Timestamp) -> Option<&mut Told> {
        let told = self.tasks.get_mut(task)?;
        told.sign = (seq, at);
        Some(told)
    }
}

/// An outcome without its output, which may be large and explains nothing.
fn brief(outcome: &Outcome) -> Outcome {
    match outcome {
        Outcome::Done(handoff) => Outcome::Done(baton_core::handoff::Handoff {
            summary: handoff.summary.clone(),
            ..Default::default()
        }),
        Outcome::Failed(failure) => Outcome::Failed(failure.clone()),
    }
}

fn told(work: &Work, seq: u64, at: Timestamp) -> Told {
    let (kind, backend) = match work {
        Work::Agent { backend, .. } => (Kind::Agent, Some(backend.clone())),
        Work::Tool { tool, .. } => (Kind::Tool, Some(tool.clone())),
        Work::Workflow { .. } => (Kind::Workflow, None),
        Work::Sleep { due } => (Kind::Timer(*due), None),
        Work::Gate { spec, due } => (Kind::Gate(Box::new(spec.clone()), *due), None),
    };
    Told {
        kind,
        label: work.label().map(ToOwned::to_owned),
        backend,
        spawned: seq,
        sign: (seq, at),
        ..Told::default()
    }
}
