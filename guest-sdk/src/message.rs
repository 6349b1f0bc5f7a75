//! Text that people send to a run.
//!
//! A workflow that asks for messages says so to its host; from then on it may wait for nothing but a
//! message. One that never asks gets none, and whoever sends one is told.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::executor::Shared;

/// Text that a person sent to the run, or to an agent.
#[derive(Clone, Debug, PartialEq, Eq, serde::Deserialize)]
pub struct Message {
    /// Who sent it, as they named themselves.
    pub sender: String,
    /// The text: at most 64 KiB.
    pub text: String,
}

/// The messages of a run, as they come; made by [`Cx::messages`](crate::Cx::messages).
///
/// ```no_run
/// # use baton_guest::prelude::*;
/// # async fn example(cx: Cx) -> Result<()> {
/// let mut messages = cx.messages();
/// loop {
///     let message = messages.next().await;
///     if message.text == "enough" {
///         return Ok(());
///     }
///     cx.agent(message.text).await?;
/// }
/// # }
/// ```
pub struct Messages {
    shared: Rc<Shared>,
}

impl Messages {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        shared.listen();
        Self { shared }
    }

    /// The next message. There is always another: a run that waits for nothing else waits until
    /// somebody sends one, or ends it.
    #[expect(
        clippy::should_implement_trait,
        reason = "a stream of futures, as `next` of streams is"
    )]
    pub fn next(&mut self) -> MessageFuture {
        MessageFuture::new(Rc::clone(&self.shared))
    }
}

/// The next message; made by [`Cx::message`](crate::Cx::message). Each message is delivered once.
#[must_use = "futures do nothing unless awaited"]
pub struct MessageFuture {
    shared: Rc<Shared>,
    listener: u64,
}

impl MessageFuture {
    pub(crate) fn new(shared: Rc<Shared>) -> Self {
        let listener = shared.listener();
        Self { shared, listener }
    }
}

impl Future for MessageFuture {
    type Output = Message;

    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Message> {
        self.shared.poll_message(self.listener, context.waker())
    }
}

impl Drop for MessageFuture {
    fn drop(&mut self) {
        self.shared.stop_listening(self.listener);
    }
}
