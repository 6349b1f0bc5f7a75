//! Threads that read, each with a connection of its own.

use std::path::Path;
use std::sync::mpsc::{self, Receiver, Sender};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use rusqlite::Connection;
use tokio::sync::oneshot;

use crate::error::JournalError;
use crate::store::JournalFuture;

use super::connect;

/// A listing on one must not hold up the inbox, which is polled on the other.
const THREADS: usize = 2;

type Question = Box<dyn FnOnce(Result<&Connection, JournalError>) + Send>;

/// The threads. Ends with them.
pub(super) struct Readers {
    questions: Option<Sender<Question>>,
    threads: Vec<JoinHandle<()>>,
}

impl Readers {
    pub(super) fn start(file: &Path) -> Result<Self, JournalError> {
        let (questions, queue) = mpsc::channel();
        let queue = Arc::new(Mutex::new(queue));
        let threads = (0..THREADS)
            .map(|_| {
                let (queue, file) = (queue.clone(), file.to_owned());
                spawn("journal-reader", move || answer(&queue, &file))
            })
            .collect::<Result<_, _>>()?;
        Ok(Self { questions: Some(questions), threads })
    }

    /// Asks a question of the database.
    pub(super) fn read<T: Send + 'static>(
        &self,
        ask: impl FnOnce(&Connection) -> Result<T, JournalError> + Send + 'static,
    ) -> JournalFuture<'static, T> {
        let (reply, answer) = oneshot::channel();
        let question: Question = Box::new(move |connection| {
            // Nobody waits any more if this cannot be sent.
            let _ = reply.send(connection.and_then(ask));
        });
        if let Some(questions) = &self.questions {
            // If the threads are gone, the reply is dropped with the question.
            let _ = questions.send(question);
        }
        awaited(answer)
    }
}

impl Drop for Readers {
    fn drop(&mut self) {
        drop(self.questions.take());
        for thread in self.threads.drain(..) {
            // A thread that panicked has nothing to end.
            let _ = thread.join();
        }
    }
}

/// Runs something long on a thread of its own.
pub(super) fn apart<T: Send + 'static>(
    job: impl FnOnce() -> Result<T, JournalError> + Send + 'static,
) -> JournalFuture<'static, T> {
    let (reply, answer) = oneshot::channel();
    let started = spawn("journal-verify", move || {
        // Nobody waits any more if this cannot be sent.
        let _ = reply.send(job());
    });
    match started {
        Ok(_) => awaited(answer),
        Err(error) => Box::pin(std::future::ready(Err(error))),
    }
}

/// Starts a thread of the journal.
pub(super) fn spawn(
    name: &str,
    body: impl FnOnce() + Send + 'static,
) -> Result<JoinHandle<()>, JournalError> {
    thread::Builder::new().name(name.to_owned()).spawn(body).map_err(|error| JournalError::Store {
        doing: "starting a thread",
        message: error.to_string(),
    })
}

fn awaited<T: Send + 'static>(
    answer: oneshot::Receiver<Result<T, JournalError>>,
) -> JournalFuture<'static, T> {
    Box::pin(async move {
        answer.await.unwrap_or_else(|_| {
            Err(JournalError::Store {
                doing: "reading the database",
                message: "its thread ended".to_owned(),
            })
        })
    })
}

fn answer(queue: &Mutex<Receiver<Question>>, file: &Path) {
    let mut connection = None;
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(question) = next else { return };
        // Opened when it is first needed, and tried again if that failed.
        if connection.is_none() {
            match connect::reading(file) {
                Ok(opened) => connection = Some(opened),
                Err(error) => {
                    question(Err(error));
                    continue;
                }
            }
        }
        if let Some(connection) = &connection {
            question(Ok(connection));
        }
    }
}
