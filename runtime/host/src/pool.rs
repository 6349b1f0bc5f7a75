//! The right to hold a live instance.
//!
//! Admission is a semaphore of our own, below the size of the engine's pool: hitting the pool, or
//! worse the system's limit of memory maps, is never back-pressure.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The right to one live instance; given back when dropped.
#[derive(Debug)]
pub struct Slot {
    _permit: OwnedSemaphorePermit,
}

/// All slots of a host. Clones are the same slots.
#[derive(Clone, Debug)]
pub(crate) struct Slots {
    semaphore: Arc<Semaphore>,
    total: usize,
}

impl Slots {
    /// As many slots as live instances are allowed.
    pub(crate) fn new(live_max: u32) -> Self {
        let total = live_max as usize;
        Self { semaphore: Arc::new(Semaphore::new(total)), total }
    }

    /// A slot, if one is free now.
    pub(crate) fn try_slot(&self) -> Option<Slot> {
        let permit = Arc::clone(&self.semaphore).try_acquire_owned().ok()?;
        Some(Slot { _permit: permit })
    }

    /// A slot, as soon as one is free; those who wait are served in order.
    pub(crate) async fn slot(&self) -> Slot {
        match Arc::clone(&self.semaphore).acquire_owned().await {
            Ok(permit) => Slot { _permit: permit },
            // Only a closed semaphore refuses, and this one is never closed.
            Err(_) => std::future::pending().await,
        }
    }

    /// Whether three quarters of the slots are taken.
    pub(crate) fn crowded(&self) -> bool {
        let taken = self.total.saturating_sub(self.semaphore.available_permits());
        taken.saturating_mul(4) >= self.total.saturating_mul(3)
    }
}

#[cfg(test)]
#[expect(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    #[test]
    fn slots_are_given_back_and_crowding_begins_at_three_quarters() {
        let slots = Slots::new(4);
        let mut held = Vec::new();
        for (taken, crowded) in [(1, false), (2, false), (3, true), (4, true)] {
            held.push(slots.try_slot().unwrap());
            assert_eq!(slots.crowded(), crowded, "{taken} of 4 taken");
        }
        assert!(slots.try_slot().is_none());
        held.pop();
        assert!(slots.try_slot().is_some());
    }
}
