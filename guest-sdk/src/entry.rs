//! From JSON to the functions of the guest and back: what the exports of both worlds do.

use std::future::Future;
use std::pin::pin;
use std::rc::Rc;
use std::task::{Context, Poll, Waker};

use serde::de::DeserializeOwned;

use crate::context::{AgentCx, Cx};
use crate::error::Error;
use crate::failure::Failure;
use crate::handoff::{Handoff, IntoHandoff};
use crate::task::Task;

/// What a guest ends with: the output is JSON text.
pub(crate) type End = Result<Handoff<String>, Failure>;

/// World `workflow`.
pub(crate) fn run<I, O, E, F>(cx: Cx, input: &str, body: impl FnOnce(Cx, I) -> F) -> End
where
    I: DeserializeOwned,
    O: IntoHandoff,
    E: Into<Error>,
    F: Future<Output = Result<O, E>>,
{
    let input = parse(input)?;
    let shared = Rc::clone(&cx.shared);
    finish(shared.block_on(body(cx, input))?)
}

/// World `agent`, by a function that is not `async`.
pub(crate) fn perform<I, O, E>(
    cx: AgentCx,
    task: Task<String>,
    body: impl FnOnce(AgentCx, Task<I>) -> Result<O, E>,
) -> End
where
    I: DeserializeOwned,
    O: IntoHandoff,
    E: Into<Error>,
{
    let input = parse(&task.input)?;
    finish(body(cx, task.with_input(input)))
}

/// World `agent`, by an `async` function. An agent has nothing to wait for, so its future is ready
/// at the first poll or never.
pub(crate) fn perform_async<I, O, E, F>(
    cx: AgentCx,
    task: Task<String>,
    body: impl FnOnce(AgentCx, Task<I>) -> F,
) -> End
where
    I: DeserializeOwned,
    O: IntoHandoff,
    E: Into<Error>,
    F: Future<Output = Result<O, E>>,
{
    perform(cx, task, |cx, task| {
        let mut context = Context::from_waker(Waker::noop());
        match pin!(body(cx, task)).poll(&mut context) {
            Poll::Ready(end) => end.map_err(Into::into),
            Poll::Pending => Err(Error::new(
                "nothing-to-wait-for",
                "the agent waits, but nothing can ever reach it",
            )),
        }
    })
}

fn finish<O: IntoHandoff, E: Into<Error>>(end: Result<O, E>) -> End {
    end.map_err(Into::into).and_then(IntoHandoff::into_handoff).map_err(Error::into_failure)
}

fn parse<I: DeserializeOwned>(input: &str) -> Result<I, Failure> {
    serde_json::from_str(input).map_err(|error| {
        Error::new("bad-input", format!("the input does not fit: {error}")).into_failure()
    })
}
