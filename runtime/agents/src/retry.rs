//! Whether and when a failed attempt is followed by another: a pure decision.

use std::time::Duration;

use baton_core::handoff::{Failure, FailureKind};
use baton_core::record::Outage;
use baton_core::spec::{AgentOptions, SCHEMA_ATTEMPTS_DEFAULT, SCHEMA_ATTEMPTS_MAX};

use crate::backend::BackendError;

/// Attempts of a task that may end with a retryable error. Providers and networks that fail three
/// times within seconds fail for longer than a task should hold its place.
pub const RETRY_TRIES_MAX: u32 = 3;

/// Longest wait before another attempt, in milliseconds. A task that is told to wait longer ends
/// instead: it would hold one of the places of the run.
pub const RETRY_WAIT_MS_MAX: u64 = 60_000;

/// Wait before the second attempt, in milliseconds; doubled for each that follows.
const RETRY_WAIT_MS_FIRST: u64 = 500;

/// What is left of the attempts of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tries {
    /// How often an output may still be refused.
    outputs: u32,
    /// How often an attempt may still end with a retryable error.
    errors: u32,
    /// Wait before the next attempt that follows an error, in milliseconds.
    wait_ms: u64,
    /// An attempt ended because its worker was silent, and nothing was heard since.
    silent: bool,
}

/// How an attempt failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Miss {
    /// The backend brought nothing.
    Error(BackendError),
    /// The output does not fit the schema, for these reasons.
    Output(Vec<String>),
}

/// What follows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// Another attempt after a wait; the failure is told.
    Again {
        /// Why this one failed.
        failure: Failure,
        /// What the worker is told about its output, if that was the reason.
        corrections: Option<Vec<String>>,
        /// How long to wait.
        wait: Duration,
    },
    /// Nothing.
    End(BackendError),
}

impl Tries {
    /// The attempts a task has at its start.
    pub fn new(options: &AgentOptions) -> Self {
        Self {
            outputs: schema_attempts(options),
            errors: RETRY_TRIES_MAX,
            wait_ms: RETRY_WAIT_MS_FIRST,
            silent: false,
        }
    }

    /// The worker got further before it failed: errors from before that do not count any more.
    pub fn renew(&mut self) {
        self.errors = RETRY_TRIES_MAX;
        self.wait_ms = RETRY_WAIT_MS_FIRST;
        self.silent = false;
    }

    /// Decides what follows a miss. `jitter` is a random number: without it, tasks that failed
    /// together would return together.
    pub fn after(&mut self, miss: Miss, jitter: u64) -> Next {
        match miss {
            Miss::Output(errors) => {
                self.outputs = self.outputs.saturating_sub(1);
                let failure = unfit(&errors);
                if self.outputs == 0 {
                    return Next::End(BackendError::Permanent(failure));
                }
                Next::Again { failure, corrections: Some(errors), wait: Duration::ZERO }
            }
            // Whoever was silent twice is asked no third time.
            Miss::Error(BackendError::Retryable { failure, .. })
                if failure.kind == FailureKind::TimedOut
                    && std::mem::replace(&mut self.silent, true) =>
            {
                Next::End(BackendError::Permanent(failure))
            }
            Miss::Error(BackendError::Retryable { failure, after_ms }) => {
                self.once_more(failure, after_ms, jitter, BackendError::Permanent)
            }
            // Mostly over in moments. The others need a person or a time that is known.
            Miss::Error(BackendError::Unavailable {
                outage: outage @ (Outage::Overload | Outage::Unreachable),
                failure,
                after_ms,
            }) => self.once_more(failure, after_ms, jitter, |failure| BackendError::Unavailable {
                outage,
                failure,
                after_ms,
            }),
            Miss::Error(error) => Next::End(error),
        }
    }

    /// Another attempt after a wait, or the end where no try is left or the wait is too long.
    fn once_more(
        &mut self,
        failure: Failure,
        after_ms: Option<u64>,
        jitter: u64,
        end: impl FnOnce(Failure) -> BackendError,
    ) -> Next {
        self.errors = self.errors.saturating_sub(1);
        let base = self.wait_ms;
        self.wait_ms = base.saturating_mul(2).min(RETRY_WAIT_MS_MAX);
        let wait_ms = (base / 2 + jitter % (base / 2 + 1)).max(after_ms.unwrap_or(0));
        if self.errors == 0 || wait_ms > RETRY_WAIT_MS_MAX {
            return Next::End(end(failure));
        }
        Next::Again { failure, corrections: None, wait: Duration::from_millis(wait_ms) }
    }
}

/// How often an output may be tried against the schema of its task.
#[must_use]
pub fn schema_attempts(options: &AgentOptions) -> u32 {
    options.schema_attempts.unwrap_or(SCHEMA_ATTEMPTS_DEFAULT).clamp(1, SCHEMA_ATTEMPTS_MAX)
}

fn unfit(errors: &[String]) -> Failure {
    let message = format!("the output does not fit its schema: {}", errors.join("; "));
    Failure::new(FailureKind::InvalidOutput, "schema", message)
        .with_detail(serde_json::json!({ "errors": errors }))
}

#[cfg(test)]
mod tests;
