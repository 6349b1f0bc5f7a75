//! From an action to a start on record: room, caps, and the record itself. What is started is launched by
//! `launch`.

use std::sync::Arc;

use baton_core::action::Action;
use baton_core::ids::{TaskPath, Timestamp};
use baton_core::record::Work;
use baton_core::reuse::needs_snapshot;
use baton_core::run::Burst;

use crate::run_loop::RunLoop;
use crate::scheduler::Permit;

/// A job that may start once the record of its start is durable.
pub(crate) struct Launch {
    pub task: TaskPath,
    pub attempt: u32,
    pub permit: Option<Permit>,
}

impl RunLoop {
    /// Asks the scheduler for room; keeps the actions that come after the commit.
    pub(crate) fn request_room(&mut self, actions: Vec<Action>) -> Vec<Action> {
        let mut later = Vec::new();
        for action in actions {
            match action {
                Action::Perform { task } => self.request(task),
                other => later.push(other),
            }
        }
        later
    }

    /// Brings a task on its way: to its snapshot, its look-up or its place in the queue.
    pub(crate) fn request(&mut self, task: TaskPath) {
        let facts = {
            let cell = self.shared.lock();
            let agents = cell.run.is_agents(&task);
            cell.run.task(&task).and_then(|known| match &*known.work {
                Work::Agent { backend, .. } => {
                    Some((Arc::from(backend.as_str()), needs_snapshot(&known.work), false))
                }
                Work::Tool { tool, .. } => Some((Arc::from(tool.as_str()), false, agents)),
                _ => None,
            })
        };
        let Some((backend, needs_snapshot, agents)) = facts else { return };
        if agents {
            self.granted.push((task, None));
            return;
        }
        if self.parking.is_some() {
            return;
        }
        if self.stand_in.is_none()
            && ((needs_snapshot && self.world.holds(&task)) || self.look_up(&task))
        {
            return;
        }
        if let Some(permit) = self.scheduler.request(&self.run, &task, &backend) {
            self.granted.push((task, Some(permit)));
        }
    }

    /// Whether more agents may be asked for in this very moment, so that nobody knows yet how many would
    /// start together.
    fn more_may_come(&self) -> bool {
        let cell = self.shared.lock();
        cell.instances.is_empty() || !cell.all_stand_still() || self.decides()
    }

    /// Takes up the starts that waited until every workflow waits.
    pub(crate) fn decide_fan_out(&mut self) {
        if !self.undecided.is_empty() && !self.more_may_come() {
            self.granted.append(&mut self.undecided);
        }
    }

    /// Turns grants into starts, as far as providers and the operator's caps let them.
    pub(crate) fn admit(&mut self) -> Vec<Launch> {
        let now = self.journal.now();
        if self.leaving {
            // Whoever leaves starts nothing more.
            self.granted.clear();
            self.undecided.clear();
            return Vec::new();
        }
        self.metering.admit(&mut self.shared.lock().run, now);
        if self.granted.is_empty() {
            return Vec::new();
        }
        let mut chosen: Vec<(TaskPath, Option<Permit>)> = Vec::new();
        let mut new: Vec<TaskPath> = Vec::new();
        // Where a cap counts agents, those that are asked for together start together or not at all.
        let burst = self.shared.lock().run.burst();
        let undecided = burst.is_some() && self.more_may_come();
        for (task, permit) in std::mem::take(&mut self.granted) {
            let (ended, first) = {
                let run = &self.shared.lock().run;
                let first = run.task(&task).is_some_and(|known| {
                    known.attempts == 0 && matches!(*known.work, Work::Agent { .. })
                });
                (run.outcome(&task).is_some(), first)
            };
            // Ended while it was queued: it takes nothing from what the caps leave to others.
            if ended {
                continue;
            }
            if first && undecided {
                self.undecided.push((task, permit));
                continue;
            }
            if first && self.lacks(&task, burst.as_ref(), &new, now) {
                self.held.push_back(task);
                continue;
            }
            if !self.may_start(&task, now) {
                continue;
            }
            if first {
                new.push(task.clone());
            }
            chosen.push((task, permit));
        }
        let mut cell = self.shared.lock();
        let tasks: Vec<TaskPath> = chosen.iter().map(|(task, _)| task.clone()).collect();
        let starts = cell.run.start_tasks(&tasks, now);
        let mut starts = starts.into_iter().peekable();
        let mut launches = Vec::new();
        for (task, permit) in chosen {
            // A task that ended while it was queued has no start; its permit is dropped.
            if let Some(start) = starts.next_if(|start| start.task == task) {
                launches.push(Launch { task, attempt: start.attempt, permit });
            }
        }
        launches
    }

    /// Whether a cap leaves no room for a start beside `others`.
    fn lacks(
        &self,
        task: &TaskPath,
        burst: Option<&Burst>,
        others: &[TaskPath],
        now: Timestamp,
    ) -> bool {
        let run = &self.shared.lock().run;
        burst.is_some_and(|burst| run.lacks_for_burst(task, burst).is_some())
            || run.lacks_for_start(task, others, now).is_some()
    }
}
