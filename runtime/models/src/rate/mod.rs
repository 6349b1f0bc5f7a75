//! Room in the rates of a provider.

mod window;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use baton_core::model::ProviderDefinition;
use tokio::sync::{Notify, oneshot};
use tokio::time::Instant;

use window::Window;

/// Lets requests to one provider begin as its limits allow: so many a minute, so many tokens a minute,
/// so many at once. A minute is any sixty seconds, so that no two of them can share a burst.
///
/// Who waits is served in turn: one request of each run, whatever a run has asked for before, and
/// within a run in the order of asking. Clones are the same gate.
#[derive(Clone, Debug)]
pub struct Gate {
    shared: Arc<Mutex<State>>,
    /// Told when a place was given back: whoever waits may have another moment to wait for.
    changed: Arc<Notify>,
}

#[derive(Debug)]
struct State {
    concurrency: usize,
    at_work: usize,
    window: Window,
    /// Runs that wait, the next first, each with its requests in order.
    waiting: VecDeque<(String, VecDeque<Waiter>)>,
}

#[derive(Debug)]
struct Waiter {
    tokens: u64,
    go: oneshot::Sender<Ticket>,
}

/// Room for one request. Dropped, it gives back its place and counts with the tokens it was given for.
#[derive(Debug)]
pub struct Ticket {
    gate: Gate,
    entry: u64,
}

impl Gate {
    /// A gate with the limits of a provider. A limit of 0 lets one pass, and then one a minute.
    #[must_use]
    pub fn new(definition: &ProviderDefinition) -> Self {
        let most = |limit: Option<u32>| limit.map_or(usize::MAX, |limit| limit.max(1) as usize);
        let requests = most(definition.requests_per_minute);
        let tokens = definition.tokens_per_minute.unwrap_or(u64::MAX);
        let state = State {
            concurrency: most(definition.concurrency),
            at_work: 0,
            window: Window::new(requests, tokens),
            waiting: VecDeque::new(),
        };
        Self { shared: Arc::new(Mutex::new(state)), changed: Arc::default() }
    }

    /// Waits for room for a request of about so many tokens, input and output together. One that is
    /// larger than a whole minute's limit begins when nothing else has in the last minute. Dropping the
    /// future gives up the place in the queue.
    pub async fn acquire(&self, run: &str, tokens: u64) -> Ticket {
        let (go, mut gone) = oneshot::channel();
        self.state().queue(run, Waiter { tokens, go });
        loop {
            let changed = self.changed.notified();
            let next = self.serve();
            tokio::select! {
                biased;
                ticket = &mut gone => {
                    if let Ok(ticket) = ticket {
                        return ticket;
                    }
                    // Nobody drops a waiter without serving it.
                    std::future::pending::<()>().await;
                }
                () = changed => {}
                () = until(next) => {}
            }
        }
    }

    /// Serves whom there is room for. When there may be room for more without anybody giving any back.
    fn serve(&self) -> Option<Instant> {
        // A ticket that nobody takes is dropped when the state is free again: it serves others then.
        let mut untaken = Vec::new();
        let next = {
            let mut state = self.state();
            loop {
                match state.next(Instant::now()) {
                    Ok(Some((waiter, entry))) => {
                        let ticket = Ticket { gate: self.clone(), entry };
                        if let Err(ticket) = waiter.go.send(ticket) {
                            untaken.push(ticket);
                        }
                    }
                    Ok(None) => break None,
                    Err(next) => break next,
                }
            }
        };
        drop(untaken);
        next
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.shared.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn until(moment: Option<Instant>) {
    match moment {
        Some(moment) => tokio::time::sleep_until(moment).await,
        None => std::future::pending().await,
    }
}

impl State {
    fn queue(&mut self, run: &str, waiter: Waiter) {
        match self.waiting.iter_mut().find(|(name, _)| name == run) {
            Some((_, waiters)) => waiters.push_back(waiter),
            None => self.waiting.push_back((run.to_owned(), VecDeque::from([waiter]))),
        }
    }

    /// The next whom there is room for; none: nobody waits. An error: there is no room before that
    /// moment, or before somebody gives a place back.
    fn next(&mut self, now: Instant) -> Result<Option<(Waiter, u64)>, Option<Instant>> {
        self.waiting.retain_mut(|(_, waiters)| {
            waiters.retain(|waiter| !waiter.go.is_closed());
            !waiters.is_empty()
        });
        let Some(tokens) =
            self.waiting.front().and_then(|(_, queue)| queue.front()).map(|w| w.tokens)
        else {
            return Ok(None);
        };
        if self.at_work >= self.concurrency {
            return Err(None);
        }
        let entry = self.window.admit(now, tokens).map_err(Some)?;
        self.at_work += 1;
        let taken = self.waiting.pop_front().and_then(|(run, mut waiters)| {
            let waiter = waiters.pop_front();
            if !waiters.is_empty() {
                self.waiting.push_back((run, waiters));
            }
            waiter
        });
        Ok(taken.map(|waiter| (waiter, entry)))
    }
}

impl Ticket {
    /// Says how many tokens it were, and gives the place back.
    pub fn settle(self, tokens: u64) {
        self.gate.state().window.correct(self.entry, tokens);
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        self.gate.state().at_work -= 1;
        self.gate.serve();
        self.gate.changed.notify_waiters();
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
mod tests;
