//! Which session of an agent an attempt can go on with.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use baton_core::handoff::Usage;
use baton_core::ids::TaskId;

use crate::backend::Job;

/// Sessions that are remembered. They are kept in memory only: after a crash of the host an attempt
/// begins a new one.
const SESSIONS_MAX: usize = 1_000;

/// A session of an agent.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Session {
    /// Its name, for the agent.
    pub id: String,
    /// What it had consumed when it was left, as far as the agent counts that again.
    pub counted: Usage,
    /// Number of the last message of people that it was told.
    pub told: u64,
}

/// Sessions of tasks whose last attempt brought no accepted result.
#[derive(Debug, Default)]
pub(crate) struct Sessions(Mutex<BTreeMap<(TaskId, u32), Session>>);

impl Sessions {
    /// The session of the attempt before, if there is one to go on with. Sessions belong to a
    /// directory, so an agent without a granted one has none.
    pub(crate) fn take(&self, job: &Job) -> Option<Session> {
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let session = sessions.remove(&(job.task.clone(), job.rung));
        session.filter(|_| job.attempt > 1 && job.root.is_some())
    }

    /// Remembers the session of an attempt.
    pub(crate) fn put(&self, job: &Job, session: Session) {
        if job.root.is_none() {
            return;
        }
        let mut sessions = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        while sessions.len() >= SESSIONS_MAX {
            sessions.pop_first();
        }
        sessions.insert((job.task.clone(), job.rung), session);
    }
}
