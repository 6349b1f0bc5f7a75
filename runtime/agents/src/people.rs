//! What people say to agents: in words, as JSON, and with the attempts of those that cannot be told
//! anything in between.

use std::pin::pin;

use baton_core::handoff::{Failure, FailureKind, Handoff};
use baton_core::report::{Level, Report};
use serde_json::{Value, json};
use tokio::sync::watch;
use tokio::time::Instant;

use crate::backend::{
    Answer, Backend, BackendError, Inbox, Job, JobContext, Message, Notice, Redact, Steering,
};
use crate::stop::cancelled;

/// Puts messages of people into words.
pub(crate) type InWords = Box<dyn Fn(&[Message]) -> String + Send>;

/// Code of an attempt that an urgent message ended.
pub(crate) const INTERRUPTED: &str = "interrupted";

/// Messages as an agent is told them.
pub(crate) fn words(messages: &[Message], redact: &Redact) -> String {
    let mut text = String::new();
    for message in messages {
        let Message { sender, text: said, urgent, .. } = message;
        // A name stands in quotes, whatever is in it.
        let sender: String = sender.chars().filter(|c| !c.is_control() && *c != '"').collect();
        let kind = if *urgent { "urgent message" } else { "message" };
        text.push_str(&format!(
            "A person, \"{sender}\", sends you this {kind} while you work:\n\n{}\n\n",
            said.trim()
        ));
    }
    text.push_str("Where that differs from your task, it counts more. Go on with your work.");
    redact.text(&text)
}

/// Messages as programs take them.
pub(crate) fn list(messages: &[Message], redact: &Redact) -> Vec<Value> {
    let one = |message: &Message| {
        let Message { sender, text, urgent, .. } = message;
        json!({ "sender": sender, "text": redact.text(text), "urgent": urgent })
    };
    messages.iter().map(one).collect()
}

/// Says that an agent was told its messages up to one of them.
pub(crate) fn heard(context: &JobContext, upto: u64) {
    if upto > 0 {
        // A closed channel means that nobody keeps a journal of this job.
        let _ = context.notices.send(Notice::Heard { upto });
    }
}

/// Number of the last of some messages; 0: there is none.
pub(crate) fn last(messages: &[Message]) -> u64 {
    messages.last().map_or(0, |message| message.seq)
}

/// How an attempt ended.
pub(crate) enum Attempt {
    /// By itself.
    Ended(Answer),
    /// A person had something urgent to say, and another attempt is to begin with that.
    Interrupted(Answer),
}

/// Makes one attempt. An agent that takes messages with a turn or an attempt only gets those that are
/// there; an urgent one that comes later ends the attempt, unless a tool did in its name what must not
/// happen twice. Where the agent has a session, what it was not told before its result is told in a
/// further turn, as long as the attempt has time, and the result is that of the last turn that brought one.
pub(crate) async fn perform(backend: &dyn Backend, job: &Job, context: &JobContext) -> Attempt {
    let steering = backend.takes_messages();
    if steering == Steering::Step {
        return Attempt::Ended(backend.perform(job, context).await);
    }
    let began = Instant::now();
    let (mut attempt, mut told) = turn(backend, job, context).await;
    let mut context = context.clone();
    while let Attempt::Ended(Answer { result: Ok(handoff), usage }) = &attempt
        && steering == Steering::Turn
        && !context.inbox.after(told).is_empty()
        && context.sessions.get(job.rung).is_some()
        && !*context.cancelled.borrow()
    {
        let spent = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let timeout_ms = job.timeout_ms.saturating_sub(spent);
        if timeout_ms == 0 {
            break;
        }
        let (before, usage) = (handoff.clone(), *usage);
        context.turn = context.turn.saturating_add(1);
        let further = Job { timeout_ms, corrections: Vec::new(), ..job.clone() };
        (attempt, told) = turn(backend, &further, &context).await;
        let (Attempt::Ended(answer) | Attempt::Interrupted(answer)) = &mut attempt;
        answer.usage.add(&usage);
        if let Err(error) = &answer.result
            && let Some(why) = cost(error)
        {
            told_in_vain(why, &context);
            answer.result = Ok(before);
            break;
        }
    }
    attempt
}

/// Why a further turn brought nothing, unless the task is put off or not wanted: then nothing is lost.
fn cost(error: &BackendError) -> Option<&Failure> {
    match error {
        BackendError::Permanent(failure) | BackendError::Retryable { failure, .. } => Some(failure),
        BackendError::Unavailable { .. } | BackendError::Cancelled => None,
    }
}

/// Says that a further turn failed. A message costs no result.
fn told_in_vain(why: &Failure, context: &JobContext) {
    let text = format!(
        "the further turn for what people said failed ({}): the result before it counts",
        why.message
    );
    let text = context.redact.text(&text);
    // A closed channel means that nobody keeps a journal of this job.
    let _ = context.notices.send(Notice::Report(Report::Log { level: Level::Warn, text }));
}

/// The result of a conversation with several turns: where the last one failed, that of the one before.
pub(crate) fn kept(
    result: Result<Handoff, BackendError>,
    before: Option<Handoff>,
    context: &JobContext,
) -> Result<Handoff, BackendError> {
    if let (Err(error), Some(before)) = (&result, before)
        && let Some(why) = cost(error)
    {
        told_in_vain(why, context);
        return Ok(before);
    }
    result
}

/// One turn of an agent that is told messages at its beginning only, and the number of the last message
/// that it was told.
async fn turn(backend: &dyn Backend, job: &Job, context: &JobContext) -> (Attempt, u64) {
    let messages = context.inbox.all();
    let told = last(&messages);
    heard(context, told);
    let (stop, stopped) = watch::channel(*context.cancelled.borrow());
    let inner = JobContext { cancelled: stopped, inbox: Inbox::of(messages), ..context.clone() };
    let mut work = backend.perform(job, &inner);
    let mut interrupt = pin!(async {
        context.inbox.urgent(told).await;
        if context.tools.as_ref().is_some_and(|tools| tools.did_once()) {
            std::future::pending::<()>().await;
        }
    });
    let (mut gone, mut interrupted) = (false, false);
    let answer = loop {
        tokio::select! {
            biased;
            answer = &mut work => break answer,
            () = cancelled(context), if !gone => {
                gone = true;
                stop.send_replace(true);
            }
            () = &mut interrupt, if !interrupted => {
                interrupted = true;
                stop.send_replace(true);
            }
        }
    };
    // What it brought all the same is its result.
    let attempt = match (&answer.result, interrupted && !gone) {
        (Err(BackendError::Cancelled), true) => Attempt::Interrupted(answer),
        _ => Attempt::Ended(answer),
    };
    (attempt, told)
}

/// Why an attempt ended that was interrupted.
pub(crate) fn interruption() -> Failure {
    let message = "a person sent an urgent message";
    Failure::new(FailureKind::Cancelled, INTERRUPTED, message)
}

#[cfg(test)]
mod tests;
