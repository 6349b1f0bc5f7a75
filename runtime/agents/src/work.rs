//! From a task to its handoff: attempts until one fits.

use std::hash::{BuildHasher, Hasher, RandomState};
use std::sync::Arc;
use std::time::Instant;

use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::scope::Denials;

use crate::backend::{Answer, Backend, BackendError, Job, JobContext, Notice};
use crate::denied::narrow;
use crate::model::transcript;
use crate::people::{self, Attempt, Interruption};
use crate::retry::{Miss, Next, Tries};
use crate::schema::Schema;
use crate::stop::cancelled;

/// Makes attempts on a backend until the handoff fits the schema of the task, or no further
/// attempt is worth it.
///
/// - An output that does not fit is followed by another attempt with the validation errors in
///   [`Job::corrections`], `schema_attempts` times in all (3 unless the task says otherwise, 5 at
///   the most); then the task fails with kind `invalid-output` and code `schema`.
/// - A retryable error, and a provider that is overloaded or cannot be reached, is followed by another
///   attempt after a wait that doubles each time, is never shorter than the backend asked for, and has
///   a random part; [`RETRY_TRIES_MAX`] such errors end the task, and so does a backend that asks for
///   more than [`RETRY_WAIT_MS_MAX`]. Where attempts go on from the one before, those errors count
///   anew after each answer of the model.
/// - An outage of a provider that outlasts that, and any other outage at once, ends with
///   [`BackendError::Unavailable`]: the task is not done.
/// - An empty text where no schema was given ends the task with code `empty-output`.
/// - No attempt follows one in whose name a tool did what must not happen twice, unless attempts go on
///   from the one before.
/// - A backend that takes messages with an attempt only ([`Steering::Attempt`]) is interrupted for an
///   urgent one, and another attempt begins at once. That is no failure and counts for nothing. Where a
///   turn before it had brought a result, that counts if nothing better follows.
/// - Every attempt begins with what policy does not deny by then, and one that would keep what is denied
///   while it works ([`Backend::keeps`]) is ended, and another begins at once with less. That counts for
///   nothing either.
/// - Everything else ends the task at once: a schema that does not compile (code `bad-schema`)
///   before the first attempt.
///
/// Attempts are numbered from `job.attempt`; each has the whole `timeout_ms`, and waits in between
/// do not count. Every failed attempt that is followed by another is told as
/// [`Notice::AttemptFailed`] with what it consumed. The usage of the answer is that of all
/// attempts together, those included; `wall_ms` is measured here. An error of the answer is never
/// `Retryable`: whoever calls this need not decide again.
///
/// [`Steering::Attempt`]: crate::Steering::Attempt
/// [`RETRY_TRIES_MAX`]: crate::RETRY_TRIES_MAX
/// [`RETRY_WAIT_MS_MAX`]: crate::RETRY_WAIT_MS_MAX
pub async fn work(backend: &dyn Backend, mut job: Job, context: &JobContext) -> Answer {
    make(backend, &mut job, context).await
}

/// The same; afterwards the job is that of the last attempt.
pub(crate) async fn make(backend: &dyn Backend, job: &mut Job, context: &JobContext) -> Answer {
    let mut usage = Usage::default();
    let result = attempts(backend, job, context, &mut usage).await;
    Answer { result, usage }
}

async fn attempts(
    backend: &dyn Backend,
    job: &mut Job,
    context: &JobContext,
    usage: &mut Usage,
) -> Result<Handoff, BackendError> {
    let mut before = None;
    let result = until_one_fits(backend, job, context, usage, &mut before).await;
    people::kept(result, before, context)
}

/// `before`: the last result that fits of an attempt that was interrupted after it.
async fn until_one_fits(
    backend: &dyn Backend,
    job: &mut Job,
    context: &JobContext,
    usage: &mut Usage,
    before: &mut Option<Handoff>,
) -> Result<Handoff, BackendError> {
    let schema = match &job.spec.schema {
        Some(schema) => Some(Schema::compile(schema).await.map_err(BackendError::Permanent)?),
        None => None,
    };
    let mut tries = Tries::new(&job.spec.options);
    let mut answers = answered(backend, context);
    let mut denied: Arc<Denials> = Arc::default();
    loop {
        if *context.cancelled.borrow() {
            return Err(BackendError::Cancelled);
        }
        let now = context.denied.now();
        if now != denied {
            narrow(job, &now);
            denied = now;
        }
        let started = Instant::now();
        let Attempt { mut answer, interrupted } =
            people::perform(backend, job, &denied, context).await;
        answer.usage.wall_ms = u64::try_from(started.elapsed().as_millis()).unwrap_or(u64::MAX);
        usage.add(&answer.usage);
        if let Some(Interruption { why, before: found }) = interrupted {
            if let Some(found) = found
                && misfit(schema.as_ref(), &found).await?.is_none()
                && !(schema.is_none() && is_blank(&found))
            {
                *before = Some(found);
            }
            // It began while the attempt was being ended.
            if did_once(context) {
                return Err(BackendError::Permanent(why));
            }
            again(job, why, answer.usage, context);
            continue;
        }
        let miss = match answer.result {
            Ok(handoff) => match misfit(schema.as_ref(), &handoff).await? {
                None if schema.is_none() && is_blank(&handoff) => return Err(nothing_said()),
                None => return Ok(handoff),
                Some(errors) => Miss::Output(errors),
            },
            Err(error) => Miss::Error(error),
        };
        let once = !backend.continues() && did_once(context);
        let miss = if once { last(miss) } else { miss };
        let now = answered(backend, context);
        if now > answers {
            answers = now;
            tries.renew();
        }
        let (failure, wait) = match tries.after(miss, random()) {
            Next::End(error) => return Err(error),
            Next::Again { failure, corrections, wait } => {
                if let Some(corrections) = corrections {
                    job.corrections = corrections;
                }
                (failure, wait)
            }
        };
        again(job, failure, answer.usage, context);
        tokio::select! {
            () = cancelled(context) => return Err(BackendError::Cancelled),
            () = tokio::time::sleep(wait) => {}
        }
    }
}

/// Makes the job that of the next attempt, and tells that this one brought nothing.
fn again(job: &mut Job, failure: Failure, usage: Usage, context: &JobContext) {
    let attempt = job.attempt;
    job.earlier.push(format!("attempt {attempt}: {} ({})", failure.message, failure.code));
    job.attempt = attempt.saturating_add(1);
    // A closed channel means that nobody keeps a journal of this job.
    let _ = context.notices.send(Notice::AttemptFailed { attempt, failure, usage });
}

/// Answers of its model that the task has had, as far as later attempts go on from them.
fn answered(backend: &dyn Backend, context: &JobContext) -> usize {
    if backend.continues() { transcript::answers(&context.meter.turns()) } else { 0 }
}

/// Whether another attempt could repeat what must not happen twice.
fn did_once(context: &JobContext) -> bool {
    context.tools.as_ref().is_some_and(|tools| tools.did_once())
}

/// The miss of an attempt that must be the last.
fn last(miss: Miss) -> Miss {
    Miss::Error(match miss {
        Miss::Error(
            BackendError::Retryable { failure, .. } | BackendError::Unavailable { failure, .. },
        ) => BackendError::Permanent(failure),
        Miss::Error(other) => other,
        Miss::Output(errors) => BackendError::Permanent(Failure::new(
            FailureKind::InvalidOutput,
            "schema",
            format!("the output does not fit its schema: {}", errors.join("; ")),
        )),
    })
}

/// Whether a text without a schema says nothing.
fn is_blank(handoff: &Handoff) -> bool {
    handoff.output.as_str() == "\"\""
}

/// An agent that ended without a word has not done its task, whatever its backend says.
fn nothing_said() -> BackendError {
    let message = "the agent ended with an empty text";
    BackendError::Permanent(Failure::new(FailureKind::Failed, "empty-output", message))
}

async fn misfit(
    schema: Option<&Schema>,
    handoff: &Handoff,
) -> Result<Option<Vec<String>>, BackendError> {
    let Some(schema) = schema else {
        return Ok(None);
    };
    let errors = schema.errors(&handoff.output).await.map_err(BackendError::Permanent)?;
    Ok(if errors.is_empty() { None } else { Some(errors) })
}

/// A number that differs between tasks and processes, which is all that jitter needs.
fn random() -> u64 {
    RandomState::new().build_hasher().finish()
}

#[cfg(test)]
mod tests;
