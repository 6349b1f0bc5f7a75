//! The clocks and random numbers of guests.
//!
//! A workflow's time is that of its last delivery, and its random numbers come from the seed of its
//! run: the same on every replay. An agent's time is real, and its seed comes from the system.

use std::sync::Arc;

use baton_core::ids::Timestamp;
use rand_chacha::ChaCha20Rng;
use rand_chacha::rand_core::{Rng, SeedableRng};
use wasmtime::component::{HasData, Resource};
use wasmtime_wasi::p2::DynPollable;
use wasmtime_wasi::p2::bindings::clocks::{monotonic_clock, wall_clock};
use wasmtime_wasi::p2::bindings::random::{insecure, insecure_seed, random};

use crate::limiter::Stop;
use crate::meter::Meter;

const NANOSECONDS_PER_MS: u64 = 1_000_000;

/// Time as a workflow sees it: it moves only with deliveries.
pub(crate) struct VirtualClock {
    /// Time of the last delivery.
    pub(crate) now: Timestamp,
    /// Time at the start of the run, zero of the monotonic clock.
    pub(crate) start: Timestamp,
}

impl HasData for VirtualClock {
    type Data<'a> = VirtualClock;
}

impl wall_clock::Host for VirtualClock {
    fn now(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        let Timestamp(ms) = self.now;
        let nanoseconds = u32::try_from((ms % 1_000) * NANOSECONDS_PER_MS).unwrap_or_default();
        Ok(wall_clock::Datetime { seconds: ms / 1_000, nanoseconds })
    }

    fn resolution(&mut self) -> wasmtime::Result<wall_clock::Datetime> {
        Ok(wall_clock::Datetime { seconds: 0, nanoseconds: 1_000_000 })
    }
}

impl monotonic_clock::Host for VirtualClock {
    fn now(&mut self) -> wasmtime::Result<u64> {
        Ok(self.now.since(self.start).saturating_mul(NANOSECONDS_PER_MS))
    }

    fn resolution(&mut self) -> wasmtime::Result<u64> {
        Ok(NANOSECONDS_PER_MS)
    }

    fn subscribe_instant(&mut self, _when: u64) -> wasmtime::Result<Resource<DynPollable>> {
        Err(Stop::ClockWait.into())
    }

    fn subscribe_duration(&mut self, _duration: u64) -> wasmtime::Result<Resource<DynPollable>> {
        Err(Stop::ClockWait.into())
    }
}

/// Random numbers by ChaCha20 (RFC 8439), one stream of the seed for each WASI interface, so that
/// a guest that uses one more of them does not change the others.
pub(crate) struct Random {
    secure: ChaCha20Rng,
    insecure: ChaCha20Rng,
    seed: (u64, u64),
    bytes_max: u64,
    meter: Arc<Meter>,
}

impl Random {
    /// Random numbers from a seed, at most `bytes_max` bytes in one request.
    pub(crate) fn new(seed: [u8; 32], bytes_max: u64, meter: Arc<Meter>) -> Self {
        let stream = |number| {
            let mut rng = ChaCha20Rng::from_seed(seed);
            rng.set_stream(number);
            rng
        };
        let mut seeds = stream(2);
        Self {
            secure: stream(0),
            insecure: stream(1),
            seed: (seeds.next_u64(), seeds.next_u64()),
            bytes_max,
            meter,
        }
    }

    fn bytes(&self, wanted: u64) -> Result<Vec<u8>, Stop> {
        self.meter.call()?;
        let too_many = Stop::RandomBytes { wanted, max: self.bytes_max };
        if wanted > self.bytes_max {
            return Err(too_many);
        }
        usize::try_from(wanted).map(|length| vec![0; length]).map_err(|_| too_many)
    }
}

/// Access to [`Random`] in a store.
pub(crate) struct HasRandom;

impl HasData for HasRandom {
    type Data<'a> = &'a mut Random;
}

impl random::Host for Random {
    fn get_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = self.bytes(len)?;
        self.secure.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn get_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.secure.next_u64())
    }
}

impl insecure::Host for Random {
    fn get_insecure_random_bytes(&mut self, len: u64) -> wasmtime::Result<Vec<u8>> {
        let mut bytes = self.bytes(len)?;
        self.insecure.fill_bytes(&mut bytes);
        Ok(bytes)
    }

    fn get_insecure_random_u64(&mut self) -> wasmtime::Result<u64> {
        Ok(self.insecure.next_u64())
    }
}

impl insecure_seed::Host for Random {
    fn insecure_seed(&mut self) -> wasmtime::Result<(u64, u64)> {
        Ok(self.seed)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use baton_core::limits::GuestLimits;

    use super::*;

    fn numbers(seed: u8) -> (Vec<u8>, u64, (u64, u64)) {
        let meter = Meter::new(&GuestLimits::default());
        let mut source = Random::new([seed; 32], 16, meter);
        (
            random::Host::get_random_bytes(&mut source, 16).unwrap(),
            insecure::Host::get_insecure_random_u64(&mut source).unwrap(),
            insecure_seed::Host::insecure_seed(&mut source).unwrap(),
        )
    }

    #[test]
    fn numbers_follow_the_seed() {
        assert_eq!(numbers(1), numbers(1));
        assert_ne!(numbers(1), numbers(2));
    }

    // Journals of released versions hold choices made with these numbers.
    #[test]
    fn numbers_of_a_seed_never_change() {
        let (bytes, insecure, seed) = numbers(7);
        assert_eq!(
            (u128::from_le_bytes(bytes.try_into().unwrap()), insecure, seed),
            (
                149_505_447_684_038_932_995_499_693_554_195_890_420,
                17_250_399_114_163_879_021,
                (14_546_071_416_996_108_741, 1_013_833_090_320_175_808),
            )
        );
    }

    #[test]
    fn a_request_beyond_the_limit_stops_the_guest() {
        let mut source = Random::new([0; 32], 16, Meter::new(&GuestLimits::default()));
        let error = random::Host::get_random_bytes(&mut source, 17).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stop::RandomBytes { wanted: 17, max: 16 }));
    }

    #[test]
    fn time_is_that_of_the_last_delivery() {
        let mut clock = VirtualClock { now: Timestamp(12_345), start: Timestamp(12_000) };
        let wall = wall_clock::Host::now(&mut clock).unwrap();
        assert_eq!((wall.seconds, wall.nanoseconds), (12, 345_000_000));
        assert_eq!(monotonic_clock::Host::now(&mut clock).unwrap(), 345_000_000);
        let error = monotonic_clock::Host::subscribe_duration(&mut clock, 0).unwrap_err();
        assert_eq!(error.downcast_ref(), Some(&Stop::ClockWait));
        assert!(error.to_string().contains("`sleep`"));
    }
}
