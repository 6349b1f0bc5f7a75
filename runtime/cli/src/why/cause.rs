//! Everything that can be the answer to "why".

mod ends;
mod phrases;
mod turned_down;
mod words;

use baton_core::gate::GateSpec;
use baton_core::handoff::{Failure, FailureKind, Outcome};
use baton_core::ids::{RunId, TaskId, TaskPath, Timestamp};
use baton_core::record::{Fork, Pause, Reuse};
use baton_core::refusal::Refusal;
use baton_core::reuse::Miss;
use baton_core::tool::Denial;

use super::story::{Message, PutOff};

pub use self::words::Telling;

/// What a task is called in a sentence: its place, and its label if it has one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Name {
    /// Its place.
    pub path: TaskPath,
    /// Its label.
    pub label: Option<String>,
}

/// Whether a message was heard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hearing {
    /// It is for a workflow, which hears it in its inbox.
    Inbox,
    /// Its agent was told.
    Told,
    /// Its agent was not told yet.
    NotYet,
    /// Its agent ended before it was told.
    TooLate,
}

/// One answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cause {
    /// The run ended with a result.
    Done {
        /// What it says of itself.
        summary: String,
    },
    /// The run or task ended without a result.
    Failed(Failure),
    /// A person cancelled it, or a workflow.
    Cancelled {
        /// Who.
        by: String,
    },
    /// Nobody drives the run: whoever did is gone.
    Nobody {
        /// Since the last record.
        since: Timestamp,
        /// Whether anything of it was done.
        begun: bool,
    },
    /// The run is paused; and what the gate asks that it may wait for.
    Paused(Pause, Option<Box<GateSpec>>),
    /// A person asked it to pause, and what is at work has not ended.
    Pausing {
        /// Who.
        by: String,
        /// What is at work is interrupted.
        now: bool,
    },
    /// Somebody drives the run.
    Driven {
        /// Tasks at work.
        working: u64,
        /// Tasks that wait.
        waiting: u64,
    },
    /// It waits until another task ends: all places are taken.
    Place {
        /// How many places there are.
        places: u32,
        /// Who has them.
        holders: Vec<Name>,
    },
    /// It was asked for and nothing keeps it from starting.
    Due,
    /// It waits for the run: that is paused, or nobody drives it.
    Run,
    /// It waits for a provider of models.
    Provider(PutOff),
    /// It waits for a moment.
    Timer {
        /// When.
        due: Timestamp,
    },
    /// It waits for a person's answer.
    Gate {
        /// The question.
        spec: Box<GateSpec>,
        /// When it is too late.
        due: Option<Timestamp>,
    },
    /// A workflow waits for what it spawned.
    Children {
        /// Those that are open.
        open: Vec<Name>,
    },
    /// A workflow with nothing open takes messages.
    Listening,
    /// A workflow computes, or nobody told what it does.
    Computing,
    /// It is at work, and told so lately.
    Working {
        /// The call of a model under way.
        calling: Option<String>,
        /// Since it started.
        since: Timestamp,
    },
    /// It is at work, and nothing was heard of it for long.
    Silent {
        /// Since when.
        since: Timestamp,
        /// The call of a model under way.
        calling: Option<String>,
        /// Who performs it.
        backend: String,
    },
    /// It ended with a result.
    Ended {
        /// What it says of itself.
        summary: String,
    },
    /// A request of a workflow was turned down.
    Refused(Refusal),
    /// An attempt failed, and another followed.
    Retried {
        /// The attempt.
        attempt: u32,
        /// Why.
        failure: Failure,
    },
    /// A provider put an attempt off.
    PutOff(PutOff),
    /// It has the result of a task of another run.
    Reused {
        /// That task.
        from: TaskId,
    },
    /// It was performed although another run could be reused.
    NotReused {
        /// Why.
        miss: Miss,
        /// The other run.
        run: Option<RunId>,
    },
    /// How many tasks of a run were reused and how many were not.
    ReuseCount {
        /// The other run.
        reuse: Reuse,
        /// Reused.
        reused: u64,
        /// Performed.
        performed: u64,
    },
    /// A person let it begin anew.
    Restarted {
        /// Who.
        by: String,
        /// Why, in their words.
        note: Option<String>,
    },
    /// The run was forked from another.
    Forked(Box<Fork>),
    /// The task is from the run that this one was forked from.
    Shared {
        /// That run.
        run: RunId,
    },
    /// The run follows up another.
    Follows {
        /// That run.
        run: RunId,
    },
    /// A person sent a message.
    Messaged {
        /// What they said.
        message: Message,
        /// Whether it was heard.
        heard: Hearing,
    },
    /// It tried what it may not do.
    Denied(Denial),
    /// Policy denied it something after it had begun.
    Narrowed {
        /// Where that is said.
        by: String,
        /// What: patterns with their capabilities.
        what: Vec<String>,
    },
    /// The run was paused and went on.
    WasPaused {
        /// Why.
        pause: Pause,
        /// Who went on.
        by: String,
    },
    /// The run was taken over from an owner that was gone.
    TakenOver {
        /// By whom.
        by: String,
    },
    /// There are more of the kind before.
    More {
        /// How many.
        more: u64,
        /// Of what, in words.
        what: &'static str,
    },
}

impl Cause {
    /// The cause as a word, for programs.
    #[must_use]
    pub fn code(&self) -> &'static str {
        match self {
            Self::Done { .. } | Self::Ended { .. } => "done",
            Self::Failed(failure) if failure.kind == FailureKind::Cancelled => "cancelled",
            Self::Failed(_) => "failed",
            Self::Cancelled { .. } => "cancelled",
            Self::Nobody { .. } => "interrupted",
            Self::Paused(pause, _) => match pause {
                Pause::Cap { .. } => "paused-cap",
                Pause::Provider { .. } => "paused-provider",
                Pause::Person { .. } => "paused-person",
                Pause::Gate { .. } => "paused-gate",
                Pause::Message => "paused-message",
                Pause::Interrupted => "interrupted",
            },
            Self::Pausing { .. } => "pausing",
            Self::Driven { .. } => "driven",
            Self::Place { .. } => "waits-place",
            Self::Due => "due",
            Self::Run => "waits-run",
            Self::Provider(_) => "waits-provider",
            Self::Timer { .. } => "waits-timer",
            Self::Gate { .. } => "waits-gate",
            Self::Children { .. } => "waits-tasks",
            Self::Listening => "waits-message",
            Self::Computing => "computes",
            Self::Working { .. } => "works",
            Self::Silent { .. } => "silent",
            Self::Refused(_) => "refused",
            Self::Retried { .. } => "retried",
            Self::PutOff(_) => "put-off",
            Self::Reused { .. } => "reused",
            Self::NotReused { .. } => "not-reused",
            Self::ReuseCount { .. } => "reuses",
            Self::Restarted { .. } => "restarted",
            Self::Forked(_) => "forked",
            Self::Shared { .. } => "shared",
            Self::Follows { .. } => "follows",
            Self::Messaged { .. } => "messaged",
            Self::Denied(_) => "denied",
            Self::Narrowed { .. } => "narrowed",
            Self::WasPaused { .. } => "was-paused",
            Self::TakenOver { .. } => "taken-over",
            Self::More { .. } => "more",
        }
    }
}

/// Whether an outcome has a result.
#[must_use]
pub fn ended(outcome: &Outcome, root: bool) -> Cause {
    match outcome {
        Outcome::Failed(failure) => Cause::Failed(failure.clone()),
        Outcome::Done(handoff) if root => Cause::Done { summary: handoff.summary.clone() },
        Outcome::Done(handoff) => Cause::Ended { summary: handoff.summary.clone() },
    }
}
