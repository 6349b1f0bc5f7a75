//! The session of an attempt, while it is spoken with.

use baton_core::handoff::{FailureKind, Handoff, Usage};
use baton_core::report::{Level, Report};

use crate::backend::{BackendError, Job, JobContext, Notice};
use crate::sessions::Session;

/// Where a session of an agent can be gone on with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bound {
    /// In its directory only. An agent without a granted one has a new one each time.
    Directory,
    /// Anywhere, by its name.
    Nowhere,
}

/// Keeps what is known of the session of an attempt on record, so that the next attempt can go on with
/// it, also one of another process. A message counts as told once the agent has said something after
/// it: what was on its way when the host died is said again.
pub(crate) struct Book {
    context: JobContext,
    rung: u32,
    /// Where it belongs to; none: it cannot be gone on with.
    directory: Option<String>,
    state: State,
    /// Number of the last message that is being said.
    saying: u64,
    /// What is on record.
    known: Option<Session>,
    /// Something was said that the agent has not begun to answer.
    waits: bool,
    /// The agent has done something in this attempt.
    works: bool,
}

/// Which session an agent is in.
enum State {
    /// It is to open one.
    New,
    /// It is to go on with this one, and has not named any.
    Old(Session),
    /// It named this one. `goes_on`: as it was to.
    In { id: String, goes_on: bool },
    /// It opened another than the one to go on with. Nothing is kept of that.
    Astray,
}

impl Book {
    pub(crate) fn new(job: &Job, context: &JobContext, bound: Bound) -> Self {
        let directory = match (&job.root, bound) {
            (Some(root), _) => Some(root.to_string_lossy().into_owned()),
            (None, Bound::Nowhere) => Some(String::new()),
            (None, Bound::Directory) => None,
        };
        let known = context.sessions.get(job.rung);
        let before = known.clone().filter(|known| directory.as_ref() == Some(&known.directory));
        Self {
            context: context.clone(),
            rung: job.rung,
            directory,
            state: before.map_or(State::New, State::Old),
            saying: 0,
            known,
            waits: true,
            works: false,
        }
    }

    /// The session to go on with; none once the agent has named one.
    pub(crate) fn before(&self) -> Option<&Session> {
        match &self.state {
            State::Old(session) => Some(session),
            _ => None,
        }
    }

    /// The agent named its session. The first name of an attempt counts.
    pub(crate) fn named(&mut self, id: &str) {
        self.is_in(id, |before| (before != id).then_some(State::Astray));
    }

    /// The same of an agent that goes on with a session under another name each time.
    pub(crate) fn renamed(&mut self, id: &str) {
        self.is_in(id, |before| {
            (before != id).then(|| State::In { id: id.to_owned(), goes_on: false })
        });
    }

    /// `other`: what it means if this is not the name of the session to go on with, which it is given.
    fn is_in(&mut self, id: &str, other: impl FnOnce(&str) -> Option<State>) {
        if id.is_empty() {
            return;
        }
        let own = |goes_on| State::In { id: id.to_owned(), goes_on };
        self.state = match &self.state {
            State::New => own(false),
            State::Old(before) => other(&before.id).unwrap_or_else(|| own(true)),
            State::In { .. } | State::Astray => return,
        };
    }

    /// Whether the agent opened another session than the one to go on with.
    pub(crate) fn is_astray(&self) -> bool {
        matches!(self.state, State::Astray)
    }

    /// Messages up to this one are being said.
    pub(crate) fn saying(&mut self, upto: u64) {
        self.saying = self.saying.max(upto);
        self.waits = true;
    }

    /// Whether something was said that the agent has not begun to answer.
    pub(crate) fn waits(&self) -> bool {
        self.waits
    }

    /// The agent has begun to answer what was said last. That says nothing until it has named its session.
    pub(crate) fn answered(&mut self) {
        if self.waits && matches!(self.state, State::In { .. }) {
            self.waits = false;
            let counted = self.recorded().map(|known| known.counted).unwrap_or_default();
            self.put(counted);
        }
    }

    /// The agent has done something.
    pub(crate) fn works(&mut self) {
        self.answered();
        self.works = true;
    }

    /// The agent has answered everything up to this message, in the session of this name, whichever it
    /// is.
    pub(crate) fn answered_as(&mut self, id: &str, upto: u64) {
        self.renamed(id);
        self.saying(upto);
        self.waits = false;
        self.put(Usage::default());
    }

    /// What the session has consumed, as the agent counts. Back: what of that is new.
    pub(crate) fn counted(&mut self, total: Usage) -> Usage {
        let before = self.recorded().map(|known| known.counted).unwrap_or_default();
        self.put(total);
        less(&total, &before)
    }

    /// The attempt has ended. Back, if the agent did not know the session that it was to go on with: the
    /// book to begin anew with, unless this was a further turn, whose task is done already.
    pub(crate) fn end(mut self, result: &Result<Handoff, BackendError>) -> Option<Self> {
        let failed = matches!(
            result,
            Err(BackendError::Retryable { failure, .. }) if failure.kind != FailureKind::TimedOut
        );
        let is_lost = match &self.state {
            State::Astray => true,
            State::Old(_) => failed,
            State::New | State::In { .. } => false,
        };
        if is_lost && self.context.turn == 0 {
            self.lost();
            return Some(self);
        }
        self.close(result);
        None
    }

    /// The attempt has ended, and none begins anew with it. A session in which the agent could do
    /// nothing more is not tried again.
    pub(crate) fn close(self, result: &Result<Handoff, BackendError>) {
        let failed = matches!(result, Err(BackendError::Retryable { .. }));
        let old = match self.state {
            State::Old(_) | State::Astray => true,
            State::In { goes_on, .. } => goes_on,
            State::New => false,
        };
        if failed && old && !self.works {
            self.context.sessions.forget(self.rung);
        }
    }

    /// The agent does not know the session that it was to go on with: it begins anew.
    pub(crate) fn lost(&mut self) {
        self.context.sessions.forget(self.rung);
        (self.state, self.known) = (State::New, None);
        self.log(Level::Warn, "the agent does not know its session any more: it begins anew");
    }

    /// Tells whether the attempt goes on where one of another process ended.
    pub(crate) fn tell(&self, job: &Job) {
        if self.context.turn > 0 || job.attempt < 2 {
            return;
        }
        match (self.before(), &self.known) {
            (Some(session), _) => {
                self.log(Level::Info, &format!("goes on with its session {}", session.id));
            }
            (None, Some(_)) => {
                self.log(Level::Info, "begins anew: its session belongs to another directory");
            }
            (None, None) => {}
        }
    }

    /// What is on record of the session that the agent is in.
    fn recorded(&self) -> Option<&Session> {
        let State::In { id, .. } = &self.state else { return None };
        self.known.as_ref().filter(|known| known.id == *id)
    }

    fn put(&mut self, counted: Usage) {
        let (State::In { id, .. }, Some(directory)) = (&self.state, &self.directory) else {
            return;
        };
        let told = self.recorded().map_or(0, |known| known.told).max(self.saying);
        let session = Session { id: id.clone(), directory: directory.clone(), told, counted };
        // A name that has to be hidden could not be given back.
        let hidden = self.context.redact.text(&session.id) != session.id;
        if self.known.as_ref() == Some(&session) || !session.is_sound() || hidden {
            return;
        }
        self.context.sessions.put(self.rung, session.clone());
        // A closed channel means that nobody keeps a journal of this job.
        let notice = Notice::Session { rung: self.rung, session: session.clone() };
        let _ = self.context.notices.send(notice);
        self.known = Some(session);
    }

    fn log(&self, level: Level, text: &str) {
        let text = self.context.redact.text(text);
        // A closed channel means that nobody keeps a journal of this job.
        let _ = self.context.notices.send(Notice::Report(Report::Log { level, text }));
    }
}

/// What was consumed beyond what was counted before.
fn less(total: &Usage, before: &Usage) -> Usage {
    Usage {
        input_tokens: total.input_tokens.saturating_sub(before.input_tokens),
        output_tokens: total.output_tokens.saturating_sub(before.output_tokens),
        cached_tokens: total.cached_tokens.saturating_sub(before.cached_tokens),
        ..Usage::default()
    }
}

#[cfg(test)]
mod tests;
