//! Holds the records of a run against what follows from those before them.
//!
//! A record says something new, such as what an agent answered, what a call of a model consumed or what
//! a person ordered; and beside it what the rules of this crate make of that and of everything before:
//! what a request came to, sums, deadlines, who was cancelled and why. What is new can be held against
//! nothing. The rest is made once more here and has to be the same. A workflow's requests themselves
//! come from its repetition, see [`Requests`].

mod calls;
mod differ;
mod ends;
mod requests;

use std::collections::HashMap;
use std::fmt;

use serde::Serialize;

use super::{RecordError, Run};
use crate::command::Command;
use crate::digest::Digest;
use crate::ids::{RunId, TaskPath};
use crate::record::{Body, Record};
use crate::replay::Moment;

/// Differences that are kept; one that is early makes many that are late.
pub const WRONGS_MAX: usize = 32;

/// What the workflows of a run asked for when they repeated their records.
#[derive(Clone, Debug, Default)]
pub struct Requests {
    /// The wasm engine that they ran on.
    engine: String,
    /// By the number of the record that answers.
    asked: HashMap<u64, Request>,
    /// Fuel that a workflow had burnt when it ended.
    burnt: HashMap<TaskPath, u64>,
}

/// A request of a workflow for a task.
#[derive(Clone, Debug)]
pub struct Request {
    command: Command,
    moment: Moment,
}

impl Request {
    pub(super) fn new(command: Command, moment: Moment) -> Self {
        Self { command, moment }
    }
}

impl Requests {
    /// None yet; fuel is compared where the engine is the same.
    #[must_use]
    pub fn on(engine: &str) -> Self {
        Self { engine: engine.to_owned(), ..Self::default() }
    }

    /// Takes the request that a record answers.
    pub fn add(&mut self, seq: u64, request: Request) {
        self.asked.insert(seq, request);
    }

    /// A workflow ended, and had burnt so much fuel.
    pub fn ended(&mut self, workflow: TaskPath, fuel: u64) {
        self.burnt.insert(workflow, fuel);
    }

    /// Takes the requests of other workflows too.
    pub fn extend(&mut self, other: Self) {
        self.asked.extend(other.asked);
        self.burnt.extend(other.burnt);
    }
}

/// Something on record that does not follow from what is before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Wrong {
    /// Number of the record.
    pub seq: u64,
    /// Which part of it, such as `usage.fuel`.
    pub field: String,
    /// What it says.
    pub recorded: String,
    /// What follows from the records before it.
    pub due: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { seq, field, recorded, due } = self;
        write!(f, "record {seq} does not follow from those before it: `{field}`")?;
        write!(f, "\n  recorded:  {recorded}\n  due:       {due}")
    }
}

/// Goes through the records of one run, in order.
pub struct Proof {
    id: RunId,
    requests: Requests,
    run: Option<Run>,
    wrong: Vec<Wrong>,
}

impl Proof {
    /// Of the run with this id, whose workflows asked for this.
    #[must_use]
    pub fn new(id: RunId, requests: Requests) -> Self {
        Self { id, requests, run: None, wrong: Vec::new() }
    }

    /// Takes the next record.
    ///
    /// # Errors
    /// When it cannot follow at all.
    pub fn take(&mut self, record: &Record) -> Result<(), RecordError> {
        let Some(run) = self.run.take() else {
            let run = Run::from_records([record.clone()])?;
            let id = run.started().run.clone();
            if id != self.id {
                let due = self.id.to_string();
                self.say(record.seq, "run", &id.to_string(), &due);
            }
            self.run = Some(run);
            return Ok(());
        };
        Look { proof: self, run: &run, record }.at_all();
        let mut run = run;
        run.apply(record)?;
        self.run = Some(run);
        Ok(())
    }

    /// What does not follow: the first of it, in order.
    #[must_use]
    pub fn wrong(self) -> Vec<Wrong> {
        self.wrong
    }

    fn say(&mut self, seq: u64, field: &str, recorded: &str, due: &str) {
        if self.wrong.len() < WRONGS_MAX {
            let (field, recorded, due) = (field.to_owned(), recorded.to_owned(), due.to_owned());
            self.wrong.push(Wrong { seq, field, recorded, due });
        }
    }
}

/// One record, and the run before it.
struct Look<'a> {
    proof: &'a mut Proof,
    run: &'a Run,
    record: &'a Record,
}

impl Look<'_> {
    fn at_all(&mut self) {
        match &self.record.body {
            Body::Spawned { task, work, .. } => self.spawned(task, work),
            Body::Refused { workflow, refusal, .. } => self.refused(workflow, refusal),
            Body::Called { task, work } => self.called(task, work),
            Body::Observed { digest, request, .. } => {
                self.hold("digest", digest, &Digest::of_json(request));
            }
            Body::Reported { digest, report, .. } => {
                self.hold("digest", digest, &Digest::of_json(report));
            }
            Body::Process { task, attempt, .. }
            | Body::AttemptFailed { task, attempt, .. }
            | Body::Deferred { task, attempt, .. } => {
                if let Some(known) = self.run.tasks.get(task) {
                    self.hold("attempt", attempt, &known.attempts);
                }
            }
            Body::Asked { task, provider, model, reserve, .. } => {
                self.asked(task, provider, model, reserve);
            }
            Body::Turned { task, usage, .. } => self.turned(task, usage),
            Body::Passed { task, rung, rungs, backend, .. } => {
                self.passed(task, (*rung, *rungs), backend);
            }
            Body::Completed { task, outcome, usage, reused_from } => {
                self.completed(task, outcome, usage, reused_from.as_ref());
            }
            Body::Messaged { task: Some(task), text, .. } => self.messaged(task, text),
            Body::Heard { task, upto } => self.heard(task, *upto),
            Body::Session { task, session, .. } => self.session(task, session),
            Body::RestartOrdered { task, .. } => self.restarted(task),
            Body::Paused { reason } => self.paused(reason),
            Body::Resumed { epoch, .. } => {
                let due = (*epoch).max(self.run.epoch);
                self.hold("epoch", epoch, &due);
            }
            Body::Finished { outcome, usage } => self.finished(outcome, usage),
            // Commands that the repetition of their workflow was held against, and what is new.
            _ => {}
        }
    }

    /// Whether the record was made by the run that this one was forked from. Timers ran on since.
    fn is_shared(&self) -> bool {
        self.run.started.fork.as_ref().is_some_and(|fork| self.record.seq <= fork.records)
    }

    /// Whether another program, which may have had other grants, may have made the record.
    fn is_anothers(&self) -> bool {
        let fork = self.run.started.fork.as_ref();
        fork.is_some_and(|fork| self.record.seq <= fork.records && !fork.same_program)
    }

    fn say(&mut self, field: &str, recorded: &str, due: &str) {
        self.proof.say(self.record.seq, field, recorded, due);
    }

    /// Says where a part of the record is not what is due.
    fn hold<T: PartialEq + Serialize>(&mut self, field: &str, recorded: &T, due: &T) {
        if recorded == due {
            return;
        }
        let before = self.proof.wrong.len();
        for (field, recorded, due) in differ::differences(field, recorded, due) {
            self.say(&field, &recorded, &due);
        }
        if self.proof.wrong.len() == before {
            // They differ in what is not written.
            self.say(field, "something else", "what follows");
        }
    }
}
