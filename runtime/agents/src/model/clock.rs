//! The time of an attempt.

use std::future::Future;
use std::time::Duration;

use tokio::time::Instant;

/// How long an attempt may still take. Waits for room are not the agent's and do not count.
#[derive(Clone, Copy, Debug)]
pub(super) struct Clock {
    end: Instant,
}

impl Clock {
    /// A clock that begins now.
    pub(super) fn new(timeout_ms: u64) -> Self {
        Self { end: after(Instant::now(), Duration::from_millis(timeout_ms)) }
    }

    /// Waits for something while the clock stands still.
    pub(super) async fn aside<T>(&mut self, wait: impl Future<Output = T>) -> T {
        let begin = Instant::now();
        let done = wait.await;
        self.end = after(self.end, begin.elapsed());
        done
    }

    /// Ends when the time is over.
    pub(super) async fn over(self) {
        tokio::time::sleep_until(self.end).await;
    }

    /// Whether the time is over.
    pub(super) fn is_over(&self) -> bool {
        Instant::now() >= self.end
    }
}

/// A moment so much later, or one that nobody lives to see.
pub(super) fn after(moment: Instant, time: Duration) -> Instant {
    const FAR: Duration = Duration::from_secs(100 * 365 * 24 * 3_600);
    moment.checked_add(time.min(FAR)).unwrap_or(moment)
}
