//! Text that people send to a run.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};

use crate::executor::Shared;

/// Text that a person sent to the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it, as they named themselves.
    pub sender: String,
    /// The text: at most 64 KiB.
    pub text: String,
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
