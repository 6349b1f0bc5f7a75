//! What people say to agents: in words, as JSON, and with the attempts of those that cannot be told
//! anything in between.

use baton_core::handoff::{Failure, FailureKind, Handoff};
use baton_core::report::{Level, Report};
use baton_core::scope::Denials;
use serde_json::{Value, json};
use tokio::time::Instant;

use crate::backend::{
    Answer, Backend, BackendError, Inbox, Job, JobContext, Message, Notice, Redact, Steering,
};
use crate::denied::{narrow, narrowed};
use crate::stop::Leash;

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
pub(crate) struct Attempt {
    /// What it came to.
    pub answer: Answer,
    /// Why another one is to begin at once; none: it ended by itself.
    pub interrupted: Option<Interruption>,
}

/// Why an attempt was ended.
pub(crate) struct Interruption {
    /// A person had something urgent to say, or policy denies something that it had.
    pub why: Failure,
    /// What a turn before had brought.
    pub before: Option<Handoff>,
}

/// Makes one attempt. An agent that takes messages with a turn or an attempt only gets those that are
/// there; an urgent one that comes later ends the attempt, unless a tool did in its name what must not
/// happen twice. Where the agent has a session, what it was not told before its result is told in a
/// further turn, as long as the attempt has time, and the result is that of the last turn that brought one.
/// What policy denies beyond `denied`, of which the job has nothing, ends an attempt that would keep it.
pub(crate) async fn perform(
    backend: &dyn Backend,
    job: &Job,
    denied: &Denials,
    context: &JobContext,
) -> Attempt {
    let steering = backend.takes_messages();
    let began = Instant::now();
    let Turn { answer, told, why } = turn(backend, job, denied, context).await;
    let mut context = context.clone();
    let (mut answer, mut told) = match why {
        Some(why) => {
            return Attempt { answer, interrupted: Some(Interruption { why, before: None }) };
        }
        None => (answer, told),
    };
    while steering == Steering::Turn
        && let Ok(handoff) = &answer.result
        && !context.inbox.after(told).is_empty()
        && context.sessions.get(job.rung).is_some()
        && !*context.cancelled.borrow()
    {
        let spent = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
        let timeout_ms = job.timeout_ms.saturating_sub(spent);
        if timeout_ms == 0 {
            break;
        }
        let (before, usage) = (handoff.clone(), answer.usage);
        context.turn = context.turn.saturating_add(1);
        let further = Job { timeout_ms, corrections: Vec::new(), ..job.clone() };
        let next = turn(backend, &further, denied, &context).await;
        (answer, told) = (next.answer, next.told);
        answer.usage.add(&usage);
        if let Some(why) = next.why {
            let before = Some(before);
            return Attempt { answer, interrupted: Some(Interruption { why, before }) };
        }
        if let Err(error) = &answer.result
            && let Some(why) = in_vain(error)
        {
            told_in_vain(why, &context);
            answer.result = Ok(before);
            break;
        }
    }
    Attempt { answer, interrupted: None }
}

/// Why a further turn brought nothing, unless the task is put off or not wanted: then nothing is lost.
fn in_vain(error: &BackendError) -> Option<&Failure> {
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
        && let Some(why) = in_vain(error)
    {
        told_in_vain(why, context);
        return Ok(before);
    }
    result
}

/// One turn of an agent.
struct Turn {
    answer: Answer,
    /// Number of the last message that it was told at its beginning.
    told: u64,
    /// Why another attempt is to begin at once; none: it ended by itself.
    why: Option<Failure>,
}

/// Makes one turn. Who takes messages at its next step gets them there.
async fn turn(backend: &dyn Backend, job: &Job, denied: &Denials, context: &JobContext) -> Turn {
    let steering = backend.takes_messages();
    let messages = context.inbox.all();
    let told = last(&messages);
    let (leash, mut inner) = Leash::new(context);
    if steering != Steering::Step {
        heard(context, told);
        inner.inbox = Inbox::of(messages);
    }
    let urgent = async {
        context.inbox.urgent(told).await;
        let did_once = context.tools.as_ref().is_some_and(|tools| tools.did_once());
        if steering == Steering::Step || did_once {
            std::future::pending::<()>().await;
        }
    };
    let reason = async {
        tokio::select! {
            failure = taken_away(backend, job, denied, context) => failure,
            () = urgent => interruption(),
        }
    };
    let work = backend.perform(job, &inner);
    let (answer, why) = leash.hold(context, work, reason).await;
    // What it brought all the same is its result.
    let why = why.filter(|_| matches!(answer.result, Err(BackendError::Cancelled)));
    Turn { answer, told, why }
}

/// Ends when policy denies something more that an attempt would keep, with why.
async fn taken_away(
    backend: &dyn Backend,
    job: &Job,
    denied: &Denials,
    context: &JobContext,
) -> Failure {
    let keeps = |now: &Denials| {
        let mut less = job.clone();
        narrow(&mut less, now);
        backend.keeps(job, &less)
    };
    let now = context.denied.more(denied, keeps).await;
    narrowed(denied, &now)
}

/// Why an attempt ended that was interrupted.
pub(crate) fn interruption() -> Failure {
    let message = "a person sent an urgent message";
    Failure::new(FailureKind::Cancelled, INTERRUPTED, message)
}

#[cfg(test)]
mod tests;
