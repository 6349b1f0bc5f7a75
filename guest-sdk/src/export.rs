//! The exports of both worlds, called by the expansion of the attributes.

use std::future::Future;

use serde::de::DeserializeOwned;

use crate::context::{AgentCx, Cx};
use crate::entry;
use crate::error::Error;
use crate::handoff::IntoHandoff;
use crate::host::component::bindings::baton::runtime::types::AgentTask;
use crate::host::component::{Component, RawEnd, raw_end, task};
use crate::task::Task;

/// Export `run` of world `workflow`.
pub fn run<I, O, E, F>(input: &str, body: impl FnOnce(Cx, I) -> F) -> RawEnd
where
    I: DeserializeOwned,
    O: IntoHandoff,
    E: Into<Error>,
    F: Future<Output = Result<O, E>>,
{
    raw_end(entry::run(Cx::new(Component::new()), input, body))
}

/// Export `perform` of world `agent`, by a function that is not `async`.
pub fn perform<I, O, E>(
    raw: AgentTask,
    body: impl FnOnce(AgentCx, Task<I>) -> Result<O, E>,
) -> RawEnd
where
    I: DeserializeOwned,
    O: IntoHandoff,
    E: Into<Error>,
{
    raw_end(entry::perform(AgentCx::new(Component::new()), task(raw), body))
}

/// Export `perform` of world `agent`, by an `async` function.
pub fn perform_async<I, O, E, F>(raw: AgentTask, body: impl FnOnce(AgentCx, Task<I>) -> F) -> RawEnd
where
    I: DeserializeOwned,
    O: IntoHandoff,
    E: Into<Error>,
    F: Future<Output = Result<O, E>>,
{
    raw_end(entry::perform_async(AgentCx::new(Component::new()), task(raw), body))
}
