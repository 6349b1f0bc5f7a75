//! What performs agent tasks.

mod context;
mod job;
mod meter;
mod notice;
mod redact;

use std::future::Future;
use std::pin::Pin;

use baton_core::handoff::{Failure, Handoff, Usage};
use baton_core::record::{Effect, Outage};

pub use self::context::{JobContext, Toolbox};
pub use self::job::{ATTEMPT_MS_DEFAULT, Guidance, Job, Skill};
pub use self::meter::{Asked, LetGo, Meter, Turn};
pub use self::notice::{Activity, Notice, Passed};
pub use self::redact::{InPieces, Redact};
pub use crate::inbox::{Inbox, Message, Steering};

/// A future of a backend, without a name.
pub type BackendFuture<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// How an attempt failed, as far as it decides what happens next.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BackendError {
    /// Another attempt may succeed.
    Retryable {
        /// Why.
        failure: Failure,
        /// Not before so many milliseconds.
        after_ms: Option<u64>,
    },
    /// Another attempt would fail the same way.
    Permanent(Failure),
    /// The provider serves nobody for now: the task is not done, and nothing further should start
    /// there.
    Unavailable {
        /// What is wrong with the provider.
        outage: Outage,
        /// Why.
        failure: Failure,
        /// When it may be over, in milliseconds from now; none: not known.
        after_ms: Option<u64>,
    },
    /// The result was not wanted any more.
    Cancelled,
}

/// What an attempt brought and consumed.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The handoff, or why there is none.
    pub result: Result<Handoff, BackendError>,
    /// What was consumed, also by failures.
    pub usage: Usage,
}

/// Something that performs agent tasks.
pub trait Backend: Send + Sync {
    /// How it is written on the command line, such as `component:docs-auditor`.
    fn name(&self) -> &str;

    /// What a repeat of a task would do outside.
    fn effect(&self) -> Effect;

    /// Whose outages stop it: the name of its provider. Backends that share one stop together.
    fn provider(&self) -> &str {
        self.name()
    }

    /// Whether what it does can change files of the granted directory.
    fn can_write(&self) -> bool {
        true
    }

    /// Whether an attempt goes on where the one before ended, with what was said and done then. If
    /// not, it begins anew, and none follows one in whose name a tool did what must not happen twice.
    fn continues(&self) -> bool {
        false
    }

    /// When it can be told what people say. One that takes messages at its next step sends
    /// [`Notice::Heard`] by itself; for all others whoever calls it does.
    fn takes_messages(&self) -> Steering {
        Steering::Attempt
    }

    /// Whether an attempt at `job` keeps something to its end that is not in `less`: the same job after
    /// policy denied more. Such an attempt is ended, and another one begins with `less`. What asks for
    /// each use ([`JobContext::denied`]) keeps nothing.
    fn keeps(&self, _job: &Job, _less: &Job) -> bool {
        false
    }

    /// Makes one attempt. Output is not yet checked against a schema. Must end soon after
    /// `context.cancelled` becomes true, and leave nothing running.
    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer>;
}
