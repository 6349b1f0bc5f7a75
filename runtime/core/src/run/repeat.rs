//! Commands of an instance that only repeats: nothing is recorded, whatever it asks for.

use std::sync::Arc;

use super::commands::{attempt, attempt_of_request, divergence};
use super::{Answer, CommandError, Recorded, Request, Run};
use crate::command::{Command, Reply};
use crate::digest::Digest;
use crate::files::{FileRequest, Observation};
use crate::json::{DEPTH_MAX, Json};
use crate::record::Work;
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
        let position = cursor.position;
        let Some(recorded) = self.repeat(cursor, &attempt)? else {
            return Ok(Repeated::Beyond(beyond(cursor, attempt)));
        };
        if let Answer::Reply(Reply::Task(number)) = &recorded.answer {
            let path = cursor.workflow.child(*number);
            let work = self.tasks.get(&path).map(|task| &*task.work);
            if let Some(work) = work
                && !self.is_asked_by_person(&path)
                && !asks_for(&command, work)
            {
                let told = Digest::of_json(work);
                let told = Recorded { digest: told, ..recorded.clone() };
                let before = Cursor { position, ..cursor.clone() };
                return Err(CommandError::Diverged(divergence(&before, &told, attempt)));
            }
        }
        cursor.listens |= matches!(command, Command::Listen);
        let reply = recorded.answer.reply();
        self.note_spawned(cursor, &reply);
        Ok(Repeated::Answer(reply))
    }

    /// The request for a task that an instance is about to repeat, and the number of the record that
    /// answers it, to be held against it. None: it asks for no task, or nothing answers.
    #[must_use]
    pub fn request(&self, cursor: &Cursor, command: &Command) -> Option<(u64, Request)> {
        match command {
            Command::Listen | Command::Cancel { .. } | Command::Report(_) => None,
            asks => {
                let seq = self.next_recorded(cursor)?.seq;
                Some((seq, Request::new(asks.clone(), cursor.moment())))
            }
        }
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

/// Whether recorded work is what a command asks for. The digest of the record says what was asked; this
/// is about what was done, which anybody could have written beside it.
fn asks_for(command: &Command, work: &Work) -> bool {
    let same = |asked: Option<&String>, recorded: Option<&Json>| {
        let asked = asked.and_then(|text| Json::parse(text, u64::MAX, DEPTH_MAX).ok());
        let asked = asked.filter(|json| !json.is_null());
        let recorded = recorded.filter(|json| !json.is_null());
        asked.as_ref().map(Json::digest) == recorded.map(Json::digest)
    };
    match (command, work) {
        (Command::SpawnAgent(raw), Work::Agent { spec, .. }) => {
            raw.prompt == spec.prompt
                && same(raw.input.as_ref(), spec.input.as_ref())
                && same(raw.schema.as_ref(), spec.schema.as_ref())
        }
        (Command::SpawnTool(raw), Work::Tool { spec, .. }) => {
            raw.name == spec.name && same(Some(&raw.input), Some(&spec.input))
        }
        (Command::SpawnWorkflow(raw), Work::Workflow { spec, .. }) => {
            raw.name == spec.name && same(Some(&raw.input), Some(&spec.input))
        }
        (Command::AskGate(raw), Work::Gate { spec, .. }) => raw.question == spec.question,
        (Command::Sleep { .. }, Work::Sleep { .. }) => true,
        _ => false,
    }
}
