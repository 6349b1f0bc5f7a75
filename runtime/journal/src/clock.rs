//! A clock that never goes backwards.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{SystemTime, UNIX_EPOCH};

use baton_core::ids::Timestamp;

/// The system's clock, held where it was when it is set back.
#[derive(Debug, Default)]
pub(crate) struct Clock(AtomicU64);

impl Clock {
    /// The present moment, never before one that was returned or seen.
    pub(crate) fn now(&self) -> Timestamp {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        self.latest(u64::try_from(system).unwrap_or(u64::MAX))
    }

    /// Takes note of a moment another process recorded, so that what follows is not before it.
    pub(crate) fn saw(&self, moment: Timestamp) {
        self.latest(moment.0);
    }

    fn latest(&self, ms: u64) -> Timestamp {
        Timestamp(self.0.fetch_max(ms, Ordering::Relaxed).max(ms))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_moment_seen_is_never_undercut() {
        let clock = Clock::default();
        let ahead = clock.now().plus_ms(3_600_000);
        clock.saw(ahead);
        assert_eq!(clock.now(), ahead);
        clock.saw(Timestamp(1));
        assert_eq!(clock.now(), ahead);
    }
}
