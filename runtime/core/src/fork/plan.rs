//! Puts a fork together.

use std::collections::HashSet;

use super::cut::{Ends, place};
use super::prefix::Prefix;
use super::repeats::Past;
use super::{Cut, Edit, ForkError, Once, Plan, Shared, edit};
use crate::budget::Caps;
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Body, Record, RunStarted, Work};
use crate::run::{RecordError, Run};

/// How a fork of the run with these records begins. They may be those of a run that is under way.
///
/// # Errors
/// When there is no such place, the edit does not fit it, or the records are not those of one run.
pub fn plan(records: &[Record], cut: &Cut, change: Option<&Edit>) -> Result<Plan, ForkError> {
    let first = records.first().ok_or(RecordError::Empty)?;
    let Body::RunStarted(parent) = &first.body else { return Err(RecordError::NotAStart.into()) };
    let ends = Ends::of(records);
    let at = place(records, &ends, cut)?;
    let task = match cut {
        Cut::At(task) if !task.is_root() => Some(task),
        Cut::At(_) | Cut::After(_) => None,
    };
    let work = task.and_then(|task| edit::work(records, task));
    match (change, task, work) {
        (Some(Edit::Output { .. } | Edit::Input(_)), None, _) => return Err(ForkError::NoPlace),
        (Some(change), Some(task), Some(work)) => edit::fits(change, task, work)?,
        _ => {}
    }
    let redone = task.filter(|_| matches!(work, Some(Work::Workflow { .. })));
    let another = matches!(change, Some(Edit::Workflow));
    let edits_input = matches!(change, Some(Edit::Input(_)));
    let mut started = parent.clone();
    if another {
        started.engine = String::new();
    }
    let prefix = Prefix::new(&ends, at, redone, another, started.engine.clone());
    // What the fork has of its own is said by whoever writes it.
    let started = RunStarted { fork: None, reuse: None, forecast: None, batch: None, ..*started };
    let mut kept = vec![Record { seq: 1, at: first.at, body: Body::RunStarted(Box::new(started)) }];
    kept.extend(prefix.take(records));
    let mut given = given_above(parent, &kept);
    let mut asked = asked_above(parent, &kept);
    asked.retain(|path| !(edits_input && Some(path) == task));
    match (change, task.zip(work)) {
        (Some(Edit::Output { output, by }), Some((task, work))) => {
            // The workflow's clock reads what it would have read.
            let ended = ends.of_task(task).and_then(|end| number(records, end));
            let last = kept.last().map_or(first.at, |record| record.at);
            kept.push(Record {
                seq: kept.len() as u64 + 1,
                at: ended.map_or(last, |record| record.at.max(last)),
                body: edit::completion(task, work, output, by)?,
            });
            given.push(task.clone());
        }
        (Some(Edit::Input(input)), Some((task, _))) => {
            edit::input(&mut kept, task, input, &parent.limits.run)?;
            asked.push(task.clone());
        }
        _ => {}
    }
    let fork = Run::from_records(kept.iter().cloned())?;
    let past = Past::of(records, &ends);
    let shared = Shared {
        tasks: fork.tasks().filter(|(_, task)| task.state.is_ended()).count() as u64,
        usage: *fork.settled(),
    };
    Ok(Plan {
        at,
        shared,
        open: past.open(&fork),
        once: past.once(&fork),
        edit: change.map(|change| edit::words(change, task)),
        records: kept,
        given,
        asked,
        same_program: !another && parent.fork.as_ref().is_none_or(|fork| fork.same_program),
    })
}

impl Plan {
    /// The first record's facts, to be made those of the fork.
    pub fn started_mut(&mut self) -> Option<&mut RunStarted> {
        match &mut self.records.first_mut()?.body {
            Body::RunStarted(started) => Some(started),
            _ => None,
        }
    }

    /// Gives the fork caps in place of those that the run had on its way.
    pub fn set_caps(&mut self, new: &Caps) {
        for record in &mut self.records {
            match &mut record.body {
                Body::RunStarted(started) => started.caps = new.clone(),
                Body::Resumed { caps, .. } => *caps = new.clone(),
                _ => {}
            }
        }
    }

    /// Lets open timers and deadlines run on from `now` as they would have from the cut.
    pub fn rearm(&mut self, now: Timestamp) {
        let open: HashSet<TaskPath> = self.open.iter().map(|open| open.task.clone()).collect();
        let cut = self.records.last().map_or(now, |record| record.at);
        for record in &mut self.records {
            if let Body::Spawned { task, work, .. } = &mut record.body
                && open.contains(task)
            {
                edit::rearm(work, cut, now);
            }
        }
    }

    /// What must not happen twice and may do so, in a fork that reuses results of the run but those of
    /// `except`, or none.
    pub fn twice<'a>(
        &'a self,
        reuse: Option<&'a [TaskPath]>,
    ) -> impl Iterator<Item = &'a Once> + 'a {
        self.once.iter().filter(move |once| match reuse {
            Some(except) => {
                !once.reusable || except.iter().any(|except| once.task.is_within(except))
            }
            None => true,
        })
    }
}

/// Tasks of the kept part whose ends were written by a person in the run or one above it.
fn given_above(parent: &RunStarted, kept: &[Record]) -> Vec<TaskPath> {
    let above = parent.fork.as_ref().map(|fork| fork.given.as_slice()).unwrap_or_default();
    let ended = |path: &&TaskPath| {
        kept.iter()
            .any(|record| matches!(&record.body, Body::Completed { task, .. } if task == *path))
    };
    above.iter().filter(ended).cloned().collect()
}

/// Tasks of the kept part whose inputs were written by a person in the run or one above it.
fn asked_above(parent: &RunStarted, kept: &[Record]) -> Vec<TaskPath> {
    let above = parent.fork.as_ref().map(|fork| fork.asked.as_slice()).unwrap_or_default();
    let there = |path: &&TaskPath| edit::work(kept, path).is_some();
    above.iter().filter(there).cloned().collect()
}

fn number(records: &[Record], seq: u64) -> Option<&Record> {
    let index = usize::try_from(seq.checked_sub(1)?).ok()?;
    records.get(index)
}
