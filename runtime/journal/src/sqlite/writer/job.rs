//! Work, its caller, and the way from one to the other.

use std::sync::mpsc::Sender;

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::JournalError;
use crate::sqlite::fault::{Trouble, explain};
use crate::store::JournalFuture;

/// Something to be written.
pub(in crate::sqlite) trait Work: Send + 'static {
    /// What the caller gets when it is durable.
    type Output: Send + 'static;

    /// What is being done, for errors.
    const DOING: &'static str;

    /// Whether it waits for as long as it takes while another process holds the journal: what a run has
    /// decided must not be lost because somebody else writes slowly. Everybody else hears of it.
    const WAITS: bool = false;

    /// Does it, inside a transaction. May be called again if that transaction is given up.
    /// Whoever refuses must not have written anything.
    fn perform(&self, connection: &Connection) -> Result<Self::Output, Trouble>;

    /// Called when the output is durable, before the caller gets it.
    fn committed(&self, _output: &mut Self::Output) {}
}

/// Work with somebody who waits for it.
pub(in crate::sqlite) trait Job: Send {
    /// Whether it waits while another process holds the journal.
    fn waits(&self) -> bool;
    /// Does the work and remembers the answer.
    fn perform(&mut self, connection: &Connection) -> rusqlite::Result<()>;
    /// Gives the remembered answer.
    fn answer(self: Box<Self>);
    /// Answers that it did not take effect, or that nobody can know.
    fn fail(self: Box<Self>, error: Failed<'_>);
}

/// Why a transaction did not take effect.
#[derive(Clone, Copy)]
pub(in crate::sqlite) enum Failed<'a> {
    /// The database failed; nothing was written.
    Database(&'a rusqlite::Error),
    /// Nothing is written any more.
    Poisoned(&'a str),
}

/// A piece of work and its caller; no caller if nobody waits for it.
struct Pending<W: Work> {
    work: W,
    done: Option<Result<W::Output, JournalError>>,
    reply: Option<oneshot::Sender<Result<W::Output, JournalError>>>,
}

impl<W: Work> Job for Pending<W> {
    fn waits(&self) -> bool {
        W::WAITS
    }

    fn perform(&mut self, connection: &Connection) -> rusqlite::Result<()> {
        self.done = Some(match self.work.perform(connection) {
            Ok(output) => Ok(output),
            Err(Trouble::Refused(error)) => Err(error),
            Err(Trouble::Database(error)) => return Err(error),
        });
        Ok(())
    }

    fn answer(self: Box<Self>) {
        let Self { work, done, reply } = *self;
        let Some(mut done) = done else { return };
        if let Ok(output) = &mut done {
            work.committed(output);
        }
        if let Some(reply) = reply {
            // Nobody waits any more if this cannot be sent.
            let _ = reply.send(done);
        }
    }

    fn fail(self: Box<Self>, failed: Failed<'_>) {
        let error = match failed {
            Failed::Database(error) => explain(W::DOING, error),
            Failed::Poisoned(why) => JournalError::Poisoned(why.to_owned()),
        };
        if let Some(reply) = self.reply {
            // Nobody waits any more if this cannot be sent.
            let _ = reply.send(Err(error));
        }
    }
}

/// The way to the writing thread.
#[derive(Clone)]
pub(in crate::sqlite) struct Jobs(pub(super) Sender<Box<dyn Job>>);

impl Jobs {
    /// Queues work now; the future waits until it is durable.
    pub(in crate::sqlite) fn submit<W: Work>(&self, work: W) -> JournalFuture<'static, W::Output> {
        let (reply, answer) = oneshot::channel();
        // If the thread is gone, the reply is dropped with the job.
        let _ = self.0.send(Box::new(Pending { work, done: None, reply: Some(reply) }));
        Box::pin(async move {
            answer
                .await
                .unwrap_or_else(|_| Err(JournalError::Poisoned("its thread ended".to_owned())))
        })
    }

    /// Queues work that nobody waits for.
    pub(in crate::sqlite) fn post<W: Work>(&self, work: W) {
        // If the thread is gone, so is everything this could change.
        let _ = self.0.send(Box::new(Pending { work, done: None, reply: None }));
    }
}
