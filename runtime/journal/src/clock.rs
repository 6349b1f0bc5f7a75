//! A clock that never goes backwards.

use std::sync::{Mutex, PoisonError};
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use baton_core::ids::Timestamp;

/// The system's clock. Where that is behind what was seen before, because it was set back or another
/// machine's was ahead, time goes on from there at its own pace: what is due in a second is due in a
/// second.
#[derive(Debug, Default)]
pub(crate) struct Clock(Mutex<Option<Seen>>);

/// A moment, and when it was.
#[derive(Clone, Copy, Debug)]
struct Seen {
    moment: Timestamp,
    at: Instant,
}

impl Clock {
    /// The present moment, never before one that was returned or seen.
    pub(crate) fn now(&self) -> Timestamp {
        let system = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_millis();
        let system = Timestamp(u64::try_from(system).unwrap_or(u64::MAX));
        self.latest(system, Instant::now())
    }

    /// Takes note of a moment another process recorded, so that what follows is not before it.
    pub(crate) fn saw(&self, moment: Timestamp) {
        self.latest(moment, Instant::now());
    }

    fn latest(&self, moment: Timestamp, at: Instant) -> Timestamp {
        let mut seen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = seen.map(|seen| {
            let ms = at.saturating_duration_since(seen.at).as_millis();
            seen.moment.plus_ms(u64::try_from(ms).unwrap_or(u64::MAX))
        });
        match passed.filter(|passed| *passed > moment) {
            // The anchor stays: parts of a millisecond would be lost each time.
            Some(passed) => passed,
            None => {
                *seen = Some(Seen { moment, at });
                moment
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    #[test]
    fn a_moment_seen_is_never_undercut() {
        let clock = Clock::default();
        let ahead = clock.now().plus_ms(3_600_000);
        clock.saw(ahead);
        let first = clock.now();
        assert!(first >= ahead);
        clock.saw(Timestamp(1));
        assert!(clock.now() >= first);
    }

    #[test]
    fn time_goes_on_while_the_system_is_behind() {
        let clock = Clock::default();
        let start = Instant::now();
        let later = |us: u64| start + Duration::from_micros(us);
        assert_eq!(clock.latest(Timestamp(10_000), start), Timestamp(10_000));
        // Set back by nine seconds: what passes is counted on, parts of a millisecond too.
        for (us, system, now) in [
            (400, 1_000, 10_000),
            (800, 1_000, 10_000),
            (1_200, 1_001, 10_001),
            (2_000_000, 3_000, 12_000),
            // It was set forward again.
            (2_001_000, 13_000, 13_000),
            (2_002_000, 13_001, 13_001),
            (2_003_000, 0, 13_002),
        ] {
            assert_eq!(clock.latest(Timestamp(system), later(us)), Timestamp(now), "at {us}");
        }
    }
}
