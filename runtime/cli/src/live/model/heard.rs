//! What agents say while they say it, beside what is on record.

use baton_core::record::{Body, Record};
use baton_engine::live::Said;

use super::{Model, Task};

/// Words that wait for records that are on their way. More than that comes from nobody who keeps up.
const EARLY_MAX: usize = 10_000;

impl Model {
    /// Takes in what an agent says, once the records before it have been.
    pub fn hear(&mut self, said: Said) {
        if said.after <= self.last && self.early.is_empty() {
            self.say(&said);
        } else if self.early.len() < EARLY_MAX {
            self.early.push_back(said);
        }
    }

    /// What was said after records that have been taken in by now.
    pub(super) fn catch_up(&mut self) {
        while self.early.front().is_some_and(|said| said.after <= self.last) {
            if let Some(said) = self.early.pop_front() {
                self.say(&said);
            }
        }
    }

    /// Nobody drives the run, so nobody says anything.
    pub fn fall_silent(&mut self) {
        self.early.clear();
        if !std::mem::take(&mut self.spoken) {
            return;
        }
        for path in self.working.clone() {
            self.task_mut(&path).into_iter().for_each(Task::forget);
        }
    }

    fn say(&mut self, said: &Said) {
        let anew = self.anew;
        let speaks = |task: &&mut Task| task.ended.is_none() && said.after >= task.silent.max(anew);
        if let Some(task) = self.task_mut(&said.task).filter(speaks) {
            task.hear(said);
            self.spoken = true;
        }
    }

    /// What agents said before this record is told by it or by those before, or is lost.
    pub(super) fn hush(&mut self, record: &Record) {
        match &record.body {
            Body::Started { tasks } => {
                for start in tasks {
                    self.task_mut(&start.task).into_iter().for_each(|task| task.hush(record.seq));
                }
            }
            Body::Asked { task, .. }
            | Body::Turned { task, .. }
            | Body::AttemptFailed { task, .. }
            | Body::Deferred { task, .. }
            | Body::RestartOrdered { task, .. }
            | Body::Completed { task, .. } => {
                self.task_mut(task).into_iter().for_each(|task| task.hush(record.seq));
            }
            Body::Resumed { .. } => self.anew = record.seq,
            _ => {}
        }
    }
}
