//! Models as agents: a conversation with a model that has tools, until it hands in.
//!
//! One task is one conversation (one for each step of a ladder of models). Before every call the
//! agent's meter is asked for room, after it what was said is put on record; a later attempt reads the
//! conversation back and goes on where the one before ended, whatever ended it. Calls of tools whose
//! results are not on record are made again where that does no harm; of the others the model is told
//! that they were interrupted.
//!
//! What people say to the agent is told to the model with the next call, once in every conversation; a
//! request on its way is dropped for what is urgent, and a result is not taken before all was told.
//!
//! What ends a task here, beside its result:
//!
//! | kind | codes |
//! |---|---|
//! | `limit` | `turns` `tool-calls` `tokens` `budget-tokens` `budget-output-tokens` `budget-cost` `context` `output-length` `result-bytes` |
//! | `invalid-output` | `schema` `submission` `not-submitted` |
//! | `failed` | `empty-output` `model-refused` `model-stopped`, and those of the provider's errors |
//! | `timed-out` | `timeout` `stalled` |
//! | `internal` | `transcript` `root` |
//!
//! **Attempts at a schema.** A result that does not fit is answered within the conversation, as often
//! as the task says (`schema_attempts`); refused results of all attempts of a step count together, and
//! it does not matter whether the schema or a place that is cited was the reason. What
//! [`work`](crate::work()) gets from here fits, so that no further attempt of its own follows.

mod bounds;
mod builtin;
mod call;
mod catalog;
mod clock;
mod conversation;
mod dialect;
mod exchange;
mod files;
mod free;
mod offers;
mod opening;
mod people;
mod prompt;
mod redact;
mod result;
mod session;
mod submission;
mod submit;
mod tools;
pub mod transcript;
mod trouble;

use std::sync::Arc;

use baton_core::handoff::Usage;
use baton_core::json::Json;
use baton_core::model::Price;
use baton_core::record::Effect;
use baton_host::files::Root;
use baton_models::ModelApi;
use baton_models::rate::Gate;

use crate::backend::{Answer, Backend, BackendFuture, Job, JobContext, Steering};
use session::Session;

pub use free::FreeMeter;
pub use opening::opening;
pub use transcript::TurnContent;

/// Whether a tool of this name is built in: a call of it is part of the conversation, and no task of
/// its own.
#[must_use]
pub fn is_builtin(name: &str) -> bool {
    catalog::Builtin::ALL.iter().any(|tool| tool.name() == name)
}

/// The file that a call of a built-in tool reads; none: it reads none, or not one alone.
#[must_use]
pub fn file_read(name: &str, input: &Json) -> Option<String> {
    let reads = name == catalog::Builtin::ReadFile.name();
    let input = reads.then(|| input.value())?;
    input.get("path")?.as_str().map(|path| builtin::plain(path).to_owned())
}

/// A model that performs tasks with tools.
///
/// Beside the tools it is given it reads files within the scope of its task, and reads and writes what
/// its authority lets it, as far as its agent type leaves it the tools for that. The usage of its
/// answers holds neither tokens nor money: those are settled call by call.
pub struct ModelBackend {
    name: String,
    provider: String,
    model: String,
    price: Price,
    api: Arc<dyn ModelApi>,
    gate: Option<Arc<Gate>>,
    root: Option<Arc<Root>>,
}

impl ModelBackend {
    /// A backend for a model of a provider. `name` is the whole name, such as
    /// `anthropic:claude-haiku-4-5`. `gate` is the room in the provider's rates, for all of its
    /// models together; none: without a limit. `root` is the granted directory.
    #[must_use]
    pub fn new(
        name: String,
        provider: String,
        model: String,
        price: Price,
        api: Arc<dyn ModelApi>,
        gate: Option<Arc<Gate>>,
        root: Option<Arc<Root>>,
    ) -> Self {
        Self { name, provider, model, price, api, gate, root }
    }
}

impl Backend for ModelBackend {
    fn name(&self) -> &str {
        &self.name
    }

    fn effect(&self) -> Effect {
        Effect::Repeatable
    }

    fn provider(&self) -> &str {
        &self.provider
    }

    fn continues(&self) -> bool {
        true
    }

    fn takes_messages(&self) -> Steering {
        Steering::Step
    }

    fn perform<'a>(&'a self, job: &'a Job, context: &'a JobContext) -> BackendFuture<'a, Answer> {
        Box::pin(async move {
            let result = match Session::new(self, job, context).await {
                Ok(session) => session.run().await,
                Err(error) => Err(error),
            };
            Answer { result, usage: Usage::default() }
        })
    }
}
