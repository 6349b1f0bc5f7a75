//! What ends an attempt from outside.

use std::time::Duration;

use baton_core::handoff::{Failure, FailureKind};

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

/// Waits for whichever reason to end comes first.
pub(crate) async fn stop(job: &Job, context: &JobContext) -> Stop {
    tokio::select! {
        () = cancelled(context) => Stop::Cancelled,
        () = tokio::time::sleep(Duration::from_millis(job.timeout_ms)) => Stop::TimedOut,
    }
}
