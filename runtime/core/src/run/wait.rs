//! What a wait brings: a function of the journal alone.
//!
//! A wait delivers the completed task with the lowest sequence number among those it names. Tasks
//! that end later have higher numbers, so the answer is the same whether it is computed when the
//! guest asked or from the whole journal afterwards. Nothing about deliveries needs a record.

use super::{Run, TaskState};
use crate::command::{BudgetView, Delivery, WaitError};
use crate::replay::Cursor;

/// What a wait comes to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Wait {
    /// Something is there.
    Ready(Delivery),
    /// Nothing is there yet.
    Pending,
}

impl Run {
    /// Takes what a wait of this instance brings, if it is there and durable.
    ///
    /// An instance that is still repeating is never pending unless it diverged: see
    /// [`Run::waits_in_vain`].
    ///
    /// # Errors
    /// When nothing could ever arrive, or the list names what is not open.
    pub fn wait(&self, cursor: &mut Cursor, tasks: Option<&[u64]>) -> Result<Wait, WaitError> {
        let Some(workflow) = self.workflows.get(&cursor.workflow) else {
            return Err(WaitError::UnknownTask);
        };
        match tasks {
            Some(list) => {
                let open = |task: &u64| {
                    (1..=cursor.spawned).contains(task) && !cursor.delivered.contains(task)
                };
                if !list.iter().all(open) {
                    return Err(WaitError::UnknownTask);
                }
                if list.is_empty() {
                    return Err(WaitError::NothingToWaitFor);
                }
            }
            // Whether a message has come is not asked: it would be another answer on a replay.
            None if cursor.spawned <= cursor.delivered.len() as u64 && !self.listens(cursor) => {
                return Err(WaitError::NothingToWaitFor);
            }
            None => {}
        }
        let horizon = self.horizon(cursor);
        let first = match tasks {
            Some(list) => {
                list.iter().filter_map(|number| Some((workflow.ended_at(*number)?, *number))).min()
            }
            None => workflow
                .completed
                .range(cursor.floor..)
                .find(|(_, number)| !cursor.delivered.contains(number))
                .map(|(seq, number)| (*seq, *number)),
        };
        let completion = first.filter(|(seq, _)| *seq <= horizon);
        if tasks.is_none()
            && let Some((index, seq)) = self.message_after(cursor, horizon)
            && completion.is_none_or(|(other, _)| seq < other)
        {
            return Ok(Wait::Ready(self.take_message(cursor, index)));
        }
        let Some((_, number)) = completion else {
            return Ok(Wait::Pending);
        };
        let path = cursor.workflow.child(number);
        let Some(TaskState::Ended { at, outcome, usage, .. }) =
            self.tasks.get(&path).map(|task| &task.state)
        else {
            return Ok(Wait::Pending);
        };
        let child = self.workflows.get(&path).map(|child| &child.budget);
        cursor.note_delivered(number, usage, child);
        cursor.now = cursor.now.max(*at);
        while let Some((seq, number)) = workflow.completed.range(cursor.floor..).next() {
            if !cursor.delivered.contains(number) {
                break;
            }
            cursor.floor = seq + 1;
        }
        let outcome = outcome.as_ref().clone();
        Ok(Wait::Ready(Delivery::Completion { task: number, outcome, usage: *usage }))
    }

    /// The last record whose consequences this instance may see: what is durable, and lies before
    /// the next command it has to repeat. When that command was recorded, nothing later was there.
    fn horizon(&self, cursor: &Cursor) -> u64 {
        let next = self.next_recorded(cursor).map(|recorded| recorded.seq);
        next.map_or(self.durable, |seq| self.durable.min(seq.saturating_sub(1)))
    }

    /// Whether an instance may wait for a message alone.
    fn listens(&self, cursor: &Cursor) -> bool {
        cursor.listens && cursor.workflow.is_root()
    }

    /// Messages go to the root workflow; a child never sees them.
    fn message_after(&self, cursor: &Cursor, horizon: u64) -> Option<(usize, u64)> {
        let message = self.messages.get(cursor.messages)?;
        let deliverable = cursor.workflow.is_root() && message.seq <= horizon;
        deliverable.then_some((cursor.messages, message.seq))
    }

    fn take_message(&self, cursor: &mut Cursor, index: usize) -> Delivery {
        let Some(message) = self.messages.get(index) else {
            return Delivery::Message { sender: String::new(), text: String::new() };
        };
        cursor.messages += 1;
        cursor.now = cursor.now.max(message.at);
        Delivery::Message { sender: message.sender.clone(), text: message.text.clone() }
    }

    /// The budget as this instance sees it.
    #[must_use]
    pub fn budget(&self, cursor: &Cursor) -> BudgetView {
        let granted = self.workflows.get(&cursor.workflow).map(|w| w.budget).unwrap_or_default();
        BudgetView { granted, spent: cursor.spent }
    }
}
