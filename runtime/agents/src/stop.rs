//! What ends an attempt from outside.

use std::pin::pin;
use std::time::Duration;

use baton_core::handoff::{Failure, FailureKind};
use tokio::sync::watch;

use crate::backend::{BackendError, Job, JobContext};

/// Why an attempt is to end although it is not done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stop {
    /// Nobody wants the result any more.
    Cancelled,
    /// The time of the attempt is over.
    TimedOut,
}

impl Stop {
    /// What the attempt ends with.
    pub(crate) fn error(self, job: &Job) -> BackendError {
        match self {
            Self::Cancelled => BackendError::Cancelled,
            Self::TimedOut => BackendError::Permanent(Failure::new(
                FailureKind::TimedOut,
                "timeout",
                format!("the attempt took longer than its {} ms", job.timeout_ms),
            )),
        }
    }
}

/// Waits until the result is not wanted any more. For ever, if nobody is left who could say so.
pub async fn cancelled(context: &JobContext) {
    let mut cancelled = context.cancelled.clone();
    if cancelled.wait_for(|cancelled| *cancelled).await.is_err() {
        std::future::pending::<()>().await;
    }
}

/// What can end work for one more reason than that nobody wants its result.
#[derive(Debug)]
pub struct Leash(watch::Sender<bool>);

impl Leash {
    /// A leash, and the surroundings of the work that is on it.
    #[must_use]
    pub fn new(context: &JobContext) -> (Self, JobContext) {
        let (stop, cancelled) = watch::channel(*context.cancelled.borrow());
        (Self(stop), JobContext { cancelled, ..context.clone() })
    }

    /// Waits for the work, whose outer surroundings are `context`. It is told to end when nobody wants
    /// its result any more, and when `reason` comes. Back: what it came to, and the reason if that
    /// came, and came first.
    pub async fn hold<T, R>(
        self,
        context: &JobContext,
        work: impl Future<Output = T>,
        reason: impl Future<Output = R>,
    ) -> (T, Option<R>) {
        let (mut work, mut reason) = (pin!(work), pin!(reason));
        let (mut gone, mut why) = (false, None);
        loop {
            tokio::select! {
                biased;
                done = &mut work => return (done, why.filter(|_| !gone)),
                () = cancelled(context), if !gone => {
                    gone = true;
                    self.0.send_replace(true);
                }
                found = &mut reason, if why.is_none() && !gone => {
                    why = Some(found);
                    self.0.send_replace(true);
                }
            }
        }
    }
}

/// Waits for whichever reason to end comes first.
pub(crate) async fn stop(job: &Job, context: &JobContext) -> Stop {
    tokio::select! {
        () = cancelled(context) => Stop::Cancelled,
        () = tokio::time::sleep(Duration::from_millis(job.timeout_ms)) => Stop::TimedOut,
    }
}
