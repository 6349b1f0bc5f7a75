//! Programs that perform agents in place of those on record, as a run goes on where these are not.

use std::collections::BTreeMap;

use super::{Run, Task};
use crate::backend::program_of;
use crate::budget::Caps;
use crate::ids::{TaskPath, Timestamp};
use crate::record::{Body, Work};

/// Whether agents of a backend can be performed by another one, without anything else of the run becoming
/// different: both are programs, and spoken to in the same way.
#[must_use]
pub fn can_replace(backend: &str, other: &str) -> bool {
    let kind = |backend| program_of(backend).map(|(kind, _)| kind);
    kind(backend).is_some() && kind(backend) == kind(other)
}

impl Run {
    /// Programs that perform agents from now on, by the backend that these are on record with.
    #[must_use]
    pub fn programs(&self) -> &BTreeMap<String, String> {
        &self.programs
    }

    /// An owner takes the run on, as [`Run::resume`], with other programs for agents that have not ended.
    /// Of those, only such count that [can replace](can_replace) what is on record.
    pub fn resume_with(
        &mut self,
        by: &str,
        epoch: u64,
        caps: &Caps,
        engine: &str,
        programs: &BTreeMap<String, String>,
        at: Timestamp,
    ) {
        if self.finished.is_none() {
            let (caps, programs) = (self.caps.updated(caps), programs.clone());
            let (by, engine) = (by.to_owned(), engine.to_owned());
            self.push(Body::Resumed { by, epoch, caps, engine, programs }, at);
        }
    }

    pub(super) fn note_programs(&mut self, programs: &BTreeMap<String, String>) {
        let can = programs.iter().filter(|(backend, other)| can_replace(backend, other));
        self.programs.extend(can.map(|(backend, other)| (backend.clone(), other.clone())));
    }

    /// Who performed an agent that has ended, or performs it: a backend.
    pub(crate) fn performer<'a>(&'a self, task: &'a Task, backend: &'a str) -> &'a str {
        if task.state.is_ended() {
            return task.performer.as_deref().unwrap_or(backend);
        }
        self.programs.get(backend).map_or(backend, String::as_str)
    }

    /// A task has ended. A result of another run is of the same performer, for it was looked up by that.
    pub(super) fn note_performer(&mut self, task: &TaskPath) {
        if let Some(task) = self.tasks.get_mut(task)
            && let Work::Agent { backend, .. } = &*task.work
        {
            task.performer = self.programs.get(backend).cloned();
        }
    }
}
