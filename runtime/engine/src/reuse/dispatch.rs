//! What the loop of a run does before an agent task is queued, and with what comes of it.

use std::sync::Arc;

use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::{Snapshot, Work};
use baton_core::reuse::{Call, Miss};
use baton_core::run::Run;
use baton_core::scope::Scope;

use super::{Ask, Hit, Lookup};
use crate::run_loop::RunLoop;

impl RunLoop {
    /// Whether tasks are on their way that nobody has queued yet.
    pub(crate) fn decides(&self) -> bool {
        self.world.is_busy() || self.lookup.as_ref().is_some_and(Lookup::is_busy)
    }

    /// The first state of the granted directory is there: what waited for it goes on.
    pub(crate) fn snapshot(&mut self, snapshot: Snapshot, now: Timestamp) {
        self.shared.lock().run.snapshot(snapshot, now);
        for task in self.world.is_known() {
            self.request(task);
        }
    }

    /// Puts the state of the granted directory on record, if it may have changed.
    pub(crate) async fn note_state(&mut self) {
        if let Some(snapshot) = self.world.now().await {
            let now = self.journal.now();
            let run = &mut self.shared.lock().run;
            if run.snapshots().1.is_none_or(|last| *last != snapshot) {
                run.snapshot(snapshot, now);
            }
        }
    }

    /// Looks a task up in the run that may be reused, if it was not yet.
    pub(crate) fn look_up(&mut self, task: &TaskPath) -> bool {
        let Some(lookup) = &mut self.lookup else { return false };
        let cell = self.shared.lock();
        let run = &cell.run;
        if !run.may_be_reused(task) {
            return false;
        }
        let Some(call) = Call::of(run, task) else { return false };
        let scope = scope_of(run, task).and_then(|scope| scope.read);
        lookup.ask(Ask { call, scope, snapshot: run.snapshots().0.cloned() });
        true
    }

    /// A task was looked up: it ends with what was found, or goes on to be performed.
    pub(crate) fn looked(&mut self, task: TaskPath, verdict: Result<Hit, Miss>, now: Timestamp) {
        if let Some(lookup) = &mut self.lookup {
            lookup.answered(&task);
        }
        match verdict {
            Ok(Hit { from, outcome, reads }) => {
                let outcome = Arc::unwrap_or_clone(outcome);
                self.shared.lock().run.reused(&task, from, outcome, reads, now);
            }
            Err(miss) => {
                self.shared.lock().run.not_reused(&task, miss, now);
                self.request(task);
            }
        }
    }
}

/// What an agent task may touch: what its workflow may, narrowed by what it asked for, less what was
/// taken away since.
pub(crate) fn scope_of(run: &Run, task: &TaskPath) -> Option<Scope> {
    let Work::Agent { spec, .. } = &*run.task(task)?.work else { return None };
    let workflow = run.workflow(&task.parent()?)?;
    Some(workflow.scope.narrowed(spec.options.read.as_deref()).denied(run.denials()))
}
