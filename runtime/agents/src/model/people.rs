//! Messages of people in the middle of a conversation.
//!
//! The transcript holds the number of the last message that the model was told, so each is said once in
//! every conversation of the task, whatever interrupts it.

use baton_core::handoff::{FailureKind, Handoff};
use baton_models::ToolResult;

use super::session::Session;
use super::submit::Submitted;
use super::tools::Call;
use crate::backend::BackendError;
use crate::people;

/// Said of a result that would have been taken.
const NOT_YET: &str = "This was not taken yet, because a person sent you a message meanwhile. Do what it \
says, and submit again: the same, if it changes nothing.";

impl Session<'_> {
    /// Has the model told with the next call what people said since the last one.
    pub(super) fn hear(&mut self) {
        let new = self.line.context.inbox.after(self.conversation.told);
        if let Some(last) = new.last() {
            let text = people::words(&new, &self.line.context.redact);
            self.conversation.hear(text, last.seq);
        }
    }

    /// Whether people said something that the model can still be told.
    pub(super) fn is_told_more(&self) -> bool {
        let unsaid = !self.line.context.inbox.after(self.conversation.told).is_empty();
        unsaid && self.bounds.turns_left(&self.conversation.tally) > 0
    }

    /// A result, unless people said something before it could be taken.
    pub(super) fn unless_told(&mut self, handoff: Option<Handoff>) -> Option<Handoff> {
        if handoff.is_some() && self.is_told_more() {
            self.held = handoff.map(|handoff| Submitted { handoff, artifacts: Vec::new() });
            return None;
        }
        handoff
    }

    /// What the attempt ends with after an error: a message that there is no room for any more costs no
    /// result that was there before it.
    pub(super) fn fall_back(&mut self, error: BackendError) -> Result<Handoff, BackendError> {
        let no_room = |kind| matches!(kind, FailureKind::Limit | FailureKind::TimedOut);
        match (error, self.held.take()) {
            (BackendError::Permanent(failure), Some(held)) if no_room(failure.kind) => {
                Ok(self.hand_in(held))
            }
            (error, _) => Err(error),
        }
    }
}

/// What a call that handed in is told.
pub(super) fn not_yet(call: &Call) -> ToolResult {
    let (id, name) = (call.id.clone(), call.name.clone());
    ToolResult { id, name, content: NOT_YET.to_owned(), failed: false }
}
