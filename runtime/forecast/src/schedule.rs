//! How long a run takes, from what waited for what in a dry run.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};

use baton_core::ids::TaskPath;
use baton_core::record::{Body, Record, Work};

/// Agents and tools at work, by their workflow.
type Open = BTreeMap<TaskPath, BTreeSet<TaskPath>>;

/// When tasks begin and end, in milliseconds from the start of the run.
#[derive(Debug, Default)]
pub(crate) struct Schedule {
    windows: BTreeMap<TaskPath, (u64, u64)>,
    end: u64,
}

impl Schedule {
    /// Plays a dry run again with times. A task is ready when everything has ended whose end its
    /// workflow may have heard of; agents and tools then wait for one of `slots` places. `ms` is how
    /// long each takes. A timer counts where nothing but it was waited for: beside work it is a limit
    /// of that work's time. What people take for their answers is not counted.
    pub(crate) fn of(records: &[Record], ms: &BTreeMap<TaskPath, u64>, slots: u32) -> Self {
        let mut free: BinaryHeap<Reverse<u64>> = (0..slots.max(1)).map(|_| Reverse(0)).collect();
        let mut now: BTreeMap<TaskPath, u64> = BTreeMap::from([(TaskPath::root(), 0)]);
        let mut open: Open = BTreeMap::new();
        let mut made = Self::default();
        for record in records {
            match &record.body {
                Body::Spawned { task, work, .. } => {
                    let parent = task.parent().unwrap_or_default();
                    let ready = now.get(&parent).copied().unwrap_or_default();
                    let window = match &**work {
                        Work::Agent { .. } | Work::Tool { .. } => {
                            open.entry(parent).or_default().insert(task.clone());
                            let Reverse(place) = free.pop().unwrap_or(Reverse(0));
                            let began = ready.max(place);
                            let end = began + ms.get(task).copied().unwrap_or_default();
                            free.push(Reverse(end));
                            (began, end)
                        }
                        Work::Sleep { due } if open.get(&parent).is_none_or(BTreeSet::is_empty) => {
                            (ready, ready + due.since(record.at))
                        }
                        Work::Workflow { .. } => {
                            now.insert(task.clone(), ready);
                            (ready, ready)
                        }
                        Work::Sleep { .. } | Work::Gate { .. } => (ready, ready),
                    };
                    made.windows.insert(task.clone(), window);
                }
                Body::Completed { task, .. } => made.complete(task, &mut now, &mut open),
                _ => {}
            }
        }
        made.end = made.windows.values().map(|(_, end)| *end).max().unwrap_or_default();
        made
    }

    fn complete(&mut self, task: &TaskPath, now: &mut BTreeMap<TaskPath, u64>, open: &mut Open) {
        let Some(parent) = task.parent() else { return };
        let Some(window) = self.windows.get_mut(task) else { return };
        // A workflow ends with the last thing that it heard of.
        if let Some(own) = now.remove(task) {
            window.1 = own;
        } else if let Some(open) = open.get_mut(&parent) {
            open.remove(task);
        }
        let heard = now.entry(parent).or_default();
        *heard = (*heard).max(window.1);
    }

    /// When a task began and ended.
    pub(crate) fn window(&self, task: &TaskPath) -> (u64, u64) {
        self.windows.get(task).copied().unwrap_or_default()
    }

    /// When the last one ended.
    pub(crate) fn end(&self) -> u64 {
        self.end
    }
}

#[cfg(test)]
mod tests;
