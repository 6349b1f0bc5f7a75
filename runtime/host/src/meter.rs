//! Counts a guest's calls and its computing time.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::task::{Context, Poll};
use std::time::{Duration, Instant};

use baton_core::limits::GuestLimits;

use crate::limiter::Stop;

/// Calls and computing time of one instance.
///
/// Computing time is the time inside the guest's own polls, host functions included. What a call
/// waits for passes between polls, so it does not count. One task polls an instance, so relaxed
/// counters are exact.
#[derive(Debug)]
pub(crate) struct Meter {
    calls: AtomicU64,
    calls_max: u64,
    epoch: Instant,
    /// Nanoseconds of all polls that have ended.
    computed: AtomicU64,
    /// When the present poll began, in nanoseconds since `epoch`.
    entered: AtomicU64,
    wall_max_ms: u64,
}

impl Meter {
    /// Nothing counted yet.
    pub(crate) fn new(limits: &GuestLimits) -> Arc<Self> {
        Arc::new(Self {
            calls: AtomicU64::new(0),
            calls_max: limits.host_calls,
            epoch: Instant::now(),
            computed: AtomicU64::new(0),
            entered: AtomicU64::new(0),
            wall_max_ms: limits.wall_ms,
        })
    }

    /// Begins anew, for a further call of the same instance.
    pub(crate) fn reset(&self) {
        self.calls.store(0, Relaxed);
        self.computed.store(0, Relaxed);
    }

    /// Counts one call into the host.
    pub(crate) fn call(&self) -> Result<(), Stop> {
        if self.calls.fetch_add(1, Relaxed) >= self.calls_max {
            return Err(Stop::HostCalls { max: self.calls_max });
        }
        // Between two calls there may be no yield, so a loop of slow calls ends here.
        let present = self.now().saturating_sub(self.entered.load(Relaxed));
        self.check(self.computed.load(Relaxed).saturating_add(present))
    }

    fn check(&self, computed: u64) -> Result<(), Stop> {
        if Duration::from_nanos(computed) > Duration::from_millis(self.wall_max_ms) {
            return Err(Stop::WallTime { max_ms: self.wall_max_ms });
        }
        Ok(())
    }

    fn now(&self) -> u64 {
        u64::try_from(self.epoch.elapsed().as_nanos()).unwrap_or(u64::MAX)
    }
}

/// A guest's call, timed. Ends with [`Stop::WallTime`] when its computing time is over.
pub(crate) struct Metered<F> {
    inner: Pin<Box<F>>,
    meter: Arc<Meter>,
}

impl<F> Metered<F> {
    /// Times `inner` with `meter`.
    pub(crate) fn new(inner: F, meter: Arc<Meter>) -> Self {
        Self { inner: Box::pin(inner), meter }
    }
}

impl<F, T> Future for Metered<F>
where
    F: Future<Output = wasmtime::Result<T>>,
{
    type Output = wasmtime::Result<T>;

    fn poll(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Self::Output> {
        let meter = Arc::clone(&self.meter);
        let entered = meter.now();
        meter.entered.store(entered, Relaxed);
        let polled = self.inner.as_mut().poll(cx);
        let passed = meter.now().saturating_sub(entered);
        let computed = meter.computed.fetch_add(passed, Relaxed).saturating_add(passed);
        match polled {
            Poll::Ready(result) => Poll::Ready(result),
            Poll::Pending => match meter.check(computed) {
                Ok(()) => Poll::Pending,
                Err(stop) => Poll::Ready(Err(stop.into())),
            },
        }
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn calls_are_counted() {
        let meter = Meter::new(&GuestLimits { host_calls: 2, ..GuestLimits::default() });
        meter.call().unwrap();
        meter.call().unwrap();
        assert_eq!(meter.call(), Err(Stop::HostCalls { max: 2 }));
    }

    #[test]
    fn waiting_is_not_computing() {
        let meter = Meter::new(&GuestLimits { wall_ms: 200, ..GuestLimits::default() });
        let wait = std::future::pending::<wasmtime::Result<()>>();
        let mut waiting = std::pin::pin!(Metered::new(wait, meter));
        let mut cx = Context::from_waker(std::task::Waker::noop());
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
        std::thread::sleep(Duration::from_millis(400));
        assert!(waiting.as_mut().poll(&mut cx).is_pending());
    }

    #[tokio::test]
    async fn computing_beyond_the_limit_ends_the_call() {
        let meter = Meter::new(&GuestLimits { wall_ms: 0, ..GuestLimits::default() });
        let busy = std::future::poll_fn(|cx| {
            cx.waker().wake_by_ref();
            Poll::<wasmtime::Result<()>>::Pending
        });
        let error = Metered::new(busy, meter).await.unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stop::WallTime { max_ms: 0 }));
    }
}
