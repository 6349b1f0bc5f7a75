//! A set of futures of which only the woken ones are polled.

use std::collections::VecDeque;
use std::future::{Future, IntoFuture, poll_fn};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Wake, Waker};

/// Futures that run together. Polled for the first time in the order of their numbers, later in
/// the order in which they were woken. Polling only those keeps a fan-out of `n` at `n` polls per
/// round of completions instead of `n²`.
pub(super) struct Children<F> {
    futures: Vec<Option<Pin<Box<F>>>>,
    open: usize,
    board: Arc<Board>,
}

/// Who was woken, in order. `Waker` wants `Send + Sync`, hence the mutex; there is one thread.
#[derive(Default)]
struct Board(Mutex<Woken>);

#[derive(Default)]
struct Woken {
    queue: VecDeque<usize>,
    queued: Vec<bool>,
    parent: Option<Waker>,
}

struct ChildWaker {
    child: usize,
    board: Arc<Board>,
}

impl Board {
    fn woken(&self) -> MutexGuard<'_, Woken> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Woken {
    fn enqueue(&mut self, child: usize) {
        if let Some(queued) = self.queued.get_mut(child)
            && !std::mem::replace(queued, true)
        {
            self.queue.push_back(child);
        }
    }

    fn dequeue(&mut self) -> Option<usize> {
        let child = self.queue.pop_front()?;
        if let Some(queued) = self.queued.get_mut(child) {
            *queued = false;
        }
        Some(child)
    }
}

impl Wake for ChildWaker {
    fn wake(self: Arc<Self>) {
        self.wake_by_ref();
    }

    fn wake_by_ref(self: &Arc<Self>) {
        let mut woken = self.board.woken();
        woken.enqueue(self.child);
        let parent = woken.parent.take();
        drop(woken);
        if let Some(parent) = parent {
            parent.wake();
        }
    }
}

impl<F: Future> Children<F> {
    pub(super) fn of<I>(calls: I) -> Self
    where
        I: IntoIterator,
        I::Item: IntoFuture<IntoFuture = F>,
    {
        let futures: Vec<_> =
            calls.into_iter().map(|call| Some(Box::pin(call.into_future()))).collect();
        let woken = Woken {
            queue: (0..futures.len()).collect(),
            queued: vec![true; futures.len()],
            parent: None,
        };
        Self { open: futures.len(), futures, board: Arc::new(Board(Mutex::new(woken))) }
    }

    pub(super) fn len(&self) -> usize {
        self.futures.len()
    }

    /// The number and output of the next child that ends; none when all have ended.
    pub(super) async fn next(&mut self) -> Option<(usize, F::Output)> {
        poll_fn(|context| self.poll_next(context)).await
    }

    fn poll_next(&mut self, context: &mut Context<'_>) -> Poll<Option<(usize, F::Output)>> {
        if self.open == 0 {
            return Poll::Ready(None);
        }
        loop {
            let mut woken = self.board.woken();
            let Some(child) = woken.dequeue() else {
                woken.parent = Some(context.waker().clone());
                return Poll::Pending;
            };
            drop(woken);
            let Some(slot) = self.futures.get_mut(child) else {
                continue;
            };
            let Some(future) = slot else { continue };
            let waker = Waker::from(Arc::new(ChildWaker { child, board: Arc::clone(&self.board) }));
            if let Poll::Ready(output) = future.as_mut().poll(&mut Context::from_waker(&waker)) {
                *slot = None;
                self.open -= 1;
                return Poll::Ready(Some((child, output)));
            }
        }
    }
}
