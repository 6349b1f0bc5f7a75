//! What of a run's records a fork begins with.

use std::collections::{BTreeMap, HashMap};

use super::cut::Ends;
use crate::ids::TaskPath;
use crate::record::{Body, Record, Start, Work};

/// Decides record by record, in order.
pub(super) struct Prefix<'a> {
    /// When tasks ended.
    pub ends: &'a Ends,
    /// Number of the last shared record.
    pub at: u64,
    /// A workflow that is done again with all that is below it.
    pub redone: Option<&'a TaskPath>,
    /// Another program repeats the records: what the engine of its commands was is not known.
    pub another: bool,
    kinds: HashMap<TaskPath, Kind>,
    engine: String,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Performed,
    Other,
}

impl<'a> Prefix<'a> {
    pub(super) fn new(
        ends: &'a Ends,
        at: u64,
        redone: Option<&'a TaskPath>,
        another: bool,
        engine: String,
    ) -> Self {
        Self { ends, at, redone, another, kinds: HashMap::new(), engine }
    }

    /// The shared records after the first, numbered anew from 2.
    pub(super) fn take(mut self, records: &[Record]) -> Vec<Record> {
        let mut kept: Vec<Record> = Vec::new();
        // Numbers in the run of the records that are kept, in order.
        let mut numbers: Vec<u64> = vec![1];
        let last = self.at;
        for record in records.iter().skip(1).take_while(|record| record.seq <= last) {
            let Some(mut body) = self.keep(&record.body) else { continue };
            if let Body::Heard { upto, .. } = &mut body {
                // Messages are named by their numbers.
                let before = *upto;
                *upto = numbers.partition_point(|number| *number <= before) as u64;
            }
            numbers.push(record.seq);
            let seq = numbers.len() as u64;
            kept.push(Record { seq, at: record.at, body });
        }
        let cut = kept.last().or(records.first()).map(|record| record.at);
        if let (Some(body), Some(at)) = (self.programs_named_later(records), cut) {
            kept.push(Record { seq: numbers.len() as u64 + 1, at, body });
        }
        kept
    }

    /// Programs that were named beyond the cut in place of others: the fork goes on with them as well, because
    /// those on record may not be here.
    fn programs_named_later(&self, records: &[Record]) -> Option<Body> {
        let mut all = BTreeMap::new();
        let mut last = None;
        for record in records.iter().filter(|record| record.seq > self.at) {
            if let Body::Resumed { by, epoch, caps, programs, .. } = &record.body
                && !programs.is_empty()
            {
                all.extend(programs.clone());
                last = Some((by.clone(), *epoch, caps.clone()));
            }
        }
        let (by, epoch, caps) = last?;
        let engine = if self.another { String::new() } else { self.engine.clone() };
        Some(Body::Resumed { by, epoch, caps, engine, programs: all })
    }

    /// The record as the fork has it; none: it is left out.
    fn keep(&mut self, body: &Body) -> Option<Body> {
        let stays = match body {
            Body::Spawned { task, work, .. } => self.spawned(task, work),
            Body::Called { task, work } => {
                let agent = task.parent().unwrap_or_default();
                self.stays(&agent) && self.spawned(task, work)
            }
            Body::Refused { workflow, .. }
            | Body::CancelRequested { workflow, .. }
            | Body::Observed { workflow, .. }
            | Body::Reported { workflow, .. }
            | Body::Listening { workflow, .. } => !self.is_redone(workflow),
            Body::Started { tasks } => {
                let tasks: Vec<Start> =
                    tasks.iter().filter(|start| self.stays(&start.task)).cloned().collect();
                return (!tasks.is_empty()).then_some(Body::Started { tasks });
            }
            Body::AgentReported { task, .. }
            | Body::Denied { task, .. }
            | Body::Process { task, .. }
            | Body::AttemptFailed { task, .. }
            | Body::Asked { task, .. }
            | Body::Turned { task, .. }
            | Body::Deferred { task, .. }
            | Body::Passed { task, .. }
            | Body::AgentRead { task, .. }
            | Body::Heard { task, .. }
            | Body::RestartOrdered { task, .. }
            | Body::CancelOrdered { task, .. } => self.stays(task),
            // What a person told an agent is told again to the one that begins anew.
            Body::Messaged { task, .. } => {
                task.as_ref().is_none_or(|task| self.kinds.contains_key(task))
            }
            Body::Completed { task, outcome, usage, .. } => {
                if !self.stays(task) {
                    return None;
                }
                // Where the run had it from is told there. Here it is shared.
                let (task, outcome, usage) = (task.clone(), outcome.clone(), *usage);
                return Some(Body::Completed { task, outcome, usage, reused_from: None });
            }
            // What was taken away is not given back.
            Body::DenialsAdded { .. } => true,
            Body::Resumed { by, epoch, caps, engine, programs } => {
                // Fuel is compared where the same engine burns it, and programs that took the place of others
                // go on with the fork.
                let changes = !self.another && *engine != self.engine;
                self.engine.clone_from(engine);
                if !changes && programs.is_empty() {
                    return None;
                }
                let engine = if self.another { String::new() } else { engine.clone() };
                let (by, caps, programs) = (by.clone(), caps.clone(), programs.clone());
                return Some(Body::Resumed { by, epoch: *epoch, caps, engine, programs });
            }
            // The states of a directory are those that the run saw; whether it was resumed, or looked
            // results up, is no part of another run.
            Body::Snapshot(_)
            | Body::NotReused { .. }
            | Body::Paused { .. }
            | Body::PauseOrdered { .. }
            | Body::Session { .. }
            | Body::RunStarted(_)
            | Body::Finished { .. } => false,
        };
        stays.then(|| body.clone())
    }

    fn spawned(&mut self, task: &TaskPath, work: &Work) -> bool {
        let parent = task.parent().unwrap_or_default();
        if self.is_redone(&parent) {
            return false;
        }
        let kind = if work.is_performed() { Kind::Performed } else { Kind::Other };
        self.kinds.insert(task.clone(), kind);
        true
    }

    /// Whether what happened to a task is kept: it is there, and it ended, or nobody performs it.
    fn stays(&self, task: &TaskPath) -> bool {
        let Some(kind) = self.kinds.get(task) else { return false };
        self.ends.by(task, self.at) || (*kind == Kind::Other && !self.is_redone(task))
    }

    fn is_redone(&self, workflow: &TaskPath) -> bool {
        self.redone.is_some_and(|redone| workflow.is_within(redone))
    }
}
