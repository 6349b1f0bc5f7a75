//! Ladders: the smallest model whose work passes.
//!
//! A task may name several models, the cheapest first, and a check. The first whose result fits the
//! schema and passes the check is taken; every other costs what it cost, and what was wrong with its
//! result is told to the next one.

mod bill;
mod check;
mod watched;

use std::sync::Arc;

use baton_core::handoff::{Failure, FailureKind, Handoff, Usage};
use baton_core::model::Price;

use self::check::Ruling;
pub use self::check::{CHECK_CODE, Check};
use self::watched::Watched;
use crate::backend::{Answer, Backend, BackendError, Job, JobContext, Notice, Passed, Toolbox};
use crate::work::make;

/// Bytes of a refused result that the next step is shown.
const SHOWN_BYTES: usize = 8 << 10;

/// A step of a ladder.
#[derive(Clone)]
pub struct Rung {
    /// What performs it.
    pub backend: Arc<dyn Backend>,
    /// Provider and model, where it is a model; they stand in the job that the backend gets.
    pub model: Option<(String, String)>,
    /// What its tokens cost, if that is known.
    pub price: Option<Price>,
}

/// Makes attempts as [`work`](crate::work()) does, on one step after the other, until a result
/// passes.
///
/// - A step that fails with kind `failed`, `invalid-output`, `limit` or `timed-out`, and one whose
///   result `check` does not let pass, is followed by the next; the failure and the result stand in
///   [`Job::corrections`]. It is told as [`Notice::AttemptFailed`], a failed check with code
///   [`CHECK_CODE`].
/// - The failure of the last step is that of the task, and so is every other kind of failure, a
///   check that cannot be made, and a step in whose name a tool did what must not happen twice.
/// - A result that passes is told as [`Notice::Passed`].
///
/// Every step has a conversation of its own, and so has each challenger: that of step `n` is number
/// `rungs.len() + n`. A task that was interrupted goes on with the step that its last turn on record
/// belongs to. All steps work on the same files.
pub async fn work(
    rungs: &[Rung],
    check: Option<&Check>,
    mut job: Job,
    context: &JobContext,
) -> Answer {
    let mut usage = Usage::default();
    let watched = context.tools.clone().map(|tools| Arc::new(Watched::new(tools)));
    let of_rungs = JobContext {
        tools: watched.clone().map(|tools| tools as Arc<dyn Toolbox>),
        ..context.clone()
    };
    let first = bill::reached(&context.meter.turns(), rungs.len());
    let mut steps = rungs.iter().enumerate().skip(first).peekable();
    let result = loop {
        let Some((index, rung)) = steps.next() else {
            break Err(BackendError::Permanent(nothing_to_climb()));
        };
        take(&mut job, rung, index);
        let made = make(&*rung.backend, &mut job, &of_rungs).await;
        usage.add(&made.usage);
        let (failure, handoff) = match made.result {
            Ok(handoff) => {
                match check::rule(check, &handoff, rungs.len(), index, &job, context).await {
                    Ok((Ruling::Passes, spent)) => {
                        usage.add(&spent);
                        tell_passed(rungs, index, &usage, context);
                        break Ok(handoff);
                    }
                    Ok((Ruling::Fails(failure), spent)) => {
                        usage.add(&spent);
                        (failure, Some(handoff))
                    }
                    Err(error) => break Err(error),
                }
            }
            Err(BackendError::Permanent(failure)) if climbs(&failure) => (failure, None),
            Err(error) => break Err(error),
        };
        let did_once = watched.as_ref().is_some_and(|tools| tools.did_once());
        if steps.peek().is_none() || did_once {
            break Err(BackendError::Permanent(failure));
        }
        job.corrections = corrections(&failure, handoff.as_ref());
        // A closed channel means that nobody keeps a journal of this job.
        let _ = context.notices.send(Notice::AttemptFailed {
            attempt: job.attempt,
            failure,
            usage: made.usage,
        });
        job.attempt = job.attempt.saturating_add(1);
    };
    Answer { result, usage }
}

/// Makes the job that of a step.
fn take(job: &mut Job, rung: &Rung, index: usize) {
    job.rung = u32::try_from(index).unwrap_or(u32::MAX);
    if let Some((provider, model)) = &rung.model {
        let options = &mut Arc::make_mut(&mut job.spec).options;
        options.provider = Some(provider.clone());
        options.model = Some(model.clone());
    }
}

/// Whether a better model may do what this one did not.
fn climbs(failure: &Failure) -> bool {
    matches!(
        failure.kind,
        FailureKind::Failed
            | FailureKind::InvalidOutput
            | FailureKind::Limit
            | FailureKind::TimedOut
    )
}

/// What the next step is told.
fn corrections(failure: &Failure, handoff: Option<&Handoff>) -> Vec<String> {
    let who = "another agent tried this task before you";
    let mut told = vec![format!("{who}: {}", failure.message)];
    if let Some(handoff) = handoff {
        let output = shown(handoff.output.as_str());
        told.push(format!("what it handed in, as JSON: {output}"));
        if !handoff.summary.is_empty() {
            told.push(format!("what it said of that: {}", shown(&handoff.summary)));
        }
    }
    told
}

/// The beginning of a text.
fn shown(text: &str) -> String {
    if text.len() <= SHOWN_BYTES {
        return text.to_owned();
    }
    let end = text.floor_char_boundary(SHOWN_BYTES);
    format!("{} [cut: {} bytes]", text.get(..end).unwrap_or_default(), text.len())
}

fn tell_passed(rungs: &[Rung], index: usize, usage: &Usage, context: &JobContext) {
    let Some(rung) = rungs.get(index) else { return };
    let top = rungs.last().and_then(|top| top.price.as_ref());
    let passed = Passed {
        rung: u32::try_from(index).unwrap_or(u32::MAX),
        rungs: u32::try_from(rungs.len()).unwrap_or(u32::MAX),
        backend: rung.backend.name().to_owned(),
        saved_micro_usd: bill::saved(&context.meter.turns(), index, top, usage),
    };
    // A closed channel means that nobody keeps a journal of this job.
    let _ = context.notices.send(Notice::Passed(passed));
}

fn nothing_to_climb() -> Failure {
    Failure::new(FailureKind::Internal, "ladder", "a ladder has no steps")
}

#[cfg(test)]
mod tests;
