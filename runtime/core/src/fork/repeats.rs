//! What a fork does again.

use std::collections::{BTreeMap, BTreeSet};

use super::cut::Ends;
use super::{Before, Once, Open};
use crate::ids::TaskPath;
use crate::record::{Body, Effect, Record, Work};
use crate::reuse::is_reusable;
use crate::run::Run;

/// What the run knows of its tasks, beyond the cut too.
pub(super) struct Past<'a> {
    works: BTreeMap<&'a TaskPath, &'a Work>,
    calls: BTreeSet<&'a TaskPath>,
    begun: BTreeSet<&'a TaskPath>,
    done: BTreeSet<&'a TaskPath>,
    ends: &'a Ends,
}

impl<'a> Past<'a> {
    pub(super) fn of(records: &'a [Record], ends: &'a Ends) -> Self {
        let mut past = Self {
            works: BTreeMap::new(),
            calls: BTreeSet::new(),
            begun: BTreeSet::new(),
            done: BTreeSet::new(),
            ends,
        };
        for record in records {
            match &record.body {
                Body::Spawned { task, work, .. } => {
                    past.works.insert(task, work);
                }
                Body::Called { task, work } => {
                    past.works.insert(task, work);
                    past.calls.insert(task);
                }
                Body::Started { tasks } => past.begun.extend(tasks.iter().map(|start| &start.task)),
                Body::Completed { task, outcome, .. } if outcome.failure().is_none() => {
                    past.done.insert(task);
                }
                _ => {}
            }
        }
        past
    }

    /// What is open where the fork begins.
    pub(super) fn open(&self, fork: &Run) -> Vec<Open> {
        let open = fork.tasks().filter(|(_, task)| !task.state.is_ended());
        open.map(|(path, task)| Open {
            task: path.clone(),
            kind: task.work.kind(),
            label: task.work.label().map(ToOwned::to_owned),
            effect: task.work.effect(),
            before: match (self.ends.of_task(path), self.begun.contains(path)) {
                (Some(_), _) => Before::Ended,
                (None, true) => Before::Begun,
                (None, false) => Before::Waiting,
            },
        })
        .collect()
    }

    /// What had an effect that must not happen twice, and is not shared.
    pub(super) fn once(&self, fork: &Run) -> Vec<Once> {
        let once = self.works.iter().filter(|(path, work)| {
            let shared = fork.task(path).is_some_and(|task| task.state.is_ended());
            work.effect() == Some(Effect::Once) && self.begun.contains(*path) && !shared
        });
        once.map(|(path, work)| {
            let called = self.calls.contains(*path);
            // The result of a call is part of its agent's.
            let reusable = if called {
                path.parent().is_some_and(|agent| self.done.contains(&agent))
            } else {
                is_reusable(work) && self.done.contains(*path)
            };
            Once {
                task: (*path).clone(),
                label: work.label().map(ToOwned::to_owned),
                certain: fork.task(path).is_some(),
                reusable,
            }
        })
        .collect()
    }
}
