//! What the records of a run tell, as far as somebody may ask why: taken in one by one, so that a
//! run of any length is explained from what its tasks take in memory.

mod few;
mod task;

use std::collections::BTreeMap;

use baton_core::handoff::Outcome;
use baton_core::ids::{RunId, TaskPath, Timestamp};
use baton_core::record::{Body, Fork, Pause, Record, Reuse, RunStarted, Work};
use baton_core::refusal::Refusal;

pub use self::few::{Few, Noted};
pub use self::task::{Decision, Kind, Message, PutOff, Told};

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
    /// What was denied to it since it began: where that is said, and what.
    pub narrowed: Few<(String, Vec<String>)>,
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
            Body::DenialsAdded { by, denials } => {
                self.narrowed.add(Noted { seq, at, it: (by.clone(), denials.words()) });
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
