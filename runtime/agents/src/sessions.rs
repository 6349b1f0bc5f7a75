//! Sessions of agents that remember by themselves, as far as attempts at one task can go on with them.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

pub use baton_core::session::Session;

/// The sessions of one task, by step of its ladder. What is put here is told as
/// [`Notice::Session`](crate::Notice::Session) too, so that it outlives the host.
#[derive(Clone, Debug, Default)]
pub struct Sessions(Arc<Mutex<BTreeMap<u32, Session>>>);

impl Sessions {
    /// With the sessions that are on record.
    #[must_use]
    pub fn new(known: BTreeMap<u32, Session>) -> Self {
        Self(Arc::new(Mutex::new(known)))
    }

    /// The session of a step, if there is one.
    #[must_use]
    pub fn get(&self, rung: u32) -> Option<Session> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&rung).cloned()
    }

    /// Remembers the session of a step.
    pub(crate) fn put(&self, rung: u32, session: Session) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(rung, session);
    }

    /// Forgets the session of a step: its agent does not know it any more.
    pub(crate) fn forget(&self, rung: u32) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&rung);
    }
}
