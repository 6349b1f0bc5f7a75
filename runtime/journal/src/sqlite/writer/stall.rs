//! How long another process has kept this one from writing.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Since when the writer asks to begin; shared by the writing thread and whoever wants to know.
#[derive(Clone, Default)]
pub(in crate::sqlite) struct Stall(Arc<Mutex<Option<Instant>>>);

impl Stall {
    /// It asks now, if it does not already.
    pub(super) fn begins(&self) {
        self.since(|since| *since = since.or_else(|| Some(Instant::now())));
    }

    /// It was let in, or does not ask any more.
    pub(super) fn ends(&self) {
        self.since(|since| *since = None);
    }

    /// For how long it has asked.
    pub(in crate::sqlite) fn lasts(&self) -> Option<Duration> {
        self.since(|since| since.map(|since| since.elapsed()))
    }

    fn since<T>(&self, with: impl FnOnce(&mut Option<Instant>) -> T) -> T {
        with(&mut self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}
