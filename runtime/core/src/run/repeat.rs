//! Commands of an instance that only repeats: nothing is recorded, whatever it asks for.

use std::sync::Arc;

use super::commands::{attempt, attempt_of_request};
use super::{Answer, CommandError, Run};
use crate::command::{Command, Reply};
use crate::digest::Digest;
use crate::files::{FileRequest, Observation};
use crate::replay::{Attempt, Cursor, Divergence, END, WAIT};

/// What a command comes to that is repeated.
#[derive(Clone, Debug)]
pub enum Repeated<T> {
    /// What was answered then.
    Answer(T),
    /// Nothing is recorded in its place: it is the first one after the record of its workflow.
    Beyond(Box<Divergence>),
}

impl Run {
    /// Repeats a command of an instance.
    ///
    /// # Errors
    /// When another one was recorded in its place.
    pub fn repeat_command(
        &self,
        cursor: &mut Cursor,
        command: Command,
        fuel: u64,
    ) -> Result<Repeated<Reply>, CommandError> {
        let command = match command {
            Command::Report(report) => match self.cut_report(cursor, report) {
                Some(report) => Command::Report(report),
                None => return Ok(Repeated::Answer(Reply::Nothing)),
            },
            other => other,
        };
        let attempt = attempt(&command, fuel);
        if self.next_recorded(cursor).is_none() {
            return Ok(Repeated::Beyond(beyond(cursor, attempt)));
        }
        let listens = matches!(command, Command::Listen);
        let Some(recorded) = self.repeat(cursor, &attempt)? else {
            return Ok(Repeated::Beyond(beyond(cursor, attempt)));
        };
        cursor.listens |= listens;
        let reply = match &recorded.answer {
            Answer::Reply(reply) => reply.clone(),
            Answer::Observation(_) => Reply::Nothing,
        };
        self.note_spawned(cursor, &reply);
        Ok(Repeated::Answer(reply))
    }

    /// Repeats a file request of an instance.
    ///
    /// # Errors
    /// When another command was recorded in its place.
    pub fn repeat_observation(
        &self,
        cursor: &mut Cursor,
        request: &FileRequest,
        fuel: u64,
    ) -> Result<Repeated<Arc<Observation>>, CommandError> {
        let attempt = attempt_of_request(request, fuel);
        if self.next_recorded(cursor).is_none() {
            return Ok(Repeated::Beyond(beyond(cursor, attempt)));
        }
        let recorded = self.repeat(cursor, &attempt)?;
        match recorded.map(|recorded| &recorded.answer) {
            Some(Answer::Observation(seen)) => Ok(Repeated::Answer(Arc::clone(seen))),
            Some(Answer::Reply(_)) | None => Ok(Repeated::Beyond(beyond(cursor, attempt))),
        }
    }

    /// The divergence of an instance that waits for what never came, where the record of its workflow
    /// has an end.
    #[must_use]
    pub fn waits_beyond(&self, cursor: &Cursor, fuel: u64) -> Box<Divergence> {
        let attempted = Attempt {
            kind: WAIT,
            summary: "the workflow waits for something that never came".into(),
            digest: Digest::of(b""),
            fuel,
        };
        beyond(cursor, attempted)
    }
}

/// A command where the record of its workflow is at its end.
fn beyond(cursor: &Cursor, attempted: Attempt) -> Box<Divergence> {
    Box::new(Divergence {
        workflow: cursor.workflow.clone(),
        position: cursor.position as u64 + 1,
        seq: None,
        recorded: Attempt {
            kind: END,
            summary: "the workflow returned".into(),
            digest: Digest::of(b""),
            fuel: attempted.fuel,
        },
        attempted,
    })
}
