//! Results of another run, and what is recorded so that others can reuse this one.

use super::{RecordError, Run};
use crate::action::Action;
use crate::handoff::{Outcome, Usage};
use crate::ids::{TaskId, TaskPath, Timestamp};
use crate::record::{Body, Snapshot, Work};
use crate::reuse::{Miss, Seen, is_reusable};

impl Run {
    /// Whether a task still has to be looked up in the run that may be reused: one that is reusable, and was
    /// neither started nor found to be without a result there.
    #[must_use]
    pub fn may_be_reused(&self, task: &TaskPath) -> bool {
        self.started.reuse.is_some()
            && self.open_task(task).is_some_and(|known| {
                !known.not_reused && known.attempts == 0 && is_reusable(&known.work)
            })
    }

    /// A result of the run that may be reused serves a task. `reads` is what it rests on, and
    /// whether that is everything. Ignored where [`Run::may_be_reused`] is false.
    pub fn reused(
        &mut self,
        task: &TaskPath,
        from: TaskId,
        outcome: Outcome,
        reads: Option<(Vec<Seen>, bool)>,
        at: Timestamp,
    ) {
        if !self.may_be_reused(task) {
            return;
        }
        if let Some((reads, complete)) = reads {
            self.agent_read(task, reads, complete, at);
        }
        let (task, usage, reused_from) = (task.clone(), Usage::default(), Some(from));
        let wake = task.parent().map(|workflow| Action::Wake { workflow });
        self.push(Body::Completed { task, outcome, usage, reused_from }, at);
        self.outbox.actions.extend(wake);
    }

    /// No result of the run that may be reused serves a task. Ignored where
    /// [`Run::may_be_reused`] is false.
    pub fn not_reused(&mut self, task: &TaskPath, reason: Miss, at: Timestamp) {
        if self.may_be_reused(task) {
            self.push(Body::NotReused { task: task.clone(), reason }, at);
        }
    }

    /// What an attempt of an agent looked at. Dropped once the journal is full, and for a task that
    /// has ended: nobody will ask for it.
    pub fn agent_read(&mut self, task: &TaskPath, reads: Vec<Seen>, complete: bool, at: Timestamp) {
        let open =
            self.open_task(task).is_some_and(|known| matches!(*known.work, Work::Agent { .. }));
        if open && self.records_left() > 0 {
            self.push(Body::AgentRead { task: task.clone(), reads, complete }, at);
        }
    }

    /// The state of the granted directory now.
    pub fn snapshot(&mut self, snapshot: Snapshot, at: Timestamp) {
        if self.finished.is_none() {
            self.push(Body::Snapshot(snapshot), at);
        }
    }

    /// The first and the last known state of the granted directory.
    #[must_use]
    pub fn snapshots(&self) -> (Option<&Snapshot>, Option<&Snapshot>) {
        (self.snapshots.0.as_ref(), self.snapshots.1.as_ref())
    }

    /// Tasks of the reused run whose results serve here, in the order in which they were claimed.
    #[must_use]
    pub fn claimed(&self) -> &[TaskPath] {
        &self.claimed
    }

    pub(super) fn note_snapshot(&mut self, snapshot: &Snapshot) {
        self.snapshots.0.get_or_insert_with(|| snapshot.clone());
        self.snapshots.1 = Some(snapshot.clone());
    }

    pub(super) fn note_not_reused(&mut self, seq: u64, task: &TaskPath) -> Result<(), RecordError> {
        self.unserved(seq, task)?;
        self.open_task_mut(seq, task)?.not_reused = true;
        Ok(())
    }

    pub(super) fn note_reused(
        &mut self,
        seq: u64,
        task: &TaskPath,
        from: &TaskId,
    ) -> Result<(), RecordError> {
        self.unserved(seq, task)?;
        self.claimed.push(from.path.clone());
        Ok(())
    }

    fn unserved(&self, seq: u64, task: &TaskPath) -> Result<(), RecordError> {
        if self.may_be_reused(task) {
            return Ok(());
        }
        let what = format!("/{task} was not waiting for a result of another run");
        Err(RecordError::Contradiction { seq, what })
    }
}
