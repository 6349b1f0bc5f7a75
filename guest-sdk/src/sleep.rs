//! Durable timers.

use std::future::Future;
use std::pin::Pin;
use std::rc::Rc;
use std::task::{Context, Poll};
use std::time::Duration;

use crate::error::TaskError;
use crate::executor::{Request, Shared, TaskFuture};

/// A durable timer; made by [`Cx::sleep`](crate::Cx::sleep). Dropping it cancels it.
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep(TaskFuture);

impl Sleep {
    pub(crate) fn new(shared: Rc<Shared>, duration: Duration) -> Self {
        // Rounded up: a timer must not end before its time.
        let milliseconds = duration.as_nanos().div_ceil(1_000_000);
        let milliseconds = u64::try_from(milliseconds).unwrap_or(u64::MAX);
        Self(TaskFuture::new(shared, Ok(Request::Sleep(milliseconds))))
    }
}

impl Future for Sleep {
    type Output = Result<(), TaskError>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        Pin::new(&mut self.0).poll(context).map_ok(|_| ())
    }
}
